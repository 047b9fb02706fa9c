package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Shards are the shards of a cluster, for the one who writes to them.
type Shards struct {
	List      []*Shard
	Placement Placement
	HashKey   [32]byte // of all of them
}

// Shard is the server that has the rows of some partitions. Each time before it says which rows are there, it
// looks whether it is the shard that it is taken for.
type Shard struct {
	*DB
	*Writer
	mark  shardMark
	known *identity // what all shards have to agree on
}

// OpenShards prepares the delivery to each shard. Servers that cannot be reached now are waited for later; one
// has to be there. The errors are ErrUnreachable, ErrAuthentication, ErrNotMigrated, and that the cluster is not
// the one that the tables were made for.
func (c *Cluster) OpenShards(ctx context.Context) (_ *Shards, err error) {
	known := &identity{}
	s := &Shards{List: make([]*Shard, len(c.Shards))}
	for n, servers := range c.Shards {
		db, err := openLater(servers.Replicas[0])
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.List[n] = &Shard{DB: db, Writer: NewWriter(db.options), mark: shardMark{c.Name, servers.Number}, known: known}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.meet(ctx, known); err != nil {
		return nil, err
	}
	s.Placement = known.placement
	if have := s.Placement.shards(); have != len(c.Shards) {
		return nil, &serverError{kind: ErrNotMigrated, text: fmt.Sprintf(
			"the tables lie on %d shards and cluster %s has %d: run ingest migrate --cluster %s, which says what can be done", have, c.Name, len(c.Shards), c.Name)}
	}
	return s, nil
}

// meet asks the shards who they are, and takes what the first one knows for what all have to know.
func (s *Shards) meet(ctx context.Context, known *identity) error {
	answers := make([]error, len(s.List)) // side by side: one that is silent takes ten seconds, several no longer
	var asked sync.WaitGroup
	for n, shard := range s.List {
		asked.Go(func() { answers[n] = shard.CheckSchema(ctx) })
	}
	asked.Wait()
	var away []error
	for n, shard := range s.List {
		err := answers[n]
		if err == nil {
			err = s.introduce(ctx, shard, known)
		}
		if errors.Is(err, ErrUnreachable) {
			away = append(away, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(away) == len(s.List) {
		return errors.Join(away...)
	}
	return nil
}

// introduce takes over what a shard knows once it has said all of it: from one that goes away in between, the next would
// be taken for asked, and the key of the operation hash would be none.
func (s *Shards) introduce(ctx context.Context, shard *Shard, known *identity) error {
	if known.hashKey == "" {
		found, err := shard.identity(ctx)
		if err != nil {
			return err
		}
		key, err := shard.HashKey(ctx)
		if err != nil {
			return err
		}
		*known, s.HashKey = found, key
	}
	return shard.verify(ctx)
}

// Close ends the connections.
func (s *Shards) Close() error {
	var faults []error
	for _, shard := range s.List {
		if shard != nil {
			faults = append(faults, shard.Writer.Close(), shard.DB.Close())
		}
	}
	return errors.Join(faults...)
}

// Name tells the shard from others in logs.
func (s *Shard) Name() string { return fmt.Sprintf("%d (%s)", s.mark.Shard, s.DB.options.addresses()) }

// Present makes sure of the shard first: nothing is read or written before the table has been asked what it
// holds.
func (s *Shard) Present(ctx context.Context, source string, from []Position) ([]Range, error) {
	if err := s.CheckSchema(ctx); err != nil {
		return nil, err
	}
	if err := s.verify(ctx); err != nil {
		return nil, err
	}
	return s.DB.Present(ctx, source, from)
}

// verify refuses a server that is another shard, and one whose placement is not the one that is followed here:
// rows would come to lie where nobody looks for them.
func (s *Shard) verify(ctx context.Context) error {
	found, err := s.identity(ctx)
	if err != nil {
		return err
	}
	at := s.DB.options.addresses()
	switch {
	case found.shard == shardMark{}:
		return &serverError{kind: ErrNotMigrated, text: fmt.Sprintf("%s is not a shard of a cluster yet: run ingest migrate --cluster %s", at, s.mark.Cluster)}
	case found.shard != s.mark:
		return fmt.Errorf("%s holds the rows of shard %d of cluster %s, and is listed as shard %d of %s: put the list (remote_servers) back in its order",
			at, found.shard.Shard, found.shard.Cluster, s.mark.Shard, s.mark.Cluster)
	case found.hashKey != s.known.hashKey:
		return fmt.Errorf("%s has a hash key of its own: operations would not be the same on all shards. See docs/scaling.md, Shards", at)
	case !slices.Equal(found.placement, s.known.placement):
		return fmt.Errorf("%s places partitions otherwise than was read at the start: shards were added; start this ingester again", at)
	}
	return nil
}

// openLater makes a connection pool that has dialled nothing yet.
func openLater(o Options) (*DB, error) {
	conn, err := clickhouse.Open(o.pool())
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return &DB{conn: session{conn, o}, options: o}, nil
}

// identity reads what the server says it is.
func (db *DB) identity(ctx context.Context) (identity, error) {
	var found identity
	err := db.ask(ctx, "cluster_identity", nil, func(rows driver.Rows) error {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return err
		}
		return found.take(key, value)
	})
	return found, err
}
