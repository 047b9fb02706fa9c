//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"text/template"
)

// TestClusterName is how the engines of TestCluster call their cluster.
const TestClusterName = "errata_test"

// clusterTemplate is what a server is told about the others. The user of the query acts on every shard.
var clusterTemplate = template.Must(template.New("cluster").Parse(`<clickhouse>
    <remote_servers>
        <errata_test>{{range .}}
            <shard>
                <internal_replication>true</internal_replication>
                <replica><host>127.0.0.1</host><port>{{.Port}}</port><user>{{.User}}</user><password>{{.Password}}</password></replica>
            </shard>{{end}}
        </errata_test>
    </remote_servers>
</clickhouse>
`))

// TestCluster starts so many engines of their own, each a shard of the cluster TestClusterName. One that is
// killed comes back at its address with Ensure. They end with the test.
func TestCluster(t testing.TB, shards int) []*Engine {
	t.Helper()
	root := t.TempDir()
	type server struct{ Port, User, Password string }
	addresses, servers := make([]address, shards), make([]server, shards)
	password, err := randomHex(16)
	if err != nil {
		t.Fatal(err)
	}
	for n := range shards {
		a, err := newAddress(layout(filepath.Join(root, "none")))
		if err != nil {
			t.Fatal(err)
		}
		a.Password = password // one user of the whole cluster, as on real ones
		addresses[n] = a
		servers[n] = server{portOf(a.Native), a.User, a.Password}
	}
	engines := make([]*Engine, shards)
	for n, a := range addresses {
		engines[n] = openShard(t, layout(filepath.Join(root, "shard"+string(rune('1'+n)))), a, servers)
	}
	return engines
}

// openShard leaves the address for the engine to find, as if one had run before, and tells it of the cluster.
func openShard(t testing.TB, l layout, a address, servers any) *Engine {
	t.Helper()
	if err := os.MkdirAll(l.join("engine", "config.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	config, err := os.Create(l.join("engine", "config.d", "cluster.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(clusterTemplate.Execute(config, servers), config.Close(), writeJSON(l.address(), a)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), testOpenTimeout)
	defer cancel()
	engine, err := OpenClickHouse(ctx, Options{DataDir: string(l), IdleTimeout: testIdleTimeout})
	if errors.Is(err, ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs ClickHouse: %v", err)
	}
	if err != nil {
		t.Fatalf("shard: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("shard: %v", err)
		}
	})
	return engine
}
