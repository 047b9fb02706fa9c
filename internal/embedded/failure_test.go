//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func TestDataSurvivesStopAndStart(t *testing.T) {
	dir := dataDir(t)
	e := open(t, dir)
	execute(t, e.URL(), fill...)
	pid := e.Pid()
	require.NoError(t, e.Close())
	awaitEnd(t, dir)
	e = open(t, dir)
	require.NotEqual(t, pid, e.Pid())
	require.EqualValues(t, filled, sum(t, e.URL()))
}

func TestDataSurvivesKill(t *testing.T) {
	dir := dataDir(t)
	e := open(t, dir)
	execute(t, e.URL(), fill...)
	pid, url := e.Pid(), e.URL()
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	awaitEnd(t, dir)
	require.FileExists(t, layout(dir).address(), "a killed engine leaves a stale address")

	other := open(t, dir)
	require.NotEqual(t, pid, other.Pid())
	require.EqualValues(t, filled, sum(t, other.URL()))
	require.Equal(t, url, other.URL(), "clients of the killed engine find the new one in its place")
	require.NoError(t, e.Ensure(context.Background()))
	require.Equal(t, other.Pid(), e.Pid())
}

func TestEnsureAfterKill(t *testing.T) {
	e := open(t, dataDir(t))
	execute(t, e.URL(), fill...)
	pid := e.Pid()
	require.NoError(t, e.Ensure(context.Background()))
	require.Equal(t, pid, e.Pid())
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.NoError(t, e.Ensure(context.Background()))
	require.NotEqual(t, pid, e.Pid())
	require.EqualValues(t, filled, sum(t, e.URL()))
}

func TestTerminatedEngineEndsCleanly(t *testing.T) {
	dir := dataDir(t)
	e := open(t, dir)
	require.NoError(t, syscall.Kill(e.Pid(), syscall.SIGTERM))
	awaitEnd(t, dir)
	require.NoFileExists(t, layout(dir).address())
	require.NoFileExists(t, filepath.Join(layout(dir).store(), "status"))
}

func TestStaleAddressWithTakenPorts(t *testing.T) {
	dir := dataDir(t)
	squatter := http.Server{Handler: http.NotFoundHandler()}
	listener, err := net.Listen("tcp", loopback+":0")
	require.NoError(t, err)
	go func() { _ = squatter.Serve(listener) }()
	t.Cleanup(func() { require.NoError(t, squatter.Close()) })
	taken := listener.Addr().String()
	l, err := prepare(dir)
	require.NoError(t, err)
	require.NoError(t, writeJSON(l.address(), address{
		Pid: os.Getpid(), Native: taken, HTTP: taken, User: userName, Password: "old", Reader: readerName, ReaderPassword: "old", Version: "26.7",
	}))
	e := open(t, dir)
	require.NotEqual(t, taken, e.Addr())
	require.NotEqual(t, taken, e.HTTPAddr())
	require.NotEqual(t, os.Getpid(), e.Pid())
	require.NoError(t, ping(t, e.URL()))
}

func TestEngineThatFindsItsPortTaken(t *testing.T) {
	library := realLibrary(t)
	l, err := prepare(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, l.claim(mustVersion(t, libraryVersion)))
	log, _, err := l.openLog()
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], string(l))
	cmd.Env = append(os.Environ(), roleEnv+"=unlucky", "ERRATA_TEST_LIBRARY="+library)
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	require.NoError(t, log.Close())
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, exitPortTaken, exit.ExitCode())
	require.NoFileExists(t, l.address())
}

// What a client sends, or that it dies, ends its connection and nothing else.
func TestEngineOutlivesRudeClients(t *testing.T) {
	e := open(t, dataDir(t))
	execute(t, e.URL(), fill...)
	for _, addr := range []string{e.Addr(), e.HTTPAddr()} {
		for _, sent := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "POST /?query=SELECT+1 HTTP/1.1\r\nContent-Length: 99\r\n\r\nx"} {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			_, err = conn.Write([]byte(sent))
			require.NoError(t, err)
			reset(t, conn)
		}
	}
	for range 3 {
		insertAndDie(t, e.URL())
	}
	require.EqualValues(t, filled, sum(t, e.URL()))
	pid := e.Pid()
	require.NoError(t, e.Ensure(t.Context()))
	require.Equal(t, pid, e.Pid())
}

func reset(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, conn.Close())
}

// insertAndDie sends half an INSERT and resets the connection, as the kernel does for a killed process.
func insertAndDie(t *testing.T, url string) {
	t.Helper()
	options, err := clickhouse.ParseDSN(url)
	require.NoError(t, err)
	var conn net.Conn
	options.DialContext = func(_ context.Context, addr string) (_ net.Conn, err error) {
		conn, err = net.Dial("tcp", addr)
		return conn, err
	}
	ch, err := clickhouse.Open(options)
	require.NoError(t, err)
	batch, err := ch.PrepareBatch(t.Context(), "INSERT INTO numbers_kept")
	require.NoError(t, err)
	for i := range 10_000 {
		require.NoError(t, batch.Append(uint64(i)))
	}
	require.NoError(t, batch.Flush())
	reset(t, conn)
	_ = ch.Close() // the connection is gone
}

func TestGarbageInAddressFile(t *testing.T) {
	dir := dataDir(t)
	l, err := prepare(dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.address(), []byte(`{"pid":`), 0o600))
	require.NoError(t, ping(t, open(t, dir).URL()))
}

func TestEngineEndsWhenItsDirectoryGoes(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	require.NoError(t, os.RemoveAll(layout(dir).engine()))
	require.Eventually(t, func() bool { return syscall.Kill(e.Pid(), 0) != nil }, wait, 5*time.Millisecond)
}
