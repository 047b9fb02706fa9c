package storage

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

// Rows from before a migration get its projections, once; who comes while that goes on waits for it.
func TestProjectionsOfOlderRows(t *testing.T) {
	db, o := openMigrated(t)
	redoProjections(t, db, func() { insertCase(t, o, parseRows(t, trafficRows)) })
	insertCase(t, o, parseRows(t, trafficRows))
	missing, err := db.MissingProjections(t.Context())
	require.NoError(t, err)
	require.Len(t, missing, 1)
	require.Equal(t, "hours", missing[0].Name)
	require.EqualValues(t, len(parseRows(t, trafficRows)), missing[0].Rows)

	// An interruption ends the waiting, not the work.
	require.NoError(t, db.conn.Exec(t.Context(), "SYSTEM STOP MERGES responses"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = db.MakeProjections(ctx, func(parts int64) { require.Positive(t, parts); cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, db.MakeProjections(t.Context(), func(int64) {
		require.NoError(t, db.conn.Exec(t.Context(), "SYSTEM START MERGES responses"))
	}))
	missing, err = db.MissingProjections(t.Context())
	require.NoError(t, err)
	require.Empty(t, missing)
	sameTraffic(t, db)
	done, err := db.mutation(t.Context(), makesProjections)
	require.NoError(t, err)
	require.NotEmpty(t, done.newest)
	require.Zero(t, done.unfinished)
	var made uint64
	require.NoError(t, db.conn.QueryRow(t.Context(),
		"SELECT count() FROM system.mutations WHERE database = currentDatabase() AND position(command, @words) > 0",
		clickhouse.Named("words", makesProjections)).Scan(&made))
	require.EqualValues(t, 1, made, "the second call waited for what the first one had begun")

	require.NoError(t, db.MakeProjections(t.Context(), nil))
	again, err := db.mutation(t.Context(), makesProjections)
	require.NoError(t, err)
	require.Equal(t, done, again, "there was nothing to make")
}
