package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// CheckWhole returns ErrShard when the server has the rows of some partitions only: whoever asks it alone would take the
// rows of the others for missing. CheckSingle is for who writes, and reads meta; this goes by the tables over all shards,
// since who asks questions may not read meta. A user who may not see those tables either learns nothing.
func (db *DB) CheckWhole(ctx context.Context) error {
	name, err := db.clusterBeside(ctx)
	if err != nil || name == "" {
		return err
	}
	cluster, err := db.Cluster(ctx, name)
	var unknown *UsageError
	if errors.As(err, &unknown) || err == nil && len(cluster.Shards) == 1 {
		return nil // the cluster is no more, or it is this server
	}
	// A user who may not know how many shards there are is told all the same.
	if code, _, is := exceptionOf(err); err != nil && (!is || code != codeAccessDenied) {
		return err
	}
	return &serverError{kind: ErrShard, text: fmt.Sprintf("%s holds one shard of cluster %s: give --cluster %s", db.options.addresses(), name, name)}
}

func (db *DB) clusterBeside(ctx context.Context) (name string, err error) {
	all := map[string]any{"all": db.options.database() + allShards}
	err = db.ask(ctx, "whole_cluster", all, func(rows driver.Rows) error { return rows.Scan(&name) })
	return name, err
}
