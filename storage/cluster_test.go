package storage

import (
	"context"
	"io/fs"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/migrations"
)

// Where a partition lies may never change, so not by a change of the program either.
func TestPlacementIsForEver(t *testing.T) {
	p := Placement{{Shards: 2}}
	require.Equal(t, []int{0, 1, 0, 1}, placed(p, "api-responses", 0, 4))
	require.Equal(t, []int{1, 0, 1, 0}, placed(p, "gateway", 0, 4))
	grown, err := p.grow(5, 4, 3)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0, 1}, placed(grown, "api-responses", 0, 4), "what was there stays")
	require.Equal(t, []int{2, 3, 4, 2, 3, 4}, placed(grown, "api-responses", 4, 10), "what is new goes to the new shards")
	again, err := grown.grow(5, 0, 9)
	require.NoError(t, err)
	require.Equal(t, grown, again)
}

func placed(p Placement, topic string, from, to int32) (shards []int) {
	for partition := from; partition < to; partition++ {
		shards = append(shards, p.Shard(topic, partition))
	}
	return shards
}

func TestPlacementRefusesToMovePartitions(t *testing.T) {
	p := Placement{{Shards: 2}, {From: 8, First: 2, Shards: 1}}
	for _, c := range []struct {
		shards        int
		from, highest int32
		want          string
	}{
		{2, 0, 11, "lie on 3 shards and the cluster has 2"},
		{4, 0, 11, "say from which number on with --new-shards-from (above 11"},
		{4, 11, 11, "partition 11 has rows on the shards that it has now, and a partition never moves: give 12 or more"},
		{4, 8, 7, "the last shards began at partition 8"},
	} {
		_, err := p.grow(c.shards, c.from, c.highest)
		require.ErrorContains(t, err, c.want)
	}
}

// A server that is not the shard it is taken for is neither asked nor written to.
func TestShardsAreWhoTheyAre(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := openCluster(t, 2)
	require.NoError(t, cluster.Migrate(ctx, ClusterMigration{}, func(string) {}))
	shards, err := cluster.OpenShards(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, shards.Close()) }()
	require.Equal(t, Placement{{Shards: 2}}, shards.Placement)
	for _, s := range shards.List {
		key, err := s.HashKey(ctx)
		require.NoError(t, err)
		require.Equal(t, shards.HashKey, key)
	}

	swapped := *cluster
	swapped.Shards = []ShardServers{{1, cluster.Shards[1].Replicas}, {2, cluster.Shards[0].Replicas}}
	_, err = swapped.OpenShards(ctx)
	require.ErrorContains(t, err, "holds the rows of shard 2 of cluster "+embedded.TestClusterName+", and is listed as shard 1")
	require.ErrorContains(t, swapped.Migrate(ctx, ClusterMigration{}, func(string) {}), "put the list (remote_servers) back in its order")

	smaller := *cluster
	smaller.Shards = cluster.Shards[:1]
	_, err = smaller.OpenShards(ctx)
	require.ErrorIs(t, err, ErrNotMigrated)
	require.ErrorContains(t, err, "lie on 2 shards")
	require.ErrorContains(t, smaller.Migrate(ctx, ClusterMigration{}, func(string) {}), "lie on 2 shards and the cluster has 1")

	// Somebody adds a shard while an ingester runs: it reads and writes nothing any more until it is started again.
	first := shards.List[0]
	_, err = first.Present(ctx, "s", []Position{{Topic: "t"}})
	require.NoError(t, err)
	require.NoError(t, first.writeMeta(ctx, "placement.1", `{"from":8,"first":2,"shards":1}`))
	_, err = first.Present(ctx, "s", []Position{{Topic: "t"}})
	require.ErrorContains(t, err, "start this ingester again")
}

