package storage

import (
	"context"
	"database/sql"
	_ "embed" // schema_version.sql
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	"github.com/errata-dev/errata/migrations"
)

//go:embed schema_version.sql
var schemaVersionSQL string

// versionTable is where applied migrations are recorded.
const versionTable = "schema_version"

// Migrate brings the database to the schema of this version: it creates the database if it is missing,
// applies what is pending and writes the hash key. Each step taken is announced to step, which may be
// nil. Running it again, or in two processes at once, does no harm: every statement may be repeated. A
// newer schema is left as it is. A shard of several is for Cluster.Migrate: the error is ErrShard.
func (db *DB) Migrate(ctx context.Context, step func(string)) error {
	if step == nil {
		step = func(string) {}
	}
	if err := db.CheckSingle(ctx); err != nil && !errors.Is(err, ErrNotMigrated) {
		return err
	}
	if err := db.migrateSchema(ctx, step); err != nil {
		return err
	}
	if err := db.writeHashKey(ctx, step); err != nil {
		return fmt.Errorf("hash key: %w", err)
	}
	return nil
}

// migrateSchema is Migrate without the hash key, which the shards of a cluster have in common.
func (db *DB) migrateSchema(ctx context.Context, step func(string)) error {
	if err := db.createDatabase(ctx, step); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	if err := db.createVersionTable(ctx); err != nil {
		return fmt.Errorf("version table: %w", err)
	}
	if err := db.applyMigrations(ctx, step); err != nil {
		return fmt.Errorf("migrate: %w", db.conn.explain(ctx, err))
	}
	if err := db.recreate(ctx, step); err != nil {
		return fmt.Errorf("dropped tables: %w", db.conn.explain(ctx, err))
	}
	if err := db.tuneTable(ctx, step); err != nil {
		return fmt.Errorf("table settings: %w", err)
	}
	return nil
}

// createDatabase asks over a connection to a database that always exists.
func (db *DB) createDatabase(ctx context.Context, step func(string)) (err error) {
	pingErr := db.conn.Ping(ctx)
	if code, _, ok := exceptionOf(pingErr); !ok || code != codeUnknownDatabase {
		return db.conn.explain(ctx, pingErr)
	}
	system, err := db.system(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	step("create database " + db.options.database())
	return system.conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(db.options.database()))
}

// system opens the same server in the database that is always there.
func (db *DB) system(ctx context.Context) (*DB, error) {
	o := db.options
	o.Database = "system"
	return Open(ctx, o)
}

// quoteName quotes an identifier, which cannot be a bound parameter in DDL on every server version.
func quoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

func (db *DB) createVersionTable(ctx context.Context) error {
	return db.conn.Exec(ctx, schemaVersionSQL)
}

func (db *DB) applyMigrations(ctx context.Context, step func(string)) error {
	return db.apply(ctx, goose.DialectClickHouse, step, goose.WithTableName(versionTable))
}

func (db *DB) apply(ctx context.Context, dialect goose.Dialect, step func(string), store goose.ProviderOption) (err error) {
	pool := clickhouse.OpenDB(db.options.pool())
	defer func() { err = errors.Join(err, pool.Close()) }()
	provider, err := newProvider(pool, db.migrations(), dialect, store)
	if err != nil {
		return err
	}
	for {
		result, err := provider.UpByOne(undated{ctx})
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return err
		}
		step(path.Base(result.Source.Path))
	}
}

func newProvider(pool *sql.DB, files fs.FS, dialect goose.Dialect, store goose.ProviderOption) (*goose.Provider, error) {
	return goose.NewProvider(dialect, pool, files, store,
		goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(renamePath()),
		goose.WithLogger(goose.NopLogger()),
		// Two processes migrating at once may record their versions in any order.
		goose.WithAllowOutofOrder(true))
}

// tableSettings are those of the table responses that not every server knows. One that does not needs nothing.
var tableSettings = []struct{ name, value, step string }{
	// Newer servers compute column statistics in every merge, a fifth of what a merge costs, for queries that
	// have no join to order.
	{"auto_statistics_types", "''", "turn off column statistics"},
	// Merges take more parts at once, and so rewrite each row less often (docs/decisions/010-way.md).
	{"merge_selector_base", "10", "merge more parts at once"},
}

func (db *DB) tuneTable(ctx context.Context, step func(string)) error {
	for _, setting := range tableSettings {
		var pending bool
		err := db.conn.QueryRow(ctx, `
			SELECT count() > 0 AND (SELECT count() > 0 FROM system.merge_tree_settings WHERE name = @name)
			FROM system.tables
			WHERE database = currentDatabase() AND name = 'responses' AND position(engine_full, @name) = 0`, clickhouse.Named("name", setting.name)).Scan(&pending)
		if err != nil {
			return db.conn.explain(ctx, err)
		}
		if !pending {
			continue
		}
		step(setting.step)
		if err := db.conn.Exec(ctx, "ALTER TABLE responses MODIFY SETTING "+setting.name+" = "+setting.value); err != nil {
			return err
		}
	}
	return nil
}

// CheckSchema returns ErrNotMigrated when the database is older than this version, or not there. A
// newer schema is accepted: schemas are expanded first and contracted a release later.
func (db *DB) CheckSchema(ctx context.Context) error {
	want, err := newestMigration(migrations.FS)
	if err != nil {
		return err
	}
	var have int64
	err = db.conn.QueryRow(ctx, "SELECT max(version_id) FROM "+versionTable+" WHERE is_applied = 1").Scan(&have)
	if err != nil {
		return fmt.Errorf("schema version: %w", db.conn.explain(ctx, err))
	}
	if have < want {
		text := fmt.Sprintf("database %q at %s has schema version %d, this version of errata needs %d: run ingest migrate", db.options.database(), db.options.addresses(), have, want)
		return &serverError{kind: ErrNotMigrated, text: text}
	}
	return nil
}

func newestMigration(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
