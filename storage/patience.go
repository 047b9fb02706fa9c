package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// patience is how long a read-back is waited for while the server reads no row for it. How long it takes altogether depends on the
// table: of a topic that is new in a table of billions of rows, all are looked at whose partition and offset could be its own.
const patience = 30 * time.Second

// patiently runs ask under a context that ends when the server has read no row for so long. ask must return when its context ends.
func patiently(ctx context.Context, patience time.Duration, ask func(context.Context) error) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	silence := fmt.Errorf("the server has read nothing for %s: %w", patience, context.DeadlineExceeded)
	timer := time.AfterFunc(patience, func() { giveUp(silence) })
	defer timer.Stop()
	err := ask(clickhouse.Context(ctx, clickhouse.WithProgress(func(p *clickhouse.Progress) {
		if p.Rows > 0 {
			timer.Reset(patience)
		}
	})))
	if err != nil && errors.Is(context.Cause(ctx), silence) {
		return silence
	}
	return err
}
