package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// forgetAfter is how long Alertmanager keeps an alert that is no longer sent. It is some times the interval
// of sending, so that one failure resolves nothing.
const forgetAfter = 5 * time.Minute

// Alertmanager sends to the API v2 of one or more Prometheus Alertmanagers, which agree among themselves
// whom to tell. Everything that fires is sent again and again, as the API asks of its clients:
// https://prometheus.io/docs/alerting/latest/clients/.
type Alertmanager struct {
	urls   []string
	client *http.Client
}

// NewAlertmanager takes base URLs such as http://alertmanager:9093. Alertmanagers usually have private
// addresses, and only whoever writes the rules names them: no address is refused.
func NewAlertmanager(urls []string) *Alertmanager {
	return &Alertmanager{urls: urls, client: newClient(Anywhere)}
}

// postableAlert is the API's form of an alert.
type postableAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// Send tells every Alertmanager of all notifications at once. It fails if any did not take them;
// the next sending makes that good.
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
	return a.postAll(ctx, body)
}

func (a *Alertmanager) postAll(ctx context.Context, body []byte) error {
	faults := make([]error, len(a.urls))
	var wait sync.WaitGroup
	for i, base := range a.urls {
		wait.Go(func() {
			faults[i] = post(ctx, a.client, strings.TrimRight(base, "/")+"/api/v2/alerts", body, http.Header{})
		})
	}
	wait.Wait()
	return errors.Join(faults...)
}
