package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// failed handles a request that brought no answer: the broker is gone, or one partition's records
// cannot be decoded, in which case kafka-go drops the whole answer without saying whose they were.
// So the partitions are asked for one by one from now on, and one that fails alone, from a broker
// that answers other questions about it, is struck.
func (f *fetcher) failed(ctx context.Context, taken []*position, err error) {
	f.quiet.warn(f.log, "fetch").Err(err).Int("partitions", len(taken)).Msg("fetch failed, trying again")
	if len(taken) == 1 && !isTimeout(err) && f.answers(ctx, taken[0].tp) {
		f.strike(taken[0], err)
		return
	}
	for _, p := range taken {
		f.later(p, err, func(p *position) { p.alone = !isTimeout(err) })
	}
}

// answers reports whether the partition's leader is well enough to say where the log begins and ends.
func (f *fetcher) answers(ctx context.Context, p tp) bool {
	_, err := f.broker.bounds(ctx, []tp{p})
	return err == nil
}

// strike counts records that cannot be decoded and halts their partition when trying again does not
// help. Nothing is skipped.
func (f *fetcher) strike(p *position, err error) {
	f.later(p, err, func(p *position) { p.alone = true; p.strikes++ })
	if p.strikes < maxStrikes {
		return
	}
	f.halt(p, &HaltError{p.tp.topic, p.tp.id, fmt.Sprintf(
		"the records at offset %d cannot be read (%d attempts: %v); nothing was skipped. Inspect them with a Kafka tool; to go on without them commit a later offset for this partition while the ingesters are stopped",
		p.next, p.strikes, err)})
}

// refused handles an error that the broker states for one partition.
func (f *fetcher) refused(ctx context.Context, p *position, err kafka.Error) {
	if !errors.Is(err, kafka.OffsetOutOfRange) {
		f.quiet.warn(f.log, "refused "+err.Title()).Err(err).Stringer("partition", p.tp).Msg("broker refuses to hand out records, trying again")
		f.later(p, err, func(*position) {})
		return
	}
	next, halt, failure := f.resume(ctx, p.tp, p.next)
	switch {
	case failure != nil:
		f.quiet.warn(f.log, "bounds").Err(failure).Stringer("partition", p.tp).Msg("cannot ask where the log begins, trying again")
		f.later(p, failure, func(*position) {})
	case halt != nil:
		f.halt(p, halt)
	default:
		f.later(p, err, func(p *position) { p.next = next })
	}
}

func (f *fetcher) halt(p *position, err *HaltError) {
	f.cursor.update(p, func(p *position) { p.halted = err })
	f.report.halted(err)
}

// stuckAfter is how many failures in a row make a partition stuck; with the backoff it takes seconds.
const stuckAfter = 6

// later puts a partition off with backoff because of err and changes it on the way.
func (f *fetcher) later(p *position, err error, change func(*position)) {
	f.cursor.update(p, func(p *position) {
		change(p)
		p.fails++
		p.retryAt = time.Now().Add(backoff(p.fails, f.options.RetryBackoff))
	})
	if p.fails >= stuckAfter {
		f.report.stuck(p.tp, err)
	}
}
