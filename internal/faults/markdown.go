package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// result is what came of one trial.
type result struct {
	fault   fault
	seed    uint64 // repeats it, as -seed
	without string // the rule that the build lacked; "" in earnest
	figures figures
	verdict error
}

// writeTable writes the results where the options want them.
func (h *harness) writeTable() error {
	if h.options.table == "" {
		return nil
	}
	if err := os.WriteFile(h.options.table, h.markdown(), 0o644); err != nil { //nolint:gosec // it is for everyone to read
		return fmt.Errorf("results: %w", err)
	}
	return nil
}

// markdown is the results as a table, in the order of the matrix.
func (h *harness) markdown() []byte {
	var b bytes.Buffer
	line(&b, "fault", "what happens", "seed", "strikes", "records", "gaps", "healed, s", "memory, MB", "took, s", "verdict")
	line(&b, "---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "---")
	order := matrix()
	place := func(r result) int {
		return slices.IndexFunc(order, func(f fault) bool { return f.String() == r.fault.String() })
	}
	slices.SortStableFunc(h.results, func(a, b result) int { return place(a) - place(b) })
	for _, r := range h.results {
		f, what := r.figures, r.fault.what
		if r.without != "" {
			what = "without the rule “" + r.without + "”: " + what
		}
		line(&b, r.fault.String(), what, r.seed, f.rounds, f.records, f.gaps, inSeconds(f.healed), f.memory>>20, inSeconds(f.took), r.said())
	}
	return b.Bytes()
}

// said is the verdict in a cell. A build that lacks a rule has to fail.
func (r result) said() string {
	switch {
	case r.without != "":
		return "noticed"
	case r.verdict == nil:
		return "pass"
	}
	first, _, _ := strings.Cut(r.verdict.Error(), "\n")
	return "**failed**: " + strings.ReplaceAll(first, "|", "\\|")
}

func line(b *bytes.Buffer, cells ...any) {
	for _, cell := range cells {
		fmt.Fprintf(b, "| %v ", cell)
	}
	b.WriteString("|\n")
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
