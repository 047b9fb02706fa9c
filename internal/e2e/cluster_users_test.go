package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClusterUsers runs commands with --cluster as the users that are meant for them, with the rights of cluster.sql. The server is
// the only one of its cluster: as which user it would ask others, their <secret> decides.
func TestClusterUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	raw, err := os.ReadFile("../../deploy/clickhouse/cluster.sql")
	require.NoError(t, err)
	statements := splitStatements(string(raw))
	require.Greater(t, len(statements), 5)
	g := startGuarded(t, append(statements, "GRANT SELECT ON errata_distributed.* TO errata_outsiders"))
	for _, s := range statements {
		may(t, g.owner, "EXPLAIN AST "+s)
	}
	g.formCluster("main")

	may(t, g.owner, "DROP DATABASE IF EXISTS errata SYNC")
	g.succeeds(t, "migrator", "ingest", "migrate", "--cluster=main")
	traffic := filepath.Join(t.TempDir(), "traffic.jsonl")
	require.NoError(t, writeTraffic(traffic, 500))
	g.succeeds(t, "writer", "ingest", "load", "--cluster=main", "--brokers="+g.broker, traffic)
	for _, args := range [][]string{{"top"}, {"storms"}, {"errors"}, {"spikes"}, {"vendors"}, {"alert", "check"}, {"sql", "SELECT count() FROM responses"}} {
		code, printed := g.run(t, "reader", append(append([]string{"query"}, args...), "--cluster=main")...)
		require.Contains(t, []int{0, 3}, code, "%v: %s", args, printed) // 3 = something fires
	}
	g.succeeds(t, "operator", "ingest", "verify", "--cluster=main", "--brokers="+g.broker)
	mayNot(t, g.as(t, "reader"), "SELECT * FROM errata_distributed.meta", "SELECT * FROM errata_distributed.erasures")

	// Who may not know how many shards there are cannot tell whether this one is the whole, and is told so.
	g.succeeds(t, "reader", "query", "top")
	mayNot(t, g.as(t, "outsider"), "SELECT * FROM system.clusters")
	code, printed := g.run(t, "outsider", "query", "top")
	require.Equal(t, 1, code, printed)
	require.Contains(t, printed, "give --cluster main")
	g.refused(t, "outsider", "query", "top", "--cluster=main")
}

// outsider is a reader who may not read of what servers a cluster consists.
func (g *guarded) outsider() []string {
	g.passwords["outsider"] = g.passwords["reader"]
	var statements []string
	names := strings.NewReplacer(" errata_reader", " errata_outsider", " errata_query", " errata_outsiders")
	for _, s := range g.statements {
		if replaced := names.Replace(s); replaced != s {
			statements = append(statements, replaced)
		}
	}
	return statements
}

// formCluster tells the server that it is a cluster. It reads that at its start, and its port is known only then: it comes back there.
func (g *guarded) formCluster(name string) {
	host, port, err := net.SplitHostPort(g.addr)
	require.NoError(g.t, err)
	config := filepath.Join(g.dir, "engine", "config.d")
	require.NoError(g.t, os.MkdirAll(config, 0o700))
	text := fmt.Sprintf("<clickhouse><remote_servers><%[1]s><shard><replica><host>%[2]s</host><port>%[3]s</port></replica></shard></%[1]s></remote_servers></clickhouse>", name, host, port)
	require.NoError(g.t, os.WriteFile(filepath.Join(config, "cluster.xml"), []byte(text), 0o600))
	require.NoError(g.t, syscall.Kill(g.engine.Pid(), syscall.SIGKILL))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(g.t, g.engine.Ensure(ctx))
}
