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

// migrating are the settings of ingest migrate.
type migrating struct {
	clickhouse  config.ClickHouse
	retention   config.Retention
	cluster     config.Cluster
	projections bool
}

func newMigrate() *cobra.Command {
	var m migrating
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or upgrade errata's tables in ClickHouse",
		Long: `migrate creates the database if it is missing and applies every migration that the server has not seen. It is safe to
run twice. A running ingester of the version before keeps working on the newer tables.

With --retain-successes or --retain-errors it also changes how long rows are kept. Rows that have become too old go with
ClickHouse's next merges; nothing is rewritten at once. Successes are never kept longer than errors: without the errors
beside them they say nothing.

Where a migration adds a projection, rows from before do not have it and are read one by one: query top and vendors over weeks
take longer. migrate says so; with --projections it makes them, some seconds for 10 million rows, while ingesters run. The
server does that by itself: it goes on after an interruption, and another migrate --projections waits for it.

With --cluster it does so on every server of that cluster and makes tables over all shards besides, in a database of their
own (errata_distributed for errata). Rows of a partition lie on one shard, which is fixed here and never changes.

The user needs the rights of errata_migrator in deploy/clickhouse/users.sql.`,
		Example: `  ERRATA_CLICKHOUSE_PASSWORD=… ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse:9000/errata
  ingest migrate --retain-successes 7d --retain-errors 90d
  ingest migrate --projections                              after an upgrade, at a quiet hour
  ingest migrate --clickhouse clickhouse://errata_migrator@clickhouse-1:9000/errata --cluster main --replicated
  ingest migrate --cluster main --new-shards-from 24        two shards were added, and the topics have 24 partitions`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.run(cmd)
		},
	}
	m.clickhouse.Register(cmd.Flags())
	m.cluster.Register(cmd.Flags())
	m.retention.Register(cmd.Flags())
	cmd.Flags().BoolVar(&m.projections, "projections", false, "make the projections that older rows lack, and wait until that is done")
	return cmd
}

func (m *migrating) run(cmd *cobra.Command) (err error) {
	if m.clickhouse.Cluster == "" && m.cluster != (config.Cluster{}) {
		return cli.Usagef("--replicated and --new-shards-from are about a cluster: name it with --cluster")
	}
	store, err := cli.OpenStore(cmd.Context(), m.clickhouse, cli.Write, cmd.ErrOrStderr())
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
		err = store.Cluster.Migrate(cmd.Context(), storage.ClusterMigration(m.cluster), step)
	} else {
		err = store.DB.Migrate(cmd.Context(), step)
	}
	if err != nil {
		return err
	}
	if err := retain(cmd.Context(), store, m.retention, step); err != nil {
		return err
	}
	if m.projections {
		if err := makeProjections(cmd, store, step); err != nil {
			return err
		}
	}
	if applied == 0 {
		cli.Note(cmd.ErrOrStderr(), "the tables are up to date")
	}
	if !m.projections {
		tellMissingProjections(cmd, store)
	}
	return nil
}

// makeProjections does it on one shard after the other, with a bar of the parts that ClickHouse has done.
func makeProjections(cmd *cobra.Command, store *cli.Store, step func(string)) error {
	return onEachShard(cmd.Context(), store, func(shard int, db *storage.DB) error {
		missing, err := db.MissingProjections(cmd.Context())
		if err != nil {
			return err
		}
		bar := newPartsBar(cmd.ErrOrStderr(), "making projections")
		defer cli.Finish(bar.ProgressBar)
		if err := db.MakeProjections(cmd.Context(), bar.left); err != nil {
			return err
		}
		for _, m := range missing {
			step(onShard(shard, fmt.Sprintf("projection %s to %s older rows", m.Name, cli.Count(int64(m.Rows)))))
		}
		return nil
	})
}

// tellMissingProjections says what is still to be done. That it cannot be seen is no failure: the tables are as they should be.
func tellMissingProjections(cmd *cobra.Command, store *cli.Store) {
	err := onEachShard(cmd.Context(), store, func(shard int, db *storage.DB) error {
		missing, err := db.MissingProjections(cmd.Context())
		for _, m := range missing {
			cli.Note(cmd.ErrOrStderr(), "%s", onShard(shard, fmt.Sprintf("%s older rows lack the projection %s, so that query reads them one by one: ingest migrate --projections makes it",
				cli.Count(int64(m.Rows)), m.Name)))
		}
		return err
	})
	if err != nil {
		cli.Note(cmd.ErrOrStderr(), "cannot see whether older rows lack projections: %v", err)
	}
}

// onShard names the shard where there are several.
func onShard(shard int, text string) string {
	if shard == 0 {
		return text
	}
	return fmt.Sprintf("shard %d: %s", shard, text)
}

// retain changes how long rows are kept, on each shard if there are several.
func retain(ctx context.Context, store *cli.Store, retention config.Retention, step func(string)) error {
	set := func(shard int, db *storage.DB) error {
		keeps, changed, err := applyRetention(ctx, db, retention)
		if changed {
			step(onShard(shard, fmt.Sprintf("retention: %s", keeps)))
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
