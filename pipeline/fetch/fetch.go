// Package fetch reads the records of Kafka partitions: all partitions of a leading broker in one
// long-polled request, decoded without a copy of what is not needed, bounded in memory by a byte
// budget. Nothing is skipped silently: every offset of a partition is accounted for by the span of
// exactly one chunk, or an Observer was told why not.
package fetch

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
)

// Partition names one partition of one topic.
type Partition struct {
	Topic string
	ID    int32
}

func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.ID) }

// Span is the half-open interval [From, To) of offsets.
type Span struct{ From, To int64 }

// Len returns the number of offsets in the span.
func (s Span) Len() int64 { return s.To - s.From }

func (s Span) String() string { return fmt.Sprintf("[%d, %d)", s.From, s.To) }

// Start says where to read a partition from.
type Start struct {
	Next int64 // the first offset to hand out
	Last Mark  // a record before Next as the reader knows it; the log must still have the same one
}

// Mark identifies one record by what is in it, to notice that another topic took the name.
type Mark struct {
	Offset   int64
	Checksum uint32 // CRC-32C of the whole value
	Known    bool   // false: there is nothing to compare with
}

// Policy says what becomes of a batch of records that cannot be decoded, however often it is fetched.
type Policy uint8

// The policies for unreadable batches.
const (
	Halt Policy = iota // the partition stops until an operator decides
	Skip               // the Observer records the gap and reading goes on after it
)

// Observer hears what the fetcher learns and decides what it may not decide itself. Its methods are
// called by the goroutines that fetch, for one partition never concurrently.
type Observer interface {
	// Heard is told the partition's high watermark with every answer.
	Heard(p Partition, highWatermark int64, at time.Time)
	// OutOfRange decides where to go on when next is not in the log any more, or not yet: at newNext, or
	// not at all if halt says why. After an error it is asked again later.
	OutOfRange(ctx context.Context, p Partition, next int64) (newNext int64, halt string, err error)
	// Unreadable records that the records of span are lost to the reader, which goes on after it when nil
	// is returned. It is called under the policy Skip only.
	Unreadable(ctx context.Context, p Partition, span Span, reason error) error
	// Halted is told once that a partition is not read any more, and why.
	Halted(p Partition, reason string)
	// Stuck is told that reading fails again and again, each time it does; Flowing that it works after all.
	Stuck(p Partition, reason error)
	Flowing(p Partition)
}

// Config says what to fetch from and how. Zero limits stand for the defaults.
type Config struct {
	Transport kafka.RoundTripper // *kafka.Transport; its MetadataTTL bounds how late a leader's move is noticed
	Addr      net.Addr           // of the bootstrap brokers
	Topics    []string

	FetchBytes     int // of one answer, as on the wire; default 4 MiB
	PartitionBytes int // of one partition in one answer; default 1 MiB
	MaxRecordBytes int // a longer value is cut to this length; default 16 MiB
	MaxBatchBytes  int // a larger batch of records, as on the wire or unpacked, is unreadable; default 64 MiB

	FetchWait      time.Duration // how long a broker may hold an empty answer; default 500 ms
	RequestTimeout time.Duration // of one request beyond FetchWait; default 10 s
	RetryBackoff   time.Duration // the longest pause between two attempts; default 5 s

	Budget       *Budget // of the bytes that are fetched and not yet released; default 64 MiB
	OnUnreadable Policy
	Observer     Observer
	// Warn starts a log line of a kind of warning that may repeat often; it may return nil. Optional.
	Warn func(kind string) *zerolog.Event
}

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	orDefault(&c.FetchBytes, 4<<20)
	orDefault(&c.PartitionBytes, 1<<20)
	orDefault(&c.MaxRecordBytes, 16<<20)
	orDefault(&c.MaxBatchBytes, 64<<20)
	orDefault(&c.FetchWait, 500*time.Millisecond)
	orDefault(&c.RequestTimeout, 10*time.Second)
	orDefault(&c.RetryBackoff, 5*time.Second)
	if c.Budget == nil {
		c.Budget = NewBudget(64 << 20)
	}
	if c.Warn == nil {
		c.Warn = func(string) *zerolog.Event { return nil }
	}
	return c
}

func orDefault[T int | time.Duration](value *T, fallback T) {
	if *value == 0 {
		*value = fallback
	}
}
