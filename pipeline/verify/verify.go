// Package verify compares what a partition's log holds with what the table holds, offset by offset, while
// traffic flows: below the group's committed offset both stand still.
//
// Both sides are first summed up for each 65,536 offsets; only where the sums differ are single offsets
// compared. It needs about half a megabyte, however long the log is. It changes nothing, and it judges only
// what it was asked to: which offsets those are is the caller's decision.
package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// Record is what is compared of one record in the log.
type Record struct {
	Offset    int64
	Timestamp int64  // Unix milliseconds; 0 or less = none
	Checksum  uint32 // CRC-32C of its value
}

// Log reads a partition.
type Log interface {
	// Scan calls visit for each record of the span in order, and returns the span that it has accounted
	// for. Errors are those of fetch.Scan.
	Scan(ctx context.Context, p fetch.Partition, s fetch.Span, visit func(Record) error) (fetch.Span, error)
	// Start returns the oldest offset that the log still has.
	Start(ctx context.Context, p fetch.Partition) (int64, error)
}

// Table is what is asked of the table. A *storage.DB is one.
type Table interface {
	Buckets(ctx context.Context, s storage.Stream, from, to int64) ([]storage.Bucket, error)
	StoredOffsets(ctx context.Context, s storage.Stream, from, to int64, reuse []storage.StoredOffset) ([]storage.StoredOffset, error)
	Gaps(ctx context.Context, s storage.Stream, from, to int64) ([]storage.StoredGap, error)
}

// Kind says what is wrong with an offset.
type Kind string

// The kinds of findings.
const (
	Missing    Kind = "missing"    // a record without a row
	Surplus    Kind = "surplus"    // more than one row
	Different  Kind = "different"  // a row of another record: its checksum differs
	Unreadable Kind = "unreadable" // a batch in the log that cannot be decoded
)

// Finding is a run of offsets [From, To) that share a fault.
type Finding struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Kind      Kind   `json:"kind"`
	From      int64  `json:"from"`
	To        int64  `json:"to"`
	Rows      int64  `json:"rows"` // missing, too many, or different
}

// Result is what was found out about one partition.
type Result struct {
	Partition  fetch.Partition
	Span       fetch.Span // compared
	Records    int64      // in the log
	Rows       int64      // in the table
	Missing    int64
	Surplus    int64
	Different  int64
	Unreadable int64               // offsets
	Expired    int64               // records without a row that are older than the retention
	Gaps       []storage.StoredGap // known to have no row, and not compared
	InGaps     int64               // offsets
	Deleted    int64               // offsets that the log lost meanwhile
}

// Faults is how many offsets and rows are wrong.
func (r *Result) Faults() int64 { return r.Missing + r.Surplus + r.Different + r.Unreadable }

// Verifier compares partitions, one at a time. It is not safe for concurrent use.
type Verifier struct {
	Log    Log
	Table  Table
	Source string
	// Oldest is the timestamp, in Unix milliseconds, before which a record may have lost its row to the
	// table's retention.
	Oldest int64
	// Found is told every run of faulty offsets of a kind, in order within the kind.
	Found func(Finding)
	// Progress is told how many more offsets have been compared.
	Progress func(offsets int64)

	logged   sums
	expected map[int64]storage.Bucket // of the current slice, by number
	stored   []storage.StoredOffset   // reused
	open     map[Kind]*Finding
	result   Result
	stream   storage.Stream
}

// sliceBuckets is how many buckets one statement sums up: 4 million offsets.
const sliceBuckets = 64

