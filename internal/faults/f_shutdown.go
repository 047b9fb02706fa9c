package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/errata-dev/errata/pipeline/grant"
)

// shutdownFaults is F16: SIGTERM while other things go wrong.
func shutdownFaults() []fault {
	return []fault{
		{id: "F16", name: "term", what: "SIGTERM once or twice at any moment, also while ClickHouse or the broker does not answer", inject: terminate},
	}
}

// terminate ends one of two ingesters in every condition of the servers, and starts it again.
func terminate(ctx context.Context, t *trial) error {
	conditions := []func(context.Context, *trial, func() error) error{allWell, withoutClickHouse, withSilence, withoutBroker}
	for range t.rounds(1, 5) {
		for _, i := range t.rng.Perm(len(conditions)) {
			if err := t.progress(ctx, healLimit); err != nil {
				return err
			}
			t.strike()
			victim := t.rng.IntN(2)
			twice := t.rng.IntN(2) == 0
			if err := conditions[i](ctx, t, func() error { return t.terminate(ctx, t.member(victim), twice) }); err != nil {
				return err
			}
			if err := t.launchIngester(victim); err != nil {
				return err
			}
		}
	}
	return t.leavesNoGrant(ctx)
}

// terminate sends the signal once more a moment later, if it is to come twice: an impatient operator.
func (t *trial) terminate(ctx context.Context, in *ingester, twice bool) error { //nolint:revive // the seed decides, not a caller
	in.signal(syscall.SIGTERM)
	if twice {
		if err := pause(ctx, t.between(0, 300*time.Millisecond)); err != nil {
			return err
		}
		if in.alive() {
			in.signal(syscall.SIGTERM)
		}
	}
	return in.endsWell()
}

func allWell(_ context.Context, _ *trial, end func() error) error { return end() }

func withoutClickHouse(ctx context.Context, t *trial, end func() error) error {
	if err := t.engine.signal(syscall.SIGKILL); err != nil {
		return err
	}
	ended := end()
	if err := t.engine.restart(ctx); err != nil {
		return err
	}
	return ended
}

func withSilence(_ context.Context, t *trial, end func() error) error {
	t.line.note("the network goes silent")
	t.wire.set(mode{stalled: true})
	defer t.wire.set(mode{})
	return end()
}

// withoutBroker stops the broker and starts it anew: the broker process, other than Kafka, never expires a member
// that has died while it waited to join.
func withoutBroker(ctx context.Context, t *trial, end func() error) error {
	t.broker.run.signal(syscall.SIGSTOP)
	return errors.Join(end(), t.broker.crash(ctx, 0))
}

// leavesNoGrant ends all ingesters in good order when every partition flows again, and looks at what they have
// committed: nothing is in doubt, so that whoever comes next starts at once.
func (t *trial) leavesNoGrant(ctx context.Context) error {
	before, err := t.kafka.commits(ctx, t.group, t.topic)
	if err != nil {
		return err
	}
	if err := t.overtaken(ctx, before); err != nil {
		return err
	}
	if err := t.endAll(); err != nil {
		return err
	}
	commits, err := t.kafka.commits(ctx, t.group, t.topic)
	if err != nil {
		return err
	}
	t.line.note("left behind: %v", commits)
	have, err := readTable(ctx, t.engine.conn, t.source, t.topic)
	if err != nil {
		return err
	}
	if err := settled(commits, have); err != nil {
		return fmt.Errorf("after a stop in good order %w", err)
	}
	return t.launchAll(ctx)
}

// settled is an error if a commit is in doubt, or lags behind the rows.
func settled(commits map[int32]commit, have table) error {
	for partition, c := range commits {
		note, err := grant.ParseNote(c.note)
		switch {
		case err != nil:
			return fmt.Errorf("the note of partition %d cannot be read: %w", partition, err)
		case note.Open:
			return fmt.Errorf("a grant of partition %d is open: %s", partition, c.note)
		}
	}
	for at := range have.rows {
		if at.offset >= commits[at.partition].offset {
			return fmt.Errorf("the row %v is not committed: %v", at, commits)
		}
	}
	return nil
}
