//go:build !noembedded && (linux || darwin)

package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

const (
	packageVersion = "26.7.3-stable.1"
	libraryVersion = "26.7.2.1" // the ClickHouse inside that package
	libraryName    = "libchdb.so"
)

// enginePackage is a published package that holds the library.
type enginePackage struct {
	name      string
	integrity string // Subresource Integrity of the tarball; empty = rely on npm's own check
	tarball   int64  // bytes, about
	unpacked  int64  // bytes, about
}

// enginePackages by GOOS/GOARCH. Only linux/amd64 has been tested and has a pinned checksum; the others rest on npm's own integrity
// check, and their sizes are those of linux/amd64.
var enginePackages = map[string]enginePackage{
	"linux/amd64": {
		name:      "@chdb/lib-linux-x64-gnu",
		integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		tarball:   177_817_999,
		unpacked:  566_330_096,
	},
	"linux/arm64":  {name: "@chdb/lib-linux-arm64-gnu", tarball: 177_817_999, unpacked: 566_330_096},
	"darwin/arm64": {name: "@chdb/lib-darwin-arm64", tarball: 177_817_999, unpacked: 566_330_096},
	"darwin/amd64": {name: "@chdb/lib-darwin-x64", tarball: 177_817_999, unpacked: 566_330_096},
}

// fetcher brings the library into the cache that all errata processes of a user share.
type fetcher struct {
	pkg    enginePackage
	dir    string // of this version and platform
	report func(Progress)
	free   func(dir string) (uint64, error) // bytes left for this user on the file system of dir
}

func newFetcher(o Options) (*fetcher, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	pkg, ok := enginePackages[platform]
	if !ok {
		return nil, fmt.Errorf("there is no library for %s", platform)
	}
	if !hasLibc() {
		return nil, errors.New("the library needs glibc, this system has another C library")
	}
	root, err := cacheRoot(o)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, "engine", packageVersion, runtime.GOOS+"-"+runtime.GOARCH)
	return &fetcher{pkg: pkg, dir: dir, report: o.report, free: freeBytes}, nil
}

// ensure returns the path of the library; at first use it fetches it, one process at a time.
func (f *fetcher) ensure(ctx context.Context) (string, error) {
	library := filepath.Join(f.dir, libraryName)
	if isFile(library) {
		return library, nil
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return "", fmt.Errorf("engine cache: %w", err)
	}
	lock := flock.New(filepath.Join(f.dir, "fetch.lock"), flock.SetPermissions(0o600))
	if mine, err := lock.TryLock(); err == nil && !mine {
		f.report(Progress{Stage: StageWait})
	}
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", lockError(lock.Path(), err)
	}
	var err error
	if !isFile(library) { // another process may have been faster
		err = f.fetch(ctx, library)
	}
	return library, errors.Join(err, lock.Close())
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// fetch makes the library appear at its place in one step. The caller holds the lock, so any working directory there is left over.
func (f *fetcher) fetch(ctx context.Context, library string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm, which fetches the library, is not on PATH")
	}
	work := filepath.Join(f.dir, "fetching")
	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("engine cache: %w", err)
	}
	if err := f.checkSpace(); err != nil {
		return err
	}
	if err := os.Mkdir(work, 0o700); err != nil {
		return fmt.Errorf("engine cache: %w", err)
	}
	err = f.fetchInto(ctx, npm, work)
	if err == nil {
		err = os.Rename(filepath.Join(work, libraryName), library)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = f.spaceError(err)
	}
	return errors.Join(err, os.RemoveAll(work))
}

func (f *fetcher) fetchInto(ctx context.Context, npm, work string) error {
	f.report(Progress{Stage: StageDownload, Total: f.pkg.tarball})
	tarball, err := f.pack(ctx, npm, work)
	if err != nil {
		return err
	}
	f.report(Progress{Stage: StageVerify, Total: f.pkg.tarball})
	if err := f.verify(tarball); err != nil {
		return err
	}
	f.report(Progress{Stage: StageVerify, Done: f.pkg.tarball, Total: f.pkg.tarball})
	return f.unpack(ctx, tarball, filepath.Join(work, libraryName))
}

// need is what a fetch takes at its peak: the tarball twice, because npm keeps a copy, and the library.
func (f *fetcher) need() uint64 { return uint64(2*f.pkg.tarball + f.pkg.unpacked) }

func (f *fetcher) checkSpace() error {
	free, err := f.free(f.dir)
	if err != nil {
		return fmt.Errorf("engine cache: %w", err)
	}
	if free < f.need() {
		return f.spaceError(fmt.Errorf("%d MB are free", free/1_000_000))
	}
	return nil
}

func (f *fetcher) spaceError(err error) error {
	return fmt.Errorf("fetching the library takes %d MB of disk below %s (free some, or set ERRATA_CACHE_DIR): %w", f.need()/1_000_000, f.dir, err)
}

func freeBytes(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}

// credentials in a URL, which npm shows in its errors.
var credentials = regexp.MustCompile(`//[^/@\s]+@`)

// pack has npm download the tarball, from the registry that the user has configured, and returns its path.
func (f *fetcher) pack(ctx context.Context, npm, work string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", work, f.pkg.name+"@"+packageVersion)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = work, &stderr, 5*time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("npm pack: %w", ctx.Err())
		}
		text := credentials.ReplaceAllString(strings.TrimSpace(stderr.String()), "//***@")
		return "", fmt.Errorf("npm could not fetch %s@%s: %w: %s", f.pkg.name, packageVersion, err, excerpt(text, 600))
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil {
		return "", fmt.Errorf("npm pack: %w", err)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("npm pack left %d tarballs, want 1", len(found))
	}
	return found[0], nil
}
