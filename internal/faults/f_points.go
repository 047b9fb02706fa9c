package main

import (
	"context"
	"fmt"
	"syscall"
)

// point is a place of the protocol at which a build with the tag faultpoints can be made to fail.
type point struct {
	name    string
	provoke func(ctx context.Context, t *trial) error // makes the ingester pass it; nil = it does so anyway
}

// pointEnv names the point, what happens there and the how manieth time.
const pointEnv = "ERRATA_FAULTPOINT"

func points() []point {
	return []point{
		{"fetched", nil},
		{"cut", nil},
		{"before-grant", nil},
		{"granted", nil},
		{"inserting", nil},
		{"insert-sent", nil},
		{"acked", nil},
		{"before-readback", cutEvery(cutAnswers)},
		{"mid-repair", cutEvery(cutRequests)},
		{"revoked", anotherMember},
		{"shutdown", terminateFirst},
	}
}

// exitAtPoints has the ingester exit at each point, whenever it is there for the first to third time.
func exitAtPoints(ctx context.Context, t *trial) error {
	for range t.rounds(1, 5) {
		for _, p := range points() {
			if err := t.exitAt(ctx, p); err != nil {
				return fmt.Errorf("point %s: %w", p.name, err)
			}
		}
	}
	return nil
}

func (t *trial) exitAt(ctx context.Context, p point) error {
	nth := 1
	if p.provoke == nil {
		nth += t.rng.IntN(3)
	}
	if err := t.replace(ctx, 0, fmt.Sprintf("%s=%s:exit:%d", pointEnv, p.name, nth)); err != nil {
		return err
	}
	in := t.member(0)
	in.asked.Store(true)
	if p.provoke != nil {
		if err := p.provoke(ctx, t); err != nil {
			return err
		}
	}
	_, err := in.await(healLimit)
	t.wire.set(mode{})
	if err != nil {
		return fmt.Errorf("not reached: %w", err)
	}
	if status := in.cmd.ProcessState; status.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("not reached: %s ended: %v", in.name, status)
	}
	t.strike()
	t.line.note("%s reached", p.name)
	for _, other := range t.running() {
		other.kill()
	}
	if err := t.replace(ctx, 0); err != nil {
		return err
	}
	return t.progress(ctx, healLimit)
}

// cutEvery cuts every insert until the point is reached.
func cutEvery(kind cutKind) func(context.Context, *trial) error {
	return func(_ context.Context, t *trial) error {
		t.wire.set(mode{cut: kind, keep: 10})
		return nil
	}
}

// anotherMember joins, so that partitions are revoked.
func anotherMember(ctx context.Context, t *trial) error {
	if err := t.joined(ctx); err != nil {
		return err
	}
	return t.launchIngester(1)
}

func terminateFirst(ctx context.Context, t *trial) error {
	if err := t.joined(ctx); err != nil {
		return err
	}
	t.member(0).signal(syscall.SIGTERM)
	return nil
}

// joined waits until the member itself has joined and made progress, whatever its predecessor made.
func (t *trial) joined(ctx context.Context) error {
	if err := t.awaitReady(ctx, healLimit); err != nil {
		return err
	}
	return t.progress(ctx, healLimit)
}
