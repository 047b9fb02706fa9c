package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/internal/freeport"
	"github.com/errata-dev/errata/internal/simulate"
)

// patience bounds every wait for something observable; it is no assertion about speed.
const patience = 60 * time.Second

// simulationEnd is the end of all simulated traffic, so that answers can be goldens.
var simulationEnd = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// commands are what the scripts can do beside running the binaries.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"simulate":          cmdSimulate,         // simulate [-records N] [-seed N] FILE: response logs, and FILE.truth.json; sets $RECORDS, adds to $TOTAL
	"clickhouse":        cmdClickHouse,       // a fresh database on the shared engine, as $ERRATA_CLICKHOUSE
	"broker":            cmdBroker,           // broker PARTITIONS: a topic on a broker in the test, or on the real one, as $ERRATA_BROKERS, _TOPIC, _GROUP
	"secure-broker":     cmdSecureBroker,     // a broker with TLS and SCRAM-SHA-512: ca.pem, user ingester, password right
	"secure-clickhouse": cmdSecureClickHouse, // TLS before the ClickHouse of the script: ca.pem
	"sql":               cmdSQL,              // sql STATEMENT: on $ERRATA_CLICKHOUSE; a SELECT of one column of texts is printed
	"committed":         cmdCommitted,        // committed N: waits until the offsets that the group has committed sum up to N
	"expired-server":    cmdExpiredServer,    // a TLS server whose certificate has expired: expired-ca.pem, $EXPIRED
	"next-version":      cmdNextVersion,      // builds ingest-next, which has one migration more
	"commit-note":       cmdCommitNote,       // commit-note PARTITION TEXT: as the metadata of the committed offset
	"publish":           cmdPublish,          // publish FILE: by a client of its own
	"rows":              cmdRows,             // rows N: waits until the table has N rows, and checks that the row key is unique
	"rows-at-least":     cmdRowsAtLeast,      // rows-at-least N: the same, and lets there be more
	"members":           cmdMembers,          // members N: waits until the group is stable with N members that all own partitions
	"freeport":          cmdFreePort,         // freeport VARIABLE
	"get":               cmdGet,              // get URL STATUS [PATTERN]: waits for them, prints the body
	"top-truth":         cmdTopTruth,         // top-truth TRUTH ANSWER: compares -o json of top with the simulator's truth
	"big-line":          cmdBigLine,          // big-line FILE BYTES: appends one record with a body of so many bytes
	"exits":             cmdExits,            // exits CODE COMMAND ARGS…: runs a command that must end with that code
	"scrub":             cmdScrub,            // scrub FILE: blanks the members of a JSON answer that differ from run to run
	"embedded-url":      cmdEmbeddedURL,      // the embedded engine of the script's data directory, as $ERRATA_CLICKHOUSE
	"kill-engine":       cmdKillEngine,       // kill -9 of that engine
	"terminal":          cmdTerminal,         // terminal [-size 80x24] [-until PATTERN] [-times N] FILE COMMAND ARGS…: on a terminal, Ctrl-C once the output matches N times; sets $EXIT
	"interrupt":         cmdInterrupt,        // interrupt COMMAND ARGS…: SIGINT once its query runs on the server; it must exit with 130 and no word, and the query must end
	"receiver":          cmdReceiver,         // a web server that writes the signed bodies it gets to webhook.jsonl, as $WEBHOOK
	"cluster":           cmdCluster,          // cluster N: so many servers, each a shard, as $ERRATA_CLICKHOUSE, $ERRATA_CLUSTER, $SHARD1…, $ALL
	"shard":             cmdShard,            // shard kill|start N
	"shard-has-all":     cmdShardHasAll,      // shard-has-all N: waits until it has a row of every record of the partitions that lie on it
	"placed":            cmdPlaced,           // placed PARTITIONS: the rows of each lie on one shard, and every shard has some
	"twin":              cmdTwin,             // one server with the hash key of the cluster, as $TWIN
	"ask-all":           cmdAskAll,           // ask-all DIR: every question, its answer in a file
	"terminate":         cmdTerminate,        // sends SIGTERM to every background command; wait checks how they end
}

