//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func mustVersion(t *testing.T, text string) version {
	t.Helper()
	v, err := parseVersion(text)
	require.NoError(t, err)
	return v
}

func TestPrepareAcceptsEmptyAndOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "deep")
	for range 2 {
		l, err := prepare(dir)
		require.NoError(t, err)
		require.DirExists(t, l.engine())
	}
	l := layout(dir)
	require.NoError(t, l.claim(mustVersion(t, "26.7.2.1")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "anything"), nil, 0o600))
	_, err := prepare(dir)
	require.NoError(t, err, "once it is ours, other files of ours may lie there")
	entries, err := os.ReadDir(l.engine())
	require.NoError(t, err)
	require.Empty(t, entries, "prepare leaves no file behind")
}

func TestPrepareRefusesForeign(t *testing.T) {
	for _, name := range []string{"PG_VERSION", "clickhouse", "store", "notes.txt"} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		_, err := OpenClickHouse(context.Background(), Options{DataDir: dir})
		require.ErrorIs(t, err, ErrForeignData, name)
		require.ErrorContains(t, err, name)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing is written into a foreign directory")
	}
}

func TestPrepareIgnoresWhatEmptyDirectoriesHold(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	_, err := prepare(dir)
	require.NoError(t, err)
}

func TestPrepareRefusesUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "dir"), "no path": ""} {
		_, err := OpenClickHouse(context.Background(), Options{DataDir: dir})
		require.ErrorContains(t, err, "data directory", name)
	}
	if os.Getuid() == 0 {
		return // the rest does not hold for root
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	_, err := prepare(dir)
	require.ErrorContains(t, err, "cannot be written")
}

func TestClaim(t *testing.T) {
	l, err := prepare(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, l.claim(mustVersion(t, "26.7.2.1")))
	require.NoError(t, l.claim(mustVersion(t, "26.7.9.9")))
	require.NoError(t, l.claim(mustVersion(t, "26.7.1.1")), "within one major.minor either way")
	require.NoError(t, l.claim(mustVersion(t, "27.1.1.1")))
	err = l.claim(mustVersion(t, "26.12.1.1"))
	require.ErrorIs(t, err, ErrNewerData)
	require.ErrorContains(t, err, "27.1.1.1")
	require.ErrorContains(t, err, "27.1 or newer on PATH")
	m, err := l.readMarker()
	require.NoError(t, err)
	require.Equal(t, "27.1.1.1", m.ClickHouse)

	require.NoError(t, writeJSON(l.marker(), marker{Format: dataFormat + 1}))
	require.ErrorIs(t, l.claim(mustVersion(t, "27.1.1.1")), ErrNewerData)
	require.NoError(t, os.WriteFile(l.marker(), []byte("{"), 0o600))
	require.Error(t, l.claim(mustVersion(t, "27.1.1.1")))
}

func TestOpenRefusesNewerData(t *testing.T) {
	dir := dataDir(t)
	require.NoError(t, open(t, dir).Close())
	awaitEnd(t, dir)
	require.NoError(t, writeJSON(layout(dir).marker(), marker{Format: dataFormat, ClickHouse: "99.1.2.3"}))
	_, err := OpenClickHouse(context.Background(), Options{DataDir: dir})
	require.ErrorIs(t, err, ErrNewerData)
	require.ErrorContains(t, err, "written by ClickHouse 99.1.2.3")
}

func TestEngineLogIsBounded(t *testing.T) {
	l, err := prepare(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.log(), make([]byte, maxLogBytes+1), 0o600))
	log, end, err := l.openLog()
	require.NoError(t, err)
	require.NoError(t, log.Close())
	require.Zero(t, end)
	require.FileExists(t, l.log()+".old")
}

func TestConfigurationEscapesPaths(t *testing.T) {
	l, err := prepare(filepath.Join(t.TempDir(), `a&b <c> "d'`))
	require.NoError(t, err)
	a, err := newAddress(l)
	require.NoError(t, err)
	require.NoError(t, writeConfig(l, a))
	raw, err := os.ReadFile(l.config())
	require.NoError(t, err)
	require.Contains(t, string(raw), "a&amp;b &lt;c&gt; &#34;d&#39;")
	require.NotContains(t, string(raw), "a&b")
}

func TestEngineInDirectoryWithOddName(t *testing.T) {
	dir := filepath.Join(dataDir(t), `ä&b <c> 'd`)
	e := open(t, dir)
	execute(t, e.URL(), fill...)
	require.NoError(t, e.Close())
	awaitEnd(t, dir)
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]version{
		"ClickHouse local version 26.7.2.1 (official build).": {26, 7, "26.7.2.1"},
		"26.6":                     {26, 6, "26.6"},
		"chdb 26.10.1.1774-stable": {26, 10, "26.10.1.1774"},
	} {
		require.Equal(t, want, mustVersion(t, text), text)
	}
	_, err := parseVersion("no number here")
	require.Error(t, err)
	require.True(t, version{major: 27, minor: 1}.newerThan(version{major: 26, minor: 9}))
	require.True(t, version{major: 26, minor: 10}.newerThan(version{major: 26, minor: 9}))
	require.False(t, version{major: 26, minor: 9}.newerThan(version{major: 26, minor: 9}))
}

func FuzzParseVersion(f *testing.F) {
	f.Add("ClickHouse local version 26.7.2.1 (official build).")
	f.Add("99999999999999999999.1")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := parseVersion(text); err == nil {
			require.Contains(t, text, v.text)
		}
	})
}
