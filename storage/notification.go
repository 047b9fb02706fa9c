package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// claimLease is how long an instance has to send what it has claimed. It is longer than all attempts of
	// a webhook together.
	claimLease = 2 * time.Minute
	// claimSettles is how long an instance waits before it reads who has won: claims are ordered by the time
	// at which their INSERT began, and one that began earlier may become visible later.
	claimSettles = time.Second
)

// Change is an alert's new status, for one target.
type Change struct {
	Target string // names it without giving it away
	Alert  string // the alert's fingerprint
	Status string // firing or resolved
	// Since is when the alert's present life began: whoever was told of an earlier one has not heard of this.
	// Zero = not known, then whatever was told counts.
	Since time.Time
}

// ClaimChange tells whether it is up to owner to tell the target now: whoever claims first does, once, unless
// the claim lapses unfulfilled. A target that was not told of the firing is not told of the end.
func (db *DB) ClaimChange(ctx context.Context, c Change, owner string) (bool, error) {
	sent, holder, err := db.changeState(ctx, c)
	switch {
	case err != nil || sent == c.Status || sent == "" && c.Status == "resolved":
		return false, err
	case holder != "":
		return holder == owner, nil // its own claim, which it could not fulfil yet
	}
	if err := db.recordChange(ctx, c, "claim", owner); err != nil {
		return false, err
	}
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(claimSettles):
	}
	_, holder, err = db.changeState(ctx, c)
	return holder == owner, err
}

// FulfilChange writes down that the target has been told.
func (db *DB) FulfilChange(ctx context.Context, c Change, owner string) error {
	return db.recordChange(ctx, c, "sent", owner)
}

func (db *DB) changeState(ctx context.Context, c Change) (sent, holder string, err error) {
	more := c.parameters()
	more["lease_s"] = uint32(claimLease / time.Second)
	err = db.ask(ctx, "notification_state", more, func(rows driver.Rows) error { return rows.Scan(&sent, &holder) })
	return sent, holder, err
}

func (db *DB) recordChange(ctx context.Context, c Change, step, owner string) error {
	text, err := readQuery("change_notification")
	if err != nil {
		return err
	}
	parameters := c.parameters()
	parameters["step"], parameters["owner"] = step, owner
	if err := db.conn.Exec(ctx, text, bind(parameters)...); err != nil {
		return fmt.Errorf("write down a notification: %w", err)
	}
	return nil
}

func (c Change) parameters() map[string]any {
	since := c.Since
	if since.Unix() < 0 {
		since = time.Unix(0, 0)
	}
	return map[string]any{"target": c.Target, "alert": c.Alert, "status": c.Status, "since": since}
}
