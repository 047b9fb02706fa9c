package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	conditions := []func(context.Context, *trial, func() error) error{allWell, started(withoutClickHouse), started(withSilence), started(withoutBroker)}
	for range t.rounds(1, 5) {
		for _, i := range t.rng.Perm(len(conditions)) {
			if err := t.progress(ctx, healLimit); err != nil {
				return err
			}
			t.strike()
			victim := t.rng.IntN(2)
			twice := t.rng.IntN(2) == 0
			end := func() error { return t.terminate(ctx, t.member(victim), twice) }
			if err := t.withoutGhost(ctx, victim, func() error { return conditions[i](ctx, t, end) }); err != nil {
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

// started waits until all ingesters have reached their servers: one that does not find them when it starts gives
// up at once, as it should.
func started(condition func(context.Context, *trial, func() error) error) func(context.Context, *trial, func() error) error {
	return func(ctx context.Context, t *trial, end func() error) error {
		if err := t.awaitReady(ctx, healLimit); err != nil {
			return err
		}
		return condition(ctx, t, end)
	}
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

func withoutBroker(_ context.Context, t *trial, end func() error) error {
	t.broker.run.signal(syscall.SIGSTOP)
	defer t.broker.run.signal(syscall.SIGCONT)
	return end()
}

// withoutGhost starts the broker anew if member n has ended while it waited to join. Other than Kafka, the broker
// process never expires a member to which it could not send its answer; after a restart it does.
func (t *trial) withoutGhost(ctx context.Context, n int, end func() error) error {
	log := filepath.Join(t.dir, fmt.Sprintf("ingester-%d.log", n))
	before, err := occurrences(log, endedJoining)
	if err != nil {
		return err
	}
	if err := end(); err != nil {
		return err
	}
	after, err := occurrences(log, endedJoining)
	if err != nil || after == before {
		return err
	}
	return t.broker.crash(ctx, 0)
}

// endedJoining is what an ingester says that ends in the middle of joining.
const endedJoining = "ended without waiting for the group"

func occurrences(file, text string) (int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	return bytes.Count(content, []byte(text)), nil
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
