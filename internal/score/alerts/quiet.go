package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/storage"
)

// quietStart is a Monday. Four weeks from here hold the end of daylight saving.
var quietStart = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

// volume is how much traffic there is.
type volume struct {
	name      string
	perMinute float64 // successes of each of three vendors, on average
	errors    float64 // of each kind of error, a minute
}

var volumes = []volume{{"low", 0.7, 0.02}, {"high", 14, 1.2}}

type quietResult struct {
	volume volume
	rows   int
	days   int
	pages  []alert.Life
}

// measureQuiet writes days of ordinary traffic and asks when the rules would have paged. It lists the pages and
// spikes in told, unless that is nil.
func measureQuiet(ctx context.Context, url string, rules *alert.File, v volume, days int, seed uint64, told *bytes.Buffer) (quietResult, error) {
	s, err := newStore(ctx, url, "quiet_"+v.name)
	if err != nil {
		return quietResult{}, err
	}
	to := quietStart.AddDate(0, 0, days)
	w := newWriter(seed)
	for _, t := range w.vendors(v, days) {
		w.ordinary(t, quietStart, to)
	}
	w.decoys(quietStart, days)
	w.habits(v, quietStart, days)
	w.rows = twice(lose(w.rand, w.rows, quietStart, days), quietStart.AddDate(0, 0, days/2+1))
	rows := w.sorted()
	fmt.Fprintf(os.Stderr, "%s volume: %d rows\n", v.name, len(rows))
	result := quietResult{volume: v, rows: len(rows), days: days}
	if err := s.insert(ctx, rows); err != nil {
		return result, errors.Join(err, s.close())
	}
	engine := alert.Engine{DB: s.db, Rules: rules, Grace: alert.DefaultGrace}
	result.pages, err = engine.Backtest(ctx, quietStart, to)
	if err == nil && told != nil {
		err = result.list(ctx, told, s.db)
	}
	return result, errors.Join(err, s.close())
}

// list prints the pages, and the spikes that the detector told.
func (r *quietResult) list(ctx context.Context, out *bytes.Buffer, db *storage.DB) error {
	for _, life := range r.pages {
		for _, e := range life.Episodes {
			fmt.Fprintln(out, "page", life.Labels, e.Fired.Format(time.DateTime), e.Resolved.Sub(e.Fired))
		}
	}
	answer, err := db.Spikes(ctx, storage.Filter{From: quietStart, To: quietStart.AddDate(0, 0, r.days)}, storage.SpikeOptions{})
	for _, row := range answer.Rows {
		fmt.Fprintf(out, "spike %s %d %s %s to %s: %d of %.1f, score %.1f\n", row.Vendor, row.Status, row.Code,
			row.Start.Format(time.DateTime), row.End.Format(time.TimeOnly), row.Count, row.Expected, row.Score)
	}
	return err
}

// vendors is the ordinary traffic of three; one is used in office hours only.
func (w *writer) vendors(v volume, days int) []traffic {
	week := 7 * 24 * time.Hour
	growing := func(at time.Time) float64 { return 1 + 0.25*float64(at.Sub(quietStart))/float64(week) }
	var list []traffic
	for i, vendor := range []string{"acme", "globex", "initech"} {
		surge := w.surges(quietStart, days)
		calls := stream{vendor: vendor, service: "checkout", route: "/v1/pay", perMinute: v.perMinute, day: 0.6, burst: callsStray, rate: surge}
		switch i {
		case 1:
			calls.rate = func(at time.Time) float64 { return growing(at) * surge(at) }
		case 2:
			calls.office = true
			calls.perMinute *= 3
		}
		list = append(list, failing(&calls, v.errors))
	}
	list[0].fails[0].rate = ramp
	list[2].fails[4].unparsed = true
	jobs := stream{vendor: "acme", service: "sync", route: "/v1/jobs/{id}", status: 404, code: "not_ready", perMinute: 2, operation: 7}
	lists := stream{vendor: "globex", service: "sync", route: "/v1/list", perMinute: 0.504}
	rejected := lists
	rejected.status, rejected.code, rejected.perMinute = 429, "slow_down", 0.004
	batch := stream{vendor: "initech", service: "batch", route: "/v1/list", perMinute: 0.5}
	return append(list, traffic{calls: &jobs}, traffic{calls: &lists, fails: []*stream{&rejected}}, traffic{calls: &batch})
}

// failing adds the calls that fail, in five ways, to those that succeed.
func failing(calls *stream, errors float64) traffic {
	t := traffic{calls: calls}
	for i, status := range []int{400, 404, 500, 503, 504} {
		f := &stream{vendor: calls.vendor, service: calls.service, route: calls.route, status: status}
		f.code = []string{"invalid", "missing", "internal", "unavailable", "timeout"}[i]
		f.perMinute = errors * []float64{3, 1, 0.5, 0.2, 0.05}[i]
		f.burst = []float64{0.1, 0.3, 0.25, 0.5, 0.6}[i]
		calls.perMinute += f.perMinute
		t.fails = append(t.fails, f)
	}
	return t
}

// ramp is from once to 2.5 times in twelve hours, and back, each Wednesday.
func ramp(at time.Time) float64 {
	if at.Weekday() != time.Wednesday {
		return 1
	}
	return 1 + 1.5*math.Sin(math.Pi*at.Sub(at.Truncate(24*time.Hour)).Hours()/24)
}

// decoys are outages below the floor, and codes that appear a few times only; one of each a day.
func (w *writer) decoys(from time.Time, days int) {
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	for day := range days {
		start := from.AddDate(0, 0, day).Add(time.Duration(w.rand.IntN(23*60)) * time.Minute)
		outage := &stream{vendor: "acme", service: "checkout", route: "/v1/refund", status: 502, code: "bad_gateway"}
		for i := range 18 { // fifteen in five minutes
			w.next++
			w.add(outage, start.Add(time.Duration(20*i)*time.Second).UnixMilli(), w.next)
		}
		odd := &stream{vendor: "globex", service: "checkout", route: "/v1/pay", status: 400, code: "odd_" + names[day%7] + names[day/7%7]}
		for i := range 4 {
			w.call(odd, start.Add(time.Duration(11*i)*time.Minute).UnixMilli())
		}
		rejected := &stream{vendor: "initech", service: "batch", route: "/v1/list", status: 429, code: "slow_down"}
		for i := range 6 {
			w.call(rejected, start.Add(time.Duration(i)*time.Second).UnixMilli())
		}
	}
}

func (r *quietResult) count() int {
	n := 0
	for i := range r.pages {
		n += len(r.pages[i].Episodes)
	}
	return n
}

func printQuiet(out *bytes.Buffer, results []quietResult) {
	fmt.Fprintln(out, "| ordinary traffic | rows | weeks | pages | a week |\n|---|---:|---:|---:|---:|")
	for _, r := range results {
		weeks := float64(r.days) / 7
		fmt.Fprintf(out, "| %s volume | %d | %.1f | %d | %.2f |\n", r.volume.name, r.rows, weeks, r.count(), float64(r.count())/weeks)
	}
	fmt.Fprintln(out)
}
