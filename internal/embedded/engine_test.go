//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

// open joins the engine of dir, skipping where none can be had.
func open(t *testing.T, dir string) *Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	e, err := OpenClickHouse(ctx, Options{DataDir: dir, IdleTimeout: time.Second})
	if errors.Is(err, ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// dataDir is a temporary data directory whose engine has ended before it is removed.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { awaitEnd(t, dir) })
	return dir
}

func awaitEnd(t *testing.T, dir string) {
	t.Helper()
	if !isFile(layout(dir).startLock()) {
		return // never opened
	}
	require.Eventually(t, func() bool {
		alive, err := engineAlive(layout(dir))
		return err == nil && !alive
	}, wait, 5*time.Millisecond, "the engine of %s does not end", dir)
}

// with runs f on a connection that is closed thereafter: an engine with open connections ends late.
func with(t *testing.T, url string, f func(*sql.DB)) {
	t.Helper()
	options, err := clickhouse.ParseDSN(url)
	require.NoError(t, err)
	db := clickhouse.OpenDB(options)
	defer func() { require.NoError(t, db.Close()) }()
	f(db)
}

func ping(t *testing.T, url string) (err error) {
	t.Helper()
	with(t, url, func(db *sql.DB) { err = db.Ping() })
	return err
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	with(t, url, func(db *sql.DB) {
		for _, statement := range statements {
			_, err := db.Exec(statement)
			require.NoError(t, err, statement)
		}
	})
}

func sum(t *testing.T, url string) (total uint64) {
	t.Helper()
	with(t, url, func(db *sql.DB) { require.NoError(t, db.QueryRow("SELECT sum(x) FROM numbers_kept").Scan(&total)) })
	return total
}

var fill = []string{
	"CREATE TABLE numbers_kept (x UInt64) ENGINE = MergeTree ORDER BY x",
	"INSERT INTO numbers_kept SELECT number FROM numbers(1001)",
}

const filled = 500500

func TestEngineServesBothProtocols(t *testing.T) {
	e := open(t, dataDir(t))
	var version, user, database, zone string
	with(t, e.URL(), func(db *sql.DB) {
		require.NoError(t, db.Ping())
		require.NoError(t, db.QueryRow("SELECT version(), currentUser(), currentDatabase(), timezone()").Scan(&version, &user, &database, &zone))
	})
	require.Equal(t, e.Version(), version)
	require.Equal(t, "errata", user)
	require.Equal(t, "errata", database)
	require.Contains(t, []string{"UTC", "Etc/UTC"}, zone)
	require.NotEqual(t, e.HTTPAddr(), e.Addr())
	resp, err := http.Get("http://" + e.HTTPAddr() + "/ping")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestEngineShowsNoPassword(t *testing.T) {
	e := open(t, dataDir(t))
	for _, text := range []string{e.String(), fmt.Sprint(e), fmt.Sprintf("%v %+v %#v %s", e, e, e, e)} {
		require.NotContains(t, text, e.Password())
	}
	info, err := os.Stat(e.client.layout.address())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(e.client.layout.engine())
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		raw, err := os.ReadFile(e.client.layout.join("engine", entry.Name()))
		require.NoError(t, err)
		if entry.Name() != "address.json" {
			require.NotContains(t, string(raw), e.Password(), entry.Name())
		}
	}
}

func TestEngineRefusesStrangers(t *testing.T) {
	e := open(t, dataDir(t))
	for name, url := range map[string]string{
		"wrong password":        "clickhouse://errata:wrong@" + e.Addr() + "/errata",
		"default, no password":  "clickhouse://default@" + e.Addr() + "/default",
		"reader wrong password": "clickhouse://errata_reader:x@" + e.Addr() + "/errata",
		"unknown user":          "clickhouse://nobody@" + e.Addr() + "/errata",
	} {
		require.Error(t, ping(t, url), name)
	}
	resp, err := http.Get("http://" + e.HTTPAddr() + "/?query=SELECT+1")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.NotEqual(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, ping(t, e.URL()), "and still serves its owner")
}

func TestReaderMayOnlyRead(t *testing.T) {
	e := open(t, dataDir(t))
	execute(t, e.URL(), fill...)
	require.EqualValues(t, filled, sum(t, e.ReaderURL()))
	for _, statement := range []string{
		"INSERT INTO numbers_kept SELECT 1",
		"DROP TABLE numbers_kept",
		"SELECT * FROM url('http://" + e.HTTPAddr() + "/ping', LineAsString)",
		"SELECT * FROM file('/etc/passwd', LineAsString)",
		"SET readonly = 0",
	} {
		with(t, e.ReaderURL(), func(db *sql.DB) {
			_, err := db.Exec(statement)
			require.Error(t, err, statement)
		})
	}
}

func TestSecondClientSharesTheEngine(t *testing.T) {
	dir := dataDir(t)
	first := open(t, dir)
	second := open(t, dir)
	require.Equal(t, first.Pid(), second.Pid())
	require.Equal(t, first.URL(), second.URL())
	require.NoError(t, first.Close())
	time.Sleep(2 * time.Second) // longer than the idle time: this is about nothing happening
	require.NoError(t, ping(t, second.URL()))
	require.NoError(t, second.Close())
	require.NoError(t, second.Close())
	awaitEnd(t, dir)
	require.NoFileExists(t, layout(dir).address())
	require.Eventually(t, func() bool { return syscall.Kill(second.Pid(), 0) != nil }, wait, 5*time.Millisecond)
	require.NoFileExists(t, filepath.Join(layout(dir).store(), "status"), "ClickHouse did not end cleanly")
}

func TestProcessesOpenAtOnce(t *testing.T) {
	dir := dataDir(t)
	probe := open(t, dataDir(t)) // fetches at first use, skips where there is no engine
	require.NotZero(t, probe.Pid())
	const processes = 6
	addresses := make([]address, processes)
	var wg sync.WaitGroup
	for i := range processes {
		cmd := exec.Command(os.Args[0], dir)
		cmd.Env = append(os.Environ(), roleEnv+"=client")
		cmd.Stderr = os.Stderr
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		wg.Go(func() { _ = json.NewDecoder(stdout).Decode(&addresses[i]) }) // what it could not read stays zero
		t.Cleanup(func() { require.NoError(t, stdin.Close()); require.NoError(t, cmd.Wait()) })
	}
	wg.Wait()
	require.NotZero(t, addresses[0].Pid)
	for _, a := range addresses {
		require.Equal(t, addresses[0], a)
	}
	require.Equal(t, addresses[0].Pid, open(t, dir).Pid())
}

// A process that opens an engine in the moment in which it ends must get one that serves.
func TestOpenWhileEngineEnds(t *testing.T) {
	dir := dataDir(t)
	for i := range 6 {
		e := open(t, dir)
		require.NoError(t, ping(t, e.URL()))
		require.NoError(t, e.Close())
		time.Sleep(time.Second - 60*time.Millisecond + time.Duration(i)*40*time.Millisecond) // around the idle time
	}
}

func TestOpenWithoutMaybeRunEngine(t *testing.T) {
	t.Setenv(specEnv, "{}")
	_, err := OpenClickHouse(context.Background(), Options{DataDir: t.TempDir()})
	require.ErrorContains(t, err, "call embedded.MaybeRunEngine first")
}
