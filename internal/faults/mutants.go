package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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

// runMutants removes one rule after the other, a lane each. It fails if no fault notices.
func (h *harness) runMutants(ctx context.Context, all []mutant) error {
	if len(all) == 0 {
		return errNothing
	}
	h.say("seed %d, evidence in %s", h.options.seed, h.dir)
	h.binaries = binaries{ingest: h.options.ingest}
	if h.binaries.ingest == "" {
		h.binaries.ingest = filepath.Join(h.dir, "bin", "ingest")
		if err := build(ctx, h.binaries.ingest, "v0.0.0-mutant", "faultpoints,mutant"); err != nil {
			return err
		}
	}
	lanes, ctx := errgroup.WithContext(ctx)
	lanes.SetLimit(h.options.lanes)
	for _, m := range all {
		lanes.Go(func() error { return h.tryMutant(ctx, m) })
	}
	if err := lanes.Wait(); err != nil {
		return err
	}
	if len(h.failed) > 0 {
		return fmt.Errorf("not noticed: the lack of %s", strings.Join(h.failed, ", "))
	}
	return nil
}

// tryMutant tries the faults until one of them notices that the rule is not there.
func (h *harness) tryMutant(ctx context.Context, m mutant) error {
	faults, err := choose(matrix(), m.faults)
	if err != nil {
		return err
	}
	for try := range uint64(mutantTries) {
		for _, f := range faults {
			noticed, err := h.tryMutantOnce(ctx, m, f, h.options.seed+try)
			if noticed || err != nil {
				return err
			}
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = append(h.failed, m.rule.String())
	return nil
}

// tryMutantOnce runs one trial. Only wrong rows count as noticed: a mutant that stalls shows nothing.
func (h *harness) tryMutantOnce(ctx context.Context, m mutant, f fault, seed uint64) (noticed bool, err error) {
	t, err := h.prepare(f, nil, seed)
	if err != nil {
		return false, err
	}
	t.env = []string{mutantEnv + "=" + m.rule.String()}
	verdict := t.run(ctx)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	noticed = errors.Is(verdict, errRows)
	outcome := "missed"
	if noticed {
		outcome = "noticed"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.say("%-8s without %q, %s, seed %d, took %s: %v", outcome, m.rule, f, seed, t.figures.took.Round(100*time.Millisecond), verdict)
	if noticed {
		h.results = append(h.results, result{fault: f, seed: seed, without: m.rule.String(), figures: t.figures, verdict: verdict})
	}
	return noticed, nil
}
