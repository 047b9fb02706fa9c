package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// sessionTimeout is after what time without a heartbeat a member of the group counts as dead.
const sessionTimeout = 10 * time.Second

// ingesterFaults are F1 to F3: what happens to the ingesters themselves.
func ingesterFaults() []fault {
	return []fault{
		{id: "F1", name: "kill", what: "the ingester is killed at any moment, and another takes its place at once", members: 1, inject: killOne},
		{id: "F1", name: "points", what: "the ingester exits at every point of the protocol in turn", members: 1, inject: exitAtPoints},
		{id: "F1", name: "pair", what: "one of two ingesters is killed, and the other finds out by the session timeout", inject: killOneOfTwo},
		{id: "F2", name: "zombie", what: "an ingester is stopped for two session timeouts and wakes up when another has its partitions", inject: zombie},
		{id: "F2", name: "ungranted", what: "an ingester is stopped before its grant, and wakes up when another has taken over", members: 1, inject: stopAtPoint("before-grant")},
		{id: "F2", name: "granted", what: "an ingester is stopped between its grant and its insert, and wakes up when another has taken over", members: 1, inject: stopAtPoint("granted")},
		{id: "F2", name: "inserting", what: "an ingester is stopped when its insert is ready to be sent, and wakes up when another has taken over", members: 1, inject: stopAtPoint("inserting")},
		{id: "F3", name: "storm", what: "members join, leave and are killed every second or three", realKafka: true, members: 3, inject: storm},
	}
}

// killOne kills the ingester between two moments of progress. The dead member is removed from the group at
// once, so that the next one starts while what the dead one sent may still be under way.
func killOne(ctx context.Context, t *trial) error {
	for range t.rounds(10, 300) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 600*time.Millisecond)); err != nil {
			return err
		}
		t.strike()
		if err := t.replace(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

// replace kills the only member and starts another in its place.
func (t *trial) replace(ctx context.Context, n int, env ...string) error {
	t.member(n).kill()
	if err := t.expelDead(ctx); err != nil {
		return err
	}
	return t.launchIngester(n, env...)
}

// expelDead empties the group, whose members are all dead.
func (t *trial) expelDead(ctx context.Context) error {
	ids, err := t.kafka.members(ctx, t.group)
	if err != nil || len(ids) == 0 {
		return err
	}
	t.line.note("the dead member leaves the group")
	return t.kafka.expel(ctx, t.group, ids)
}

// killOneOfTwo leaves the finding out to the group.
func killOneOfTwo(ctx context.Context, t *trial) error {
	for range t.rounds(1, 10) {
		if err := t.awaitReady(ctx, healLimit); err != nil { // the coordinator waits for longer for one that dies while it joins
			return err
		}
		victim := t.rng.IntN(2)
		t.strike()
		t.member(victim).kill()
		if err := pause(ctx, t.between(0, sessionTimeout/2)); err != nil {
			return err
		}
		if err := t.launchIngester(victim); err != nil {
			return err
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

// zombie stops one of two ingesters at any moment until the other has delivered from its partitions.
func zombie(ctx context.Context, t *trial) error {
	for range t.rounds(1, 5) {
		if err := pause(ctx, t.between(0, time.Second)); err != nil {
			return err
		}
		t.strike()
		victim := t.member(t.rng.IntN(2))
		victim.signal(syscall.SIGSTOP)
		if err := t.asleep(ctx, victim); err != nil {
			return err
		}
	}
	return nil
}

// asleep waits two session timeouts, makes sure that the rest has gone on, and wakes the victim up.
func (t *trial) asleep(ctx context.Context, victim *ingester) error {
	defer victim.signal(syscall.SIGCONT)
	if err := pause(ctx, 2*sessionTimeout); err != nil {
		return err
	}
	return t.progress(ctx, healLimit)
}

// stopAtPoint has the only ingester stop itself at a point of the protocol. It is expelled, another takes over,
// and the sleeper wakes up in turn as soon as the other has delivered what the sleeper was about to, and at any
// moment. The first is when a late insert would do harm; the second may be in the middle of the taking over.
func stopAtPoint(point string) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		for round := range t.rounds(2, 10) {
			if err := t.endAll(); err != nil {
				return err
			}
			if err := t.launchIngester(0, fmt.Sprintf("%s=%s:stop:%d", pointEnv, point, 3+t.rng.IntN(10))); err != nil {
				return err
			}
			until, sleep := t.overtaken, t.between(0, 2*grantTTL)
			if round%2 == 1 {
				until = func(ctx context.Context, _ map[int32]commit) error { return pause(ctx, sleep) }
			}
			if err := t.outlive(ctx, t.member(0), until); err != nil {
				return err
			}
		}
		return nil
	}
}

// outlive waits until the victim has stopped itself, has another take over, and wakes the victim up. until
// waits for the moment; it gets what the victim has committed.
func (t *trial) outlive(ctx context.Context, victim *ingester, until func(context.Context, map[int32]commit) error) error {
	err := eventually(ctx, 30*time.Second, "the ingester stops itself", func(context.Context) (bool, error) {
		return stopped(int32(victim.pid()))
	})
	if err != nil {
		return err
	}
	t.strike()
	t.line.note("%s (pid %d) has stopped itself", victim.name, victim.pid())
	defer victim.signal(syscall.SIGCONT)
	before, err := t.kafka.commits(ctx, t.group, t.topic)
	if err != nil {
		return err
	}
	if err := t.expelDead(ctx); err != nil {
		return err
	}
	if err := t.launchIngester(1); err != nil {
		return err
	}
	if err := until(ctx, before); err != nil {
		return err
	}
	victim.signal(syscall.SIGCONT)
	return t.progress(ctx, healLimit)
}

// overtaken waits until the group has committed more of every partition than before.
func (t *trial) overtaken(ctx context.Context, before map[int32]commit) error {
	return eventually(ctx, healLimit, "another has delivered what the sleeper was about to", func(ctx context.Context) (bool, error) {
		now, err := t.kafka.commits(ctx, t.group, t.topic)
		if err != nil {
			return false, err
		}
		for partition, c := range before {
			if now[partition].offset <= c.offset {
				return false, fmt.Errorf("partition %d: committed %d, and %d before", partition, now[partition].offset, c.offset)
			}
		}
		return true, nil
	})
}

// storm changes the group's members all the time. One member always stays, as somebody must do the work.
func storm(ctx context.Context, t *trial) error {
	end := time.Now().Add(time.Duration(t.rounds(20, 300)) * time.Second)
	for time.Now().Before(end) {
		if err := pause(ctx, t.between(time.Second, 3*time.Second)); err != nil {
			return err
		}
		t.strike()
		if err := t.change(1 + t.rng.IntN(2)); err != nil {
			return err
		}
	}
	for n := 1; n < t.fault.members; n++ {
		if !t.member(n).alive() {
			if err := t.launchIngester(n); err != nil {
				return err
			}
		}
	}
	return t.progress(ctx, healLimit)
}

// change starts a member that is not there; one that is there leaves, three times of four in good order.
func (t *trial) change(n int) error {
	in := t.member(n)
	switch {
	case !in.alive():
		return t.launchIngester(n)
	case t.rng.IntN(4) == 0:
		in.kill()
		return nil
	}
	return in.end()
}
