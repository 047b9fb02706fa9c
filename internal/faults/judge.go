package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// judge compares the table with the log.
func (t *trial) judge(ctx context.Context) error {
	want, err := t.expected(ctx)
	if err != nil {
		return err
	}
	have, err := readTable(ctx, t.engine.conn, t.source, t.topic)
	if err != nil {
		return err
	}
	d := compare(want, have)
	t.figures.records, t.figures.excused, t.figures.gaps = len(want), d.excused, len(have.gaps)
	t.line.note("%d records, %d positions in the table, %d excused by gaps, gaps %v", len(want), len(have.rows), d.excused, have.gaps)
	if err := d.err(); err != nil {
		return err
	}
	return t.judgeGaps(have, d)
}

// judgeUnfinished looks at a table that is not complete for rows that are wrong all the same.
func (t *trial) judgeUnfinished(ctx context.Context) error {
	want := t.producer.account()
	have, err := readTable(ctx, t.engine.conn, t.source, t.topic)
	if err != nil {
		return err
	}
	d := compare(want, have)
	d.missing, d.foreign = nil, nil // not yet there, or not yet acknowledged
	return d.err()
}

// judgeGaps demands that gaps are where nothing can be read, and only there.
func (t *trial) judgeGaps(have table, d difference) error {
	switch {
	case t.fault.lossy:
		return nil
	case t.fault.unreadable && d.excused > 0:
		return fmt.Errorf("%d records that can be read have no row and a gap: %v", d.excused, have.gaps)
	case t.fault.unreadable:
		return t.judgeUnreadable(have)
	case len(have.gaps) > 0:
		return fmt.Errorf("%d gaps are recorded, and nothing was lost: %v", len(have.gaps), have.gaps)
	}
	return nil
}

func (t *trial) judgeUnreadable(have table) error {
	for _, at := range t.producer.unreadable {
		if !have.gapAt(at) {
			return fmt.Errorf("the record %v cannot be read, and no gap says so: %v", at, have.gaps)
		}
	}
	return nil
}

// expected are the records that the table should hold.
func (t *trial) expected(ctx context.Context) (records, error) {
	acked := t.producer.account()
	if t.fault.lossy || t.fault.unreadable {
		return acked, nil // the log shows less, or cannot be read
	}
	log, err := readLog(ctx, t.kafka, t.topic)
	if err != nil {
		return nil, err
	}
	for at, sum := range acked {
		if log[at] != sum {
			return nil, fmt.Errorf("the log has lost the acknowledged record %v: the broker is at fault, not the ingester", at)
		}
	}
	return log, nil
}

func (t *trial) judgeMemory() error {
	if t.figures.memory > memoryBudget {
		return fmt.Errorf("an ingester held %d MB in memory, want at most %d", t.figures.memory>>20, memoryBudget>>20)
	}
	return nil
}

// judgeLogs looks for ClickHouse's password and for panics in what the ingesters have logged.
func (t *trial) judgeLogs() error {
	u, err := url.Parse(t.clickhouse)
	if err != nil {
		return fmt.Errorf("ClickHouse address: %w", err)
	}
	password, _ := u.User.Password()
	names, err := t.logs()
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range names {
		text, err := os.ReadFile(name)
		switch {
		case err != nil:
			faults = append(faults, err)
		case bytes.Contains(text, []byte(password)):
			faults = append(faults, fmt.Errorf("%s holds ClickHouse's password", name))
		case bytes.Contains(text, []byte("\npanic: ")), bytes.Contains(text, []byte("fatal error: ")):
			faults = append(faults, fmt.Errorf("%s holds a panic", name))
		}
	}
	return errors.Join(faults...)
}
