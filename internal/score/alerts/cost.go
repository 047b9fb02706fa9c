package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/storage"
)

// costTicks is how many ticks, 15 seconds apart, are measured after the first.
const costTicks = 5

// cost is CPU time, of the engine as it reports it, and of this process.
type cost struct{ engine, own time.Duration }

// measureCost evaluates rules on a table that is there, ticks in a row up to an instant, and prints what each tick
// costs: of every rule alone, then of all together.
func measureCost(ctx context.Context, out *bytes.Buffer, url string, at time.Time, rules *alert.File) error {
	o, err := storage.ParseURL(url)
	if err != nil {
		return err
	}
	db, err := storage.Open(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "| rules | first tick: CPU ms, of it own | a later tick, median: CPU ms, of it own |\n|---|---:|---:|")
	for i := range rules.Rules {
		one := *rules
		one.Rules = rules.Rules[i : i+1]
		err = errors.Join(err, costOf(ctx, out, rules.Rules[i].Name, &alert.Engine{DB: db, Rules: &one, Grace: alert.DefaultGrace, Hours: &storage.Hours{}}, at))
	}
	err = errors.Join(err, costOf(ctx, out, "all", &alert.Engine{DB: db, Rules: rules, Grace: alert.DefaultGrace, Hours: &storage.Hours{}}, at))
	return errors.Join(err, db.Close())
}

func costOf(ctx context.Context, out *bytes.Buffer, name string, e *alert.Engine, at time.Time) error {
	var costs []cost
	for i := range costTicks + 1 {
		now := at.Add(time.Duration(i-costTicks) * tick)
		var c cost
		before := ownCPU()
		_, err := e.Evaluate(clickhouse.Context(ctx, clickhouse.WithProfileEvents(c.add)), now)
		if err != nil {
			return err
		}
		c.own = ownCPU() - before
		costs = append(costs, c)
	}
	first, later := costs[0], costs[1:]
	slices.SortFunc(later, func(a, b cost) int { return int(a.engine + a.own - b.engine - b.own) })
	median := later[len(later)/2]
	_, err := fmt.Fprintf(out, "| %s | %d, %d | %d, %d |\n", name, (first.engine + first.own).Milliseconds(), first.own.Milliseconds(),
		(median.engine + median.own).Milliseconds(), median.own.Milliseconds())
	return err
}

func (c *cost) add(events []clickhouse.ProfileEvent) {
	for _, e := range events {
		if e.Name == "UserTimeMicroseconds" || e.Name == "SystemTimeMicroseconds" {
			c.engine += time.Duration(e.Value) * time.Microsecond
		}
	}
}

// ownCPU is what this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
