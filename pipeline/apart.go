package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/errata-dev/errata/storage"
)

// shardPatience is how long a shard's server may take to say what time it is, when others wait for its lane to end, and
// shardPause how long it is left alone in between.
const (
	shardPatience = 5 * time.Second
	shardPause    = time.Second
)

// apart gives a lane an end of its own. When a generation ends, the partitions of all shards stand still until every
// lane has ended, those of other members too. A lane whose server does not answer is not waited for: its insert is left in
// doubt, as by a crash, and the note beside the committed offset tells the partitions' next owner. One that answers may
// take its time, within the bounds of the lifetime, for to leave its insert costs its partitions the rest of the grant.
func (i *Ingester) apart(life *lifetime) (*lifetime, context.CancelFunc) {
	own, end := life.apart()
	unwatch := context.AfterFunc(life.fetch, func() {
		for i.answers(own.answer) {
			if !pause(own.answer, shardPause) {
				return
			}
		}
		if own.answer.Err() == nil {
			i.log.Warn().Msg("ClickHouse does not answer, so its partitions move with what is under way in doubt: their next owner reads it back")
			end()
		}
	})
	return own, func() { unwatch(); end() }
}

// answers reports whether the table's server says anything, be it an error.
func (i *Ingester) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, i.options.shardPatience)
	defer cancel()
	_, err := i.serverTime(ctx)
	return ctx.Err() == nil && !errors.Is(err, storage.ErrUnreachable)
}
