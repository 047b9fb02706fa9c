package storage

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// renamePath is migration 0011. It gives the stored column path another name, so that path can be an ALIAS. No SQL file can
// say that: where it is done, a column path is there as well, and must stay.
func renamePath() *goose.Migration {
	m := goose.NewGoMigration(11, &goose.GoFunc{RunDB: moveStoredPath}, nil)
	m.Source = "0011_rename_path.go"
	return m
}

func moveStoredPath(ctx context.Context, pool *sql.DB) error {
	moved, err := pathIsAlias(ctx, pool)
	if err != nil || moved {
		return err
	}
	_, failed := pool.ExecContext(ctx, "ALTER TABLE responses RENAME COLUMN IF EXISTS path TO whole_path")
	if failed == nil {
		return nil
	}
	if moved, err = pathIsAlias(ctx, pool); err == nil && moved {
		return nil // another process has done it meanwhile
	}
	return fmt.Errorf("rename path: %w", failed)
}

func pathIsAlias(ctx context.Context, pool *sql.DB) (is bool, err error) {
	err = pool.QueryRowContext(ctx, `
		SELECT count() > 0 FROM system.columns
		WHERE database = currentDatabase() AND table = 'responses' AND name = 'path' AND default_kind = 'ALIAS'`).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("columns: %w", err)
	}
	return is, nil
}
