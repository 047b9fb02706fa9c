package main

import (
	"context"
	"fmt"
	"time"
)

// offsetFaults is F11: somebody changes the group's offsets while it rests.
func offsetFaults() []fault {
	return []fault{
		{id: "F11", name: "deleted", what: "the group's offsets expire", inject: resting(forgetOffsets)},
		{id: "F11", name: "back", what: "the group's offsets are moved back", inject: resting(moveOffsets(-1))},
		{id: "F11", name: "forward", what: "the group's offsets are moved forward over records that were not read", lossy: true, inject: resting(moveOffsets(1))},
	}
}

// resting does something to the group between the end of all ingesters and their next start.
func resting(change func(context.Context, *trial) error) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		for range t.rounds(2, 10) {
			if err := t.progress(ctx, healLimit); err != nil {
				return err
			}
			if err := t.endAll(); err != nil {
				return err
			}
			if err := pause(ctx, t.between(0, time.Second)); err != nil {
				return err
			}
			t.strike()
			if err := change(ctx, t); err != nil {
				return err
			}
			if err := t.launchAll(ctx); err != nil {
				return err
			}
		}
		return t.progress(ctx, healLimit)
	}
}

func forgetOffsets(ctx context.Context, t *trial) error {
	t.line.note("the group is deleted")
	deleted, err := t.kafka.admin.DeleteGroups(ctx, t.group)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return fmt.Errorf("delete the group: %w", err)
	}
	return nil
}

// moveOffsets moves every partition's offset by up to 500 records, within the log.
func moveOffsets(direction int64) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		commits, err := t.kafka.commits(ctx, t.group, t.topic)
		if err != nil {
			return err
		}
		ends, err := t.kafka.ends(ctx, t.topic)
		if err != nil {
			return err
		}
		moved := map[int32]commit{}
		for partition, c := range commits {
			to := c.offset + direction*(1+t.rng.Int64N(500))
			moved[partition] = commit{offset: min(max(0, to), ends[partition])}
		}
		t.line.note("the group's offsets are moved from %v to %v", commits, moved)
		return t.kafka.setOffsets(ctx, t.group, t.topic, moved)
	}
}
