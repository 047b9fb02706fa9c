package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// Kinds of gaps, as in the table gaps.
const (
	gapRetention  = "retention"  // the broker deleted the records before they were read
	gapUnreadable = "unreadable" // a batch cannot be decoded
	gapSkipped    = "skipped"    // somebody moved the group's offset past records that were not delivered
)

// observer is what the fetcher tells, and asks, about one generation's partitions.
type observer struct {
	ingester *Ingester
	board    *board
}

var _ fetch.Observer = observer{}

// Heard implements fetch.Observer.
func (o observer) Heard(p tp, highWatermark int64, at time.Time) { o.board.heard(p, highWatermark, at) }

// OutOfRange implements fetch.Observer.
func (o observer) OutOfRange(ctx context.Context, p tp, next int64) (int64, string, error) {
	return o.ingester.resume(ctx, p, next)
}

// Unreadable implements fetch.Observer: the batch becomes a gap, durably, before anything after it is read.
func (o observer) Unreadable(ctx context.Context, p tp, lost span, reason error) error {
	o.ingester.log.Error().Err(reason).Stringer("partition", p).Int64("from", lost.From).Int64("to", lost.To).
		Msg("a batch of records cannot be read; going on after it")
	if !o.ingester.reportGaps(ctx, []storage.Gap{o.ingester.gap(p, lost, gapUnreadable)}) {
		return errStopped
	}
	return nil
}

// Halted implements fetch.Observer.
func (o observer) Halted(p tp, reason string) { o.board.halted(&HaltError{p.Topic, p.ID, reason}) }

// Stuck implements fetch.Observer.
func (o observer) Stuck(p tp, reason error) {
	o.ingester.health.set("fetch "+p.String(), fmt.Sprintf("partition %s cannot be fetched: %v", p, reason))
}

// Flowing implements fetch.Observer.
func (o observer) Flowing(p tp) { o.ingester.health.clear("fetch " + p.String()) }
