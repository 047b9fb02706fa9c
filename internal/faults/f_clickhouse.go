package main

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// clickhouseFaults is F6: ClickHouse dies.
func clickhouseFaults() []fault {
	return []fault{
		{id: "F6", name: "kill", what: "ClickHouse is killed while rows flow in, and comes back", inject: killClickHouse},
		{id: "F6", name: "again", what: "ClickHouse is killed, and killed again while rows are read back", inject: killClickHouseTwice},
		{id: "F6", name: "both", what: "the ingester and ClickHouse are killed together", members: 1, inject: killBoth},
	}
}

func killClickHouse(ctx context.Context, t *trial) error {
	for range t.rounds(8, 300) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 600*time.Millisecond)); err != nil {
			return err
		}
		t.strike()
		if err := t.crashClickHouse(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) crashClickHouse(ctx context.Context) error {
	if err := t.engine.signal(syscall.SIGKILL); err != nil {
		return err
	}
	return t.engine.restart(ctx)
}

// killClickHouseTwice kills it the second time soon after the ingesters can speak to it again.
func killClickHouseTwice(ctx context.Context, t *trial) error {
	for range t.rounds(3, 50) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		t.strike()
		if err := t.crashClickHouse(ctx); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 500*time.Millisecond)); err != nil {
			return err
		}
		if err := t.crashClickHouse(ctx); err != nil {
			return err
		}
	}
	return nil
}

func killBoth(ctx context.Context, t *trial) error {
	for range t.rounds(3, 50) {
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
		if err := pause(ctx, t.between(0, 600*time.Millisecond)); err != nil {
			return err
		}
		t.strike()
		if err := t.engine.signal(syscall.SIGKILL); err != nil {
			return err
		}
		t.member(0).kill()
		if err := errors.Join(t.expelDead(ctx), t.engine.restart(ctx)); err != nil {
			return err
		}
		if err := t.launchIngester(0); err != nil { // it would not start without ClickHouse
			return err
		}
	}
	return nil
}