func cmdSimulate(ts *testscript.TestScript, _ bool, args []string) {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	records, seed := flags.Int("records", 5000, ""), flags.Uint64("seed", 1, "")
	ts.Check(flags.Parse(args))
	file := ts.MkAbs(flags.Arg(0))
	generator, err := simulate.New(simulate.Options{Seed: *seed, Records: *records, End: simulationEnd})
	ts.Check(err)
	var out bytes.Buffer
	for {
		value, _, ok := generator.Next(nil)
		if !ok {
			break
		}
		out.Write(value)
		out.WriteByte('\n')
	}
	ts.Check(os.WriteFile(file, out.Bytes(), 0o600))
	truth, err := json.Marshal(generator.Truth())
	ts.Check(err)
	ts.Check(os.WriteFile(file+".truth.json", truth, 0o600))
	ts.Setenv("RECORDS", strconv.FormatInt(generator.Truth().Records, 10))
	total, err := strconv.ParseInt("0"+ts.Getenv("TOTAL"), 10, 64)
	ts.Check(err)
	ts.Setenv("TOTAL", strconv.FormatInt(total+generator.Truth().Records, 10))
}

func cmdClickHouse(ts *testscript.TestScript, _ bool, _ []string) {
	url := embedded.TestClickHouse(ts.Value(testKey{}).(testing.TB))
	secrets.addPassword(url)
	ts.Setenv("ERRATA_CLICKHOUSE", url)
}

// cmdBroker gives the script a topic and a group of its own, on the real cluster when there is one.
func cmdBroker(ts *testscript.TestScript, _ bool, args []string) {
	partitions, err := strconv.Atoi(args[0])
	ts.Check(err)
	topic, brokers := ts.Name()+"-responses", ts.Getenv("REAL_KAFKA")
	if brokers != "" {
		ts.Check(createTopic(brokers, topic, int32(partitions)))
	} else {
		broker, err := embedded.StartBroker(context.Background(), embedded.BrokerOptions{Topics: map[string]int32{topic: int32(partitions)}})
		ts.Check(err)
		ts.Defer(func() { ts.Check(broker.Close()) })
		brokers = broker.Addr()
	}
	ts.Setenv("ERRATA_BROKERS", brokers)
	ts.Setenv("ERRATA_TOPIC", topic)
	ts.Setenv("ERRATA_GROUP", ts.Name())
}

func cmdPublish(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(publish(ts.Getenv("ERRATA_BROKERS"), ts.Getenv("ERRATA_TOPIC"), ts.MkAbs(args[0])))
}

// publish sends the lines of a file with a client that shares no code with the one under test.
func publish(brokers, topic, file string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	var records []*kgo.Record
	for lines.Scan() {
		records = append(records, &kgo.Record{Value: bytes.Clone(lines.Bytes())})
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return client.ProduceSync(context.Background(), records...).FirstErr()
}

func cmdRows(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 10, 64)
	ts.Check(err)
	got, err := awaitRows(ts.Getenv("ERRATA_CLICKHOUSE"), want)
	ts.Check(err)
	if got != want {
		ts.Fatalf("%d rows, want %d", got, want)
	}
}

func cmdRowsAtLeast(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 10, 64)
	ts.Check(err)
	_, err = awaitRows(ts.Getenv("ERRATA_CLICKHOUSE"), want)
	ts.Check(err)
}

// awaitRows polls until the table has at least want rows, then returns their number; a row key that is
// there twice is an error.
func awaitRows(url string, want uint64) (uint64, error) {
	options, err := clickhouse.ParseDSN(url)
	if err != nil {
		return 0, err
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		var count, distinct uint64
		err := conn.QueryRow(context.Background(), "SELECT count(), uniqExact(source, topic, partition, offset) FROM responses").Scan(&count, &distinct)
		if err == nil && count != distinct {
			return count, fmt.Errorf("%d rows, but only %d row keys", count, distinct)
		}
		if err == nil && count >= want {
			return count, nil
		}
		select {
		case <-ctx.Done():
			return count, fmt.Errorf("%d rows after %s, want %d (%w)", count, patience, want, err)
		case <-time.After(50 * time.Millisecond): // polls what can be seen; there is no event to wait for
		}
	}
}

func cmdMembers(ts *testscript.TestScript, _ bool, args []string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(ts.Getenv("ERRATA_BROKERS")))
	ts.Check(err)
	defer client.Close()
	group, deadline := ts.Getenv("ERRATA_GROUP"), time.Now().Add(patience)
	for {
		owners, err := owners(client, group)
		if err == nil && strconv.Itoa(owners) == args[0] {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%d members of %s own partitions, want %s (%v)", owners, group, args[0], err)
		}
		time.Sleep(50 * time.Millisecond) // polls what can be seen
	}
}

