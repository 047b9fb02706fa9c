package e2e

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/internal/simulate"
)

// guarded is a ClickHouse with the users of deploy/clickhouse/users.sql.
type guarded struct {
	t          *testing.T
	addr       string
	passwords  map[string]string // of migrator, writer, reader, operator
	statements []string
	owner      driver.Conn // may do everything
	broker     string
	dir        string // of the engine
	engine     *embedded.Engine
}

// TestClickHouseUsers runs every command as the user that is meant for it, and tries what that user must not do.
func TestClickHouseUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	g := startGuarded(t, nil)
	t.Run("the server understands the statements", g.parses)
	t.Run("migrator", g.migrator)
	t.Run("writer", g.writer)
	t.Run("reader", g.reader)
	t.Run("operator", g.operator)
	t.Run("max-disk", g.maxDisk)
	t.Run("alerter", g.alerter)
}

// startGuarded starts the server with those users, and with what further statements grant them.
func startGuarded(t *testing.T, further []string) *guarded {
	g := &guarded{t: t, passwords: map[string]string{}}
	for _, name := range []string{"migrator", "writer", "reader", "operator"} {
		g.passwords[name] = "canary-'" + rand.Text() + `"\$`
		secrets.add(g.passwords[name])
	}
	var err error
	g.statements, err = userStatements(g.passwords)
	require.NoError(t, err)
	g.statements = append(g.statements, slices.Concat(g.pruner(), g.alertUser(), g.outsider(), further)...)
	defined, err := parseAccess(g.statements)
	require.NoError(t, err)
	users, err := defined.xml()
	require.NoError(t, err)
	dir, err := os.MkdirTemp(binaries, "guarded-")
	require.NoError(t, err)
	more := filepath.Join(dir, "engine", "users.d") // beside the engine's own users
	require.NoError(t, os.MkdirAll(more, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(more, "errata.xml"), []byte(users), 0o600))
	engine, err := embedded.OpenClickHouse(context.Background(), embedded.Options{DataDir: dir, IdleTimeout: time.Second})
	if errors.Is(err, embedded.ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs ClickHouse: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	g.addr, g.dir, g.engine = engine.Addr(), dir, engine
	options, err := clickhouse.ParseDSN(engine.URL())
	require.NoError(t, err)
	g.owner = open(t, options)
	broker, err := embedded.StartBroker(context.Background(), embedded.BrokerOptions{Topics: map[string]int32{"api-responses": 2}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, broker.Close()) })
	g.broker = broker.Addr()
	return g
}

// pruner is a second writer, which may keep the table small as users.sql says.
func (g *guarded) pruner() []string {
	g.passwords["pruner"] = g.passwords["writer"]
	var statements []string
	for _, s := range g.statements {
		if strings.Contains(s, " errata_writer") {
			statements = append(statements, strings.ReplaceAll(s, "errata_writer", "errata_pruner"))
		}
	}
	return append(statements, "GRANT errata_disk TO errata_pruner")
}

// alertUser is the user for `query alert run` that users.sql describes.
func (g *guarded) alertUser() []string {
	g.passwords["alerter"] = g.passwords["operator"]
	var statements []string
	for _, s := range g.statements {
		if strings.Contains(s, "USER") && strings.Contains(s, " errata_operator") {
			statements = append(statements, strings.ReplaceAll(s, "errata_operator", "errata_alerter"))
		}
	}
	return append(statements, "GRANT errata_query TO errata_alerter", "GRANT errata_alert TO errata_alerter")
}

func open(t *testing.T, o *clickhouse.Options) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

func (g *guarded) as(t *testing.T, name string) driver.Conn {
	t.Helper()
	return open(t, &clickhouse.Options{
		Addr: []string{g.addr}, Auth: clickhouse.Auth{Database: "errata", Username: "errata_" + name, Password: g.passwords[name]},
	})
}

// run runs one of our commands as a user and returns its exit code and what it printed. Its password is in the
// environment, as in a deployment.
func (g *guarded) run(t *testing.T, name string, args ...string) (code int, printed string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "ERRATA_CLICKHOUSE=clickhouse://errata_"+name+"@"+g.addr+"/errata",
		"ERRATA_CLICKHOUSE_PASSWORD="+g.passwords[name])
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = nil
		code = exit.ExitCode()
	}
	require.NoError(t, err)
	require.Empty(t, secrets.find(string(out)), "a password was printed")
	return code, string(out)
}

