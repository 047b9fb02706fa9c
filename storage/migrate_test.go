package storage

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/migrations"
)

func TestMigrateTwice(t *testing.T) {
	ctx := context.Background()
	db, _ := openEmpty(t)
	require.ErrorIs(t, db.CheckSchema(ctx), ErrNotMigrated)
	_, err := db.HashKey(ctx)
	require.ErrorIs(t, err, ErrNotMigrated)

	var steps []string
	require.NoError(t, db.Migrate(ctx, func(step string) { steps = append(steps, step) }))
	require.Contains(t, steps, "0002_create_responses.sql")
	require.Contains(t, steps, "write the hash key")
	require.NoError(t, db.CheckSchema(ctx))
	key, err := db.HashKey(ctx)
	require.NoError(t, err)
	require.NotZero(t, key)

	steps = nil
	require.NoError(t, db.Migrate(ctx, func(step string) { steps = append(steps, step) }))
	require.Empty(t, steps, "nothing is left to do")
	again, err := db.HashKey(ctx)
	require.NoError(t, err)
	require.Equal(t, key, again)
}

// A table that somebody has dropped comes back, empty, and what is left is not touched.
func TestMigrateCreatesDroppedTablesAgain(t *testing.T) {
	db, o := openMigrated(t)
	insertOffsets(t, o, "topic", 0, 1, 2, 3)
	key, err := db.HashKey(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.conn.Exec(t.Context(), "DROP TABLE gaps"))
	var steps []string
	require.NoError(t, db.Migrate(t.Context(), func(step string) { steps = append(steps, step) }))
	require.Equal(t, []string{"create again what was dropped: gaps"}, steps)
	require.NoError(t, db.RecordGaps(t.Context(), []Gap{{Source: "s", Topic: "t", From: 1, To: 2, Kind: "retention"}}))
	require.Equal(t, 3, countRows(t, db))

	require.NoError(t, db.conn.Exec(t.Context(), "DROP TABLE responses"))
	require.NoError(t, db.Migrate(t.Context(), nil))
	insertOffsets(t, o, "topic", 0, 4)
	require.Equal(t, 1, countRows(t, db))
	again, err := db.HashKey(t.Context())
	require.NoError(t, err)
	require.Equal(t, key, again)
	missing, err := db.missingTables(t.Context())
	require.NoError(t, err)
	require.Empty(t, missing)
	var all uint64
	require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase()").Scan(&all))
	require.EqualValues(t, len(tables)+1, all, "the list names all that the migrations create; the version table comes on top")
}

func TestMigrateInManyProcessesAtOnce(t *testing.T) {
	_, o := openEmpty(t)
	const processes = 6
	var done sync.WaitGroup
	errs, keys := make([]error, processes), make([][32]byte, processes)
	for i := range processes {
		done.Go(func() {
			db, err := Open(context.Background(), o)
			if err != nil {
				errs[i] = err
				return
			}
			defer func() { _ = db.Close() }()
			if errs[i] = db.Migrate(context.Background(), nil); errs[i] != nil {
				return
			}
			keys[i], errs[i] = db.HashKey(context.Background())
		})
	}
	done.Wait()
	for i := range processes {
		require.NoError(t, errs[i])
		require.Equal(t, keys[0], keys[i], "all must use one key")
	}
}

func TestMigrateCreatesTheDatabase(t *testing.T) {
	ctx := context.Background()
	owner, o := openEmpty(t)
	o.Database += "_`new" // dropped below; leftovers of killed tests go by their prefix
	t.Cleanup(func() {
		require.NoError(t, owner.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quoteName(o.Database)+" SYNC"))
	})
	db, err := Open(ctx, o)
	require.NoError(t, err, "the server can be reached: that the database is missing is for CheckSchema to say")
	defer func() { require.NoError(t, db.Close()) }()
	require.ErrorIs(t, db.CheckSchema(ctx), ErrNotMigrated)
	require.NoError(t, db.Migrate(ctx, nil))
	require.NoError(t, db.CheckSchema(ctx))
}

