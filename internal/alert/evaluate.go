package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/errata-dev/errata/storage"
)

const (
	// lookback is how far an evaluation walks back. An alert that has fired for longer is still the same
	// alert: its labels are its identity, not its start.
	lookback = 3 * time.Hour
	// keptFor is how far back hours can be told to have changed: as far as any rule reads, which is the week before a storm
	// or a spike that began a day before the lookback. What rows change while their number stays is seen within an hour.
	keptFor = 9 * day
	// observedLead is how many minutes before the span are known to be observed or not: a spike that lasts began up to a
	// day before, and the hour before it shows what it rose from.
	observedLead = Minute((day + time.Hour) / time.Minute)
	// resolvedFor is how long an alert that has ended is told as resolved.
	resolvedFor = 15 * time.Minute
	// newFor is how long a code is new after its first appearance.
	newFor = time.Hour
	// newHistory is how long a vendor must have been known before a code of it can be new.
	newHistory = 24 * time.Hour
	// staleAfter is how far the ingester may lag behind before there is no data to judge.
	staleAfter = 5 * time.Minute
	// DefaultGrace is how long rows may be on their way.
	DefaultGrace = 20 * time.Second
)

// Engine evaluates rules against the stored rows.
type Engine struct {
	DB    *storage.DB
	Rules *File
	// Grace is how long rows may be on their way: the minutes since then are not complete.
	Grace time.Duration
	// Advice says what to do about an error, "" if nobody knows.
	Advice func(vendor string, status int, code string) string
	// Hours are kept between evaluations by whoever evaluates again and again; nil = each one reads all anew.
	Hours *storage.Hours
	// Progress hears which rule is looked at, and how many of what may be its findings have been; nil = nobody listens.
	Progress func(rule string, done, all int)

	walked *storage.Hours // of a backtest, which asks for the week before each of many findings
}

// hourly are the hours that are kept of what happened before findings.
func (e *Engine) hourly() *storage.Hours { return cmp.Or(e.Hours, e.walked) }

func (e *Engine) progress(r *Rule, done, all int) {
	if e.Progress != nil {
		e.Progress(r.Name, done, all)
	}
}

// Alert is one alert at one instant.
type Alert struct {
	Rule    *Rule
	Labels  map[string]string
	Episode Episode
	State   State
	// Older says that it began before the evaluation looks: Episode.Since is as far as it looked.
	Older bool

	subject *subject
}

// Evaluation is the outcome of all rules at one instant.
type Evaluation struct {
	At time.Time
	// CompleteUntil is how far the data is complete; zero = no ingester has reported yet.
	CompleteUntil time.Time
	// NoData says why the recent minutes cannot be judged; "" = they can.
	NoData string
	// Alerts that are pending, firing, or were resolved a short while ago; by rule, then labels.
	Alerts []Alert
}

// Evaluate says how every rule stands at now.
func (e *Engine) Evaluate(ctx context.Context, now time.Time) (Evaluation, error) {
	result := Evaluation{At: now}
	if e.Hours != nil {
		if err := e.Hours.Refresh(ctx, e.DB, now.Add(-keptFor), now.Add(day)); err != nil {
			return result, err
		}
	}
	sp, err := e.span(ctx, now.Add(-lookback), now, &result)
	if err != nil {
		return result, err
	}
	for i := range e.Rules.Rules {
		rule := &e.Rules.Rules[i]
		subjects, err := e.subjects(ctx, rule, sp)
		if err != nil {
			return result, fmt.Errorf("rule %q: %w", rule.Name, err)
		}
		for _, s := range subjects {
			if a, there := current(rule, s, now); there {
				result.Alerts = append(result.Alerts, a)
			}
		}
	}
	return result, nil
}

// current is the alert of a subject at now, if there is anything to tell of it.
func current(r *Rule, s *subject, now time.Time) (Alert, bool) {
	episodes := Lifecycle(s.track, r)
	if len(episodes) == 0 {
		return Alert{}, false
	}
	last := episodes[len(episodes)-1]
	state := last.State()
	if state == Inactive || state == Resolved && now.Sub(last.Resolved) > resolvedFor {
		return Alert{}, false
	}
	return Alert{Rule: r, Labels: r.labels(s.values), Episode: last, State: state, Older: last.Since.Equal(s.track.From.Time()), subject: s}, true
}

