package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// maxStrikes is how often a partition's records may fail to decode, from a broker that is otherwise
// well, before the policy decides what becomes of them.
const maxStrikes = 5

// stuckAfter is how many failures in a row make a partition stuck; with the backoff it takes seconds.
const stuckAfter = 6

// strike counts records that cannot be decoded. When trying again does not help, it halts the partition
// or, under the policy Skip and if the batch can be trusted to say what it holds, returns the gap.
func (f *Fetcher) strike(ctx context.Context, p *position, failed *fault) *Chunk {
	f.config.Warn("unreadable").Err(failed.reason).Stringer("partition", p.partition).Int64("offset", p.next).
		Msg("records cannot be read, trying again")
	f.later(p, failed.reason, func(p *position) { p.strikes++ })
	switch {
	case p.strikes < maxStrikes:
		return nil
	case errors.Is(failed.reason, errRecreated):
		f.halt(p, recreated(p.next))
	case f.cursor.read(p).verify.Known:
		// The record that was to be shown to be the same is unreadable; what comes after it may not be.
		f.cursor.update(p, func(p *position) { p.verify.Known, p.strikes = false, 0 })
	case f.config.OnUnreadable == Skip && failed.span.Len() > 0:
		return f.skip(ctx, p, failed)
	default:
		f.halt(p, unreadable(p, failed))
	}
	return nil
}

// skip goes on after an unreadable batch, once that is on record.
func (f *Fetcher) skip(ctx context.Context, p *position, failed *fault) *Chunk {
	if err := f.config.Observer.Unreadable(ctx, p.partition, failed.span, failed.reason); err != nil {
		f.config.Warn("gap").Err(err).Stringer("partition", p.partition).Msg("cannot record a gap, trying again")
		return nil
	}
	return f.gap(p, failed.span.To)
}

// gap moves p to next and returns the chunk that accounts for the offsets in between, or nil if there are
// none.
func (f *Fetcher) gap(p *position, next int64) *Chunk {
	var c *Chunk
	if next > p.next {
		c = f.shelf.get(p.partition, p.next, 0)
		c.Span.To, c.Gap, c.Fetched, c.charged = next, true, time.Now().UnixMilli(), 0
	}
	f.cursor.update(p, func(p *position) {
		p.next, p.retryAt, p.strikes, p.fails, p.want, p.room = next, time.Time{}, 0, 0, 0, 0
	})
	return c
}

func recreated(next int64) string {
	return fmt.Sprintf("the topic was re-created: what the log holds before the offset %d is not what was read there. "+
		"Its records would pass for the old ones: read it as another source, with a group of its own", next)
}

func unreadable(p *position, failed *fault) string {
	if failed.span.Len() == 0 {
		return fmt.Sprintf("the records at offset %d cannot be read (%d attempts: %v), and what they say of themselves is "+
			"not to be trusted; nothing was skipped. Inspect them with a Kafka tool; to go on without them commit a later "+
			"offset for this partition while the ingesters are stopped", p.next, p.strikes, failed.reason)
	}
	return fmt.Sprintf("the records %s cannot be read (%d attempts: %v); nothing was skipped. Inspect them with a Kafka "+
		"tool; to go on without them allow unreadable records to be left out, or commit the offset %d for this partition "+
		"while the ingesters are stopped", failed.span, p.strikes, failed.reason, failed.span.To)
}

// refused handles an error that the broker states for one partition. It returns the gap if the records
// are not there any more.
func (f *Fetcher) refused(ctx context.Context, p *position, err kafka.Error) *Chunk {
	switch {
	case !errors.Is(err, kafka.OffsetOutOfRange):
		f.config.Warn("refused "+err.Title()).Err(err).Stringer("partition", p.partition).
			Msg("broker refuses to hand out records, trying again")
		f.later(p, err, func(p *position) {
			if errors.Is(err, kafka.UnknownTopicOrPartition) {
				p.doubt() // another one may come back under this name
			}
		})
	case f.cursor.read(p).verify.Known && !f.shorter(ctx, p):
	default:
		return f.outOfRange(ctx, p)
	}
	return nil
}

// shorter reports whether the log ends before the record that is to be verified. If it begins after it,
// there is nothing left to compare with, and reading goes on without.
func (f *Fetcher) shorter(ctx context.Context, p *position) bool {
	first, err := f.config.first(ctx, p.partition)
	if err != nil {
		f.later(p, err, nil)
		return false
	}
	if first <= f.cursor.read(p).verify.Offset {
		return true
	}
	f.cursor.update(p, func(p *position) { p.verify.Known, p.last.Known = false, false })
	return false
}

// first returns the oldest offset in a partition's log.
func (c *Config) first(ctx context.Context, p Partition) (int64, error) {
	client := kafka.Client{Addr: c.Addr, Transport: c.Transport, Timeout: c.RequestTimeout}
	answer, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{p.Topic: {kafka.FirstOffsetOf(int(p.ID))}},
	})
	if err != nil {
		return 0, fmt.Errorf("oldest offset of %s: %w", p, Bare(err))
	}
	err = kafka.UnknownTopicOrPartition
	for _, o := range answer.Topics[p.Topic] {
		if o.Error == nil {
			return o.FirstOffset, nil
		}
		err = o.Error
	}
	return 0, fmt.Errorf("oldest offset of %s: %w", p, err)
}

// outOfRange asks where to go on, for the log does not have the position.
func (f *Fetcher) outOfRange(ctx context.Context, p *position) *Chunk {
	next, halt, err := f.config.Observer.OutOfRange(ctx, p.partition, p.next)
	switch {
	case err != nil:
		f.config.Warn("bounds").Err(err).Stringer("partition", p.partition).Msg("cannot ask where the log begins, trying again")
		f.later(p, err, nil)
	case halt != "":
		f.halt(p, halt)
	case next == p.next:
		f.later(p, kafka.OffsetOutOfRange, nil)
	default:
		return f.gap(p, next)
	}
	return nil
}

func (f *Fetcher) halt(p *position, reason string) {
	f.cursor.update(p, func(p *position) { p.halted = true })
	f.config.Observer.Halted(p.partition, reason)
}

// later puts a partition off with backoff because of err and changes it on the way.
func (f *Fetcher) later(p *position, err error, change func(*position)) {
	f.cursor.update(p, func(p *position) {
		if change != nil {
			change(p)
		}
		p.fails++
		p.retryAt = time.Now().Add(backoff(p.fails, f.config.RetryBackoff))
	})
	if p.fails >= stuckAfter {
		f.config.Observer.Stuck(p.partition, err)
	}
}