// A shard that goes away while it says what all have to know leaves nothing half known: the next one is asked.
func TestShardGoesAwayWhileItIsAsked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := openCluster(t, 2)
	require.NoError(t, cluster.Migrate(ctx, ClusterMigration{}, func(string) {}))
	whole, err := cluster.OpenShards(ctx)
	require.NoError(t, err)
	require.NoError(t, whole.Close())
	for sent := int64(600); sent < 1600; sent += 50 { // bytes: from its first answer to its last
		p := startProxy(t, cluster.Shards[0].Replicas[0].Addr[0])
		p.onUpload(sent, func() {
			_ = p.listener.Close()
			p.cut()
		})
		behind := cluster.Shards[0].Replicas[0]
		behind.Addr = []string{p.addr()}
		shards, err := (&Cluster{Name: cluster.Name, Shards: []ShardServers{{1, []Options{behind}}, cluster.Shards[1]}}).OpenShards(ctx)
		require.NoError(t, err, "%d bytes", sent)
		require.Equal(t, whole.HashKey, shards.HashKey, "%d bytes", sent)
		require.Equal(t, whole.Placement, shards.Placement, "%d bytes", sent)
		require.NoError(t, shards.Close())
	}
}

// A cluster grows from a single server that has rows already.
func TestClusterGrows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := openCluster(t, 2)
	db, err := Open(ctx, cluster.Shards[0].Replicas[0])
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Migrate(ctx, nil)) // without a cluster
	require.NoError(t, db.RecordWatermarks(ctx, []Watermark{{Source: "s", Topic: "t", Partition: 3}}))

	require.ErrorContains(t, cluster.Migrate(ctx, ClusterMigration{}, func(string) {}), "--new-shards-from (above 3")
	require.ErrorContains(t, cluster.Migrate(ctx, ClusterMigration{NewShardsFrom: 3}, func(string) {}), "give 4 or more")
	require.NoError(t, cluster.Migrate(ctx, ClusterMigration{NewShardsFrom: 4}, func(string) {}))
	shards, err := cluster.OpenShards(ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, shards.Close()) }()
	require.Equal(t, Placement{{Shards: 1}, {From: 4, First: 1, Shards: 1}}, shards.Placement)
	var steps []string
	require.NoError(t, cluster.Migrate(ctx, ClusterMigration{}, func(s string) { steps = append(steps, s) }))
	require.Empty(t, steps)
}

// Who does not know of the other shards would take their rows for missing.
func TestOneShardIsNotTheWhole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := openCluster(t, 2)
	smaller := *cluster
	smaller.Shards = cluster.Shards[:1]
	db, err := cluster.First()
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.ErrorIs(t, db.CheckSingle(ctx), ErrNotMigrated)
	require.NoError(t, db.CheckWhole(ctx), "nothing is beside it yet")
	require.NoError(t, smaller.Migrate(ctx, ClusterMigration{}, func(string) {}))
	require.NoError(t, db.CheckSingle(ctx), "the only shard has all rows")
	require.NoError(t, db.Migrate(ctx, nil))
	_, err = Single{db}.Present(ctx, "s", []Position{{Topic: "t"}})
	require.NoError(t, err)

	// A shard is added while an ingester runs that does not know of the cluster.
	require.NoError(t, cluster.Migrate(ctx, ClusterMigration{NewShardsFrom: 4}, func(string) {}))
	_, err = Single{db}.Present(ctx, "s", []Position{{Topic: "t"}})
	require.ErrorIs(t, err, ErrShard)
	require.ErrorContains(t, err, "holds shard 1 of cluster "+embedded.TestClusterName+": give --cluster "+embedded.TestClusterName)
	require.ErrorIs(t, db.Migrate(ctx, nil), ErrShard)
	require.ErrorIs(t, db.CheckWhole(ctx), ErrShard)
	require.ErrorContains(t, db.CheckWhole(ctx), "give --cluster "+embedded.TestClusterName)
}

// A migration that was killed half-way leaves nothing that the next one cannot go on with.
func TestShardIsMarkedLast(t *testing.T) {
	agreed := identity{shard: shardMark{"main", 2}, hashKey: "00", placement: Placement{{Shards: 1}, {From: 4, First: 1, Shards: 1}, {From: 8, First: 2, Shards: 1}}}
	keys := func(known identity) (list []string) {
		rows, err := known.lacks(agreed)
		require.NoError(t, err)
		for _, row := range rows {
			list = append(list, row.key)
			require.NoError(t, known.take(row.key, row.value), "each beginning can be read")
		}
		require.Equal(t, agreed, known)
		return list
	}
	require.Equal(t, []string{"placement.0", "placement.1", "placement.2", "hash_key", "shard"}, keys(identity{}))
	require.Equal(t, []string{"placement.2"}, keys(identity{shard: agreed.shard, hashKey: "00", placement: agreed.placement[:2:2]}))
	require.Empty(t, keys(agreed))
}

