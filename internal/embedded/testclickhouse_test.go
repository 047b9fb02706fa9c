//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClickHouseForTests(t *testing.T) {
	open(t, dataDir(t)) // skips where there is no engine
	var first, second string
	var kept *Engine
	t.Run("databases", func(t *testing.T) {
		first, second = TestClickHouse(t), TestClickHouse(t)
		require.NotEqual(t, first, second)
		for _, url := range []string{first, second} {
			execute(t, url, "CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x")
		}
		var err error
		kept, err = openTestEngine(context.Background())
		require.NoError(t, err)
	})
	require.NotNil(t, kept)
	for _, url := range []string{first, second} {
		require.ErrorContains(t, ping(t, url), "does not exist", "dropped at the test's end")
	}
	require.NoError(t, kept.Close())
}

func TestLeftOverDatabases(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	require.True(t, leftOver("test_1799990000_abc", now))
	require.False(t, leftOver("test_1799999999_abc", now))
	require.False(t, leftOver("test_mine", now))
}
