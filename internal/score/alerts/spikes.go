package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"

	"github.com/errata-dev/errata/internal/alert"
)

const (
	history  = 3*24*time.Hour + 7*time.Hour
	tick     = 15 * time.Second
	stretch  = 8 * time.Minute // in which the spikes begin
	lasting  = 8 * time.Minute // each of them
	tooLate  = 3 * time.Minute // after a spike can be seen
	windowMS = 5 * 60_000
	floor    = 20
	lift     = 3
)

// plan is a kind of spike: so many errors a minute beside so many as usual.
type plan struct {
	name         string
	usual, added float64
	status       int
	day          float64
}

func spikePlans() []plan {
	plans := []plan{
		{"new code, 6 a minute", 0, 6, 400, 0},
		{"new code, 60 a minute", 0, 60, 503, 0},
		{"almost never, then 6 a minute", 0.02, 6, 500, 0},
		{"almost never, then 30 a minute", 0.02, 30, 504, 0},
		{"by day and night, 1 a minute, ten times", 1, 9, 500, 0.8},
	}
	for _, usual := range []float64{0.5, 3, 12, 40} {
		for _, times := range []float64{4, 6, 15, 50} {
			if usual*times*5 >= floor && usual*times < 600 {
				plans = append(plans, plan{fmt.Sprintf("%g a minute, %g times", usual, times), usual, usual * (times - 1), 404, 0.3})
			}
		}
	}
	return plans
}

// outcome is one spike that was written, and when it paged.
type outcome struct {
	plan    plan
	vendor  string
	start   time.Time
	visible time.Time // zero = never
	paged   time.Time // by any rule; zero = never
	spiked  time.Time // by the rule error-spike
	false   bool      // paged before its start
}

func (o *outcome) late() bool {
	return !o.visible.IsZero() && (o.paged.IsZero() || o.paged.Sub(o.visible) > tooLate)
}

// measureSpikes writes history, then rows as time passes, and evaluates the rules every 15 seconds. What
// lies in the future is not there yet.
func measureSpikes(ctx context.Context, url string, rules *alert.File, plans []plan, seed uint64) ([]outcome, error) {
	s, err := newStore(ctx, url, fmt.Sprintf("spikes_%d", seed))
	if err != nil {
		return nil, err
	}
	begin := quietStart.Add(history + time.Duration(seed*5%24)*time.Hour)
	w := newWriter(seed)
	outcomes := make([]outcome, len(plans))
	for i, p := range plans {
		outcomes[i] = w.spike(p, i, begin)
	}
	l := &live{store: s, rows: w.sorted(), outcomes: outcomes, engine: alert.Engine{DB: s.db, Rules: rules, Grace: alert.DefaultGrace}}
	fmt.Fprintf(os.Stderr, "spikes, seed %d: %d rows, %d spikes\n", seed, len(l.rows), len(plans))
	return outcomes, errors.Join(l.run(ctx, begin.Add(-2*time.Minute), begin.Add(stretch+lasting)), s.close())
}

// spike writes a vendor of its own with its usual traffic and one spike.
func (w *writer) spike(p plan, i int, begin time.Time) outcome {
	vendor := fmt.Sprintf("vendor%02d", i)
	from, end := quietStart, begin.Add(stretch+lasting+2*time.Minute)
	calls := &stream{vendor: vendor, service: "checkout", route: "/v1/pay", perMinute: 2 + 3*p.usual, day: p.day, burst: callsStray}
	errors := &stream{vendor: vendor, service: "checkout", route: "/v1/pay", status: p.status, code: "trouble", perMinute: p.usual, day: p.day, burst: 0.1}
	w.ordinary(traffic{calls, []*stream{errors}}, from, end)
	o := outcome{plan: p, vendor: vendor, start: begin.Add(time.Duration(w.rand.Int64N(int64(stretch.Seconds()))) * time.Second)}
	for at := o.start; at.Before(o.start.Add(lasting)); at = at.Add(time.Minute) {
		w.minute(errors, at, p.added)
	}
	o.visible = w.visible(errors, o.start)
	return o
}