// labels are the identity of an alert. They hold no counts, ids or texts, which would make each evaluation
// another alert.
func (r *Rule) labels(values []string) map[string]string {
	labels := map[string]string{"alertname": r.Name, "severity": r.Severity}
	for name, value := range r.Labels {
		labels[name] = value
	}
	for i, name := range r.By {
		if values[i] != "" {
			labels[name] = values[i]
		}
	}
	return labels
}

// span finds out what is known of the minutes up to now.
func (e *Engine) span(ctx context.Context, from, now time.Time, result *Evaluation) (span, error) {
	until, note, err := e.DB.CompleteUntil(ctx)
	if err != nil {
		return span{}, err
	}
	result.CompleteUntil = until
	known := now.Add(-e.Grace)
	if !until.IsZero() && until.Before(known) {
		known = until
	}
	if now.Sub(known) > staleAfter {
		result.NoData = noData(until, note)
	}
	sp := span{from: MinuteOf(from), to: MinuteOf(now) + 1, now: now, complete: MinuteOf(known), observed: map[Minute]bool{}}
	wide := sp
	wide.from -= observedLead
	minutes, err := e.Hours.Observed(ctx, e.DB, wide.filter(storage.Filter{}))
	for _, m := range minutes {
		sp.observed[Minute(m)] = true
	}
	return sp, err
}

func noData(until time.Time, note string) string {
	text := "nothing is complete since " + until.UTC().Format(time.RFC3339)
	if note != "" {
		text += ": " + note
	}
	return text
}

// filter sets the range of a filter to the span.
func (s span) filter(f storage.Filter) storage.Filter {
	f.From, f.To = s.from.Time(), s.now
	return f
}

// subjects asks what a rule has to know and judges it.
func (e *Engine) subjects(ctx context.Context, r *Rule, sp span) ([]*subject, error) {
	switch r.Kind {
	case KindRate, KindCount, KindUnparsed, KindSilent:
		return e.counted(ctx, r, sp)
	}
	findings, err := e.findings(ctx, r, sp)
	if err != nil {
		return nil, err
	}
	findings = slices.DeleteFunc(findings, func(f finding) bool { return e.isKnown(f, sp.to.Time()) })
	return gather(r, findings, sp), nil
}

func (e *Engine) counted(ctx context.Context, r *Rule, sp span) ([]*subject, error) {
	wide := sp
	wide.from -= Minute(r.lead())
	options := storage.MinutesOptions{By: r.By, ErrorsOnly: r.Kind == KindCount || r.Kind == KindUnparsed, Once: r.Kind == KindCount}
	if r.Kind != KindSilent {
		options.Known = e.known(sp.to.Time())
	}
	counts, err := e.Hours.Minutes(ctx, e.DB, wide.filter(r.Filter), options)
	if err != nil {
		return nil, err
	}
	var subjects []*subject
	for _, s := range spread(counts, r.By, wide.from, wide.to) {
		subjects = append(subjects, &subject{values: s.values, track: r.judge(s, sp)})
	}
	return subjects, nil
}

// known are the errors that nobody needs to be told of at an instant.
func (e *Engine) known(at time.Time) storage.Known {
	var known storage.Known
	for _, k := range e.Rules.Known {
		switch {
		case !at.Before(k.Until):
		case k.Code == "":
			known.Vendors = append(known.Vendors, k.Vendor)
		default:
			known.Codes = append(known.Codes, [2]string{k.Vendor, k.Code})
		}
	}
	return known
}

func (e *Engine) isKnown(f finding, at time.Time) bool {
	return slices.ContainsFunc(e.Rules.Known, func(k Known) bool {
		code, hasCode := f.is["code"]
		return at.Before(k.Until) && k.Vendor == f.is["vendor"] && (k.Code == "" || hasCode && k.Code == code)
	})
}
