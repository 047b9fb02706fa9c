package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// mutation is how far the server is with those of a kind.
type mutation struct {
	newest     string // that is done; "" = none
	parts      int64  // still to be rewritten
	unfinished uint64
	failure    string
}

// mutation looks at those that have these words in their text.
func (db *DB) mutation(ctx context.Context, words string) (m mutation, err error) {
	err = db.ask(ctx, "mutation_progress", map[string]any{"words": words}, func(rows driver.Rows) error {
		return rows.Scan(&m.newest, &m.parts, &m.unfinished, &m.failure)
	})
	return m, err
}

// mutate begins one and does not wait for it, as newer servers do unless told otherwise: it may take longer than a
// connection waits for an answer.
func (db *DB) mutate(ctx context.Context, statement string) error {
	return db.conn.Exec(clickhouse.Context(undated{ctx}, clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 0})), statement)
}

// mutationPoll is how often a mutation is looked at.
const mutationPoll = 100 * time.Millisecond

// awaitMutation waits until all are done, and a newer one than before. progress, which may be nil, is told how many parts
// are still to be rewritten.
func (db *DB) awaitMutation(ctx context.Context, words string, before mutation, progress func(parts int64)) error {
	for {
		now, err := db.mutation(ctx, words)
		switch {
		case err != nil:
			return fmt.Errorf("how far cannot be seen: %w", err)
		case now.failure != "":
			return fmt.Errorf("the server fails, and goes on trying: %s", firstLine(now.failure))
		case now.unfinished == 0 && now.newest != before.newest:
			return nil
		}
		if progress != nil {
			progress(now.parts)
		}
		if err := wait(ctx, mutationPoll); err != nil {
			return err
		}
	}
}