// visible is when the last five minutes first held what the definition of a spike asks for, judged by the rate
// that the errors truly have: the floor, the lift, and odds of one in a million.
func (w *writer) visible(s *stream, start time.Time) time.Time {
	var times []int64
	for i := range w.rows {
		if r := &w.rows[i]; r.stream == s && r.at >= start.UnixMilli() {
			times = append(times, r.at)
		}
	}
	slices.Sort(times)
	usual := 5 * s.expected(start)
	first := 0
	for i, at := range times {
		for at-times[first] >= windowMS {
			first++
		}
		n := float64(i - first + 1)
		if n >= floor && n >= lift*usual && improbability(n, usual, math.Hypot(callsStray, s.burst)) < 1e-6 {
			return time.UnixMilli(at).UTC()
		}
	}
	return time.Time{}
}

// improbability is how likely n or more are, of counts whose mean is spread by a share.
func improbability(n, mean, spread float64) float64 {
	if mean == 0 {
		return 0
	}
	size := 1 / (spread * spread)
	return mathext.RegIncBeta(n, size, mean/(mean+size))
}

// live lets time pass.
type live struct {
	store    *store
	rows     []response // not stored yet, by time
	outcomes []outcome
	engine   alert.Engine
}

func (l *live) run(ctx context.Context, from, to time.Time) error {
	for now := from; now.Before(to); now = now.Add(tick) {
		n := sort.Search(len(l.rows), func(i int) bool { return l.rows[i].at >= now.UnixMilli() })
		if err := l.store.insert(ctx, l.rows[:n]); err != nil {
			return err
		}
		l.rows = l.rows[n:]
		result, err := l.engine.Evaluate(ctx, now)
		if err != nil {
			return err
		}
		for i := range result.Alerts {
			l.note(&result.Alerts[i], now)
		}
	}
	return nil
}

func (l *live) note(a *alert.Alert, now time.Time) {
	if a.State != alert.Firing {
		return
	}
	for i := range l.outcomes {
		o := &l.outcomes[i]
		switch {
		case a.Labels["vendor"] != o.vendor:
		case now.Before(o.start):
			o.false = true
		default:
			o.paged = first(o.paged, now)
			if a.Rule.Kind == alert.KindSpike {
				o.spiked = first(o.spiked, now)
			}
		}
	}
}

func first(at, now time.Time) time.Time {
	if at.IsZero() {
		return now
	}
	return at
}

func printSpikes(out *bytes.Buffer, outcomes []outcome) {
	fmt.Fprintln(out, "| spike | written | paged | after its start, s | after it could be seen, s |\n|---|---:|---:|---:|---:|")
	byName := map[string][]outcome{}
	var names []string
	for _, o := range outcomes {
		if byName[o.plan.name] == nil {
			names = append(names, o.plan.name)
		}
		byName[o.plan.name] = append(byName[o.plan.name], o)
	}
	for _, name := range names {
		var paged int
		var sinceStart, sinceVisible []string
		for _, o := range byName[name] {
			if o.paged.IsZero() {
				continue
			}
			paged++
			sinceStart = append(sinceStart, fmt.Sprintf("%.0f", o.paged.Sub(o.start).Seconds()))
			sinceVisible = append(sinceVisible, fmt.Sprintf("%.0f", o.paged.Sub(o.visible).Seconds()))
		}
		fmt.Fprintf(out, "| %s | %d | %d | %s | %s |\n", name, len(byName[name]), paged, strings.Join(sinceStart, ", "), strings.Join(sinceVisible, ", "))
	}
}

// verdict fails when there was a page in ordinary traffic, or a spike paged late or not at all.
func verdict(quiet []quietResult, outcomes []outcome) error {
	var faults []error
	for _, r := range quiet {
		if n := r.count(); n > 0 {
			faults = append(faults, fmt.Errorf("%s volume: %d pages in ordinary traffic", r.volume.name, n))
		}
	}
	for _, o := range outcomes {
		if o.late() {
			faults = append(faults, fmt.Errorf("%s of %s: paged %s, visible %s", o.plan.name, o.vendor, o.paged.Format(time.TimeOnly), o.visible.Format(time.TimeOnly)))
		}
		if o.false {
			faults = append(faults, fmt.Errorf("%s of %s: paged before its start", o.plan.name, o.vendor))
		}
	}
	return errors.Join(faults...)
}
