package storage

import (
	"context"
	"fmt"
)

// Sources lists the log streams that the table holds rows of.
func (db *DB) Sources(ctx context.Context) ([]string, error) {
	var rows []struct {
		Source string `ch:"source"`
	}
	if err := db.conn.Select(ctx, &rows, "SELECT DISTINCT source FROM responses ORDER BY source"); err != nil {
		return nil, fmt.Errorf("sources: %w", err)
	}
	sources := make([]string, len(rows))
	for i, r := range rows {
		sources[i] = r.Source
	}
	return sources, nil
}

// Clear deletes every row, watermark and gap, for good. The key of the operation hash stays.
func (db *DB) Clear(ctx context.Context) error {
	for _, statement := range []string{"TRUNCATE TABLE responses", "TRUNCATE TABLE watermarks", "TRUNCATE TABLE gaps"} {
		if err := db.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("clear: %w", err)
		}
	}
	return nil
}
