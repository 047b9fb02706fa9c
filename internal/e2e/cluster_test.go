package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/internal/embedded"
)

// clusterKey finds the servers of a script's cluster.
type clusterKey struct{}

func cmdCluster(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	shards := embedded.TestCluster(ts.Value(testKey{}).(testing.TB), n)
	*ts.Value(clusterKey{}).(*[]*embedded.Engine) = shards
	for i, s := range shards {
		secrets.addPassword(s.URL())
		ts.Setenv(fmt.Sprintf("SHARD%d", i+1), s.URL())
	}
	ts.Setenv("ERRATA_CLICKHOUSE", shards[0].URL())
	ts.Setenv("ALL", shards[0].URL()+"_distributed")
	ts.Setenv("ERRATA_CLUSTER", embedded.TestClusterName)
}

func shardsOf(ts *testscript.TestScript) []*embedded.Engine {
	return *ts.Value(clusterKey{}).(*[]*embedded.Engine)
}

func cmdShard(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	shard := shardsOf(ts)[n-1]
	if args[0] == "kill" {
		ts.Check(syscall.Kill(shard.Pid(), syscall.SIGKILL))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ts.Check(shard.Ensure(ctx))
}

// onServer runs do with a connection to the server of a URL.
func onServer(ts *testscript.TestScript, url string, do func(driver.Conn) error) {
	options, err := clickhouse.ParseDSN(url)
	ts.Check(err)
	conn, err := clickhouse.Open(options)
	ts.Check(err)
	defer conn.Close()
	ts.Check(do(conn))
}

func cmdPlaced(ts *testscript.TestScript, _ bool, args []string) {
	const partitions = "SELECT arraySort(groupUniqArray(partition)) FROM responses"
	owner := map[int32]int{}
	for n, s := range shardsOf(ts) {
		var list []int32
		onServer(ts, s.URL(), func(conn driver.Conn) error { return conn.QueryRow(context.Background(), partitions).Scan(&list) })
		for _, p := range list {
			if other, taken := owner[p]; taken {
				ts.Fatalf("partition %d has rows on shard %d and on shard %d", p, other, n+1)
			}
			owner[p] = n + 1
		}
		if len(list) == 0 {
			ts.Fatalf("shard %d has no rows", n+1)
		}
	}
	if strconv.Itoa(len(owner)) != args[0] {
		ts.Fatalf("%d partitions have rows, want %s", len(owner), args[0])
	}
}

func cmdShardHasAll(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	client, err := kgo.NewClient(kgo.SeedBrokers(ts.Getenv("ERRATA_BROKERS")))
	ts.Check(err)
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(context.Background(), ts.Getenv("ERRATA_TOPIC"))
	ts.Check(err)
	onServer(ts, shardsOf(ts)[n-1].URL(), func(conn driver.Conn) error {
		deadline := time.Now().Add(patience)
		for {
			missing, err := missingRows(conn, ends)
			if err != nil || missing == 0 {
				return err
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("shard %d lacks %d rows", n, missing)
			}
			time.Sleep(50 * time.Millisecond) // polls what can be seen
		}
	})
}

// missingRows is how many records of the partitions that have rows here have none.
func missingRows(conn driver.Conn, ends kadm.ListedOffsets) (missing int64, err error) {
	rows, err := conn.Query(context.Background(), "SELECT topic, partition, count() FROM responses GROUP BY topic, partition")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var topic string
		var partition int32
		var count uint64
		if err := rows.Scan(&topic, &partition, &count); err != nil {
			return 0, err
		}
		end, _ := ends.Lookup(topic, partition)
		missing += end.Offset - int64(count)
	}
	return missing, rows.Err()
}

func cmdTwin(ts *testscript.TestScript, _ bool, _ []string) {
	url := embedded.TestClickHouse(ts.Value(testKey{}).(testing.TB))
	secrets.addPassword(url)
	ts.Setenv("TWIN", url)
	var key string
	onServer(ts, ts.Getenv("ERRATA_CLICKHOUSE"), func(conn driver.Conn) error {
		return conn.QueryRow(context.Background(), "SELECT value FROM meta WHERE key = 'hash_key'").Scan(&key)
	})
	ts.Check(ts.Exec("ingest", "migrate", "--cluster=", "--clickhouse="+url))
	onServer(ts, url, func(conn driver.Conn) error { // the oldest holds
		return conn.Exec(context.Background(), "INSERT INTO meta (key, value, created_at) VALUES ('hash_key', ?, '2020-01-01 00:00:00')", key)
	})
}

// questions are all that query answers about the simulated day.
var questions = []string{
	"top --limit=1000", "top --by=vendor,service", "top --by=endpoint --vendor=bics,truelayer", "top --status=5xx --service=checkout",
	"storms", "limits", "limits --all", "spikes", "errors --limit=3000", "errors --kind=success --limit=500",
	"errors --limit=50 --category=rate_limit", "vendors", "timeline", "top --vendor=nobody",
	"alert backtest --rules=rules.yaml",
}

// sinceWhen says how far the data is complete, which the clock decides.
var sinceWhen = regexp.MustCompile(`"(complete_until|block_date)":"[^"]*"`)

func cmdAskAll(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	for _, question := range questions {
		command := append(strings.Fields(question), "--from=2026-03-13T12:00:00Z", "--to=2026-03-14T12:00:00Z", "-o", "json")
		ts.Check(ts.Exec("query", append(command, args[1:]...)...))
		answer := sinceWhen.ReplaceAllString(ts.ReadFile("stdout"), `"$1":"*"`)
		file := filepath.Join(args[0], strings.NewReplacer(" ", "_", "=", "-", ",", "-").Replace(question))
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(answer), 0o600))
	}
}
