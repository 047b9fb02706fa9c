package main

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// row is what the table holds at a position.
type row struct {
	checksum uint32
	copies   uint64
}

// gap is a stretch of offsets that the ingester says will never have rows.
type gap struct {
	partition int32
	from, to  int64
	kind      string
}

func (g gap) String() string {
	return fmt.Sprintf("%d:[%d, %d) %s", g.partition, g.from, g.to, g.kind)
}

// table is what ClickHouse holds of one source and topic.
type table struct {
	rows map[position][]row // more than one where checksums differ
	gaps []gap
}

func readTable(ctx context.Context, conn driver.Conn, source, topic string) (table, error) {
	t := table{rows: map[position][]row{}}
	err := each(ctx, conn, func(rows driver.Rows) error {
		var at position
		var r row
		if err := rows.Scan(&at.partition, &at.offset, &r.checksum, &r.copies); err != nil {
			return err
		}
		t.rows[at] = append(t.rows[at], r)
		return nil
	}, `SELECT partition, offset, checksum, count() FROM responses
		WHERE source = $1 AND topic = $2 GROUP BY partition, offset, checksum`, source, topic)
	if err != nil {
		return t, err
	}
	err = each(ctx, conn, func(rows driver.Rows) error {
		var g gap
		if err := rows.Scan(&g.partition, &g.from, &g.to, &g.kind); err != nil {
			return err
		}
		t.gaps = append(t.gaps, g)
		return nil
	}, "SELECT partition, `from`, `to`, kind FROM gaps WHERE source = $1 AND topic = $2 ORDER BY ALL", source, topic)
	return t, err
}

func each(ctx context.Context, conn driver.Conn, scan func(driver.Rows) error, query string, args ...any) error {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read the table: %w", err)
	}
	for rows.Next() && err == nil {
		err = scan(rows)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return fmt.Errorf("read the table: %w", err)
	}
	return rows.Close()
}

// count is how many rows there are just now.
func (e *engine) count(ctx context.Context) (n uint64, err error) {
	if err := e.conn.QueryRow(ctx, "SELECT count() FROM responses").Scan(&n); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return n, nil
}
