package storage

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// tables are what the migrations create. One that is missing although its migration was applied has been
// dropped by somebody.
var tables = []string{"meta", "responses", "gaps", "watermarks", "erasures", "notifications"}

// missingTables returns those of our tables that are not there.
func (db *DB) missingTables(ctx context.Context) ([]string, error) {
	const query = "SELECT name FROM system.tables WHERE database = currentDatabase()"
	var there []struct {
		Name string `ch:"name"`
	}
	if err := db.conn.Select(ctx, &there, query); err != nil {
		return nil, fmt.Errorf("tables: %w", err)
	}
	known := map[string]bool{}
	for _, t := range there {
		known[t.Name] = true
	}
	var missing []string
	for _, name := range tables {
		if !known[name] {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// forgetful is a version store to which no migration has been applied yet, so that all are applied again.
// Each of their statements may be repeated. It writes nothing down: the real one knows them all.
type forgetful struct {
	database.Store
	applied map[int64]bool
}

func newForgetful() (*forgetful, error) {
	store, err := database.NewStore(database.DialectClickHouse, versionTable)
	if err != nil {
		return nil, fmt.Errorf("version store: %w", err)
	}
	return &forgetful{store, map[int64]bool{0: true}}, nil
}

// CreateVersionTable implements database.Store.
func (f *forgetful) CreateVersionTable(context.Context, database.DBTxConn) error { return nil }

// Insert implements database.Store.
func (f *forgetful) Insert(_ context.Context, _ database.DBTxConn, req database.InsertRequest) error {
	f.applied[req.Version] = true
	return nil
}

// GetMigration implements database.Store.
func (f *forgetful) GetMigration(_ context.Context, _ database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	if !f.applied[version] {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

// GetLatestVersion implements database.Store.
func (f *forgetful) GetLatestVersion(context.Context, database.DBTxConn) (int64, error) {
	var latest int64
	for version := range f.applied {
		latest = max(latest, version)
	}
	return latest, nil
}

// ListMigrations implements database.Store.
func (f *forgetful) ListMigrations(context.Context, database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	list := make([]*database.ListMigrationsResult, 0, len(f.applied))
	for version := range f.applied {
		list = append(list, &database.ListMigrationsResult{Version: version, IsApplied: true})
	}
	return list, nil
}

// recreate applies all migrations again if a table is missing.
func (db *DB) recreate(ctx context.Context, step func(string)) error {
	missing, err := db.missingTables(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	store, err := newForgetful()
	if err != nil {
		return err
	}
	for _, name := range missing {
		step("create again what was dropped: " + name)
	}
	return db.apply(ctx, goose.DialectCustom, func(string) {}, goose.WithStore(store))
}
