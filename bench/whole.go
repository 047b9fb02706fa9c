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
	defer func() { err = errors.Join(err, table.drop(ctx)) }()
	engine, err := newMeter(b.engine.server.Pid())
	if err != nil {
		return err
	}
	var consumed time.Duration
	n := b.options.records
	used, err := b.broker.consume(ctx, assignment{Role: roleIngest, Topic: s.name, Records: n, ClickHouse: table.url()}, func() (err error) {
		consumed, err = engine.used()
		return err
	})
	if err != nil {
		return err
	}
	if err := table.merge(ctx); err != nil {
		return err
	}
	merged, err := engine.used()
	if err != nil {
		return err
	}
	noteWhole(note, n, used, consumed, merged)
	return noteStored(ctx, note, n, table)
}

func noteWhole(note record, n int, used consumption, consumed, merged time.Duration) {
	note("ingester", unitMicroseconds, perRecord(used.CPU, n))
	note("ClickHouse, until consumed", unitMicroseconds, perRecord(consumed, n))
	note("ClickHouse, until merged", unitMicroseconds, perRecord(merged, n))
	note("ingester and ClickHouse, until consumed", unitMicroseconds, perRecord(used.CPU+consumed, n))
	note("ingester and ClickHouse, until merged", unitMicroseconds, perRecord(used.CPU+merged, n))
	note("broker", unitMicroseconds, perRecord(used.broker, n))
	note("memory of the ingester, peak", unitMebibytes, float64(used.memory)/(1<<20))
	note("by the clock, for information", unitRate, float64(n)/used.Took.Seconds())
}

// noteStored checks that every record has become a row.
func noteStored(ctx context.Context, note record, n int, table *database) error {
	rows, bytes, err := table.stored(ctx)
	if err != nil {
		return err
	}
	if rows != uint64(n) {
		return fmt.Errorf("%d records became %d rows", n, rows)
	}
	note("stored, merged, with indexes", unitBytes, float64(bytes)/float64(n))
	return nil
}
