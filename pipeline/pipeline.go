// Package pipeline carries records from Kafka to the table: each becomes exactly one row.
//
// An Ingester joins a consumer group and runs, for each generation of the group, these parts:
//
//	acquire    where is the group, what does the table hold (acquire.go, start.go, samelog.go)
//	fetcher    long-polls the brokers (package fetch)
//	assembler  parses records into blocks (assemble.go, batch.go, share.go)
//	deliverer  grants, inserts and acknowledges blocks (deliver.go, commit.go, bisect.go)
//	resolver   finds out what became of inserts that nobody acknowledged (resolve.go, readback.go)
//
// The protocol between Kafka's offsets and the table is package grant's; this one drives it. Kafka's
// committed offset with the note beside it is the only state. A crash at any point is safe: whoever owns the
// partition next reads the note, asks the table, and goes on.
//
// The package refuses to guess. It never resets an offset, skips a record that it cannot read, or
// goes on past deleted records unless told to: the partition halts, says why, and the others go on.
// It does not create topics, and it leaves the group only when it is asked to end.
package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
)

// Ingester reads topics as a member of a consumer group and delivers their records to a Sink.
type Ingester struct {
	options Options
	parser  Parser
	sink    Sink
	back    ReadBack
	log     zerolog.Logger
	metrics *Metrics

	source   string // settled by Run
	instance string // tells this process's inserts from those of others
	inserts  atomic.Int64
	flying   sync.Map    // ids of this process's inserts that were sent and not settled
	waited   sync.Map    // tp -> offset of another tool's commit that was waited out
	told     sync.Map    // gaps that are on record
	losses   int         // generations in a row that a commit has lost; of the goroutine that serves them
	blind    atomic.Bool // the table's server does not let the user see running inserts
	clock    atomic.Pointer[clockReading]
	bounded  *bounded
	broker   *broker
	topics   *topics // of the member of the group
	health   health
	quiet    quiet
	counters counters
	started  atomic.Bool

	// lanes deliver, each the partitions that shardOf places on its server. Without shards there is one, the
	// Ingester itself.
	lanes   []*Ingester
	shardOf func(topic string, partition int32) int
	name    string // of a lane's shard; empty without shards
	beside  bool   // it is one of several lanes
}

// New checks the options and makes an Ingester. It dials nothing. metrics may be nil.
func New(o Options, parser Parser, sink Sink, back ReadBack, log zerolog.Logger, metrics *Metrics) (*Ingester, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("pipeline options: %w", err)
	}
	if metrics == nil {
		metrics = newMetrics()
	}
	i := &Ingester{
		options: o, parser: parser, sink: sink, back: back, log: log, metrics: metrics,
		source: o.Source, instance: rand.Text(), bounded: &bounded{},
	}
	i.lanes, i.shardOf = []*Ingester{i}, func(string, int32) int { return 0 }
	i.health.set("group", "not yet a member of the group")
	return i, nil
}

// errRunTwice is a programming mistake.
var errRunTwice = errors.New("an ingester runs once")

// Run ingests until ctx ends, then delivers what is assembled, commits, leaves the group and returns
// nil. The first connection fails fast, with ErrUnreachable, ErrAuthentication or, where none of the topics exists,
// ErrNoTopic; once it has been made, outages are waited for, however long they last, and so is a topic that is missing.
// A bounded run (Options.Until) also ends by itself; a *HaltError then says that a partition could not be read to its
// end.
func (i *Ingester) Run(ctx context.Context) error {
	if i.started.Swap(true) {
		return errRunTwice
	}
	e := i.endpoint()
	i.broker = e.open()
	defer i.broker.close()
	seen, err := i.broker.connect(ctx, i.options.Topics)
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to end before it began
		}
		return err
	}
	if err = i.broker.mayJoin(ctx, i.options.Group); err != nil {
		return err
	}
	if i.source == "" {
		i.source = seen.clusterID
	}
	if i.source == "" {
		return fmt.Errorf("kafka at %s states no cluster id: set the source's name", i.broker.addresses)
	}
	i.topics = &topics{broker: i.broker, names: i.options.Topics}
	i.count(seen.topics)
	group, err := kafka.NewConsumerGroup(i.groupConfig(e))
	if err != nil {
		return fmt.Errorf("consumer group: %w", err)
	}
	defer i.health.set("group", "ended")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	i.bounded.begin(i.options, cancel)
	i.openLanes()
	i.generations(ctx, group)
	if err = faultpoint("shutdown"); err != nil {
		return err
	}
	i.leave(group)
	return i.bounded.err()
}

func (i *Ingester) endpoint() endpoint {
	o := i.options
	return endpoint{brokers: o.Brokers, topics: o.Topics, clientID: o.ClientID, tls: o.TLS, sasl: o.SASL, timeout: o.RequestTimeout}
}

func (i *Ingester) groupConfig(e endpoint) kafka.ConsumerGroupConfig {
	o := i.options
	return kafka.ConsumerGroupConfig{
		ID: o.Group, Brokers: o.Brokers, Topics: o.Topics, Dialer: e.dialer(),
		SessionTimeout: o.SessionTimeout, HeartbeatInterval: o.HeartbeatInterval, RebalanceTimeout: o.RebalanceTimeout,
		JoinGroupBackoff: o.JoinGroupBackoff, Timeout: o.RequestTimeout,
		GroupBalancers: balancers(i.topics),
	}
}

// generations serves one generation of the group after the other until ctx ends.
func (i *Ingester) generations(ctx context.Context, group *kafka.ConsumerGroup) {
	for {
		g, err := group.Next(ctx)
		switch {
		case err == nil:
			i.serve(ctx, g)
			if n := i.lost(); n > 0 && !pause(ctx, backoff(n, i.options.RetryBackoff)) {
				return
			}
		case ctx.Err() != nil:
			return
		default:
			i.health.set("group", "cannot join the group: "+err.Error())
			i.quiet.warn(i.log, "group").Err(err).Msg("cannot join the group, trying again")
		}
	}
}

// leaveTimeout bounds the leave. Where it does not suffice the group finds out by the session timeout.
const leaveTimeout = 3 * time.Second

// leave tells the group that this member is gone, so that the others take over at once. It waits for
// kafka-go's answer only so long: one that is stuck in a rebalance must not hold up the end.
func (i *Ingester) leave(group *kafka.ConsumerGroup) {
	left := make(chan struct{})
	go func() {
		defer close(left)
		if err := group.Close(); err != nil {
			i.log.Warn().Err(err).Msg("cannot leave the group")
		}
	}()
	timer := time.NewTimer(leaveTimeout)
	defer timer.Stop()
	select {
	case <-left:
		i.log.Info().Msg("left the group")
	case <-timer.C:
		i.log.Warn().Msg("ended without waiting for the group")
	}
}
