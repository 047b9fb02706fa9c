package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/errata-dev/errata/internal/freeport"
)

// ingester is one process of `ingest run`. What is started anew in its place writes to the same log.
type ingester struct {
	*process
	address string // of /metrics and /readyz
}

// launchIngester starts member n of the trial's group. env is what is set beside the harness's environment.
func (t *trial) launchIngester(n int, env ...string) error {
	port, err := freeport.Next()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("ingester-%d", n)
	in := &ingester{address: "127.0.0.1:" + port}
	cmd := exec.Command(t.binary, t.arguments(in.address)...)
	cmd.Env = append(cmd.Environ(), env...)
	cmd.Env = append(cmd.Env, t.env...)
	if in.process, err = launch(t.line, name, filepath.Join(t.dir, name+".log"), cmd); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.ingesters) <= n {
		t.ingesters = append(t.ingesters, nil)
	}
	t.ingesters[n] = in
	return nil
}

func (t *trial) arguments(listen string) []string {
	return slices.Concat([]string{
		"run", "--brokers", strings.Join(t.kafka.addrs, ","), "--topic", t.topic, "--group", t.group, "--source", t.source,
		"--clickhouse", t.clickhouse, "--listen", listen, "--log-format", "json", "--log-level", "debug",
		"--grant-ttl", grantTTL.String(), "--block-age", "200ms", "--block-rows", "2000",
	}, t.fault.flags, t.flags)
}

// unasked is an error if an ingester has ended by itself.
func (t *trial) unasked() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, in := range t.ingesters {
		if in != nil && !in.alive() && !in.asked.Load() {
			return fmt.Errorf("%w: %s (pid %d) has ended by itself: %v", errHopeless, in.name, in.pid(), in.cmd.ProcessState)
		}
	}
	return nil
}

// running are the ingesters that live.
func (t *trial) running() []*ingester {
	t.mu.Lock()
	defer t.mu.Unlock()
	var alive []*ingester
	for _, in := range t.ingesters {
		if in != nil && in.alive() {
			alive = append(alive, in)
		}
	}
	return alive
}

// member returns the process that is member n just now.
func (t *trial) member(n int) *ingester {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ingesters[n]
}

// get asks the ingester's listener.
func (in *ingester) get(ctx context.Context, path string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+in.address+path, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read, or the error is known
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(text)), err
}

// awaitUnready waits until a living ingester says that it is not ready, for a reason that contains one of the
// words if there are any.
func (t *trial) awaitUnready(ctx context.Context, limit time.Duration, words ...string) error {
	seen := ""
	err := eventually(ctx, limit, "an ingester says that it is not ready "+strings.Join(words, " or "), func(ctx context.Context) (bool, error) {
		if err := t.unasked(); err != nil {
			return false, err
		}
		for _, in := range t.running() {
			status, reason, err := in.get(ctx, "/readyz")
			if err != nil || status != http.StatusServiceUnavailable {
				continue
			}
			seen = reason
			if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(reason, w) }) {
				t.line.note("%s is not ready: %s", in.name, reason)
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil && seen != "" {
		return fmt.Errorf("%w; it said: %s", err, seen)
	}
	return err
}

// awaitReady waits until all living ingesters are ready.
func (t *trial) awaitReady(ctx context.Context, limit time.Duration) error {
	return eventually(ctx, limit, "all ingesters are ready", func(ctx context.Context) (bool, error) {
		for _, in := range t.running() {
			status, reason, err := in.get(ctx, "/readyz")
			if err != nil {
				return false, err
			}
			if status != http.StatusOK {
				return false, fmt.Errorf("%s: %s", in.name, reason)
			}
		}
		return true, nil
	})
}

// stopLimit is how long an ingester may take to end after SIGTERM.
const stopLimit = 30 * time.Second

// end sends SIGTERM and demands exit code 0 in time. A member that has been killed has ended already.
func (in *ingester) end() error {
	if !in.alive() {
		return nil
	}
	in.signal(syscall.SIGTERM)
	return in.endsWell()
}

// endsWell waits for the end that was asked for.
func (in *ingester) endsWell() error {
	asked := time.Now()
	code, err := in.await(stopLimit)
	if err != nil {
		return err
	}
	in.line.note("%s (pid %d) ended with %d after %s", in.name, in.pid(), code, time.Since(asked).Round(time.Millisecond))
	if code != 0 {
		return fmt.Errorf("%s (pid %d): exit code %d after SIGTERM, want 0", in.name, in.pid(), code)
	}
	return nil
}

// endAll ends all ingesters at once.
func (t *trial) endAll() error {
	living := t.running()
	results := make(chan error, len(living))
	for _, in := range living {
		go func() { results <- in.end() }()
	}
	var first error
	for range living {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}
