package storage

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// MissingProjection is one that rows from before its migration do not have: they are read one by one instead.
type MissingProjection struct {
	Name        string
	Parts, Rows uint64
}

// MissingProjections lists what MakeProjections would make. It takes the right SELECT on system.parts and
// system.projection_parts.
func (db *DB) MissingProjections(ctx context.Context) (missing []MissingProjection, err error) {
	err = db.ask(ctx, "projections_missing", nil, func(rows driver.Rows) error {
		var m MissingProjection
		err := rows.Scan(&m.Name, &m.Parts, &m.Rows)
		missing = append(missing, m)
		return err
	})
	return missing, err
}

// makesProjections is in the text of each mutation that does.
const makesProjections = "MATERIALIZE PROJECTION "

// MakeProjections gives older rows the projections that they lack, and returns when that is done. The server does it by
// itself: after an interruption it goes on, and another call waits for it. progress is told how many parts are still to
// be done. It takes the right ALTER MATERIALIZE PROJECTION on responses and SELECT on system.mutations besides.
func (db *DB) MakeProjections(ctx context.Context, progress func(parts int64)) error {
	before, err := db.mutation(ctx, makesProjections) // first: one that ends now has left nothing missing
	if err != nil {
		return err
	}
	missing, err := db.MissingProjections(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	if before.unfinished == 0 {
		if err := db.mutate(ctx, makeStatement(missing)); err != nil {
			return fmt.Errorf("make projections: %w", err)
		}
	}
	if err := db.awaitMutation(ctx, makesProjections, before, progress); err != nil {
		return fmt.Errorf("the projections are being made: %w", err)
	}
	return nil
}

func makeStatement(missing []MissingProjection) string {
	commands := make([]string, len(missing))
	for i, m := range missing {
		commands[i] = makesProjections + quoteName(m.Name)
	}
	return "ALTER TABLE responses " + strings.Join(commands, ", ")
}
