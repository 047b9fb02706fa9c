//go:build !noembedded && (linux || darwin)

package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// registry is an npm in PATH that serves one tarball and counts its calls.
type registry struct{ dir string }

const libraryContent = "not really a library"

// newRegistry puts an npm first on PATH. Its script has $dir, the registry's directory, and $dest, the pack destination.
func newRegistry(t *testing.T, script string) registry {
	t.Helper()
	r := registry{dir: t.TempDir()}
	body := fmt.Sprintf("#!/bin/sh\ndir=%q\n", r.dir) + `echo call >> "$dir"/calls
while [ $# -gt 0 ]; do
	case $1 in --pack-destination) dest=$2 ;; esac
	shift
done
` + script
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "npm"), []byte(body), 0o700))
	r.serve(t, tarball(t, "package/"+libraryName))
	t.Setenv("PATH", r.dir+":/usr/bin:/bin")
	return r
}

const serving = `cp "$dir"/package.tgz "$dest"/x.tgz`

func (r registry) serve(t *testing.T, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "package.tgz"), content, 0o600))
}

func (r registry) calls(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.dir, "calls"))
	require.NoError(t, err)
	return strings.Count(string(raw), "call\n")
}

func tarball(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, member := range []struct{ name, content string }{{"package/index.js", "module.exports = 0"}, {name, libraryContent}} {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: member.name, Mode: 0o644, Size: int64(len(member.content)), Typeflag: tar.TypeReg}))
		_, err := archive.Write([]byte(member.content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, zipped.Close())
	return out.Bytes()
}

func integrity(content []byte) string {
	sum := sha512.Sum512(content)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// testFetcher fetches into dir what the registry serves.
func testFetcher(t *testing.T, dir string) *fetcher {
	t.Helper()
	return &fetcher{
		pkg:    enginePackage{name: "@test/lib", integrity: integrity(tarball(t, "package/"+libraryName)), tarball: 1000, unpacked: 2000},
		dir:    dir,
		report: func(Progress) {},
		free:   func(string) (uint64, error) { return 1 << 40, nil },
	}
}

func requireFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	require.ElementsMatch(t, want, names)
}

func TestFetchOnceAndReport(t *testing.T) {
	r := newRegistry(t, serving)
	f := testFetcher(t, filepath.Join(t.TempDir(), "cache"))
	var stages []Stage
	var last Progress
	f.report = func(p Progress) {
		if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
			stages = append(stages, p.Stage)
		}
		last = p
	}
	for range 2 {
		path, err := f.ensure(context.Background())
		require.NoError(t, err)
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, libraryContent, string(raw))
	}
	require.Equal(t, 1, r.calls(t))
	require.Equal(t, []Stage{StageDownload, StageVerify, StageUnpack}, stages)
	require.Equal(t, Progress{Stage: StageUnpack, Done: int64(len(libraryContent)), Total: int64(len(libraryContent))}, last)
	requireFiles(t, f.dir, libraryName, "fetch.lock")
}