// owners counts the members of a stable group that own partitions.
func owners(client *kgo.Client, group string) (int, error) {
	groups, err := kadm.NewClient(client).DescribeGroups(context.Background(), group)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, member := range groups[group].Members {
		if assigned, ok := member.Assigned.AsConsumer(); ok && len(assigned.Topics) > 0 && groups[group].State == "Stable" {
			n++
		}
	}
	return n, nil
}

func cmdFreePort(ts *testscript.TestScript, _ bool, args []string) {
	port, err := freeport.Next()
	ts.Check(err)
	ts.Setenv(args[0], port)
}

func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(strings.Join(args[2:], " "))
	deadline := time.Now().Add(patience)
	for {
		status, body, err := get(args[0])
		if err == nil && strconv.Itoa(status) == args[1] && pattern.MatchString(body) {
			_, err := io.WriteString(ts.Stdout(), body)
			ts.Check(err)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("GET %s: status %d, %v; want %s and %s; body:\n%s", args[0], status, err, args[1], pattern, body)
		}
		time.Sleep(50 * time.Millisecond) // polls what can be seen
	}
}

func get(url string) (int, string, error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// cmdTopTruth compares counts per vendor, status and code, to the last one.
func cmdTopTruth(ts *testscript.TestScript, _ bool, args []string) {
	var truth simulate.Truth
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &truth))
	var answer struct {
		Rows []struct {
			Vendor, Code string
			Status       int
			Count        int64
		}
		Total struct{ Count int64 }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &answer))
	got, want := map[string]int64{}, map[string]int64{}
	for _, r := range answer.Rows {
		got[fmt.Sprintf("%s %d %s", r.Vendor, r.Status, r.Code)] = r.Count
	}
	for _, c := range truth.Codes {
		want[fmt.Sprintf("%s %d %s", c.Vendor, c.Status, c.Code)] += c.Count
	}
	if len(want) == 0 || answer.Total.Count != truth.Errors {
		ts.Fatalf("%d codes expected; total %d, want %d", len(want), answer.Total.Count, truth.Errors)
	}
	if diff := difference(got, want); diff != "" {
		ts.Fatalf("counts differ from the truth:\n%s", diff)
	}
}

func difference(got, want map[string]int64) string {
	var lines []string
	for key, n := range want {
		if got[key] != n {
			lines = append(lines, fmt.Sprintf("%s: got %d, want %d", key, got[key], n))
		}
	}
	for key, n := range got {
		if _, ok := want[key]; !ok {
			lines = append(lines, fmt.Sprintf("%s: got %d, want none", key, n))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func cmdBigLine(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	ts.Check(err)
	defer f.Close()
	_, err = fmt.Fprintf(f, `{"time":"2026-03-14T11:59:00Z","status":500,"url":"https://api.truelayer.com/data/v1/me","response_body":"%s"}`+"\n",
		strings.Repeat("x", size))
	ts.Check(err)
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func cmdTerminate(ts *testscript.TestScript, _ bool, _ []string) {
	running := ts.BackgroundCmds()
	if len(running) == 0 {
		ts.Fatalf("nothing runs in the background")
	}
	for _, c := range running {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

// volatile members depend on the clock, the database's hash key or the order of partitions.
var volatile = regexp.MustCompile(`"(complete_until|block_date|log_time|operation|partition|offset)":("[^"]*"|[0-9]+)`)

func cmdScrub(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	text := volatile.ReplaceAllString(ts.ReadFile(args[0]), `"$1":"*"`)
	ts.Check(os.WriteFile(file, []byte(text), 0o600))
}

// engineAddress reads where the embedded engine of the script's data directory is.
func engineAddress(ts *testscript.TestScript) (a struct {
	Pid                    int
	Native, User, Password string
},
) {
	file := filepath.Join(ts.Getenv("XDG_DATA_HOME"), "errata", "engine", "address.json")
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &a))
	return a
}

func cmdEmbeddedURL(ts *testscript.TestScript, _ bool, _ []string) {
	a := engineAddress(ts)
	ts.Setenv("ERRATA_CLICKHOUSE", fmt.Sprintf("clickhouse://%s:%s@%s/errata", a.User, a.Password, a.Native))
}

func cmdKillEngine(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(syscall.Kill(engineAddress(ts).Pid, syscall.SIGKILL))
}
