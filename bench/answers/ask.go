package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/errata-dev/errata/storage"
)

// question is one that is asked of every table.
type question struct {
	name string
	back time.Duration // length of the range
	ask  func(context.Context, *storage.DB, storage.Filter) (rows int, explain []storage.Statement, err error)
}

const month = days * day

func questions() []question {
	return []question{
		{"top 24 h", day, top(storage.TopOptions{})},
		{"top 30 d", month, top(storage.TopOptions{})},
		{"top 30 d, one service", month, ofService(top(storage.TopOptions{}))},
		{"top 30 d, by endpoint", month, top(storage.TopOptions{By: []string{"vendor", "endpoint"}})},
		{"vendors 30 d", month, func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
			return done(db.Vendors(ctx, f, storage.VendorsOptions{}))
		}},
		{"storms 24 h", day, func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
			return done(db.Storms(ctx, f, storage.StormOptions{}))
		}},
		{"limits 24 h", day, func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
			return done(db.Limits(ctx, f, storage.LimitOptions{}))
		}},
		{"spikes 24 h", day, func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
			return done(db.Spikes(ctx, f, storage.SpikeOptions{}))
		}},
		{"errors 24 h", day, func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
			return done(db.Errors(ctx, f, storage.ErrorsOptions{}))
		}},
	}
}

type asker = func(context.Context, *storage.DB, storage.Filter) (int, []storage.Statement, error)

func top(o storage.TopOptions) asker {
	return func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
		return done(db.Top(ctx, f, o))
	}
}

func ofService(ask asker) asker {
	return func(ctx context.Context, db *storage.DB, f storage.Filter) (int, []storage.Statement, error) {
		f.Services = []string{"payments-api"}
		return ask(ctx, db, f)
	}
}

func done[R any](a storage.Answer[R], err error) (int, []storage.Statement, error) {
	return len(a.Rows), a.Explain, err
}

// span returns the range that the question asks about, as --since has it: within an hour that of a day, within a day that of
// a month. The latter begins half a day before the table.
func (q question) span(t *table) storage.Filter {
	to := t.to.Add(-6*time.Hour - 21*time.Minute)
	if q.back == month {
		to = t.to.Add(-day / 2)
	}
	return storage.Filter{From: to.Add(-q.back), To: to}
}

// cost is what one answer took. CPU, memory and what was read are those of the engine.
type cost struct {
	wall, cpu  time.Duration
	memory     int64 // of the statement that took most
	rows       uint64
	bytes      uint64
	statements []storage.Statement
}

// meter adds up what the engine reports while an answer is made.
type meter struct {
	cpu    time.Duration
	memory int64
}

func (m *meter) add(events []clickhouse.ProfileEvent) {
	for _, e := range events {
		switch e.Name {
		case "UserTimeMicroseconds", "SystemTimeMicroseconds":
			m.cpu += time.Duration(e.Value) * time.Microsecond
		case "MemoryTrackerPeakUsage":
			m.memory = max(m.memory, e.Value)
		}
	}
}

func (q question) measure(ctx context.Context, t *table) (cost, error) {
	var m meter
	began := time.Now()
	rows, statements, err := q.ask(clickhouse.Context(ctx, clickhouse.WithProfileEvents(m.add)), t.db, q.span(t))
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w", q.name, err)
	}
	if rows == 0 {
		return cost{}, fmt.Errorf("%s of %d million rows: %w", q.name, t.millions, errNoAnswer)
	}
	c := cost{wall: time.Since(began), cpu: m.cpu, memory: m.memory, statements: statements}
	for _, s := range statements {
		c.rows += s.Rows
		c.bytes += s.Bytes
	}
	return c, nil
}

// result is what one question costs on one table.
type result struct {
	question question
	table    *table
	costs    []cost
}

// median returns the middle one of a figure of the runs.
func (r result) median(of func(cost) float64) float64 {
	values := r.sorted(of)
	return values[len(values)/2]
}

func (r result) sorted(of func(cost) float64) []float64 {
	var values []float64
	for _, c := range r.costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values
}
