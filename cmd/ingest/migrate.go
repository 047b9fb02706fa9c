package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/storage"
)

func newMigrate() *cobra.Command {
	var clickhouse config.ClickHouse
	var retention config.Retention
	var cluster config.Cluster
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade errata's tables in ClickHouse",
		Long: `migrate creates the database if it is missing and applies every migration that the server has not seen. It is safe to
run twice. A running ingester of the version before keeps working on the newer tables.

With --retain-successes or --retain-errors it also changes how long rows are kept. Rows that have become too old go with
ClickHouse's next merges; nothing is rewritten at once. Successes are never kept longer than errors: without the errors
beside them they say nothing.

With --cluster it does so on every server of that cluster and makes tables over all shards besides, in a database of their
own (errata_distributed for errata). Rows of a partition lie on one shard, which is fixed here and never changes.

The user needs the rights of errata_migrator in deploy/clickhouse/users.sql.`,
		Example: `  ERRATA_CLICKHOUSE_PASSWORD=… ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse:9000/errata
  ingest migrate --retain-successes 7d --retain-errors 90d
  ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse-1:9000/errata --cluster main --replicated
  ingest migrate --cluster main --new-shards-from 24        two shards were added, and the topics have 24 partitions`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return migrate(cmd, clickhouse, retention, cluster)
		},
	}
	clickhouse.Register(cmd.Flags())
	cluster.Register(cmd.Flags())
	retention.Register(cmd.Flags())
	return cmd
}

func migrate(cmd *cobra.Command, clickhouse config.ClickHouse, retention config.Retention, cluster config.Cluster) (err error) {
	if clickhouse.Cluster == "" && cluster != (config.Cluster{}) {
		return cli.Usagef("--replicated and --new-shards-from are about a cluster: name it with --cluster")
	}
	store, err := cli.OpenStore(cmd.Context(), clickhouse, cli.Write, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	applied := 0
	step := func(step string) {
		applied++
		cli.Note(cmd.ErrOrStderr(), "applied %s", step)
	}
	if store.Cluster != nil {
		err = store.Cluster.Migrate(cmd.Context(), storage.ClusterMigration(cluster), step)
	} else {
		err = store.DB.Migrate(cmd.Context(), step)
	}
	if err != nil {
		return err
	}
	if err := retain(cmd.Context(), store, retention, step); err != nil {
		return err
	}
	if applied == 0 {
		cli.Note(cmd.ErrOrStderr(), "the tables are up to date")
	}
	return nil
}

// retain changes how long rows are kept, on each shard if there are several.
func retain(ctx context.Context, store *cli.Store, retention config.Retention, step func(string)) error {
	set := func(shard int, db *storage.DB) error {
		keeps, changed, err := applyRetention(ctx, db, retention)
		switch {
		case changed && shard > 0:
			step(fmt.Sprintf("shard %d: retention: %s", shard, keeps))
		case changed:
			step(fmt.Sprintf("retention: %s", keeps))
		}
		return err
	}
	return onEachShard(ctx, store, set)
}

// onEachShard does something where the tables are: on each shard, numbered from 1, or on the one server, 0.
func onEachShard(ctx context.Context, store *cli.Store, do func(shard int, db *storage.DB) error) error {
	if store.Cluster == nil {
		return do(0, store.DB)
	}
	return store.Cluster.Each(ctx, do)
}
