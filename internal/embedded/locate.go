//go:build !noembedded && (linux || darwin)

package embedded

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// backend is the ClickHouse that an engine runs: a library or a binary.
type backend struct {
	library, binary string
	version         version
}

// locate prefers a `clickhouse` binary on PATH that is new enough, else takes the library, fetching it at first use.
func locate(ctx context.Context, o Options) (backend, error) {
	b, reason := onPath(ctx)
	if reason == "" {
		return b, nil
	}
	f, err := newFetcher(o)
	if err != nil {
		return backend{}, &UnavailableError{Reason: reason, Err: err}
	}
	library, err := f.ensure(ctx)
	if err := ctx.Err(); err != nil {
		return backend{}, fmt.Errorf("fetch the engine: %w", err)
	}
	if err != nil {
		return backend{}, &UnavailableError{Reason: reason, Err: err}
	}
	v, err := parseVersion(libraryVersion)
	if err != nil {
		return backend{}, err
	}
	return backend{library: library, version: v}, nil
}

// onPath returns the binary, or the reason why there is none to use.
func onPath(ctx context.Context) (backend, string) {
	path, err := exec.LookPath("clickhouse")
	if err != nil {
		return backend{}, "there is no `clickhouse` on PATH"
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "local", "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return backend{}, fmt.Sprintf("%s does not tell its version (%v)", path, err)
	}
	v, err := parseVersion(string(out))
	if err != nil {
		return backend{}, fmt.Sprintf("%s does not tell its version (%v)", path, err)
	}
	if oldest, err := parseVersion(oldestBinary); err != nil || oldest.newerThan(v) {
		return backend{}, fmt.Sprintf("%s is %s, older than %s", path, v.text, oldestBinary)
	}
	return backend{binary: path, version: v}, ""
}
