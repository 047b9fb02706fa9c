// Package notify tells people and machines of alerts: Prometheus Alertmanager, webhooks, Slack-compatible
// webhooks, standard output.
//
// It decides nothing: what fires, and since when, is package alert's. It keeps no secret in an error or a
// log, follows no redirect, and talks to private addresses only where it was allowed to.
package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/alert"
)

// Status of a notification.
type Status string

// The statuses, under the names that Alertmanager's own webhooks use.
const (
	StatusFiring   Status = "firing"
	StatusResolved Status = "resolved"
)

// Notification is one alert to tell of. Its JSON is what webhooks receive.
type Notification struct {
	ID          string            `json:"id"` // the same for every attempt to tell of this change
	Status      Status            `json:"status"`
	Labels      map[string]string `json:"labels"` // the alert's identity
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"starts_at"`
	EndsAt      *time.Time        `json:"ends_at"` // null while it fires
	Evidence    alert.Evidence    `json:"evidence"`

	since time.Time // when this life of the alert began; zero = before anyone looked
}

// Fingerprint identifies the alert: the same labels, the same fingerprint.
func (n *Notification) Fingerprint() string { return fingerprint(n.Labels) }

func fingerprint(labels map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		h.Write([]byte(name + "\x00" + labels[name] + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// identify gives a change its id.
func (n *Notification) identify() {
	n.ID = n.Fingerprint() + "-" + n.StartsAt.UTC().Format("20060102T1504Z") + "-" + string(n.Status)
}

// New makes the notification of an alert that fires or is resolved.
func New(a *alert.Alert, e alert.Evidence, annotations map[string]string) Notification {
	n := Notification{Status: StatusFiring, Labels: a.Labels, Annotations: annotations, StartsAt: a.Episode.Since, Evidence: e}
	if !a.Older {
		n.since = n.StartsAt
	}
	if a.State == alert.Resolved {
		n.Status, n.EndsAt = StatusResolved, &a.Episode.Resolved
	}
	n.identify()
	return n
}

// title is the line that names the alert.
func (n *Notification) title() string {
	var about []string
	for _, name := range slices.Sorted(maps.Keys(n.Labels)) {
		if name != "alertname" && name != "severity" {
			about = append(about, n.Labels[name])
		}
	}
	title := strings.ToUpper(string(n.Status)) + " " + n.Labels["alertname"]
	if len(about) == 0 {
		return title // one about errata itself
	}
	return title + ": " + strings.Join(about, " ")
}
