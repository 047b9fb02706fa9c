package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/errata-dev/errata/pipeline/grant"
)

// mutant is a build without one rule of the protocol, and the faults of which at least one must notice.
type mutant struct {
	rule   grant.Rule
	faults []string
}

// mutantEnv names the rule to a build with the tag mutant.
const mutantEnv = "ERRATA_MUTANT"

func mutants() []mutant {
	return []mutant{
		{grant.GrantFirst, []string{"F2/granted"}},
		{grant.GrantDeadline, []string{"F2/granted"}},
		{grant.AwaitDeadline, []string{"F2/granted"}},
		{grant.AwaitEnd, []string{"F9/heavy"}},
		{grant.ReadBack, []string{"F7/answer"}},
		{grant.Guard, []string{"F2/granted"}},
		{grant.Fence, []string{"F2/ungranted"}},
	}
}

// mutantTries is how often a mutant may get away: whether it is noticed is a matter of timing.
const mutantTries = 3

// runMutants removes one rule after the other. It fails if no fault notices.
func (h *harness) runMutants(ctx context.Context) error {
	h.say("seed %d, evidence in %s", h.options.seed, h.dir)
	h.binaries = binaries{ingest: h.options.ingest}
	if h.binaries.ingest == "" {
		h.binaries.ingest = filepath.Join(h.dir, "bin", "ingest")
		if err := build(ctx, h.binaries.ingest, "v0.0.0-mutant", "faultpoints,mutant"); err != nil {
			return err
		}
	}
	var unnoticed []string
	for _, m := range mutants() {
		noticed, err := h.tryMutant(ctx, m)
		if err != nil {
			return err
		}
		if !noticed {
			unnoticed = append(unnoticed, m.rule.String())
		}
	}
	if len(unnoticed) > 0 {
		return fmt.Errorf("not noticed: the lack of %s", strings.Join(unnoticed, ", "))
	}
	return nil
}

func (h *harness) tryMutant(ctx context.Context, m mutant) (noticed bool, err error) {
	faults, err := choose(matrix(), m.faults)
	if err != nil {
		return false, err
	}
	for try := range mutantTries {
		for _, f := range faults {
			t, err := h.prepare(f, nil)
			if err != nil {
				return false, err
			}
			t.env = []string{mutantEnv + "=" + m.rule.String()}
			verdict := t.run(ctx)
			if ctx.Err() != nil {
				return false, context.Cause(ctx)
			}
			if errors.Is(verdict, errRows) {
				h.say("noticed  without %q, %s, try %d, seed %d: %v", m.rule, f, try+1, h.options.seed, verdict)
				return true, nil
			}
			h.say("missed   without %q, %s, try %d, seed %d: %v", m.rule, f, try+1, h.options.seed, verdict)
		}
		h.options.seed++
	}
	return false, nil
}
