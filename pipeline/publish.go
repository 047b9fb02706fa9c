package pipeline

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// HeaderTruncated marks a record that holds only the beginning of its line; its value is the length
// of the whole line in bytes, in decimal.
const HeaderTruncated = "errata-truncated"

// recordOverhead bounds what one record costs in a batch besides its value, and batchOverhead what a
// batch costs besides its records.
const (
	recordOverhead = 64
	batchOverhead  = 128
)

// PublisherOptions configure a Publisher. The zero value of a field stands for its default, except
// for Brokers and Topic, which are required.
type PublisherOptions struct {
	Brokers  []string
	Topic    string
	ClientID string // default "errata"
	TLS      *tls.Config
	SASL     sasl.Mechanism

	// Group is the consumer group that must keep up: the publisher is never more than Ahead bytes
	// before what the group has committed. Empty = not throttled.
	Group string
	Ahead int64 // default 64 MiB

	Compression    kafka.Compression // default none
	BatchBytes     int               // of one produce request; default 1,000,000, just below the brokers' usual limit
	RequestTimeout time.Duration     // default 10 s
	RetryBackoff   time.Duration     // the longest pause between two attempts; default 5 s
	PollInterval   time.Duration     // how often other members' commits are asked for while waiting; default 250 ms
}

// Published counts what one Publish has done.
type Published struct {
	Records   int64 // one for each line that is not blank
	Bytes     int64 // of the values
	Truncated int64 // records that hold only the beginning of their line
}

// Publisher sends lines to a topic, each as one record, whole batches to one partition after the other. It is for feeding files and pipes to an
// ingester. A request whose answer was lost is sent again, so that nothing is lost; after an outage
// of the broker a batch may therefore be in the topic twice.
type Publisher struct {
	options    PublisherOptions
	broker     *broker
	log        zerolog.Logger
	quiet      quiet
	track      *tracker
	partitions int
	next       int // the partition whose turn it is
	maxValue   int // of one record, bytes
}

// NewPublisher checks the options and makes a Publisher. It dials nothing.
func NewPublisher(o PublisherOptions, log zerolog.Logger) (*Publisher, error) {
	orString(&o.ClientID, "errata")
	orDefault(&o.Ahead, 64<<20)
	orDefault(&o.BatchBytes, 1_000_000)
	orDefault(&o.RequestTimeout, 10*time.Second)
	orDefault(&o.RetryBackoff, 5*time.Second)
	orDefault(&o.PollInterval, 250*time.Millisecond)
	switch {
	case len(o.Brokers) == 0:
		return nil, errors.New("publisher options: no broker given")
	case o.Topic == "":
		return nil, errors.New("publisher options: no topic given")
	case o.BatchBytes < 1024 || o.Ahead < 0:
		return nil, fmt.Errorf("publisher options: batches of %d bytes, %d ahead: want at least 1024 and 0", o.BatchBytes, o.Ahead)
	}
	e := endpoint{brokers: o.Brokers, topics: []string{o.Topic}, clientID: o.ClientID, tls: o.TLS, sasl: o.SASL, timeout: o.RequestTimeout}
	p := &Publisher{
		options: o, broker: e.open(), log: log, track: newTracker(),
		maxValue: o.BatchBytes - batchOverhead - recordOverhead,
	}
	return p, nil
}

// Close gives the connections back.
func (p *Publisher) Close() { p.broker.close() }

// Committed tells the publisher how far the group has come; hang it on Options.OnCommit. Commits of
// other members are asked for while the publisher waits.
func (p *Publisher) Committed(topic string, partition int32, offset int64) {
	if topic == p.options.Topic {
		p.track.committed(partition, offset)
	}
}

// Ends returns for each partition written to the offset after its last record.
func (p *Publisher) Ends() map[int32]int64 { return p.track.ends() }

