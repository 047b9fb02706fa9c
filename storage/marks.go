package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Watermark says how far a partition is ingested. The server adds the time at which that was so.
type Watermark struct {
	Source    string
	Topic     string
	Partition int32
	Offset    int64     // the next offset to ingest
	LogTime   time.Time // broker timestamp of the last row; zero = none yet
	Lag       int64     // records between Offset and the end of the partition
	Closed    bool      // the ingester ends cleanly and gives the partition up
}

// Gap is a range of offsets [From, To) that will never have a row.
type Gap struct {
	Source    string
	Topic     string
	Partition int32
	From      int64
	To        int64
	Kind      string // why: "retention", "recreated", "unreadable"
}

// RecordWatermarks writes the marks. Of several for one partition the newest counts.
func (db *DB) RecordWatermarks(ctx context.Context, marks []Watermark) error {
	const query = "INSERT INTO watermarks (source, topic, partition, offset, log_time, lag, closed)"
	err := db.insertRows(ctx, query, len(marks), func(batch driver.Batch, i int) error {
		m := marks[i]
		if m.LogTime.IsZero() {
			m.LogTime = time.UnixMilli(0)
		}
		return batch.Append(m.Source, m.Topic, m.Partition, m.Offset, m.LogTime, m.Lag, m.Closed)
	})
	if err != nil {
		return fmt.Errorf("record watermarks: %w", err)
	}
	return nil
}

// RecordGaps writes down offsets that are lost.
func (db *DB) RecordGaps(ctx context.Context, gaps []Gap) error {
	const query = "INSERT INTO gaps (source, topic, partition, `from`, `to`, kind)"
	err := db.insertRows(ctx, query, len(gaps), func(batch driver.Batch, i int) error {
		g := gaps[i]
		return batch.Append(g.Source, g.Topic, g.Partition, g.From, g.To, g.Kind)
	})
	if err != nil {
		return fmt.Errorf("record gaps: %w", err)
	}
	return nil
}

// insertRows inserts n rows as one batch, acknowledged when they are in the table.
func (db *DB) insertRows(ctx context.Context, query string, n int, appendRow func(driver.Batch, int) error) error {
	if n == 0 {
		return nil
	}
	ctx = clickhouse.Context(undated{ctx}, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
	batch, err := db.conn.PrepareBatch(ctx, query)
	if err != nil {
		return err
	}
	for i := range n {
		if err := appendRow(batch, i); err != nil {
			return abandon(batch, err)
		}
	}
	return db.conn.explain(ctx, batch.Send())
}

// abandon gives up a batch because of err.
func abandon(batch driver.Batch, err error) error {
	if abortErr := batch.Abort(); abortErr != nil {
		return fmt.Errorf("%w (and giving up: %w)", err, abortErr)
	}
	return err
}
