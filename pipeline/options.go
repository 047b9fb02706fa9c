package pipeline

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go/sasl"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// StartAt says where a partition begins that the group has never committed an offset for.
type StartAt uint8

// The places to start at. Rows that the table already holds are skipped in either case.
const (
	StartEarliest StartAt = iota // the oldest record that the broker still has
	StartLatest                  // the next record that is produced
)

// GapPolicy says what happens to a partition whose next records were deleted before they were read.
type GapPolicy uint8

// The gap policies. A gap is logged, counted and reported in both cases.
const (
	GapHalt     GapPolicy = iota // stop the partition until an operator decides
	GapContinue                  // go on at the oldest record that is left
)

// Options configure an Ingester. The zero value of a field stands for its default, except for
// Brokers and Topics, which are required.
type Options struct {
	Brokers []string // host:port, any of the cluster's brokers
	Topics  []string
	Group   string // consumer group; default "errata"
	// Source names the log stream in the row key. Default: the Kafka cluster's id. Setting it keeps
	// the identity of a stream across a move to another cluster.
	Source   string
	ClientID string // default "errata"
	TLS      *tls.Config
	SASL     sasl.Mechanism

	StartAt      StartAt
	OnGap        GapPolicy
	OnUnreadable GapPolicy // of a batch that cannot be decoded, however often it is fetched

	// Until makes a bounded run: each partition is read up to, and without, its offset, others not at all,
	// and Run returns nil once everything below is delivered and committed. From makes its partitions start
	// there instead of where the group is. Both want a group that nobody else uses.
	Until, From map[fetch.Partition]int64

	SessionTimeout         time.Duration // default 10 s
	HeartbeatInterval      time.Duration // default 2 s
	RebalanceTimeout       time.Duration // default 45 s or twice GrantTTL; two thirds of it bound the insert in flight when partitions move
	JoinGroupBackoff       time.Duration // default 1 s
	PartitionWatchInterval time.Duration // default 5 s
	RequestTimeout         time.Duration // one request to a broker; default 10 s

	FetchWait      time.Duration // how long a broker may hold an empty answer; default 500 ms
	FetchBytes     int           // of one answer, as on the wire; default 4 MiB
	PartitionBytes int           // of one partition in one answer; default 1 MiB
	MaxRecordBytes int           // a longer value is cut to this length; default 16 MiB

	// Memory is what the process may take, in bytes; default 256 MB. A tenth of it may be fetched and not yet
	// parsed, a twelfth is one block's; the rest is for the second block, a third one
	// of what is left of a block after a failure, the parts that do not grow, and the garbage collector. It is held by fetching no faster than is delivered.
	Memory int64

	MaxBlockRows  int           // default 125,000
	MaxBlockBytes int           // of columns; default 32 MiB, at most a twelfth of Memory
	MaxBlockAge   time.Duration // default 1 s, at most 5 s
	QuietFlush    time.Duration // a block is sent so long after its last record; default 250 ms

	GrantTTL     time.Duration // how long one insert may take until the table refuses it; default 20 s
	RetryBackoff time.Duration // the longest pause between two attempts of anything; default 5 s
	DrainTimeout time.Duration // what is assembled must be delivered so soon after the end is asked for; default 10 s

	// OnCommit is told each offset that the group has committed through this ingester: everything
	// below it is in the table. It is called from the delivering goroutine and must not block.
	OnCommit func(topic string, partition int32, offset int64)

	Gaps              GapSink       // optional
	Watermarks        WatermarkSink // optional
	WatermarkInterval time.Duration // default 10 s

	refusedPause time.Duration // of a partition whose commits are refused; tests shorten it
	// shardPatience is for a server that others wait for; tests shorten it.
	shardPatience time.Duration
}

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	orString(&o.Group, "errata")
	orString(&o.ClientID, "errata")
	orDefault(&o.SessionTimeout, 10*time.Second)
	orDefault(&o.HeartbeatInterval, 2*time.Second)
	orDefault(&o.JoinGroupBackoff, time.Second)
	orDefault(&o.PartitionWatchInterval, 5*time.Second)
	orDefault(&o.RequestTimeout, 10*time.Second)
	orDefault(&o.FetchWait, 500*time.Millisecond)
	orDefault(&o.FetchBytes, 4<<20)
	orDefault(&o.PartitionBytes, 1<<20)
	orDefault(&o.MaxRecordBytes, 16<<20)
	orDefault(&o.Memory, 256_000_000)
	orDefault(&o.MaxBlockRows, 125_000)
	orDefault(&o.MaxBlockBytes, 32<<20)
	o.MaxBlockBytes = min(o.MaxBlockBytes, o.blockMemory())
	orDefault(&o.MaxBlockAge, time.Second)
	orDefault(&o.QuietFlush, 250*time.Millisecond)
	orDefault(&o.GrantTTL, 20*time.Second)
	orDefault(&o.RebalanceTimeout, max(45*time.Second, 2*o.GrantTTL)) // an insert in doubt is settled before its partitions move
	orDefault(&o.RetryBackoff, 5*time.Second)
	orDefault(&o.DrainTimeout, 10*time.Second)
	orDefault(&o.WatermarkInterval, 10*time.Second)
	orDefault(&o.refusedPause, refusedPause)
	orDefault(&o.shardPatience, shardPatience)
	return o
}

