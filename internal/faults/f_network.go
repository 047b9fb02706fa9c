package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// networkFaults are F7 and F8, and the slow part of F9: what happens between the ingester and ClickHouse.
func networkFaults() []fault {
	return []fault{
		{id: "F7", name: "answer", what: "the connection is cut after some bytes of the answer to an insert", inject: cutting(cutAnswers, 100)},
		{id: "F7", name: "request", what: "the connection is cut in the middle of an insert", inject: cutting(cutRequests, 12_000)},
		{id: "F8", name: "silence", what: "the network goes silent, and no connection hears of it", inject: silence},
		{id: "F8", name: "asleep", what: "ClickHouse is stopped and goes on", inject: sleepingClickHouse},
		{id: "F8", name: "late", what: "an insert arrives while its sender has died and another has taken over", members: 1, inject: lateInserts},
		{id: "F9", name: "heavy", what: "an insert goes on in ClickHouse after its sender has died and its grant has ended", members: 1, inject: heavyInserts},
		{id: "F9", name: "slow", what: "the network carries 1 kB a second", inject: slowness},
	}
}

// cutting cuts half of the inserts' connections, each round after another number of bytes below most.
func cutting(kind cutKind, most int) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		for range t.rounds(4, 30) {
			before := t.wire.cutsSoFar()
			t.wire.set(mode{cut: kind, keep: t.rng.IntN(most), chance: chance(t.rng.Uint64(), 50)})
			err := eventually(ctx, healLimit, "an insert is cut", func(context.Context) (bool, error) {
				return t.wire.cutsSoFar() > before, nil
			})
			if err != nil {
				return err
			}
			t.line.note("%d connections cut so far", t.wire.cutsSoFar())
			if err := t.progress(ctx, healLimit); err != nil {
				return err
			}
		}
		t.wire.set(mode{})
		t.figures.rounds = t.wire.cutsSoFar()
		return nil
	}
}

// silence stops the proxy from reading, for longer than a grant lives; what it then still holds arrives late,
// or with every other round never.
func silence(ctx context.Context, t *trial) error {
	for round := range t.rounds(2, 10) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		t.strike()
		t.line.note("the network goes silent")
		t.wire.set(mode{stalled: true})
		if err := pause(ctx, t.between(grantTTL, 3*grantTTL)); err != nil {
			return err
		}
		if round%2 == 1 {
			t.wire.cutAll()
		}
		t.line.note("the network is back")
		t.wire.set(mode{})
	}
	return nil
}

func sleepingClickHouse(ctx context.Context, t *trial) error {
	for range t.rounds(2, 10) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 500*time.Millisecond)); err != nil {
			return err
		}
		t.strike()
		if err := t.engine.signal(syscall.SIGSTOP); err != nil {
			return err
		}
		slept := pause(ctx, t.between(grantTTL/2, 3*grantTTL))
		if err := t.engine.signal(syscall.SIGCONT); err != nil {
			return err
		}
		if slept != nil {
			return slept
		}
	}
	return nil
}

// slowness lets no block of ordinary size arrive before its deadline.
func slowness(ctx context.Context, t *trial) error {
	for range t.rounds(1, 2) {
		t.strike()
		t.line.note("1 kB a second")
		t.wire.set(mode{rate: 1000})
		if err := pause(ctx, t.longOrShort(5*grantTTL, time.Minute)); err != nil {
			return err
		}
		t.wire.set(mode{})
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

// lateInserts has inserts arrive before the end of their grant and after it, in turn.
func lateInserts(ctx context.Context, t *trial) error {
	for round := range t.rounds(4, 20) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		late := t.between(grantTTL/4, grantTTL*3/4)
		if round%2 == 1 {
			late = t.between(grantTTL, 2*grantTTL)
		}
		t.strike()
		if err := t.dieInserting(ctx, late); err != nil {
			return err
		}
	}
	return nil
}

// dieInserting kills the ingester while its insert is on its way, and has another take over at once.
func (t *trial) dieInserting(ctx context.Context, late time.Duration) error {
	before := t.wire.heldSoFar()
	t.wire.set(mode{late: late})
	err := eventually(ctx, healLimit, "an insert is on its way", func(context.Context) (bool, error) {
		return t.wire.heldSoFar() > before, nil
	})
	if err != nil {
		return err
	}
	t.wire.set(mode{}) // what is held back stays so
	t.line.note("an insert is on its way, it will arrive %s late", late)
	return t.replace(ctx, 0)
}

// heavyInserts slows every insert down inside ClickHouse, to longer than a grant lives. A constraint is looked
// at after the defaults, and so after the guard: these inserts are in time, and arrive late.
func heavyInserts(ctx context.Context, t *trial) error {
	for n := range 2 { // a function must not sleep for longer than three seconds at a time
		if err := t.engine.exec(ctx, fmt.Sprintf("ALTER TABLE responses ADD CONSTRAINT heavy%d CHECK sleep(2.9) = 0", n)); err != nil {
			return err
		}
	}
	for range t.rounds(2, 10) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		t.strike()
		if err := t.dieInserting(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	for n := range 2 {
		if err := t.engine.exec(ctx, fmt.Sprintf("ALTER TABLE responses DROP CONSTRAINT heavy%d", n)); err != nil {
			return err
		}
	}
	return nil
}

// chance returns a function that is true in so many of 100 cases, for use from one goroutine at a time.
func chance(seed uint64, percent int) func() bool {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func() bool { return rng.IntN(100) < percent }
}
