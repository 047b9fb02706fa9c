package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Cluster is a ClickHouse cluster as one of its servers describes it. Each shard has tables of its own, in the
// database of the options, and the tables over all shards, under the same names, in the database AllShards.
type Cluster struct {
	Name   string
	Shards []ShardServers // by number
	Seed   Options        // the server that was asked
}

// ShardServers are the servers of one shard. Rows are written to the first one and read back from there; others
// are replicas of it.
type ShardServers struct {
	Number   int
	Replicas []Options
}

// allShards ends the name of the database whose tables are over all shards.
const allShards = "_distributed"

// AllShards is how to reach the tables over all shards, through the server that was asked.
func (c *Cluster) AllShards() Options {
	o := c.Seed
	o.Database = o.database() + allShards
	return o
}

// Cluster asks the server for the cluster of that name, whether it has our database yet or not. A *UsageError names
// those that it knows.
func (db *DB) Cluster(ctx context.Context, name string) (_ *Cluster, err error) {
	system, err := db.system(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	c := &Cluster{Name: name, Seed: db.options}
	err = system.ask(ctx, "cluster_servers", map[string]any{"cluster": name}, func(rows driver.Rows) error {
		var shard, replica uint32
		var host string
		var port uint16
		if err := rows.Scan(&shard, &replica, &host, &port); err != nil {
			return err
		}
		if n := len(c.Shards); n == 0 || c.Shards[n-1].Number != int(shard) {
			c.Shards = append(c.Shards, ShardServers{Number: int(shard)})
		}
		last := &c.Shards[len(c.Shards)-1]
		last.Replicas = append(last.Replicas, db.options.at(host, port))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", name, err)
	}
	if len(c.Shards) == 0 {
		return nil, system.unknownCluster(ctx, name)
	}
	return c, nil
}

// Each opens the server of each shard that rows are written to, one after the other, and hands it to do.
func (c *Cluster) Each(ctx context.Context, do func(shard int, db *DB) error) error {
	for _, s := range c.Shards {
		db, err := Open(ctx, s.Replicas[0])
		if err == nil {
			err = errors.Join(do(s.Number, db), db.Close())
		}
		if err != nil {
			return fmt.Errorf("shard %d: %w", s.Number, err)
		}
	}
	return nil
}

// First opens the first shard, which keeps what belongs to no partition. It need not be there yet.
func (c *Cluster) First() (*DB, error) { return openLater(c.Shards[0].Replicas[0]) }

// at is how to reach another server in the same manner. What the cluster says is how its servers reach each
// other, which is often without TLS: with TLS the port is the one that the user has named.
func (o Options) at(host string, port uint16) Options {
	text := strconv.Itoa(int(port))
	if _, own, err := net.SplitHostPort(o.Addr[0]); err == nil && o.TLS != nil {
		text = own
	}
	o.Addr = []string{net.JoinHostPort(host, text)}
	return o
}

func (db *DB) unknownCluster(ctx context.Context, name string) error {
	known := []string{}
	err := db.ask(ctx, "cluster_names", nil, func(rows driver.Rows) error {
		var n string
		err := rows.Scan(&n)
		known = append(known, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("clusters: %w", err)
	}
	if len(known) == 0 {
		known = []string{"none, " + db.options.addresses() + " is in no cluster (remote_servers in its configuration)"}
	}
	return &UsageError{Field: "cluster", Value: name, Valid: known}
}

// answering are the tables that answers are read from. A server lists to its users only the tables that they have
// rights on, and who asks has none on the others.
var answering = []string{"responses", "gaps", "watermarks"}

// CheckAllShards returns ErrNotMigrated when the server that was asked lacks tables over all shards of this
// cluster that answers are read from.
func (db *DB) CheckAllShards(ctx context.Context, c *Cluster) error {
	missing, err := db.missingViews(ctx, c, answering)
	if err != nil || len(missing) == 0 {
		return err
	}
	text := fmt.Sprintf("%s lacks errata's tables over the shards of cluster %s: run ingest migrate --cluster %s", db.options.addresses(), c.Name, c.Name)
	return &serverError{kind: ErrNotMigrated, text: text}
}

// missingViews returns those of the tables that have none over all shards yet, or one of other columns. The server
// is asked in its own database.
func (db *DB) missingViews(ctx context.Context, c *Cluster, tables []string) ([]string, error) {
	there := map[string]bool{}
	local := c.Seed.database()
	inputs := map[string]any{"cluster": c.Name, "local": local, "all": local + allShards, "tables": tables}
	err := db.ask(ctx, "cluster_views", inputs, func(rows driver.Rows) error {
		var name string
		err := rows.Scan(&name)
		there[name] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tables over all shards: %w", err)
	}
	var missing []string
	for _, name := range tables {
		if !there[name] {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
