package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// stored is what a row of one kind takes on disk, merged, with indexes and projection.
type stored struct {
	kind    string
	rows    uint64
	bytes   float64
	columns []column // the largest first
}

type column struct {
	name  string
	bytes float64
}

// measureStored copies the rows of one kind of the last day into a table of their own: a part says nothing of kinds.
func (t *table) measureStored(ctx context.Context, kind string) (s stored, err error) {
	const name = "stored_of_one_kind"
	s.kind = kind
	for _, statement := range []string{
		"DROP TABLE IF EXISTS " + name + " SYNC",
		"CREATE TABLE " + name + " AS responses",
		"ALTER TABLE " + name + " MODIFY SETTING min_bytes_for_wide_part = 0", // a real day is larger
		"INSERT INTO " + name + " (" + insertedColumns + ", granted, deadline) SELECT " + insertedColumns + ", block_date, now() + 3600 FROM responses WHERE kind = '" + kind + "' AND block_date = (SELECT max(block_date) FROM responses)",
		"OPTIMIZE TABLE " + name + " FINAL",
	} {
		if err := t.admin.Exec(ctx, statement); err != nil {
			return s, fmt.Errorf("stored bytes: %w", err)
		}
	}
	defer func() { err = errors.Join(err, t.admin.Exec(ctx, "DROP TABLE "+name+" SYNC")) }()
	const parts = "database = currentDatabase() AND table = '" + name + "' AND active"
	err = t.admin.QueryRow(ctx, "SELECT sum(rows), sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE "+parts).Scan(&s.rows, &s.bytes)
	if err != nil {
		return s, fmt.Errorf("stored bytes: %w", err)
	}
	rows, err := t.admin.Query(ctx, "SELECT column, sum(column_bytes_on_disk) / sum(rows) AS bytes FROM system.parts_columns WHERE "+parts+" GROUP BY column ORDER BY bytes DESC LIMIT 8")
	if err != nil {
		return s, fmt.Errorf("stored bytes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.bytes); err != nil {
			return s, fmt.Errorf("stored bytes: %w", err)
		}
		s.columns = append(s.columns, c)
	}
	return s, rows.Err()
}

const insertedColumns = `kind, vendor, code, source, topic, partition, offset, checksum, time, service, environment, credential, method, host, route,
    path_ids, whole_path, operation, operation_key, attempt, status, duration_ms, category, retry, retry_after_ms, message, fingerprint, parse, trace, facts, common_facts, ids, received, received_after`

func (s stored) String() string {
	var largest []string
	for _, c := range s.columns {
		largest = append(largest, fmt.Sprintf("%s %.1f", c.name, c.bytes))
	}
	return fmt.Sprintf("%s: %.1f bytes a row on disk (%d rows, merged, with indexes and projection), of these %s", s.kind, s.bytes, s.rows, strings.Join(largest, ", "))
}
