package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ClusterMigration says what Migrate is to do besides bringing every server to the schema of this version.
type ClusterMigration struct {
	Replicated    bool  // tables that replicate themselves within a shard; those that do already go on
	NewShardsFrom int32 // the partition with which shards begin that have no tables yet; 0 = there are none
}

// server is one of a cluster, opened.
type server struct {
	*DB
	shard   ShardServers
	replica int // from 0, the one that is written to
	found   identity
}

func (s *server) step(announce func(string)) func(string) {
	return func(text string) { announce(fmt.Sprintf("shard %d: %s", s.shard.Number, text)) }
}

// Migrate brings every server of the cluster to the schema of this version, writes down which shard it is and
// where partitions lie, and makes the tables over all shards. All servers have to be there. It speaks to each of
// them itself: ON CLUSTER would need a Keeper, also where nothing is replicated. Like DB.Migrate it may be run again.
func (c *Cluster) Migrate(ctx context.Context, m ClusterMigration, step func(string)) (err error) {
	servers, err := c.openServers(ctx)
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.Close())
		}
	}()
	if err != nil {
		return err
	}
	slices.SortStableFunc(servers, func(a, b *server) int { return a.replica - b.replica }) // tables are made on the first ones
	for _, s := range servers {
		if err := c.migrateServer(ctx, m, s, s.step(step)); err != nil {
			return fmt.Errorf("shard %d, %s: %w", s.shard.Number, s.options.addresses(), err)
		}
	}
	first := slices.DeleteFunc(slices.Clone(servers), func(s *server) bool { return s.replica > 0 })
	if err := c.identify(ctx, m, first, step); err != nil {
		return err
	}
	for _, s := range servers {
		if err := c.createViews(ctx, s, s.step(step)); err != nil {
			return fmt.Errorf("tables over all shards on %s: %w", s.options.addresses(), err)
		}
	}
	return nil
}

func (c *Cluster) openServers(ctx context.Context) ([]*server, error) {
	var servers []*server
	for _, shard := range c.Shards {
		for n, o := range shard.Replicas {
			db, err := Open(ctx, o)
			if err != nil {
				return servers, fmt.Errorf("shard %d: %w", shard.Number, err)
			}
			servers = append(servers, &server{DB: db, shard: shard, replica: n})
		}
	}
	return servers, nil
}

func (c *Cluster) migrateServer(ctx context.Context, m ClusterMigration, s *server, step func(string)) error {
	engine, err := s.engine(ctx)
	if err != nil {
		return err
	}
	is := strings.HasPrefix(engine, "Replicated")
	switch {
	case engine != "" && m.Replicated && !is:
		return fmt.Errorf("--replicated: the tables are there and do not replicate themselves (%s); ClickHouse can convert them, see docs/scaling.md, Replicas", engine)
	case !m.Replicated && !is && len(s.shard.Replicas) > 1:
		return fmt.Errorf("the shard has %d servers: give --replicated, or the rows of one would be missing from the answers of the others", len(s.shard.Replicas))
	}
	if s.replica > 0 && engine == "" {
		return s.byHand()
	}
	if m.Replicated || is {
		s.replicate = &replicate{cluster: c.Name, shard: s.shard.Number, replica: s.options.Addr[0]}
	}
	return s.migrateSchema(ctx, step)
}

// byHand says how the tables of a further replica are made. Not by the migrations: the first of them creates tables
// of fewer columns than the first replica has by then, which the server refuses.
func (s *server) byHand() error {
	first := s.shard.Replicas[0].Addr[0]
	return fmt.Errorf("it has no tables yet, and migrate cannot make those of a further replica: create database %s there, and each of its tables with what SHOW CREATE TABLE on %s prints, with %s as the replica's name in place of %s; then run this again. See docs/scaling.md, Replicas",
		s.options.database(), first, quoteText(s.options.Addr[0]), quoteText(first))
}

// Replicates reports whether the table of responses replicates itself.
func (db *DB) Replicates(ctx context.Context) (bool, error) {
	engine, err := db.engine(ctx)
	return strings.HasPrefix(engine, "Replicated"), err
}

// engine returns that of the table of responses, empty if there is none yet.
func (db *DB) engine(ctx context.Context) (string, error) {
	var engine string
	err := db.conn.QueryRow(ctx, "SELECT max(engine) FROM system.tables WHERE database = {database:String} AND name = 'responses'",
		clickhouse.Named("database", db.options.database())).Scan(&engine)
	if err = db.conn.explain(ctx, err); errors.Is(err, ErrNotMigrated) { // not even the database is there
		return "", nil
	}
	return engine, err
}

// identify makes all shards agree on one hash key and one placement, and tells each which one it is.
func (c *Cluster) identify(ctx context.Context, m ClusterMigration, shards []*server, step func(string)) error {
	agreed, furthest, err := c.survey(ctx, shards)
	if err != nil {
		return err
	}
	if agreed.placement, err = agreed.placement.grow(len(shards), m.NewShardsFrom, furthest); err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	if err = c.checkMarks(shards); err != nil {
		return err
	}
	if agreed.hashKey == "" {
		if agreed.hashKey, err = shards[0].newHashKey(ctx); err != nil {
			return err
		}
	}
	for _, s := range shards {
		agreed.shard = shardMark{c.Name, s.shard.Number}
		if err := s.record(ctx, agreed, s.step(step)); err != nil {
			return err
		}
	}
	return nil
}