func (g *guarded) succeeds(t *testing.T, name string, args ...string) {
	t.Helper()
	code, printed := g.run(t, name, args...)
	require.Zero(t, code, "%v as %s: %s", args, name, printed)
}

func (g *guarded) refused(t *testing.T, name string, args ...string) {
	t.Helper()
	code, printed := g.run(t, name, args...)
	require.Equal(t, 4, code, "%v as %s: %s", args, name, printed)
	require.Contains(t, printed, `does not let user "errata_`+name+`" do this`)
}

// may checks that a user is allowed each statement.
func may(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		require.NoError(t, conn.Exec(context.Background(), s), s)
	}
}

// mayNot checks that each statement is refused for want of a right, and for nothing else.
func mayNot(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		err := conn.Exec(context.Background(), s)
		exception := new(clickhouse.Exception)
		require.ErrorAs(t, err, &exception, s)
		require.Contains(t, []int32{accessDenied, readOnly, constrained}, exception.Code, "%s: %v", s, err)
	}
}

// Codes of the server for a missing right, a read-only user and a setting that must not be changed.
const (
	readOnly     = 164
	constrained  = 452
	accessDenied = 497
)

// outside are the ways out of the database, and to the server itself.
var outside = []string{
	"SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
	"SELECT * FROM file('/etc/passwd', 'LineAsString', 'a String')",
	"SELECT * FROM remote('127.0.0.1:1', system, one)",
	"SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a String')",
	"INSERT INTO FUNCTION file('canary.csv', 'CSV', 'a String') VALUES ('x')",
	"INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a String') VALUES ('x')",
	"CREATE USER intruder",
	"GRANT SELECT ON *.* TO errata_reader",
	"SYSTEM SHUTDOWN",
	"SYSTEM STOP MERGES errata.responses",
	"DROP TABLE errata.responses",
	"DROP DATABASE errata",
	"TRUNCATE TABLE errata.responses",
	"RENAME TABLE errata.responses TO errata.gone",
	"CREATE TABLE errata.copy (x UInt8) ENGINE = File('CSV')",
	"CREATE DICTIONARY errata.d (x UInt64) PRIMARY KEY x SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)",
	"CREATE FUNCTION f AS (x) -> x",
}

func (g *guarded) parses(t *testing.T) {
	for _, s := range g.statements {
		var formatted string
		require.NoError(t, g.owner.QueryRow(context.Background(), "SELECT formatQuerySingleLine({s:String})",
			clickhouse.Named("s", s)).Scan(&formatted), s)
		require.NotEmpty(t, formatted)
	}
}

func (g *guarded) migrator(t *testing.T) {
	may(t, g.owner, "DROP DATABASE errata SYNC")
	for _, other := range []string{"writer", "reader", "operator"} {
		code, printed := g.run(t, other, "ingest", "migrate")
		require.Equal(t, 4, code, printed)
	}
	g.succeeds(t, "migrator", "ingest", "migrate")
	g.succeeds(t, "migrator", "ingest", "migrate", "--retain-successes=7d", "--retain-errors=90d")
	g.succeeds(t, "migrator", "ingest", "migrate", "--projections")
	conn := g.as(t, "migrator")
	may(t, conn, "ALTER TABLE responses ADD COLUMN added String", "ALTER TABLE responses DROP COLUMN added", "ALTER TABLE responses MATERIALIZE PROJECTION hours")
	mayNot(t, conn, outside...)
	mayNot(t, conn, "INSERT INTO gaps (source) VALUES ('x')", "DELETE FROM responses WHERE 1",
		"ALTER TABLE responses UPDATE message = '' WHERE 1", "ALTER TABLE responses DROP PARTITION '2026-01-01'")
}

