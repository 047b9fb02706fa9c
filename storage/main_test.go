package storage

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

// openEmpty returns a connection to a fresh database without tables, and its options.
func openEmpty(t testing.TB) (*DB, Options) {
	t.Helper()
	o, err := ParseURL(embedded.TestClickHouse(t))
	require.NoError(t, err)
	db, err := Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, o
}

// openMigrated returns a connection to a fresh database with the schema of this version.
func openMigrated(t testing.TB) (*DB, Options) {
	t.Helper()
	db, o := openEmpty(t)
	require.NoError(t, db.Migrate(context.Background(), nil))
	return db, o
}