func TestFetchOnceForManyAtATime(t *testing.T) {
	r := newRegistry(t, serving)
	dir := filepath.Join(t.TempDir(), "cache")
	var wg sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		f := testFetcher(t, dir)
		wg.Go(func() { _, errs[i] = f.ensure(context.Background()) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, r.calls(t))
}

func TestFetchWaitsForAnother(t *testing.T) {
	newRegistry(t, serving)
	f := testFetcher(t, t.TempDir())
	waiting := make(chan struct{}, 1)
	f.report = func(p Progress) {
		if p.Stage == StageWait {
			waiting <- struct{}{}
		}
	}
	holder, err := takeLock(filepath.Join(f.dir, "fetch.lock"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { _, err := f.ensure(ctx); done <- err }()
	<-waiting
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, holder.Close())
	_, err = f.ensure(context.Background())
	require.NoError(t, err)
}

func TestFetchClearsWhatAKilledOneLeft(t *testing.T) {
	newRegistry(t, serving)
	f := testFetcher(t, t.TempDir())
	left := filepath.Join(f.dir, "fetching")
	require.NoError(t, os.Mkdir(left, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(left, libraryName), []byte("half a libr"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(left, "old.tgz"), nil, 0o600))
	path, err := f.ensure(context.Background())
	require.NoError(t, err)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, libraryContent, string(raw))
}

func TestFetchRefusesWrongChecksum(t *testing.T) {
	r := newRegistry(t, serving)
	f := testFetcher(t, t.TempDir())
	r.serve(t, tarball(t, "package/other"))
	_, err := f.ensure(context.Background())
	require.ErrorIs(t, err, errChecksum)
	require.ErrorContains(t, err, f.pkg.integrity)
	requireFiles(t, f.dir, "fetch.lock")
}

func TestFetchRefusesTarballWithoutLibrary(t *testing.T) {
	r := newRegistry(t, serving)
	f := testFetcher(t, t.TempDir())
	for name, content := range map[string][]byte{"no library": tarball(t, "package/other"), "not gzip": []byte("hello"), "empty": nil} {
		f.pkg.integrity = ""
		r.serve(t, content)
		_, err := f.ensure(context.Background())
		require.ErrorContains(t, err, "unpack", name)
		requireFiles(t, f.dir, "fetch.lock")
	}
}

func TestFetchTellsWhatNpmSaid(t *testing.T) {
	newRegistry(t, `echo "npm error 404 from https://me:secret@registry.example/x" >&2; exit 1`)
	_, err := testFetcher(t, t.TempDir()).ensure(context.Background())
	require.ErrorContains(t, err, "npm error 404 from https://***@registry.example/x")
	require.ErrorContains(t, err, "@test/lib@"+packageVersion)
}

func TestFetchEndsWithItsContext(t *testing.T) {
	r := newRegistry(t, `exec sleep 600`)
	f := testFetcher(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for !isFile(filepath.Join(r.dir, "calls")) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := f.ensure(ctx)
	require.ErrorIs(t, err, context.Canceled)
	requireFiles(t, f.dir, "fetch.lock")
}

func TestFetchNeedsSpace(t *testing.T) {
	newRegistry(t, serving)
	f := testFetcher(t, t.TempDir())
	f.pkg.tarball, f.pkg.unpacked = 178_000_000, 566_000_000
	f.free = func(string) (uint64, error) { return 300_000_000, nil }
	_, err := f.ensure(context.Background())
	require.ErrorContains(t, err, "takes 922 MB of disk")
	require.ErrorContains(t, err, "300 MB are free")
	require.ErrorContains(t, err, "ERRATA_CACHE_DIR")
	free, err := freeBytes(f.dir)
	require.NoError(t, err)
	require.NotZero(t, free)
}

func TestNoEngineSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := OpenClickHouse(context.Background(), Options{DataDir: t.TempDir(), CacheDir: t.TempDir()})
	require.ErrorIs(t, err, ErrUnavailable)
	for _, part := range []string{
		"there is no `clickhouse` on PATH", "npm, which fetches the library, is not on PATH",
		"put a `clickhouse` binary (26.6 or newer) on PATH", "--clickhouse URL", "docker compose up",
	} {
		require.ErrorContains(t, err, part)
	}
}

func TestOldBinaryIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for output, want := range map[string]string{
		"echo ClickHouse local version 25.8.1.1": "25.8.1.1, older than 26.6",
		"echo what":                              "does not tell its version",
		"exit 1":                                 "does not tell its version",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "clickhouse"), []byte("#!/bin/sh\n"+output+"\n"), 0o700))
		_, err := OpenClickHouse(context.Background(), Options{DataDir: t.TempDir(), CacheDir: t.TempDir()})
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, want)
	}
}

func TestCacheRoot(t *testing.T) {
	t.Setenv("ERRATA_CACHE_DIR", "/from/environment")
	root, err := cacheRoot(Options{CacheDir: "/from/options"})
	require.NoError(t, err)
	require.Equal(t, "/from/options", root)
	root, err = cacheRoot(Options{})
	require.NoError(t, err)
	require.Equal(t, "/from/environment", root)
	t.Setenv("ERRATA_CACHE_DIR", "")
	root, err = cacheRoot(Options{})
	require.NoError(t, err)
	require.Equal(t, "errata", filepath.Base(root))
}

func TestEveryPackageIsPinnedToOneVersion(t *testing.T) {
	require.Len(t, enginePackages, 4)
	require.NotEmpty(t, enginePackages["linux/amd64"].integrity)
	for platform, pkg := range enginePackages {
		require.True(t, strings.HasPrefix(pkg.name, "@chdb/lib-"), platform)
		require.Positive(t, pkg.tarball, platform)
		require.Positive(t, pkg.unpacked, platform)
	}
}
