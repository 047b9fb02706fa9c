package storage

import (
	"context"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

// openInsert begins an INSERT under the id and leaves it waiting for its block until the test ends or
// the returned function is called.
func openInsert(t *testing.T, db *DB, id string) (end func()) {
	t.Helper()
	ctx := clickhouse.Context(context.Background(), clickhouse.WithQueryID(id))
	batch, err := db.conn.Conn.PrepareBatch(ctx, "INSERT INTO watermarks (source)")
	require.NoError(t, err)
	ended := false
	end = func() {
		if !ended {
			ended = true
			require.NoError(t, batch.Abort())
		}
	}
	t.Cleanup(end)
	return end
}

func TestRunningInserts(t *testing.T) {
	db, o := openMigrated(t)
	prefix := "errata:" + o.database() + ":" // tests share the server
	running := func(prefix string) []string {
		ids, err := db.RunningInserts(t.Context(), prefix)
		require.NoError(t, err)
		return ids
	}
	require.Empty(t, running(prefix))
	endFirst := openInsert(t, db, prefix+"a:1")
	endSecond := openInsert(t, db, prefix+"b:7")
	openInsert(t, db, "errata:"+o.database()+"_2:a:1")
	require.Equal(t, []string{prefix + "a:1", prefix + "b:7"}, running(prefix), "of all instances of the group")
	require.Equal(t, []string{prefix + "b:7"}, running(prefix+"b:"))
	require.Empty(t, running("%"), "a prefix is no pattern")
	require.Empty(t, running("' OR 1 OR '"))
	endFirst()
	endSecond()
	require.Eventually(t, func() bool { return len(running(prefix)) == 0 }, 30*time.Second, 10*time.Millisecond)
}
