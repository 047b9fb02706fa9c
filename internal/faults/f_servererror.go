package main

import (
	"context"
	"fmt"
	"time"
)

// serverErrorFaults are the rest of F9, and F14: ClickHouse is there and refuses.
func serverErrorFaults() []fault {
	return []fault{
		{id: "F9", name: "parts", what: "too many parts", inject: refusing(
			"ALTER TABLE responses MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1",
			"ALTER TABLE responses RESET SETTING parts_to_throw_insert, parts_to_delay_insert", "TOO_MANY_PARTS")},
		{id: "F9", name: "disk", what: "no space left on the disk", inject: refusing(
			"ALTER TABLE responses MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000",
			"ALTER TABLE responses RESET SETTING min_free_disk_bytes_to_perform_insert", "NOT_ENOUGH_SPACE")},
		{id: "F14", name: "ahead", what: "the clock that the table looks at is an hour ahead, and comes back", inject: refusing(
			moveGuard(3600), moveGuard(0), "stale write")},
		{id: "F9", name: "memory", what: "the memory limit is exceeded", inject: refusing(
			"ALTER TABLE responses ADD CONSTRAINT vast CHECK cityHash64(toFixedString(toString(offset), 16777215)) >= 0",
			"ALTER TABLE responses DROP CONSTRAINT vast", "MEMORY_LIMIT_EXCEEDED")},
		{id: "F9", name: "readonly", what: "the table may only be read", inject: refusing(
			"ALTER TABLE responses MODIFY SETTING table_readonly = 1",
			"ALTER TABLE responses RESET SETTING table_readonly", "readonly mode")},
	}
}

// moveGuard is the column that guards the table, by a clock that is some seconds ahead. The engine's own clock
// cannot be moved: its C library is linked into it.
func moveGuard(seconds int) string {
	return fmt.Sprintf("ALTER TABLE responses MODIFY COLUMN block_date Date DEFAULT granted + "+
		"throwIf(deadline <= nowInBlock() + %d, 'stale write: the grant of this insert has expired')", seconds)
}

// refusing runs a statement after which inserts are refused, for a reason with one of the words if there are any,
// and later one that undoes it.
func refusing(breaking, mending string, words ...string) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		for range t.rounds(1, 5) {
			t.strike()
			if err := t.engine.exec(ctx, breaking); err != nil {
				return err
			}
			if err := t.awaitUnready(ctx, 20*time.Second, words...); err != nil {
				return err
			}
			if err := pause(ctx, t.between(grantTTL, 2*grantTTL)); err != nil {
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