// Partition compares the span of one partition. All of it must lie below the group's committed offset.
func (v *Verifier) Partition(ctx context.Context, p fetch.Partition, s fetch.Span) (Result, error) {
	v.result = Result{Partition: p, Span: s}
	v.stream = storage.Stream{Source: v.Source, Topic: p.Topic, Partition: p.ID}
	v.open = map[Kind]*Finding{}
	if s.Len() <= 0 {
		return v.result, nil
	}
	gaps, err := v.Table.Gaps(ctx, v.stream, s.From, s.To)
	if err != nil {
		return v.result, fmt.Errorf("known gaps of %s: %w", p, err)
	}
	v.result.Gaps = gaps
	for _, part := range Outside(s, gaps) {
		if err := v.compare(ctx, part); err != nil {
			return v.result, fmt.Errorf("verify %s: %w", p, err)
		}
		v.result.InGaps -= part.Len()
	}
	v.result.InGaps += s.Len()
	v.flush()
	return v.result, nil
}

// Outside returns the parts of s that lie in no gap, in order. The gaps are sorted by their start.
func Outside(s fetch.Span, gaps []storage.StoredGap) []fetch.Span {
	var parts []fetch.Span
	next := s.From
	for _, g := range gaps {
		if g.From > next {
			parts = append(parts, fetch.Span{From: next, To: min(g.From, s.To)})
		}
		next = max(next, g.To)
	}
	if next < s.To {
		parts = append(parts, fetch.Span{From: next, To: s.To})
	}
	return parts
}

// compare goes through a span slice by slice.
func (v *Verifier) compare(ctx context.Context, s fetch.Span) error {
	for from := s.From; from < s.To; {
		to := min(s.To, (from/storage.BucketSize+sliceBuckets)*storage.BucketSize)
		if err := v.compareSlice(ctx, fetch.Span{From: from, To: to}); err != nil {
			return err
		}
		if v.Progress != nil {
			v.Progress(to - from)
		}
		from = to
	}
	return nil
}

func (v *Verifier) compareSlice(ctx context.Context, s fetch.Span) error {
	buckets, err := v.Table.Buckets(ctx, v.stream, s.From, s.To)
	if err != nil {
		return err
	}
	v.expected = make(map[int64]storage.Bucket, len(buckets))
	for _, b := range buckets {
		v.expected[b.Number] = b
		v.result.Rows += int64(b.Rows)
	}
	v.logged.begin(s)
	if err := v.scan(ctx, s); err != nil {
		return err
	}
	return v.settleUntil(ctx, s.To)
}

// scan reads the span, past batches that cannot be decoded and records that the log has just lost.
func (v *Verifier) scan(ctx context.Context, s fetch.Span) error {
	for s.From < s.To {
		done, err := v.Log.Scan(ctx, v.result.Partition, s, func(r Record) error {
			v.result.Records++
			if err := v.settleUntil(ctx, r.Offset/storage.BucketSize*storage.BucketSize); err != nil {
				return err
			}
			v.logged.add(r, v.Oldest)
			return nil
		})
		var unreadable *fetch.UnreadableError
		switch {
		case errors.As(err, &unreadable) && unreadable.Span.Len() > 0 && unreadable.Span.To > s.From:
			v.unreadable(fetch.Span{From: max(s.From, unreadable.Span.From), To: min(s.To, unreadable.Span.To)})
			s.From = unreadable.Span.To
		case errors.Is(err, kafka.OffsetOutOfRange):
			if s.From, err = v.afterDeletion(ctx, max(s.From, done.To)); err != nil {
				return err
			}
		case err != nil:
			return err
		case done.To <= s.From:
			return fmt.Errorf("the log gives no records from offset %d on, although the group has committed %d", s.From, v.result.Span.To)
		default:
			s.From = done.To
		}
	}
	return nil
}

func (v *Verifier) unreadable(s fetch.Span) {
	v.result.Unreadable += s.Len()
	v.find(Unreadable, s.From, s.To, s.Len())
}

// afterDeletion returns where the log begins now that next is gone. Its rows stay.
func (v *Verifier) afterDeletion(ctx context.Context, next int64) (int64, error) {
	start, err := v.Log.Start(ctx, v.result.Partition)
	if err != nil {
		return 0, err
	}
	if start <= next {
		return 0, fmt.Errorf("offset %d is out of the range of the log, which begins at %d", next, start)
	}
	v.result.Deleted += min(start, v.result.Span.To) - next
	return start, nil
}
