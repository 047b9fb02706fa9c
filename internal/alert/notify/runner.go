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

	last            []Notification // of the last evaluation that succeeded, without errata's own
	at              time.Time      // of the last step
	noData, failing own
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
	err := r.evaluate(ctx, now)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		r.Log.Error().Err(err).Msg("the rules could not be evaluated; what fired fires on")
		r.failing.raise("the rules cannot be evaluated: see the log of query alert run", now)
	default:
		r.failing.end(now)
	}
	notifications := slices.Concat(r.last, r.noData.tell(noDataAlert), r.failing.tell(failingAlert))
	if err := r.Router.Tell(ctx, now, notifications); err != nil {
		r.Log.Error().Err(err).Msg("not everybody was told")
	}
}

// evaluate brings what is told up to date. When it fails, nothing has changed.
func (r *Runner) evaluate(ctx context.Context, now time.Time) error {
	result, err := r.Engine.Evaluate(ctx, now)
	if err != nil {
		return err
	}
	var notifications []Notification
	for i := range result.Alerts {
		a := &result.Alerts[i]
		if a.State != alert.Firing && a.State != alert.Resolved {
			continue
		}
		evidence, err := r.Engine.Evidence(ctx, a, now)
		if err != nil {
			return err
		}
		notifications = append(notifications, New(a, evidence, a.Annotations(evidence)))
	}
	r.last = append(notifications, r.withdrawn(notifications, now)...)
	if result.NoData == "" {
		r.noData.end(now)
	} else {
		r.noData.raise(result.NoData, now)
	}
	return nil
}

// withdrawn resolves alerts that were told and that this evaluation does not know any more: with more rows, what
// looked like a spike may be none. They stay resolved for a while, as others do.
func (r *Runner) withdrawn(current []Notification, now time.Time) []Notification {
	states := statesOf(current)
	var gone []Notification
	for _, n := range r.last {
		_, known := states[n.Fingerprint()]
		switch {
		case known:
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

// own is an alert about errata itself.
type own struct {
	summary      string
	since, ended time.Time // zero = never raised, or long over; has not ended
}

func (o *own) raise(summary string, now time.Time) {
	if o.since.IsZero() || !o.ended.IsZero() {
		*o = own{since: now}
	}
	o.summary = summary
}

func (o *own) end(now time.Time) {
	switch {
	case o.since.IsZero():
	case o.ended.IsZero():
		o.ended, o.summary = now, "over"
	case now.Sub(o.ended) > keepResolved:
		*o = own{}
	}
}

// tell is what there is to tell of it: one at most.
func (o *own) tell(name string) []Notification {
	if o.since.IsZero() {
		return nil
	}
	n := Notification{
		Status: StatusFiring, Labels: map[string]string{"alertname": name, "severity": "warning"},
		Annotations: map[string]string{"summary": o.summary}, StartsAt: o.since,
		Evidence: alert.Evidence{Rule: name, What: o.summary, Since: o.since},
		since:    o.since.Add(-24 * time.Hour), // a restart within a day is no news
	}
	if !o.ended.IsZero() {
		ended := o.ended
		n.Status, n.EndsAt = StatusResolved, &ended
	}
	n.identify()
	return []Notification{n}
}