// The tables of a further replica are made by hand.
func TestFurtherReplicaIsRefused(t *testing.T) {
	t.Parallel()
	cluster := openCluster(t, 2)
	db, err := Open(context.Background(), cluster.Shards[1].Replicas[0])
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	shard := ShardServers{1, []Options{cluster.Shards[0].Replicas[0], cluster.Shards[1].Replicas[0]}}
	err = cluster.migrateServer(context.Background(), ClusterMigration{Replicated: true}, &server{DB: db, shard: shard, replica: 1}, func(string) {})
	require.ErrorContains(t, err, "with '"+shard.Replicas[1].Addr[0]+"' as the replica's name in place of '"+shard.Replicas[0].Addr[0]+"'")
}

func openCluster(t *testing.T, shards int) *Cluster {
	t.Helper()
	o, err := ParseURL(embedded.TestCluster(t, shards)[0].URL())
	require.NoError(t, err)
	db, err := Open(context.Background(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	c, err := db.Cluster(context.Background(), embedded.TestClusterName)
	require.NoError(t, err)
	require.Len(t, c.Shards, shards)
	return c
}

// Every table of ours gets an engine that replicates itself, and nothing else changes.
func TestReplicatedEngines(t *testing.T) {
	db, _ := openEmpty(t)
	replicated := replicatedFS{migrations.FS, &replicate{"main", 2, "ch-2:9000"}}
	names, err := fs.Glob(replicated, "*.sql")
	require.NoError(t, err)
	created := 0
	for _, name := range names {
		plain, err := fs.ReadFile(migrations.FS, name)
		require.NoError(t, err)
		other, err := fs.ReadFile(replicated, name)
		require.NoError(t, err)
		created += strings.Count(string(plain), "CREATE TABLE")
		require.Equal(t, strings.Count(string(plain), "CREATE TABLE"), strings.Count(string(other), "MergeTree('/clickhouse/errata/main/{database}/2/{table}', 'ch-2:9000'"), name)
		back := strings.NewReplacer("ReplicatedMergeTree('/clickhouse/errata/main/{database}/2/{table}', 'ch-2:9000')", "MergeTree",
			"ReplicatedReplacingMergeTree('/clickhouse/errata/main/{database}/2/{table}', 'ch-2:9000', ", "ReplacingMergeTree(").Replace(string(other))
		require.Equal(t, string(plain), back, name)
		_, statement, _ := strings.Cut(string(other), "-- +goose StatementBegin")
		statement, _, _ = strings.Cut(statement, "-- +goose StatementEnd")
		require.NoError(t, db.conn.Exec(context.Background(), "EXPLAIN AST "+statement), "the server's own parser")
	}
	require.Len(t, tables, created)
}

// Servers that take the connection and say nothing are waited for together: each answers, by hanging up, once both have
// been asked.
func TestShardsAreAskedSideBySide(t *testing.T) {
	t.Parallel()
	cluster := &Cluster{Name: "silent"}
	var asked sync.WaitGroup
	for number := range 2 {
		server, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Close()) }()
		asked.Add(1)
		cluster.Shards = append(cluster.Shards, ShardServers{number + 1, []Options{{Addr: []string{server.Addr().String()}}}})
		go func() {
			answered := asked.Done
			for conn, err := server.Accept(); err == nil; conn, err = server.Accept() {
				answered()
				answered = func() {}
				go func() {
					asked.Wait()
					_ = conn.Close()
				}()
			}
		}()
	}
	_, err := cluster.OpenShards(t.Context())
	require.ErrorIs(t, err, ErrUnreachable)
	require.NotContains(t, err.Error(), "timeout", "a shard was given up before the other was asked")
}