// Publish sends the lines of r until its end, blank ones excluded, and returns when the broker has
// acknowledged them all. A line that is too long for the broker becomes a record with its first bytes
// and the header HeaderTruncated. A line waits a twentieth of a second at most for others to be sent with.
// Of several calls only one may run at a time. When ctx ends while a Read of r blocks, that Read is left
// behind: nobody may read from r any more.
func (p *Publisher) Publish(ctx context.Context, r io.Reader) (Published, error) {
	if err := p.connect(ctx); err != nil {
		return Published{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	b := &bundle{}
	var failed error // of sending, which happens inside of reading too
	send := func() error {
		failed = p.send(ctx, b)
		return failed
	}
	lines := NewLines(newFeed(ctx, r, b.due, send), p.maxValue)
	for {
		line, err := lines.Next()
		switch {
		case failed != nil:
			return b.done, failed
		case errors.Is(err, io.EOF):
			return b.done, send()
		case err != nil:
			return b.done, errors.Join(err, send())
		}
		if b.size+len(line)+recordOverhead > p.options.BatchBytes-batchOverhead {
			if err = send(); err != nil {
				return b.done, err
			}
		}
		b.add(line, lines)
	}
}

func (p *Publisher) connect(ctx context.Context) error {
	seen, err := p.broker.connect(ctx, []string{p.options.Topic})
	if err != nil {
		return err
	}
	for id := range seen.leaders {
		p.partitions = max(p.partitions, int(id.ID)+1)
	}
	if p.partitions == 0 {
		return topicError(p.broker.addresses, p.options.Topic, kafka.LeaderNotAvailable)
	}
	return nil
}

// bundle is what one Publish sends: the request that is being filled, and what became of those before.
type bundle struct {
	outgoing
	done Published
}

// due is when the lines are to be sent, full or not.
func (b *bundle) due() time.Time {
	if len(b.lines) == 0 {
		return time.Time{}
	}
	return b.opened.Add(linger)
}

// send waits until the group has come near enough and writes the lines to the partition whose turn it is.
func (p *Publisher) send(ctx context.Context, b *bundle) error {
	if len(b.lines) == 0 {
		return nil
	}
	if err := p.throttle(ctx, int64(b.size)); err != nil {
		return err
	}
	if err := p.produce(ctx, p.next, b.lines); err != nil {
		return err
	}
	for _, l := range b.lines {
		b.done.Records++
		b.done.Bytes += int64(l.to - l.from)
		if l.whole > 0 {
			b.done.Truncated++
		}
	}
	b.reset()
	p.next = (p.next + 1) % p.partitions
	return nil
}

// produce writes lines to one partition and tries until it succeeds, ctx ends, or the broker refuses
// for good. Lines that are together too large for it are halved.
func (p *Publisher) produce(ctx context.Context, to int, lines []line) error {
	for n := 1; ; n++ {
		end, err := p.request(ctx, to, lines)
		switch {
		case err == nil:
			p.track.produced(int32(to), end, sizeOf(lines))
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, kafka.MessageSizeTooLarge), errors.Is(err, kafka.RecordListTooLarge):
			return p.smaller(ctx, to, lines)
		case isRefusal(err):
			return fmt.Errorf("%w at %s for topic %q: %w; grant Write on the topic", ErrAuthentication, p.broker.addresses, p.options.Topic, err)
		case errors.Is(err, kafka.InvalidRecord):
			return fmt.Errorf("topic %q at %s refuses the records: %w; a compacted topic takes none without a key", p.options.Topic, p.broker.addresses, err)
		}
		p.quiet.warn(p.log, "produce").Err(err).Int("partition", to).Msg("produce failed, trying again")
		if !pause(ctx, backoff(n, p.options.RetryBackoff)) {
			return context.Cause(ctx)
		}
	}
}

// smaller sends lines that the broker refused as too large: halved, or cut if it is only one.
func (p *Publisher) smaller(ctx context.Context, to int, lines []line) error {
	if half := len(lines) / 2; half > 0 {
		if err := p.produce(ctx, to, lines[:half]); err != nil {
			return err
		}
		return p.produce(ctx, to, lines[half:])
	}
	if lines[0].halve(); lines[0].to == lines[0].from {
		return fmt.Errorf("topic %q at %s refuses even the smallest record as too large", p.options.Topic, p.broker.addresses)
	}
	return p.produce(ctx, to, lines)
}

func (p *Publisher) request(ctx context.Context, to int, lines []line) (end int64, err error) {
	answer, err := p.broker.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: p.options.Topic, Partition: to, RequiredAcks: kafka.RequireAll,
		Compression: p.options.Compression, Records: &lineRecords{lines: lines},
	})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return 0, fmt.Errorf("produce: %w", fetch.Bare(err))
	}
	return answer.BaseOffset + int64(len(lines)), nil
}

// truncatedHeader states the length of the whole line.
func truncatedHeader(whole int64) []kafka.Header {
	return []kafka.Header{{Key: HeaderTruncated, Value: strconv.AppendInt(nil, whole, 10)}}
}