func (g *guarded) writer(t *testing.T) {
	traffic := filepath.Join(t.TempDir(), "traffic.jsonl")
	require.NoError(t, writeTraffic(traffic, 500))
	g.refused(t, "reader", "ingest", "load", "--brokers="+g.broker, traffic)
	g.succeeds(t, "writer", "ingest", "load", "--brokers="+g.broker, "--log-level=trace", traffic)
	conn := g.as(t, "writer")
	may(t, conn,
		"SELECT source, topic, partition, offset, checksum, block_date FROM responses",
		"SELECT query_id FROM system.processes WHERE query_kind = 'Insert'",
		"SELECT * FROM meta", "SELECT * FROM gaps", "SELECT * FROM watermarks", "SELECT max(version_id) FROM schema_version",
		"SELECT now64(6, 'UTC') SETTINGS async_insert = 0")
	mayNot(t, conn, outside...)
	mayNot(t, conn,
		"SELECT message FROM responses", "SELECT path FROM responses", "SELECT facts FROM responses", "SELECT body FROM responses",
		"SELECT request_id FROM responses", "SELECT * FROM responses", "SELECT query FROM system.processes",
		"INSERT INTO meta (key, value) VALUES ('hash_key', '00')", "INSERT INTO erasures (source) VALUES ('x')", "INSERT INTO schema_version (version_id) VALUES (99)",
		"ALTER TABLE responses DELETE WHERE 1", "DELETE FROM responses WHERE 1", "ALTER TABLE responses UPDATE message = '' WHERE 1",
		"ALTER TABLE responses DROP PARTITION '2026-01-01'", "ALTER TABLE responses MODIFY TTL block_date + INTERVAL 1 DAY",
		"ALTER TABLE responses ADD COLUMN x UInt8", "SELECT 1 SETTINGS async_insert = 1", "SELECT 1 SETTINGS max_memory_usage = 0")
	requireDefinition(t, conn)
	requireSettings(t, conn, map[string]string{"async_insert": "0", "max_memory_usage": "4000000000", "max_concurrent_queries_for_user": "64"})
}

func (g *guarded) reader(t *testing.T) {
	for _, args := range [][]string{{"top"}, {"storms"}, {"limits"}, {"errors"}, {"errors", "--kind=dead_letter"}, {"top", "--explain", "--by=service"}, {"spikes"}, {"timeline"}, {"vendors"}, {"report", "--vendor=truelayer"}, {"sql", "SELECT count() FROM responses"}} {
		g.succeeds(t, "reader", append(append([]string{"query"}, args...), "--since=30d")...)
	}
	conn := g.as(t, "reader")
	mayNot(t, conn, outside...)
	mayNot(t, conn,
		"SELECT * FROM meta", "INSERT INTO gaps (source) VALUES ('x')", "SET max_memory_usage = 0", "SELECT 1 SETTINGS max_execution_time = 0",
		"SELECT 1 SETTINGS readonly = 0", "DELETE FROM responses WHERE 1")
	requireSettings(t, conn, map[string]string{
		"readonly": "1", "max_execution_time": "60", "max_memory_usage": "2000000000", "max_rows_to_read": "20000000000",
		"max_result_rows": "10000000", "max_concurrent_queries_for_user": "16",
	})
	requireDefinition(t, conn)
	var limit float64
	require.NoError(t, conn.QueryRow(context.Background(), "SELECT assumeNotNull(max_execution_time) FROM system.quota_usage").Scan(&limit))
	require.Equal(t, 7200.0, limit)
}