func TestOlderSchemaIsRefusedAndNewerAccepted(t *testing.T) {
	ctx := context.Background()
	db, _ := openMigrated(t)
	require.NoError(t, db.conn.Exec(ctx, "INSERT INTO schema_version (version_id, is_applied) VALUES (9999, 1)"))
	require.NoError(t, db.CheckSchema(ctx))
	require.NoError(t, db.Migrate(ctx, nil), "an old binary leaves a newer schema alone")

	require.NoError(t, db.conn.Exec(ctx, "ALTER TABLE schema_version DELETE WHERE version_id > 1 SETTINGS mutations_sync = 2"))
	err := db.CheckSchema(ctx)
	require.ErrorIs(t, err, ErrNotMigrated)
	require.ErrorContains(t, err, "schema version 1")
	require.ErrorContains(t, err, "run ingest migrate")
	require.NoError(t, db.Migrate(ctx, nil), "a migration that was applied but not recorded is applied again")
	require.NoError(t, db.CheckSchema(ctx))
}

func TestOldestHashKeyHolds(t *testing.T) {
	ctx := context.Background()
	db, _ := openMigrated(t)
	older := strings.Repeat("ab", 32)
	require.NoError(t, db.conn.Exec(ctx, "INSERT INTO meta (key, value, created_at) VALUES ('hash_key', '"+strings.Repeat("cd", 32)+"', '2020-01-01 00:00:00')"))
	require.NoError(t, db.conn.Exec(ctx, "INSERT INTO meta (key, value, created_at) VALUES ('hash_key', '"+older+"', '2020-01-01 00:00:00')"))
	key, err := db.HashKey(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 0xab, key[0])

	require.NoError(t, db.conn.Exec(ctx, "INSERT INTO meta (key, value, created_at) VALUES ('hash_key', 'broken', '2019-01-01 00:00:00')"))
	_, err = db.HashKey(ctx)
	require.ErrorContains(t, err, "64 hex digits")
}

// A reader may change no setting, not even one that the driver adds for a deadline.
func TestReadonlyUserWithDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: t.TempDir(), IdleTimeout: time.Second})
	if err != nil {
		t.Skipf("needs ClickHouse: %v", err)
	}
	defer func() { require.NoError(t, engine.Close()) }()
	writer, reader := openAt(t, engine.URL()), openAt(t, engine.ReaderURL())
	require.NoError(t, writer.Migrate(ctx, nil))

	require.NoError(t, reader.CheckSchema(ctx))
	_, err = reader.HashKey(ctx)
	require.ErrorIs(t, err, ErrAuthentication, "the key of the operation hash is no reader's business")
	_, err = reader.ServerTime(ctx)
	require.NoError(t, err)
	_, err = reader.Present(ctx, "s", []Position{{"t", 0, 0}})
	require.NoError(t, err)
	err = reader.RecordGaps(ctx, []Gap{{Source: "s"}})
	require.ErrorIs(t, err, ErrAuthentication)
}

func openAt(t testing.TB, url string) *DB {
	t.Helper()
	o, err := ParseURL(url)
	require.NoError(t, err)
	db, err := Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestMigrationsAreNumberedAndRepeatable(t *testing.T) {
	newest, err := newestMigration(migrations.FS)
	require.NoError(t, err)
	require.Positive(t, newest)
	_, err = newestMigration(fstest.MapFS{"create.sql": {}})
	require.Error(t, err)

	files, err := migrations.FS.ReadDir(".")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := migrations.FS.ReadFile(file.Name())
		require.NoError(t, err)
		require.Regexp(t, "IF NOT EXISTS|MODIFY COLUMN IF EXISTS", string(text), file.Name())
		require.Equal(t, 1, strings.Count(string(text), "StatementBegin"), "%s: one statement a file", file.Name())
	}
}
