package notify

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/alert"
)

// The alerts that errata raises about itself: without them, no news would look like good news.
const (
	noDataAlert  = "ErrataNoData"
	failingAlert = "ErrataQueryFailing"
)

// keepResolved is how long an alert that was withdrawn is told as resolved.
const keepResolved = 15 * time.Minute

// Runner evaluates rules again and again and tells of what changed.
type Runner struct {
	Engine   *alert.Engine
	Router   *Router
	Interval time.Duration
	Log      zerolog.Logger

	last         []Notification // of the last evaluation that succeeded
	at           time.Time      // of the last step
	failingSince time.Time
	noDataSince  time.Time
}

// Run evaluates at once and then every Interval, until ctx is done.
func (r *Runner) Run(ctx context.Context) error {
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	defer r.Router.Wait()
	for {
		r.Step(ctx, time.Now())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// forgiven is how far a clock may step back without anybody being told that alerts are over: time stands
// still instead.
const forgiven = 10 * time.Minute

// Step is one evaluation at now. While ClickHouse does not answer, what fired fires on.
func (r *Runner) Step(ctx context.Context, now time.Time) {
	if now.Before(r.at) && r.at.Sub(now) <= forgiven {
		now = r.at
	}
	r.at = now
	notifications, err := r.evaluate(ctx, now)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		r.Log.Error().Err(err).Msg("the rules could not be evaluated; what fired fires on")
		notifications = append(slices.Clone(r.last), r.own(failingAlert, "the rules cannot be evaluated: see the log of query alert run", &r.failingSince, now))
	default:
		notifications = append(notifications, r.withdrawn(notifications, now)...)
		notifications = append(notifications, r.ended(failingAlert, &r.failingSince, now)...)
		r.last = notifications
	}
	if err := r.Router.Tell(ctx, now, notifications); err != nil {
		r.Log.Error().Err(err).Msg("not everybody was told")
	}
}

func (r *Runner) evaluate(ctx context.Context, now time.Time) ([]Notification, error) {
	result, err := r.Engine.Evaluate(ctx, now)
	if err != nil {
		return nil, err
	}
	var notifications []Notification
	for i := range result.Alerts {
		a := &result.Alerts[i]
		if a.State != alert.Firing && a.State != alert.Resolved {
			continue
		}
		evidence, err := r.Engine.Evidence(ctx, a, now)
		if err != nil {
			return nil, err
		}
		notifications = append(notifications, New(a, evidence, a.Annotations(evidence)))
	}
	if result.NoData != "" {
		return append(notifications, r.own(noDataAlert, result.NoData, &r.noDataSince, now)), nil
	}
	return append(notifications, r.ended(noDataAlert, &r.noDataSince, now)...), nil
}

// withdrawn resolves alerts that were told and that this evaluation does not know any more: with more rows, what
// looked like a spike may be none. They stay resolved for a while, as others do.
func (r *Runner) withdrawn(current []Notification, now time.Time) []Notification {
	states := statesOf(current)
	var gone []Notification
	for _, n := range r.last {
		_, known := states[n.Fingerprint()]
		switch {
		case known || n.isOwn():
		case n.Status == StatusFiring:
			n.Status, n.EndsAt = StatusResolved, &now
			n.identify()
			gone = append(gone, n)
		case now.Sub(*n.EndsAt) <= keepResolved:
			gone = append(gone, n)
		}
	}
	return gone
}

func (n *Notification) isOwn() bool {
	name := n.Labels["alertname"]
	return name == noDataAlert || name == failingAlert
}

// own is an alert about errata itself.
func (r *Runner) own(name, summary string, since *time.Time, now time.Time) Notification {
	if since.IsZero() {
		*since = now
	}
	n := Notification{
		Status: StatusFiring, Labels: map[string]string{"alertname": name, "severity": "warning"},
		Annotations: map[string]string{"summary": summary}, StartsAt: *since,
		Evidence: alert.Evidence{Rule: name, What: summary, Since: *since},
		since:    since.Add(-24 * time.Hour), // a restart within a day is no news
	}
	n.identify()
	return n
}

// ended resolves an alert about errata itself, if it was raised.
func (r *Runner) ended(name string, since *time.Time, now time.Time) []Notification {
	if since.IsZero() {
		return nil
	}
	n := r.own(name, "over", since, now)
	n.Status, n.EndsAt = StatusResolved, &now
	n.identify()
	*since = time.Time{}
	return []Notification{n}
}
