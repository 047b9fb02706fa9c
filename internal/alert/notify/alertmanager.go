package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// forgetAfter is how long Alertmanager keeps an alert that is no longer sent. It is some times the interval
// of sending, so that one failure resolves nothing.
const forgetAfter = 5 * time.Minute

// Alertmanager sends to the API v2 of one Prometheus Alertmanager. Everything that fires is sent again and again, as
// the API asks of its clients: https://prometheus.io/docs/alerting/latest/clients/. Several of them agree among
// themselves whom to tell.
type Alertmanager struct {
	url    string
	client *http.Client

	sent   time.Time // when it last heard all
	states map[string]Status
}

// NewAlertmanager takes a base URL such as http://alertmanager:9093. Alertmanagers usually have private
// addresses, and only whoever writes the rules names them: no address is refused.
func NewAlertmanager(url string) *Alertmanager {
	return &Alertmanager{url: strings.TrimRight(url, "/"), client: newClient(Anywhere)}
}

// tell sends everything when anything has changed or it is time to. One that did not take it is told again at the next
// evaluation; the others are not.
func (a *Alertmanager) tell(ctx context.Context, now time.Time, notifications []Notification) error {
	if !a.changed(notifications) && now.Sub(a.sent) < resendAfter {
		return nil
	}
	if err := a.Send(ctx, now, notifications); err != nil {
		return fmt.Errorf("alertmanager: %w", err)
	}
	a.sent, a.states = now, statesOf(notifications)
	return nil
}

func (a *Alertmanager) changed(notifications []Notification) bool {
	for fingerprint, status := range statesOf(notifications) {
		if a.states[fingerprint] != status {
			return true
		}
	}
	return false
}

// postableAlert is the API's form of an alert.
type postableAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// Send tells of all notifications at once.
func (a *Alertmanager) Send(ctx context.Context, now time.Time, notifications []Notification) error {
	if len(notifications) == 0 {
		return nil
	}
	alerts := make([]postableAlert, 0, len(notifications))
	for _, n := range notifications {
		ends := now.Add(forgetAfter)
		if n.EndsAt != nil {
			ends = *n.EndsAt
		}
		alerts = append(alerts, postableAlert{Labels: n.Labels, Annotations: n.Annotations, StartsAt: n.StartsAt, EndsAt: ends})
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		return err
	}
	return post(ctx, a.client, a.url+"/api/v2/alerts", body, http.Header{})
}
