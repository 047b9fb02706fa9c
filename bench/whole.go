package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureWhole has an ingester process carry a topic from the broker process into ClickHouse's.
func measureWhole(ctx context.Context, b *bench, s stream, note record) (err error) {
	table, err := b.engine.freshDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.leave(ctx)) }()
	way, err := b.carry(ctx, assignment{Topic: s.name, Records: b.recordsOf(s), Profile: b.profile(s)}, table, note)
	if err != nil {
		return err
	}
	if err := way.merge(ctx, note); err != nil {
		return err
	}
	found, err := table.contents(ctx)
	b.contents[s.name] = found
	found.note(note)
	return err
}

// carry has an ingester process read a topic once.
func (b *bench) carry(ctx context.Context, a assignment, table *database, note record) (*way, error) {
	w, err := b.watchWay(table, a.Records)
	if err != nil {
		return nil, err
	}
	a.Role, a.ClickHouse = roleIngest, table.url()
	used, err := b.broker.consume(ctx, a, w.consumed)
	if err != nil {
		return nil, err
	}
	w.client, w.took = used.CPU, used.Took
	note("ingester", unitMicroseconds, perRecord(used.CPU, w.records))
	note("ingester", unitAllocations, float64(used.Allocations)/float64(w.records))
	note("memory of the ingester, peak", unitMebibytes, float64(used.memory)/(1<<20))
	return w, w.finish(note)
}

// way is one contender's carrying a topic into a table, as it is measured.
type way struct {
	table   *database
	records int
	engine  meter
	broker  meter
	memory  *memoryWatch // of ClickHouse

	inserted, served time.Duration // CPU of ClickHouse and of the broker until all was consumed
	client           time.Duration // CPU of the ingester, if there is one
	took             time.Duration // by the clock, from the first record until the last commit
}

func (b *bench) watchWay(table *database, records int) (*way, error) {
	w := &way{table: table, records: records, memory: watchMemory(b.engine.server.Pid())}
	var err error
	if w.engine, err = newMeter(b.engine.server.Pid()); err != nil {
		return nil, err
	}
	w.broker, err = newMeter(b.broker.pid())
	return w, err
}

// consumed is called when the last record is in the table.
func (w *way) consumed() (err error) {
	if w.inserted, err = w.engine.used(); err != nil {
		return err
	}
	w.served, err = w.broker.used()
	return err
}

// finish says what it took until all was consumed.
func (w *way) finish(note record) error {
	peak, err := w.memory.end()
	if err != nil {
		return err
	}
	note("ClickHouse, until consumed", unitMicroseconds, perRecord(w.inserted, w.records))
	note(untilConsumed, unitMicroseconds, perRecord(w.client+w.inserted, w.records))
	note("broker", unitMicroseconds, perRecord(w.served, w.records))
	note("memory of ClickHouse, peak", unitMebibytes, float64(peak)/(1<<20))
	note("by the clock, for information", unitRate, float64(w.records)/w.took.Seconds())
	return nil
}

// merge merges the table, and says what that took besides, and what came of it.
func (w *way) merge(ctx context.Context, note record) error {
	if err := w.table.merge(ctx); err != nil {
		return err
	}
	merged, err := w.engine.used()
	if err != nil {
		return err
	}
	note("ClickHouse, until merged", unitMicroseconds, perRecord(merged, w.records))
	note(untilMerged, unitMicroseconds, perRecord(w.client+merged, w.records))
	return w.noteStored(ctx, note)
}

const (
	untilConsumed = "ingester and ClickHouse, until consumed"
	untilMerged   = "ingester and ClickHouse, until merged"
)

// noteStored checks that every record has become a row.
func (w *way) noteStored(ctx context.Context, note record) error {
	rows, bytes, err := w.table.stored(ctx)
	if err != nil {
		return err
	}
	if rows != uint64(w.records) {
		return fmt.Errorf("%d records became %d rows", w.records, rows)
	}
	note("stored, merged, with indexes", unitBytes, float64(bytes)/float64(w.records))
	return nil
}
