package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// serverErrorFaults are the rest of F9, and F14: ClickHouse is there and refuses.
func serverErrorFaults() []fault {
	return []fault{
		{id: "F9", name: "parts", what: "too many parts", inject: refusing(
			"ALTER TABLE responses MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1",
			"ALTER TABLE responses RESET SETTING parts_to_throw_insert, parts_to_delay_insert")},
		{id: "F9", name: "disk", what: "no space left on the disk", inject: refusing(
			"ALTER TABLE responses MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000",
			"ALTER TABLE responses RESET SETTING min_free_disk_bytes_to_perform_insert")},
		{id: "F14", name: "ahead", what: "the clock that the table looks at is an hour ahead, and comes back", inject: refusing(
			moveGuard(3600), moveGuard(0))},
		{id: "F9", name: "memory", what: "the memory limit is exceeded", inject: profiled("<max_memory_usage>4294967296</max_memory_usage>", "<max_memory_usage>1000</max_memory_usage>")},
		{id: "F9", name: "readonly", what: "the user may only read", inject: profiled("<log_queries>0</log_queries>", "<log_queries>0</log_queries><readonly>2</readonly>")},
	}
}

// moveGuard is the column that guards the table, by a clock that is some seconds ahead. The engine's own clock
// cannot be moved: its C library is linked into it.
func moveGuard(seconds int) string {
	return fmt.Sprintf("ALTER TABLE responses MODIFY COLUMN block_date Date DEFAULT granted + "+
		"throwIf(deadline <= nowInBlock() + %d, 'stale write: the grant of this insert has expired')", seconds)
}

// refusing runs a statement after which inserts are refused, and later one that undoes it.
func refusing(breaking, mending string) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		for range t.rounds(1, 5) {
			t.strike()
			if err := t.engine.exec(ctx, breaking); err != nil {
				return err
			}
			if err := t.refused(ctx); err != nil {
				return err
			}
			if err := t.engine.exec(ctx, mending); err != nil {
				return err
			}
			if err := t.progress(ctx, healLimit); err != nil {
				return err
			}
		}
		return nil
	}
}

// refused waits until the ingesters have said that they cannot insert, and some time more.
func (t *trial) refused(ctx context.Context) error {
	if err := t.awaitUnready(ctx, 20*time.Second); err != nil {
		return err
	}
	return pause(ctx, t.between(grantTTL, 2*grantTTL))
}

// profiled changes the engine's user settings and changes them back. Reloading them is done by the engine's
// own user, who may do it whatever the settings say.
func profiled(from, to string) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		users := filepath.Join(t.dir, "clickhouse", "engine", "users.xml")
		before, err := os.ReadFile(users)
		if err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		after := strings.Replace(string(before), from, to, 1)
		if after == string(before) {
			return fmt.Errorf("settings: no %s in %s", from, users)
		}
		t.strike()
		if err := t.reload(ctx, users, after); err != nil {
			return err
		}
		refused := t.refused(ctx)
		if err := t.reload(ctx, users, string(before)); err != nil {
			return err
		}
		if refused != nil {
			return refused
		}
		return t.progress(ctx, healLimit)
	}
}

func (t *trial) reload(ctx context.Context, users, text string) error {
	if err := os.WriteFile(users, []byte(text), 0o600); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := t.engine.exec(ctx, "SYSTEM RELOAD USERS"); err != nil {
		return err
	}
	t.wire.cutAll() // a session keeps the settings that it began with
	return nil
}
