package main

import (
	"context"
	"time"
)

// upgradeFaults is F19: another build takes over what this one has left open.
func upgradeFaults() []fault {
	return []fault{
		{id: "F19", name: "builds", what: "two builds take over from each other, killed at any moment", members: 1, inject: alternate},
		{id: "F19", name: "future", what: "a newer errata has left a note that this one does not know", inject: noteFromTheFuture},
	}
}

func alternate(ctx context.Context, t *trial) error {
	for range t.rounds(4, 40) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 600*time.Millisecond)); err != nil {
			return err
		}
		t.strike()
		t.binary, t.other = t.other, t.binary
		if err := t.replace(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

// noteFromTheFuture must halt the partition with a clear sentence, not be overwritten.
func noteFromTheFuture(ctx context.Context, t *trial) error {
	if err := t.endAll(); err != nil {
		return err
	}
	commits, err := t.kafka.commits(ctx, t.group, t.topic)
	if err != nil {
		return err
	}
	t.strike()
	known := commits[0]
	if err := t.kafka.setOffsets(ctx, t.group, t.topic, map[int32]commit{0: {known.offset, "errata/99 what=nobody-knows-yet"}}); err != nil {
		return err
	}
	if err := t.launchAll(ctx); err != nil {
		return err
	}
	if err := t.awaitUnready(ctx, healLimit, "newer", "unknown", "version"); err != nil {
		return err
	}
	if err := t.endAll(); err != nil {
		return err
	}
	if err := t.kafka.setOffsets(ctx, t.group, t.topic, map[int32]commit{0: known}); err != nil {
		return err
	}
	return t.launchAll(ctx)
}
