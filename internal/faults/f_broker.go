package main

import (
	"context"
	"time"
)

// brokerFaults are F4 and F5: brokers die, sleep, move their duties and don't tell what they did.
func brokerFaults() []fault {
	return []fault{
		{id: "F4", name: "crash", what: "the only broker is killed and comes back", inject: crashBroker},
		{id: "F4", name: "freeze", what: "the only broker is stopped and goes on", inject: freezeBroker},
		{id: "F4", name: "leaders", what: "of three brokers one that leads is killed or stopped, and comes back", realKafka: true, inject: breakLeaders},
		{id: "F5", name: "moves", what: "leaders and the coordinator move", realKafka: true, inject: moveDuties},
		{id: "F5", name: "unheard", what: "offset commits are done and reported as failed, or refused; heartbeats and fetches are turned away", inject: lieAboutCommits},
	}
}

func crashBroker(ctx context.Context, t *trial) error {
	for range t.rounds(3, 30) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, time.Second)); err != nil {
			return err
		}
		t.strike()
		if err := t.broker.crash(ctx, t.between(0, 2*time.Second)); err != nil {
			return err
		}
	}
	return t.kafka.up(ctx, time.Minute)
}

func freezeBroker(ctx context.Context, t *trial) error {
	for range t.rounds(1, 2) {
		if err := pause(ctx, t.between(0, time.Second)); err != nil {
			return err
		}
		t.strike()
		if err := t.broker.freeze(ctx, t.longOrShort(sessionTimeout+2*time.Second, time.Minute)); err != nil {
			return err
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) longOrShort(short, long time.Duration) time.Duration {
	if t.short {
		return short
	}
	return long
}

// breakLeaders treats the leader of one partition badly, then that of the group's offsets.
func breakLeaders(ctx context.Context, t *trial) error {
	for round := range t.rounds(2, 10) {
		topic, partition := t.topic, t.rng.Int32N(t.fault.partitions)
		if round%2 == 1 {
			topic, partition = offsetsTopic, t.rng.Int32N(3)
		}
		victim, err := t.cluster.leaderOf(ctx, topic, partition)
		if err != nil {
			return err
		}
		t.strike()
		if t.rng.IntN(2) == 0 {
			err = t.cluster.crash(ctx, victim, t.between(time.Second, 4*time.Second))
		} else {
			err = t.cluster.freeze(ctx, victim, t.longOrShort(8*time.Second, 20*time.Second))
		}
		if err != nil {
			return err
		}
		if err := t.cluster.awaitAll(ctx, 2*time.Minute); err != nil {
			return err
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

// offsetsTopic holds the groups' commits; who leads a partition of it coordinates the groups there.
const offsetsTopic = "__consumer_offsets"

func moveDuties(ctx context.Context, t *trial) error {
	for range t.rounds(3, 20) {
		t.strike()
		for _, topic := range []string{t.topic, offsetsTopic} {
			if err := t.cluster.moveLeaders(ctx, topic); err != nil {
				return err
			}
			if err := pause(ctx, t.between(0, time.Second)); err != nil {
				return err
			}
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

// lieAboutCommits has the broker misbehave in one way after the other.
func lieAboutCommits(ctx context.Context, t *trial) error {
	orders := []order{
		{Do: orderLie, Count: 1},
		{Do: orderRefuse, Count: 2},
		{Do: orderRejoin, Count: 1},
		{Do: orderFollow, Count: 3},
		{Do: orderLie, Count: 3},
		{Do: orderRehash},
		{Do: orderUnknown, Count: 2},
	}
	for range t.rounds(1, 10) {
		for _, i := range t.rng.Perm(len(orders)) {
			t.strike()
			if err := t.broker.order(ctx, orders[i]); err != nil {
				return err
			}
			if err := pause(ctx, t.between(500*time.Millisecond, 1500*time.Millisecond)); err != nil {
				return err
			}
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}
