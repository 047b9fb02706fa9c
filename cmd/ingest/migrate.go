package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
)

func newMigrate() *cobra.Command {
	var clickhouse config.ClickHouse
	var retention config.Retention
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade errata's tables in ClickHouse",
		Long: `migrate creates the database if it is missing and applies every migration that the server has not seen. It is safe to
run twice. A running ingester of the version before keeps working on the newer tables.

With --retain-successes or --retain-errors it also changes how long rows are kept. Rows that have become too old go with
ClickHouse's next merges; nothing is rewritten at once. Successes are never kept longer than errors: without the errors
beside them they say nothing.

The user needs the rights of errata_migrator in deploy/clickhouse/users.sql.`,
		Example: `  ERRATA_CLICKHOUSE_PASSWORD=… ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse:9000/errata
  ingest migrate --retain-successes 7d --retain-errors 90d`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrate(cmd, clickhouse, retention)
		},
	}
	clickhouse.Register(cmd.Flags())
	retention.Register(cmd.Flags())
	return cmd
}

func migrate(cmd *cobra.Command, clickhouse config.ClickHouse, retention config.Retention) (err error) {
	store, err := cli.OpenStore(cmd.Context(), clickhouse, cli.Write, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	applied := 0
	if err := store.DB.Migrate(cmd.Context(), func(step string) {
		applied++
		cli.Note(cmd.ErrOrStderr(), "applied %s", step)
	}); err != nil {
		return err
	}
	keeps, changed, err := applyRetention(cmd.Context(), store.DB, retention)
	if err != nil {
		return err
	}
	if changed {
		applied++
		cli.Note(cmd.ErrOrStderr(), "applied retention: %s", keeps)
	}
	if applied == 0 {
		cli.Note(cmd.ErrOrStderr(), "the tables are up to date")
	}
	return nil
}
