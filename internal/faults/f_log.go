package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// logFaults is F10: the log changes under the ingester.
func logFaults() []fault {
	return []fault{
		{id: "F10", name: "deleted", what: "records are deleted before they are read", lossy: true, realKafka: true, inject: deleteRecords},
		{id: "F10", name: "recreated", what: "the topic is deleted and made anew under the ingester", realKafka: true, inject: recreateTopic},
		{id: "F10", name: "regrown", what: "the topic is made anew while no ingester runs, and is longer than before", realKafka: true, inject: regrowTopic},
		{id: "F10", name: "truncated", what: "a broker that has missed acknowledged records leads, and they are gone", realKafka: true, inject: truncateLog},
	}
}

// deleteRecords deletes what has been produced while no ingester ran. By default that halts the partitions;
// with --on-gap continue they go on, and the gap is recorded.
func deleteRecords(ctx context.Context, t *trial) error {
	if err := t.committed(ctx, 0); err != nil {
		return err
	}
	if err := t.endAll(); err != nil {
		return err
	}
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	t.strike()
	if err := t.deleteUnread(ctx); err != nil {
		return err
	}
	if err := t.launchAll(ctx); err != nil {
		return err
	}
	if err := t.awaitUnready(ctx, healLimit, "deleted"); err != nil {
		return err
	}
	if err := t.restart(ctx, "--on-gap", "continue"); err != nil {
		return err
	}
	if err := t.progress(ctx, healLimit); err != nil {
		return err
	}
	return t.awaitReady(ctx, healLimit)
}

// committed waits until the group has committed something of the partition. A group without a commit begins wherever
// the log begins, and misses nothing.
func (t *trial) committed(ctx context.Context, partition int32) error {
	return eventually(ctx, healLimit, fmt.Sprintf("a commit of partition %d", partition), func(ctx context.Context) (bool, error) {
		commits, err := t.kafka.commits(ctx, t.group, t.topic)
		return commits[partition].offset > 0, err
	})
}

// deleteUnread deletes half of what partition 0 holds and the group has not committed.
func (t *trial) deleteUnread(ctx context.Context) error {
	ends, err := t.kafka.ends(ctx, t.topic)
	if err != nil {
		return err
	}
	commits, err := t.kafka.commits(ctx, t.group, t.topic)
	if err != nil {
		return err
	}
	to := (ends[0] + commits[0].offset) / 2
	t.line.note("the records of partition 0 before %d are deleted; committed are %d, the log ends at %d", to, commits[0].offset, ends[0])
	if to <= commits[0].offset {
		return errors.New("there is nothing to delete that has not been read")
	}
	offsets := kadm.Offsets{}
	offsets.AddOffset(t.topic, 0, to, -1)
	deleted, err := t.kafka.admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	return nil
}

// recreateTopic makes the topic anew under running ingesters, and fills it with more records than it had.
func recreateTopic(ctx context.Context, t *trial) error {
	if err := t.standStill(ctx); err != nil {
		return err
	}
	t.strike()
	return t.anotherTopic(ctx)
}

// regrowTopic does so while no ingester runs.
func regrowTopic(ctx context.Context, t *trial) error {
	if err := t.standStill(ctx); err != nil {
		return err
	}
	if err := t.endAll(); err != nil {
		return err
	}
	t.strike()
	old, err := t.newTopic(ctx)
	if err != nil {
		return err
	}
	if err := t.launchAll(ctx); err != nil {
		return err
	}
	return t.noticed(ctx, old)
}

// standStill stops the producer and waits until all has been delivered.
func (t *trial) standStill(ctx context.Context) error {
	if err := t.producer.halt(ctx); err != nil {
		return err
	}
	return t.caughtUp(ctx, healLimit)
}

func (t *trial) anotherTopic(ctx context.Context) error {
	old, err := t.newTopic(ctx)
	if err != nil {
		return err
	}
	return t.noticed(ctx, old)
}

// newTopic deletes the topic, makes it anew and produces more records than it had. It returns the old ones.
func (t *trial) newTopic(ctx context.Context) (old records, err error) {
	old = t.producer.account()
	t.line.note("the topic is deleted and made anew")
	if _, err := t.kafka.admin.DeleteTopic(ctx, t.topic); err != nil {
		return nil, fmt.Errorf("delete the topic: %w", err)
	}
	err = eventually(ctx, time.Minute, "the topic can be made anew", func(ctx context.Context) (bool, error) {
		err := t.kafka.createTopic(ctx, t.topic, t.fault.partitions)
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	t.producer.close()
	t.seed++ // other records than before
	if t.producer, err = startProducer(ctx, t); err != nil {
		return nil, err
	}
	return old, eventually(ctx, 2*healLimit, "the new topic is longer than the old one", func(context.Context) (bool, error) {
		return t.producer.count() > len(old)+len(old)/2, nil
	})
}

// noticed demands that the ingesters halt and that no record of the new topic passes for one of the old. Then
// the operator names the new stream, and that is what the trial is judged by.
func (t *trial) noticed(ctx context.Context, old records) error {
	if err := t.awaitUnready(ctx, healLimit, "re-created", "recreated", "truncated"); err != nil {
		return err
	}
	have, err := readTable(ctx, t.engine.conn, t.source, t.topic)
	if err != nil {
		return err
	}
	if err := compare(old, have).err(); err != nil {
		return fmt.Errorf("the rows of the old topic: %w", err)
	}
	if err := t.endAll(); err != nil {
		return err
	}
	t.group, t.source = t.group+"-2", t.source+"-2"
	return t.launchAll(ctx)
}
