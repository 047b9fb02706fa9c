package storage

import (
	"context"
	"fmt"
)

// CheckSingle returns ErrShard when the server has the rows of some partitions only: one of the shards of a
// cluster. Who does not know of the others would take their rows for missing, and store them here once more.
func (db *DB) CheckSingle(ctx context.Context) error {
	found, err := db.identity(ctx)
	if err != nil {
		return err
	}
	if found.shard == (shardMark{}) || found.placement.shards() <= 1 {
		return nil
	}
	text := fmt.Sprintf("%s holds shard %d of cluster %s: give --cluster %s", db.options.addresses(), found.shard.Shard, found.shard.Cluster, found.shard.Cluster)
	return &serverError{kind: ErrShard, text: text}
}

// Single is the one server that has all rows, for the one who writes to it. Each time before it says which rows are
// there, it looks whether it has become a shard beside others.
type Single struct{ *DB }

// Present makes sure of the server first: nothing is read or written before the table has been asked what it holds.
func (s Single) Present(ctx context.Context, source string, from []Position) ([]Range, error) {
	if err := s.CheckSingle(ctx); err != nil {
		return nil, err
	}
	return s.DB.Present(ctx, source, from)
}
