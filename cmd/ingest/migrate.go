package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
)

func newMigrate() *cobra.Command {
	var clickhouse config.ClickHouse
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade errata's tables in ClickHouse",
		Long: `migrate creates the database if it is missing and applies every migration that the server has not seen. It is safe to
run twice. A running ingester of the version before keeps working on the newer tables.

The user needs the rights of errata_migrator in deploy/clickhouse/users.xml.`,
		Example: `  ERRATA_CLICKHOUSE_PASSWORD=… ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse:9000/errata`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrate(cmd, clickhouse)
		},
	}
	clickhouse.Register(cmd.Flags())
	return cmd
}

func migrate(cmd *cobra.Command, clickhouse config.ClickHouse) (err error) {
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
	if applied == 0 {
		cli.Note(cmd.ErrOrStderr(), "the tables are up to date")
	}
	return nil
}