// survey finds out what the shards know, and the highest partition that has rows. A first shard that was a server
// by itself keeps all partitions that it has.
func (c *Cluster) survey(ctx context.Context, shards []*server) (agreed identity, furthest int32, err error) {
	furthest = -1
	for n, s := range shards {
		if s.found, err = s.identity(ctx); err != nil {
			return agreed, furthest, err
		}
		if err = agreed.agree(s.found); err != nil {
			return agreed, furthest, fmt.Errorf("%s: %w", s.options.addresses(), err)
		}
		at, err := s.furthest(ctx)
		switch {
		case err != nil:
			return agreed, furthest, err
		case at >= 0 && len(agreed.placement) == 0 && n > 0:
			return agreed, furthest, fmt.Errorf("%s has rows and is no shard yet: only the first shard of a new cluster may have some", s.options.addresses())
		case at >= 0 && len(agreed.placement) == 0:
			agreed.placement = Placement{{Shards: 1}}
		}
		furthest = max(furthest, at)
	}
	return agreed, furthest, nil
}

// agree takes over what is found, if it does not contradict what is known.
func (i *identity) agree(found identity) error {
	if found.hashKey != "" {
		if i.hashKey != "" && i.hashKey != found.hashKey {
			return errors.New("it has a hash key of its own, so it was not made as a shard of this cluster: its operations are numbered otherwise")
		}
		i.hashKey = found.hashKey
	}
	shorter := min(len(i.placement), len(found.placement))
	if !slices.Equal(i.placement[:shorter], found.placement[:shorter]) {
		return errors.New("it places partitions otherwise than the shards before it")
	}
	if len(found.placement) > shorter {
		i.placement = found.placement
	}
	return nil
}

// checkMarks refuses servers that are in another place than when the tables were made.
func (c *Cluster) checkMarks(shards []*server) error {
	for _, s := range shards {
		if was := s.found.shard; was != (shardMark{}) && was != (shardMark{c.Name, s.shard.Number}) {
			return fmt.Errorf("%s holds the rows of shard %d of cluster %s, and is listed as shard %d of %s: put the list (remote_servers) back in its order",
				s.options.addresses(), was.Shard, was.Cluster, s.shard.Number, c.Name)
		}
	}
	return nil
}

// furthest is the highest partition that the server has anything of, -1 if it is empty.
func (db *DB) furthest(ctx context.Context) (int32, error) {
	at := int32(-1)
	err := db.ask(ctx, "cluster_furthest", nil, func(rows driver.Rows) error { return rows.Scan(&at) })
	return at, err
}

// newHashKey writes a key and returns the one that holds, which another migration may have written before.
func (db *DB) newHashKey(ctx context.Context) (string, error) {
	if err := db.writeHashKey(ctx, func(string) {}); err != nil {
		return "", err
	}
	if _, err := db.HashKey(ctx); err != nil { // waits until it holds
		return "", err
	}
	found, err := db.identity(ctx)
	return found.hashKey, err
}

// metaRow is one of the table meta.
type metaRow struct{ key, value string }

// record writes down what the shard does not know yet.
func (s *server) record(ctx context.Context, agreed identity, step func(string)) error {
	now, err := s.identity(ctx) // the hash key may have been written since it was found out
	if err != nil {
		return err
	}
	rows, err := now.lacks(agreed)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	for _, row := range rows {
		if err := s.writeMeta(ctx, row.key, row.value); err != nil {
			return fmt.Errorf("write meta.%s: %w", row.key, err)
		}
		step("wrote " + row.key)
	}
	return nil
}

// lacks returns what is to be written, in this order: a migration that is cut short leaves a beginning of the
// placement, which the next one goes on with, and a shard that is marked as one knows the rest.
func (i *identity) lacks(agreed identity) ([]metaRow, error) {
	var rows []metaRow
	add := func(key string, value any) error {
		text, err := json.Marshal(value)
		rows = append(rows, metaRow{key, string(text)})
		return err
	}
	for n := len(i.placement); n < len(agreed.placement); n++ {
		if err := add(placementKey+strconv.Itoa(n), agreed.placement[n]); err != nil {
			return nil, err
		}
	}
	if i.hashKey == "" {
		rows = append(rows, metaRow{hashKeyName, agreed.hashKey})
	}
	if i.shard == (shardMark{}) {
		return rows, add(shardKey, agreed.shard)
	}
	return rows, nil
}

// createViews makes the tables over all shards that are missing or have fallen behind. They hold nothing, so
// they are made anew whenever the columns change.
func (c *Cluster) createViews(ctx context.Context, s *server, step func(string)) error {
	missing, err := s.missingViews(ctx, c, tables)
	if err != nil || len(missing) == 0 {
		return err
	}
	local := s.options.database()
	all := quoteName(local + allShards)
	if err := s.conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+all); err != nil {
		return err
	}
	for _, name := range missing {
		err := s.conn.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE TABLE %s.%s AS %s.%s ENGINE = Distributed(%s, %s, %s)",
			all, name, quoteName(local), name, quoteText(c.Name), quoteText(local), quoteText(name)))
		if err != nil {
			return err
		}
		step("created " + local + allShards + "." + name)
	}
	return nil
}
