package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// harmless is in a message that nothing has to be taken out of: what does not see it sees nothing.
const harmless = "harmless-marmalade"

// TestNoSecretIsKept sends secrets of every form in every part of a response log through every command, and looks for them in
// all that comes out: what is printed at the lowest log level, metrics, the dump of a crash, every column of every row, and the
// files of the database. So do the credentials of the servers.
func TestNoSecretIsKept(t *testing.T) {
	lines, planted := plant()
	lines = append(lines, failure(map[string]any{"response_body": harmless}))
	w := &watch{t: t, planted: indexed(planted), lines: lines, dir: privateDir(t)}
	w.traffic = filepath.Join(w.dir, "traffic.jsonl")
	require.NoError(t, os.WriteFile(w.traffic, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	w.engine()
	require.Contains(t, w.command("ingest", "parse", w.traffic), harmless)
	w.command("ingest", "load", "--log-level=trace", w.traffic)
	w.run()
	for _, args := range [][]string{
		{"errors", "--limit=1000"},
		{"errors", "--limit=1000", "--kind=dead_letter"},
		{"top", "--by=endpoint,code,fingerprint"},
		{"storms"},
		{"limits", "--all"},
	} {
		w.command(append(append([]string{"query"}, args...), "--since=30d", "-o", "json", "--explain")...)
	}
	require.Contains(t, w.command("query", "errors", "--since=30d", "--limit=1000", "-o", "json"), harmless)
	w.rows()
	w.files()
}

// watch looks for the planted secrets in all that it comes across.
type watch struct {
	t            *testing.T
	planted      canaries
	lines        []string
	dir, traffic string
	url          string // of the embedded ClickHouse on dir, without the password
	password     string
}

// privateDir outlives the test: an embedded engine ends some seconds after its last client.
func privateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(binaries, "canary-")
	require.NoError(t, err)
	return dir
}

// engine starts a ClickHouse whose files are this test's own.
func (w *watch) engine() {
	engine, err := embedded.OpenClickHouse(context.Background(), embedded.Options{DataDir: filepath.Join(w.dir, "data"), IdleTimeout: time.Second})
	if errors.Is(err, embedded.ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		w.t.Skipf("needs ClickHouse: %v", err)
	}
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, engine.Close()) })
	w.password = engine.Password()
	w.url = fmt.Sprintf("clickhouse://%s@%s/errata", engine.User(), engine.Addr())
	w.command("ingest", "migrate")
}

// inspect fails the test for each secret in a text.
func (w *watch) inspect(where string, text []byte) {
	w.t.Helper()
	w.planted.find(text, func(c canary, around string) {
		w.t.Errorf("%s shows the %s that was put into: %s (…%q…)", where, c.kind, c.place, around)
	})
	if bytes.Contains(text, []byte(w.password)) {
		w.t.Errorf("%s shows the password of ClickHouse", where)
	}
}

// start begins one of our commands, with the password in its environment.
func (w *watch) start(args ...string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	var printed bytes.Buffer
	cmd := exec.Command(filepath.Join(binaries, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "ERRATA_CLICKHOUSE="+w.url, "ERRATA_CLICKHOUSE_PASSWORD="+w.password)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	require.NoError(w.t, cmd.Start())
	return cmd, &printed
}

// command runs one to its end, inspects what it prints and returns it.
func (w *watch) command(args ...string) string {
	w.t.Helper()
	cmd, printed := w.start(args...)
	err := cmd.Wait()
	w.inspect(strings.Join(args, " "), printed.Bytes())
	require.NoError(w.t, err, "%v: %s", args, excerptOf(printed.String()))
	return printed.String()
}

func excerptOf(text string) string { return text[:min(len(text), 2000)] }

// run has `ingest run` read the traffic from a broker, looks at its metrics and its command line, and crashes it while it
// works, once with a dump of all goroutines.
func (w *watch) run() {
	broker, err := embedded.StartBroker(context.Background(), embedded.BrokerOptions{Topics: map[string]int32{"canary": 2}})
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, broker.Close()) }()
	short := slices.DeleteFunc(slices.Clone(w.lines), func(line string) bool { return len(line) > 1_000_000 }) // as brokers allow
	file := filepath.Join(w.dir, "short.jsonl")
	require.NoError(w.t, os.WriteFile(file, []byte(strings.Join(short, "\n")+"\n"), 0o600))
	require.NoError(w.t, publish(broker.Addr(), "canary", file))
	address := "127.0.0.1:" + freePort(w.t)
	cmd, printed := w.start("ingest", "run", "--log-level=trace", "--brokers="+broker.Addr(), "--topic=canary", "--listen="+address)
	w.awaitRows(len(w.lines) + len(short))
	for _, name := range []string{"verify", "repair", "lag"} {
		look, text := w.start("ingest", name, "--brokers="+broker.Addr(), "--topic=canary")
		_ = look.Wait() // whatever it finds while the ingester runs
		w.inspect("ingest "+name, text.Bytes())
	}
	for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
		_, body, err := get("http://" + address + path)
		require.NoError(w.t, err)
		w.inspect("GET "+path, []byte(body))
	}
	for _, file := range []string{"cmdline", "comm"} {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, file)); err == nil { // where there is /proc
			w.inspect("/proc/PID/"+file, text)
		}
	}
	require.NoError(w.t, cmd.Process.Signal(syscall.SIGQUIT))
	require.Error(w.t, cmd.Wait())
	require.Contains(w.t, printed.String(), "goroutine ")
	w.inspect("the dump of a crash", printed.Bytes())
}

func (w *watch) awaitRows(want int) {
	w.t.Helper()
	got, err := awaitRows(strings.Replace(w.url, "@", ":"+w.password+"@", 1), uint64(want))
	require.NoError(w.t, err)
	require.EqualValues(w.t, want, got)
}

// rows reads every column of every table.
func (w *watch) rows() {
	options, err := clickhouse.ParseDSN(strings.Replace(w.url, "@", ":"+w.password+"@", 1))
	require.NoError(w.t, err)
	conn, err := clickhouse.Open(options)
	require.NoError(w.t, err)
	defer conn.Close()
	var tables []string
	require.NoError(w.t, conn.QueryRow(context.Background(), "SELECT groupArray(name) FROM system.tables WHERE database = 'errata'").Scan(&tables))
	require.Contains(w.t, tables, "responses")
	for _, table := range tables {
		var text string
		query := "SELECT arrayStringConcat(groupArray(formatRow('TSKV', *))) FROM " + table + " SETTINGS asterisk_include_alias_columns = 1"
		require.NoError(w.t, conn.QueryRow(context.Background(), query).Scan(&text), table)
		w.inspect("table "+table, []byte(text))
		if table == "responses" {
			require.Contains(w.t, text, harmless)
			require.Contains(w.t, text, "[redacted:")
		}
	}
}

// files reads all that the engine has written: data, logs, configuration. Parts are compressed, so this finds less than rows.
func (w *watch) files() {
	n := 0
	err := filepath.WalkDir(filepath.Join(w.dir, "data"), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && (!entry.Type().IsRegular() || entry.Name() == "address.json") {
			return nil // a part that was merged away; the file that holds the password for us, readable by its owner alone
		}
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		n++
		w.inspect(path, text)
		return err
	})
	require.NoError(w.t, err)
	require.Greater(w.t, n, 20)
}
