package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// truncateLog has a broker lead that has missed acknowledged records, which are gone with that. Kafka does so
// only when it is told to. The ingesters have read and delivered them; they must not take what is written in
// their place for the same records.
func truncateLog(ctx context.Context, t *trial) error {
	c := t.cluster
	n := t.rng.IntN(len(c.nodes))
	leader, stale := c.nodes[n], c.nodes[(n+1)%len(c.nodes)]
	if err := t.keepOn(ctx, leader, stale); err != nil {
		return err
	}
	stale.run.kill()
	if err := t.progress(ctx, healLimit); err != nil {
		return err
	}
	if err := errors.Join(pause(ctx, time.Second), t.standStill(ctx)); err != nil {
		return err
	}
	old := t.producer.account()
	t.strike()
	if err := t.loseTail(ctx, leader, stale); err != nil {
		return err
	}
	t.producer.close()
	t.seed++ // other records than before
	var err error
	if t.producer, err = startProducer(ctx, t); err != nil {
		return err
	}
	return t.noticed(ctx, old)
}

// keepOn moves the topic's partitions to two nodes, the first of which leads, and lets it acknowledge alone.
func (t *trial) keepOn(ctx context.Context, leader, follower *node) error {
	one, minimum := "1", kadm.AlterConfig{Op: kadm.SetConfig, Name: "min.insync.replicas"}
	minimum.Value = &one
	if _, err := t.kafka.admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{minimum}, t.topic); err != nil {
		return fmt.Errorf("configure the topic: %w", err)
	}
	t.line.note("Kafka: %s is kept on the brokers %d and %d only", t.topic, leader.id, follower.id)
	move := newReassignment(t.topic)
	for partition := range t.fault.partitions {
		move.move(partition, []int32{int32(leader.id), int32(follower.id)})
	}
	if err := move.apply(ctx, t.kafka); err != nil {
		return fmt.Errorf("move the topic: %w", err)
	}
	return nil
}

// loseTail replaces the leader, which alone has all records, by the one that has missed some.
func (t *trial) loseTail(ctx context.Context, leader, stale *node) error {
	before, err := t.kafka.ends(ctx, t.topic)
	if err != nil {
		return err
	}
	leader.run.kill()
	if err := t.cluster.start(stale); err != nil {
		return err
	}
	partitions := kadm.TopicsSet{}
	for partition := range t.fault.partitions {
		partitions.Add(t.topic, partition)
	}
	var after map[int32]int64
	err = eventually(ctx, 2*time.Minute, "the stale broker leads", func(ctx context.Context) (bool, error) {
		if _, err := t.kafka.admin.ElectLeaders(ctx, kadm.ElectLiveReplica, partitions); err != nil {
			return false, err
		}
		after, err = t.kafka.ends(ctx, t.topic)
		return err == nil, err
	})
	if err != nil {
		return err
	}
	t.line.note("the log ended at %v and ends at %v", before, after)
	if !cutOff(before, after) {
		return errors.New("nothing has been cut off the log")
	}
	return t.cluster.start(leader)
}

// cutOff tells whether a partition ends earlier than before.
func cutOff(before, after map[int32]int64) bool {
	for partition, end := range before {
		if after[partition] < end {
			return true
		}
	}
	return false
}