func (g *guarded) operator(t *testing.T) {
	g.succeeds(t, "operator", "ingest", "verify", "--brokers="+g.broker)
	may(t, g.owner, "DELETE FROM responses WHERE partition = 0 AND offset IN (5, 6, 7)",
		`INSERT INTO responses (kind, source, topic, partition, offset, checksum, granted, deadline)
		SELECT kind, source, topic, partition, offset, checksum, block_date, now() + 60 FROM responses WHERE partition = 0 AND offset = 9`)
	code, printed := g.run(t, "operator", "ingest", "verify", "--brokers="+g.broker)
	require.Equal(t, 1, code, printed)
	g.refused(t, "writer", "ingest", "repair", "--brokers="+g.broker, "--yes")
	g.succeeds(t, "operator", "ingest", "repair", "--brokers="+g.broker, "--yes")
	g.refused(t, "reader", "ingest", "erase", "--yes", "--where=vendor = 'truelayer'")
	g.succeeds(t, "operator", "ingest", "erase", "--yes", "--where=vendor = 'truelayer'")
	g.succeeds(t, "operator", "ingest", "verify", "--brokers="+g.broker)
	g.refused(t, "writer", "ingest", "replay", "--brokers="+g.broker, "--since=1h", "--yes")
	g.succeeds(t, "operator", "ingest", "replay", "--brokers="+g.broker, "--since=1h", "--yes")
	g.succeeds(t, "operator", "ingest", "verify", "--brokers="+g.broker)
	conn := g.as(t, "operator")
	may(t, conn,
		"SELECT count(), uniqExact(offset), min(offset), max(offset), groupBitXor(checksum) FROM responses GROUP BY source, topic, partition",
		"SELECT * FROM gaps", "SELECT * FROM meta", "SELECT * FROM watermarks",
		"ALTER TABLE responses UPDATE message = '[erased]', facts = '' WHERE vendor = 'nobody'",
		"ALTER TABLE responses DELETE WHERE vendor = 'nobody'",
		"DELETE FROM responses WHERE source = 'nowhere~1' AND offset < 10",
		"SELECT * FROM system.mutations", "SELECT * FROM system.parts")
	mayNot(t, conn, outside...)
	mayNot(t, conn, "ALTER TABLE responses MODIFY TTL block_date + INTERVAL 1 DAY", "ALTER TABLE responses ADD COLUMN x UInt8",
		"DELETE FROM meta WHERE 1", "DELETE FROM gaps WHERE 1", "DELETE FROM erasures WHERE 1")
}

func (g *guarded) maxDisk(t *testing.T) {
	sizes, err := os.ReadFile(filepath.Join("..", "..", "storage", "queries", "day_sizes.sql"))
	require.NoError(t, err)
	conn := g.as(t, "pruner")
	may(t, conn, string(sizes), "INSERT INTO meta (key, value) VALUES ('dropped_until', '2020-01-01')",
		"ALTER TABLE responses DROP PARTITION '2020-01-01'")
	mayNot(t, conn, outside...)
	mayNot(t, g.as(t, "writer"), string(sizes))
}

func (g *guarded) alerter(t *testing.T) {
	conn := g.as(t, "alerter")
	may(t, conn, "SELECT count() FROM responses", "SELECT * FROM watermarks",
		"INSERT INTO notifications (target, alert, status, step, owner) SELECT 'target', 'alert', 'firing', 'claim', 'me'",
		"SELECT * FROM notifications")
	mayNot(t, conn, outside...)
	mayNot(t, conn, "SELECT * FROM meta", "INSERT INTO gaps (source) VALUES ('x')", "DELETE FROM notifications WHERE 1")
	mayNot(t, g.as(t, "reader"), "SELECT * FROM notifications", "INSERT INTO notifications (target) VALUES ('x')")
}

// requireDefinition checks that a user sees the table's retention, which run compares with its settings and query states.
func requireDefinition(t *testing.T, conn driver.Conn) {
	t.Helper()
	var definition string
	require.NoError(t, conn.QueryRow(context.Background(),
		"SELECT any(create_table_query) FROM system.tables WHERE database = currentDatabase() AND name = 'responses'").Scan(&definition))
	require.Contains(t, definition, "toIntervalDay(90)")
}

func requireSettings(t *testing.T, conn driver.Conn, want map[string]string) {
	t.Helper()
	for name, value := range want {
		var got string
		require.NoError(t, conn.QueryRow(context.Background(), "SELECT value FROM system.settings WHERE name = {name:String}",
			clickhouse.Named("name", name)).Scan(&got))
		require.Equal(t, value, got, name)
	}
}

// writeTraffic writes simulated response logs that end now.
func writeTraffic(file string, records int) error {
	generator, err := simulate.New(simulate.Options{Seed: 1, Records: records, End: time.Now()})
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	var out strings.Builder
	for value, _, ok := generator.Next(nil); ok; value, _, ok = generator.Next(nil) {
		out.Write(value)
		out.WriteByte('\n')
	}
	return os.WriteFile(file, []byte(out.String()), 0o600)
}