func orString(value *string, fallback string) {
	if *value == "" {
		*value = fallback
	}
}

func orDefault[T int | int64 | time.Duration](value *T, fallback T) {
	if *value == 0 {
		*value = fallback
	}
}

// validate reports every fault of the options at once. It dials nothing.
func (o Options) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(o.Brokers) == 0 {
		fault("no broker given")
	}
	if len(o.Topics) == 0 {
		fault("no topic given")
	}
	if o.MaxBlockAge > 5*time.Second {
		fault("block age %s: want at most 5s", o.MaxBlockAge)
	}
	if o.HeartbeatInterval*3 > o.SessionTimeout {
		fault("heartbeat interval %s: want at most a third of the session timeout %s", o.HeartbeatInterval, o.SessionTimeout)
	}
	if o.StartAt > StartLatest {
		fault("start position %d: want earliest or latest", o.StartAt)
	}
	if max(o.OnGap, o.OnUnreadable) > GapContinue {
		fault("gap policy %d: want halt or continue", max(o.OnGap, o.OnUnreadable))
	}
	for name, value := range o.sizes() {
		if value < 0 {
			fault("%s: want more than 0, got %d", name, value)
		}
	}
	return errors.Join(faults...)
}

// fetchMemory is how much may be fetched and not yet parsed. Where that is a lane's, it leaves room for what two brokers answer.
func (o Options) fetchMemory() int64 {
	return max(o.Memory/10, min(o.Memory*2/5, 4*int64(o.FetchBytes)))
}

// blockMemory is how much of the whole the columns of one block may take.
func (o Options) blockMemory() int { return int(o.Memory / 12) }

// maxBatchBytes bounds one batch of records after decompression. Brokers accept about 1 MB as sent; what
// unpacks to thirty times that is no log any more, it is an attack on the reader's memory.
func (o Options) maxBatchBytes() int { return int(max(2*int64(o.MaxRecordBytes), o.Memory/8)) }

// unreadable is the fetcher's name for the policy.
func (o Options) unreadable() fetch.Policy {
	if o.OnUnreadable == GapContinue {
		return fetch.Skip
	}
	return fetch.Halt
}

func (o Options) sizes() map[string]int64 {
	return map[string]int64{
		"fetch bytes": int64(o.FetchBytes), "partition bytes": int64(o.PartitionBytes),
		"record bytes": int64(o.MaxRecordBytes), "memory": o.Memory,
		"block rows": int64(o.MaxBlockRows), "block bytes": int64(o.MaxBlockBytes),
		"block age": int64(o.MaxBlockAge), "quiet flush": int64(o.QuietFlush),
		"session timeout": int64(o.SessionTimeout), "heartbeat interval": int64(o.HeartbeatInterval),
		"rebalance timeout": int64(o.RebalanceTimeout), "request timeout": int64(o.RequestTimeout),
		"grant time to live": int64(o.GrantTTL), "drain timeout": int64(o.DrainTimeout),
		"fetch wait": int64(o.FetchWait), "retry backoff": int64(o.RetryBackoff),
		"watermark interval": int64(o.WatermarkInterval), "join backoff": int64(o.JoinGroupBackoff),
	}
}
