package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// plan is the first twenty moments that a trial draws from its seed.
func plan(t *testing.T, f fault, seed uint64) []time.Duration {
	t.Helper()
	tr, err := newTrial(f, seedOf(f, seed), filepath.Join(t.TempDir(), "trial"))
	require.NoError(t, err)
	defer func() { require.NoError(t, tr.line.close()) }()
	var drawn []time.Duration
	for range 20 {
		drawn = append(drawn, tr.between(0, time.Minute))
	}
	return drawn
}

func TestSeedRepeatsThePlan(t *testing.T) {
	f, other := fault{id: "F1", name: "kill"}, fault{id: "F6", name: "kill"}
	require.Equal(t, plan(t, f, 7), plan(t, f, 7))
	require.NotEqual(t, plan(t, f, 7), plan(t, f, 8), "another seed")
	require.NotEqual(t, plan(t, f, 7), plan(t, other, 7), "another fault of the same run")
}

func TestSeedOfTheRun(t *testing.T) {
	o, err := parseFlags([]string{"-seed", "42"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, uint64(42), o.seed)
	drawn, err := parseFlags(nil, io.Discard)
	require.NoError(t, err)
	require.NotZero(t, drawn.seed, "a run without a seed draws one, to show it")
}

func TestEveryFaultHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range matrix() {
		require.False(t, seen[f.String()], f)
		require.NotEmpty(t, f.what, f)
		require.NotNil(t, f.inject, f)
		seen[f.String()] = true
	}
	for _, id := range []string{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F14", "F16", "F17", "F19"} {
		_, err := choose(matrix(), []string{id})
		require.NoError(t, err)
	}
}

func TestEveryMutantHasItsFault(t *testing.T) {
	for _, m := range mutants() {
		require.NotEmpty(t, m.faults, m.rule)
		_, err := choose(matrix(), m.faults)
		require.NoError(t, err, m.rule)
	}
}

func TestChoose(t *testing.T) {
	all := []fault{{id: "F1", name: "a"}, {id: "F1", name: "b"}, {id: "F10", name: "c"}}
	some, err := choose(all, []string{"f1"})
	require.NoError(t, err)
	require.Len(t, some, 2, "F10 is not F1")
	some, err = choose(all, []string{"F10/c", "F1/b"})
	require.NoError(t, err)
	require.Equal(t, []string{"F10/c", "F1/b"}, []string{some[0].String(), some[1].String()})
	_, err = choose(all, []string{"F1", "F99"})
	require.ErrorIs(t, err, errUsage)
}

func TestNothingTriedIsNoSuccess(t *testing.T) {
	h := &harness{out: io.Discard}
	require.ErrorIs(t, h.runAll(context.Background(), nil), errNothing)
	require.ErrorIs(t, h.runMutants(context.Background(), nil), errNothing)
	require.Error(t, h.outcome([]fault{{id: "F1", name: "kill"}}), "chosen and not tried")
}

// ended is a trial of which only the report is left to be made.
func ended(t *testing.T, f fault) *trial {
	t.Helper()
	tr, err := newTrial(f, 1, filepath.Join(t.TempDir(), "trial"))
	require.NoError(t, err)
	tr.line.note("the last thing that was done")
	require.NoError(t, os.WriteFile(filepath.Join(tr.dir, "ingester-0.log"), []byte("{\"level\":\"warn\",\"message\":\"the last words\"}\n"), 0o600))
	require.NoError(t, tr.line.close())
	return tr
}

func TestFailureIsToldWithItsEvidence(t *testing.T) {
	var out bytes.Buffer
	h := &harness{out: &out, options: options{seed: 4711}}
	f := fault{id: "F1", name: "kill"}
	tr := ended(t, f)
	require.NoError(t, h.report(tr, errors.New("a row is missing")))
	for _, want := range []string{"FAILED", "F1/kill", "seed 4711", "a row is missing", tr.dir, "the last thing that was done", "the last words"} {
		require.Contains(t, out.String(), want)
	}
	require.ErrorContains(t, h.outcome([]fault{f}), "F1/kill")
	require.DirExists(t, tr.dir, "the evidence stays")
}

func TestSuccessLeavesNothingBehind(t *testing.T) {
	h := &harness{out: io.Discard}
	f := fault{id: "F1", name: "kill"}
	tr := ended(t, f)
	require.NoError(t, h.report(tr, nil))
	require.NoError(t, h.outcome([]fault{f}))
	require.NoDirExists(t, tr.dir)
}

func TestMarkdown(t *testing.T) {
	h := &harness{results: []result{
		{fault: fault{id: "F6", name: "kill", what: "killed"}, seed: 9, verdict: errors.New("a | b\nmore")},
		{fault: fault{id: "F1", name: "kill", what: "killed"}, seed: 9, figures: figures{rounds: 300, records: 12, memory: 5 << 20, took: 1500 * time.Millisecond}},
		{fault: fault{id: "F2", name: "granted", what: "stopped"}, seed: 10, without: "guard", verdict: errRows},
	}}
	lines := strings.Split(strings.TrimSpace(string(h.markdown())), "\n")
	require.Len(t, lines, 5)
	require.Equal(t, "| F1/kill | killed | 9 | 300 | 12 | 0 | 0.0 | 5 | 1.5 | pass |", lines[2])
	require.Contains(t, lines[3], "without the rule “guard”")
	require.Contains(t, lines[3], "| noticed |")
	require.Contains(t, lines[4], `**failed**: a \| b |`)
	columns := slices.Collect(func(yield func(int) bool) {
		for _, line := range lines {
			if !yield(strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")) {
				return
			}
		}
	})
	require.Equal(t, slices.Repeat(columns[:1], len(lines)), columns, "every row has as many cells as the head")
}
