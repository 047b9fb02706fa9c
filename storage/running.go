package storage

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// runningSQL is about the one server that it is asked of: system.processes lists no others. INSERTs that
// have read nothing yet are listed too, because their block may still be on its way.
const runningSQL = `
SELECT query_id FROM system.processes
WHERE query_kind = 'Insert' AND startsWith(query_id, {prefix:String})
ORDER BY query_id`

// RunningInserts returns the query ids, beginning with idPrefix, of the INSERTs that the server is
// executing at this moment, whoever sent them. It takes the right to SELECT from system.processes; the
// error is ErrAuthentication without it.
func (db *DB) RunningInserts(ctx context.Context, idPrefix string) ([]string, error) {
	var rows []struct {
		ID string `ch:"query_id"`
	}
	if err := db.conn.Select(ctx, &rows, runningSQL, clickhouse.Named("prefix", idPrefix)); err != nil {
		return nil, fmt.Errorf("running inserts: %w", err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids, nil
}
