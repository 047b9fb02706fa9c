package storage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPatience asks for longer than the patience lasts: of a server that reads on, and of one that does nothing.
func TestPatience(t *testing.T) {
	db, _ := openEmpty(t)
	const patience = 500 * time.Millisecond
	began := time.Now()
	ask := func(query string) error {
		return patiently(t.Context(), patience, func(ctx context.Context) error { return db.conn.Exec(ctx, query) })
	}
	require.NoError(t, ask("SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number)) SETTINGS max_execution_time = 2, timeout_overflow_mode = 'break', max_threads = 1"))
	require.Greater(t, time.Since(began), 3*patience)
	err := ask("SELECT sum(sleep(3)) FROM system.one")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "has read nothing for 500ms")
}
