//go:build !noembedded && (linux || darwin)

package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// realLibrary is the path of the engine's library, fetched at first use; where there is none the test is skipped.
func realLibrary(t *testing.T) string {
	t.Helper()
	open(t, dataDir(t))
	f, err := newFetcher(Options{})
	require.NoError(t, err)
	path := filepath.Join(f.dir, libraryName)
	if !isFile(path) {
		t.Skip("the engine is a binary on PATH")
	}
	return path
}

// binaryOnPath puts a `clickhouse` on PATH that is the real engine behind the real binary's command line.
func binaryOnPath(t *testing.T, version string) {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=clickhouse ERRATA_TEST_VERSION=%s ERRATA_TEST_LIBRARY=%q exec %q \"$@\"\n",
		roleEnv, version, realLibrary(t), os.Args[0])
	require.NoError(t, os.WriteFile(filepath.Join(dir, "clickhouse"), []byte(script), 0o700))
	t.Setenv("PATH", dir)
}

func TestBinaryIsPreferredAndSupervised(t *testing.T) {
	binaryOnPath(t, "26.11.3.4")
	dir := dataDir(t)
	e := open(t, dir)
	execute(t, e.URL(), fill...)
	m, err := e.client.layout.readMarker()
	require.NoError(t, err)
	require.Equal(t, "26.11.3.4", m.ClickHouse)
	supervisor := parent(t, e.Pid())
	require.NotEqual(t, os.Getpid(), supervisor)
	require.Error(t, ping(t, "clickhouse://errata:wrong@"+e.Addr()+"/errata"))
	require.EqualValues(t, filled, sum(t, e.URL()))
	require.NoError(t, e.Close())
	awaitEnd(t, dir)
	require.NoFileExists(t, layout(dir).address())
	require.NoFileExists(t, filepath.Join(layout(dir).store(), "status"), "ClickHouse did not end cleanly")
}

func TestBinaryKilled(t *testing.T) {
	binaryOnPath(t, "26.7.2.1")
	e := open(t, dataDir(t))
	execute(t, e.URL(), fill...)
	pid := e.Pid()
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool { return e.Ensure(t.Context()) == nil && e.Pid() != pid }, wait, pollInterval)
	require.EqualValues(t, filled, sum(t, e.URL()))
}

func TestSupervisorOfBinaryKilled(t *testing.T) {
	binaryOnPath(t, "26.7.2.1")
	e := open(t, dataDir(t))
	execute(t, e.URL(), fill...)
	pid := e.Pid()
	require.NoError(t, syscall.Kill(parent(t, pid), syscall.SIGKILL))
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, wait, pollInterval, "ClickHouse ends with its supervisor")
	require.NoError(t, e.Ensure(t.Context()))
	require.NotEqual(t, pid, e.Pid())
	require.EqualValues(t, filled, sum(t, e.URL()))
}

// parent reads the process table; only Linux shows it as files.
func parent(t *testing.T, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if os.IsNotExist(err) {
		t.Skip("needs /proc")
	}
	require.NoError(t, err)
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	ppid, err := strconv.Atoi(fields[1])
	require.NoError(t, err)
	return ppid
}
