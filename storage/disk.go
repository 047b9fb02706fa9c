package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Day is what the table holds of one day of inserts.
type Day struct {
	Date  Date
	Bytes uint64 // on disk
	Rows  uint64
}

// droppedUntilKey is the row of meta that says which days were dropped to save disk, so that verify does
// not miss their rows.
const droppedUntilKey = "dropped_until"

// DropOldest drops the oldest days of the table until the others take no more than limit bytes. It never
// drops today or yesterday, whose rows a delivery may still have to read back: then left stays above the
// limit. It takes the rights ALTER DELETE on responses and INSERT on meta. Two at once do no harm.
func (db *DB) DropOldest(ctx context.Context, limit uint64) (dropped []Day, left uint64, err error) {
	days, droppable, err := db.days(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range days {
		left += d.Bytes
	}
	for _, d := range days[:droppable] {
		if left <= limit {
			break
		}
		if err := db.dropDay(ctx, d.Date); err != nil {
			return dropped, left, err
		}
		dropped = append(dropped, d)
		left -= d.Bytes
	}
	return dropped, left, nil
}

// days lists the days of the table, the oldest first; the first so many of them may be dropped.
func (db *DB) days(ctx context.Context) (list []Day, droppable int, err error) {
	err = db.ask(ctx, "day_sizes", nil, func(rows driver.Rows) error {
		var d Day
		var old bool
		if err := rows.Scan(&d.Date.Time, &d.Bytes, &d.Rows, &old); err != nil {
			return err
		}
		list = append(list, d)
		if old {
			droppable++
		}
		return nil
	})
	return list, droppable, err
}

// dropDay says first what it is about to do: a crash in between makes verify look at one day less.
func (db *DB) dropDay(ctx context.Context, day Date) error {
	if err := db.writeMeta(ctx, droppedUntilKey, day.String()); err != nil {
		return fmt.Errorf("record the drop of %s: %w", day, err)
	}
	if err := db.conn.Exec(ctx, "ALTER TABLE responses DROP PARTITION '"+day.String()+"'"); err != nil {
		return fmt.Errorf("drop %s: %w", day, err)
	}
	return nil
}

// DroppedUntil returns the newest day that was dropped to save disk; the zero time when none was.
func (db *DB) DroppedUntil(ctx context.Context) (Date, error) {
	var text string
	err := db.ask(ctx, "dropped_until", nil, func(rows driver.Rows) error { return rows.Scan(&text) })
	if err != nil || text == "" {
		return Date{}, err
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("meta.%s: %w", droppedUntilKey, err)
	}
	return Date{day}, nil
}

func (db *DB) writeMeta(ctx context.Context, key, value string) error {
	return db.insertRows(ctx, "INSERT INTO meta (key, value)", 1, func(batch driver.Batch, _ int) error {
		return batch.Append(key, value)
	})
}
