package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/errata-dev/errata/internal/alert"
)

// resendAfter is how often Alertmanager hears of an alert that has not changed. Alertmanager's own advice is
// 30 s to 3 min.
const resendAfter = time.Minute

// Options say how a Router reaches its targets.
type Options struct {
	Reach   Reach     // of webhooks
	Ledger  Ledger    // of what webhooks have been told
	Owner   string    // this instance, among others with the same rules
	Out     io.Writer // for targets.Stdout
	Getenv  func(string) (string, bool)
	OnError func(error) // called from several goroutines
}

// Router tells every target.
type Router struct {
	options       Options
	alertmanagers []*Alertmanager
	targets       []*target
	printer       *printer // nil = none
	pending       sync.WaitGroup
}

// NewRouter reads the secrets of the targets. It sends nothing yet.
func NewRouter(t alert.Targets, o Options) (*Router, error) {
	r := &Router{options: o}
	for _, url := range t.Alertmanagers {
		r.alertmanagers = append(r.alertmanagers, NewAlertmanager(url))
	}
	if t.Stdout {
		r.printer = &printer{out: o.Out, told: map[string]printed{}}
	}
	for _, w := range t.Webhooks {
		secret, err := readSecret(w.Secret, o.Getenv)
		key, keyErr := signingKey(secret)
		if err := errors.Join(err, keyErr); err != nil {
			return nil, fmt.Errorf("line %d: webhook: %w", w.Line, err)
		}
		r.targets = append(r.targets, newTarget("webhook", w.URL, NewWebhook(w.URL, key, o.Reach), o.Ledger, o.Owner))
	}
	for _, s := range t.Slack {
		address, err := readSecret(s, o.Getenv)
		if err != nil {
			return nil, fmt.Errorf("line %d: slack: %w", s.Line, err)
		}
		r.targets = append(r.targets, newTarget("slack", address, NewSlack(address, o.Reach), o.Ledger, o.Owner))
	}
	return r, nil
}

func readSecret(s alert.Secret, getenv func(string) (string, bool)) (string, error) {
	switch {
	case s.File != "":
		raw, err := os.ReadFile(s.File)
		if err != nil {
			return "", err
		}
		return nonEmpty(string(raw), s.File)
	case s.Env != "":
		value, _ := getenv(s.Env)
		return nonEmpty(value, "environment variable "+s.Env)
	default:
		return "", nil
	}
}

func nonEmpty(secret, where string) (string, error) {
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", fmt.Errorf("%s is empty", where)
	}
	return secret, nil
}

// Tell brings everybody up to date. Alertmanager and standard output are waited for; webhooks are told in
// the background, each at its own pace.
func (r *Router) Tell(ctx context.Context, now time.Time, notifications []Notification) error {
	for _, t := range r.targets {
		r.pending.Go(func() {
			for _, err := range t.tell(ctx, now, notifications) {
				r.options.OnError(err)
			}
		})
	}
	var faults []error
	if r.printer != nil {
		faults = append(faults, r.printer.tell(now, notifications))
	}
	return errors.Join(append(faults, r.tellAlertmanagers(ctx, now, notifications))...)
}

// tellAlertmanagers tells all of them at the same time: one that is down holds up no other.
func (r *Router) tellAlertmanagers(ctx context.Context, now time.Time, notifications []Notification) error {
	faults := make([]error, len(r.alertmanagers))
	var wait sync.WaitGroup
	for i, a := range r.alertmanagers {
		wait.Go(func() { faults[i] = a.tell(ctx, now, notifications) })
	}
	wait.Wait()
	return errors.Join(faults...)
}

func statesOf(notifications []Notification) map[string]Status {
	states := map[string]Status{}
	for i := range notifications {
		states[notifications[i].Fingerprint()] = notifications[i].Status
	}
	return states
}

// Wait returns when the webhooks have been told.
func (r *Router) Wait() { r.pending.Wait() }
