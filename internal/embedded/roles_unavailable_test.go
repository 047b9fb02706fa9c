//go:build noembedded || !(linux || darwin)

package embedded

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

var roles map[string]func() int

func TestOpenWithoutEngineInBuild(t *testing.T) {
	_, err := OpenClickHouse(context.Background(), Options{DataDir: t.TempDir()})
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "pass --clickhouse URL")
}

func TestTestClickHouseSkipsWithoutEngine(t *testing.T) {
	t.Setenv("ERRATA_REQUIRE_SERVERS", "")
	var skipped bool
	t.Run("skips", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		TestClickHouse(t)
	})
	require.True(t, skipped)
}
