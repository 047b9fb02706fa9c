package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// harness runs trials and tells about them.
type harness struct {
	options  options
	out      io.Writer
	dir      string
	binaries binaries

	mu      sync.Mutex
	failed  []string
	results []result
	trials  int // begun; numbers their directories
}

func newHarness(o options, out io.Writer) (*harness, error) {
	dir, err := os.MkdirTemp("", "errata-faults-")
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return &harness{options: o, out: out, dir: dir}, nil
}

// close removes what is no evidence: the binaries, and the directory when nothing is left in it.
func (h *harness) close() error {
	if h.options.keep {
		return nil
	}
	err := os.RemoveAll(filepath.Join(h.dir, "bin"))
	if len(h.failed) == 0 {
		err = errors.Join(err, os.RemoveAll(h.dir))
	}
	return err
}

// runAll runs the chosen faults, those on the real Kafka one after the other on one cluster, and beside them
// the others.
func (h *harness) runAll(ctx context.Context, chosen []fault) error {
	if len(chosen) == 0 {
		return errNothing
	}
	started := time.Now()
	h.say("seed %d, evidence in %s", h.options.seed, h.dir)
	var err error
	if h.binaries, err = h.options.binaries(ctx, filepath.Join(h.dir, "bin")); err != nil {
		return err
	}
	var onCluster []fault
	lanes, ctx := errgroup.WithContext(ctx)
	lanes.SetLimit(h.options.lanes)
	for _, f := range chosen {
		if f.realKafka {
			onCluster = append(onCluster, f)
		}
	}
	if len(onCluster) > 0 {
		lanes.Go(func() error { return h.runOnCluster(ctx, onCluster) })
	}
	for _, f := range chosen {
		if !f.realKafka {
			lanes.Go(func() error { return h.try(ctx, f, nil) })
		}
	}
	if err := lanes.Wait(); err != nil {
		return err
	}
	h.say("%d faults in %s, %d failed (seed %d)", len(chosen), time.Since(started).Round(time.Second), len(h.failed), h.options.seed)
	return h.outcome(chosen)
}

// errNothing keeps a run that has tried nothing from passing.
var errNothing = errors.New("there is no fault to try")

// outcome is an error unless every chosen fault has been tried and has passed.
func (h *harness) outcome(chosen []fault) error {
	switch {
	case len(h.failed) > 0:
		return fmt.Errorf("failed: %s", strings.Join(h.failed, ", "))
	case len(h.results) != len(chosen):
		return fmt.Errorf("%d faults were tried, want %d", len(h.results), len(chosen))
	}
	return nil
}

func (h *harness) runOnCluster(ctx context.Context, faults []fault) (err error) {
	c, err := startCluster(ctx, filepath.Join(h.dir, "kafka"))
	if err != nil {
		return err
	}
	defer c.close()
	for _, f := range faults {
		if err := errors.Join(h.try(ctx, f, c), c.mend(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// try runs one trial and prints its outcome. Only what keeps it from telling an outcome is an error.
func (h *harness) try(ctx context.Context, f fault, c *cluster) error {
	t, err := h.prepare(f, c, h.options.seed)
	if err != nil {
		return err
	}
	verdict := t.run(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return h.report(t, verdict)
}

func (h *harness) prepare(f fault, c *cluster, seed uint64) (*trial, error) {
	h.mu.Lock()
	h.trials++
	n := h.trials
	h.mu.Unlock()
	t, err := newTrial(f, seedOf(f, seed), filepath.Join(h.dir, fmt.Sprintf("%02d-%s", n, strings.ReplaceAll(f.String(), "/", "-"))))
	if err != nil {
		return nil, err
	}
	t.short, t.cluster = h.options.short, c
	t.topic = fmt.Sprintf("%s-%d", strings.ToLower(f.id), n) // without the words that a halted ingester has to say
	t.binary, t.other = h.binaries.ingest, h.binaries.other
	if c != nil {
		c.watch(t.line)
	}
	return t, nil
}

// seedOf gives each fault a seed of its own, which does not depend on what else is run.
func seedOf(f fault, seed uint64) uint64 {
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, f.String()) //nolint:errcheck // a hash takes everything
	return seed ^ sum.Sum64()
}

// report prints what came of a trial, and keeps or removes its directory.
func (h *harness) report(t *trial, verdict error) error {
	f := t.figures
	outcome := "ok"
	if verdict != nil {
		outcome = "FAILED"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.results = append(h.results, result{fault: t.fault, seed: h.options.seed, figures: f, verdict: verdict})
	h.say("%-6s %-18s seed %d: %d rounds, %d records, %d gaps (%d records), healed in %s, at most %d MB, took %s", outcome, t.fault,
		h.options.seed, f.rounds, f.records, f.gaps, f.excused, f.healed.Round(10*time.Millisecond), f.memory>>20, f.took.Round(100*time.Millisecond))
	if verdict == nil {
		if h.options.keep {
			return nil
		}
		return os.RemoveAll(t.dir)
	}
	h.failed = append(h.failed, t.fault.String())
	h.explain(t, verdict)
	return nil
}

// explain prints the end of the timeline and of the logs of a trial that failed.
func (h *harness) explain(t *trial, verdict error) {
	h.say("  %v\n  evidence: %s\n  timeline:", verdict, t.dir)
	for _, line := range t.line.tail(25) {
		h.say("    %s", line)
	}
	names, err := t.logs()
	if err != nil {
		h.say("  %v", err)
	}
	for _, name := range names {
		h.say("  %s:", filepath.Base(name))
		for _, line := range lastLines(name, 12) {
			h.say("    %s", line)
		}
	}
}

// lastLines returns the last n lines of a file but those of level debug.
func lastLines(name string, n int) []string {
	text, err := os.ReadFile(name)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, []byte(`"level":"debug"`)) {
			lines = append(lines, strings.TrimRight(string(line), "\n"))
		}
	}
	return lines[max(0, len(lines)-n):]
}

func (h *harness) say(format string, args ...any) {
	if _, err := fmt.Fprintf(h.out, format+"\n", args...); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
	}
}
