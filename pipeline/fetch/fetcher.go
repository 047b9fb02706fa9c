package fetch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// refreshEvery is how often it is looked up who leads what. The transport answers from its memory.
const refreshEvery = time.Second

// idlePoll is how long a loop without partitions to ask for waits until it looks again.
const idlePoll = 100 * time.Millisecond

// Fetcher reads partitions for as long as Run runs: one long-polling loop per leading broker, all of
// that broker's partitions in one request.
type Fetcher struct {
	config Config
	cursor cursor
	shelf  shelf
	out    chan<- *Chunk
	added  chan struct{} // signalled when there is a new partition
}

// New returns a fetcher that has no partitions yet. It opens nothing.
func New(config Config) *Fetcher {
	config = config.withDefaults()
	return &Fetcher{config: config, shelf: shelf{budget: config.Budget}, added: make(chan struct{}, 1)}
}

// Add adds a partition, which the fetcher must not have yet. It may be called while Run runs.
func (f *Fetcher) Add(p Partition, s Start) {
	f.cursor.add(p, s)
	select {
	case f.added <- struct{}{}:
	default:
	}
}

// Stop ends the reading of a partition for good. What was read of it before may still be handed out. It may
// be called while Run runs.
func (f *Fetcher) Stop(p Partition) { f.cursor.stop(p) }

// Run fetches until ctx ends. When it returns, nothing is sent on out any more. Each chunk that is
// received is to be released.
func (f *Fetcher) Run(ctx context.Context, out chan<- *Chunk) {
	f.out = out
	var loops sync.WaitGroup
	defer loops.Wait()
	started := map[int]bool{}
	for ctx.Err() == nil {
		for leader := range f.leaders(ctx) {
			if !started[leader] {
				started[leader] = true
				loops.Go(func() { f.loop(ctx, leader) })
			}
		}
		pause(ctx, refreshEvery, f.added)
	}
}

// leaders refreshes who leads what. A failure leaves things as they are.
func (f *Fetcher) leaders(ctx context.Context) map[int]bool {
	leaders, err := f.config.leaders(ctx)
	if err != nil {
		if ctx.Err() == nil {
			f.config.Warn("layout").Err(err).Msg("cannot refresh the cluster layout, trying again")
		}
		return nil
	}
	return f.cursor.lead(leaders)
}

// leaders returns the ids of the brokers that lead the topics' partitions. A partition without a leader is
// absent.
func (c *Config) leaders(ctx context.Context) (map[Partition]int, error) {
	client := kafka.Client{Addr: c.Addr, Transport: c.Transport, Timeout: c.RequestTimeout}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: c.Topics})
	if err != nil {
		return nil, fmt.Errorf("cluster layout: %w", Bare(err))
	}
	leaders := map[Partition]int{}
	for _, topic := range meta.Topics {
		for _, p := range topic.Partitions {
			if p.Leader.Host != "" {
				leaders[Partition{topic.Name, int32(p.ID)}] = p.Leader.ID
			}
		}
	}
	return leaders, nil
}

// loop asks one broker again and again.
func (f *Fetcher) loop(ctx context.Context, leader int) {
	s := newSession(&f.config, leader)
	for ctx.Err() == nil {
		if s.waitForRoom(ctx) != nil {
			return
		}
		taken := f.cursor.take(leader, time.Now())
		if len(taken) == 0 {
			pause(ctx, idlePoll, nil)
			continue
		}
		f.round(ctx, s, taken)
		f.cursor.finish(taken)
	}
}

// round sends one request, handles its answer and hands on what was in it.
func (f *Fetcher) round(ctx context.Context, s *session, taken []*position) {
	for _, p := range taken {
		s.want(p, f.cursor.read(p))
	}
	if err := s.ask(ctx); err != nil {
		if ctx.Err() == nil {
			f.config.Warn("fetch").Err(err).Int("partitions", len(taken)).Msg("fetch failed, trying again")
			for _, p := range taken {
				f.later(p, err, (*position).doubt) // the broker may have lost what it had not written to disk
			}
		}
		return
	}
	chunks := make([]*Chunk, 0, len(s.answer.parts))
	for i := range s.answer.parts {
		if c := f.partition(ctx, s, &s.answer.parts[i]); c != nil {
			chunks = append(chunks, c)
		}
	}
	s.settle()
	for i, c := range chunks {
		select {
		case f.out <- c:
		case <-ctx.Done():
			for _, c := range chunks[i:] {
				c.Release()
			}
			return
		}
	}
}

// partition handles one partition's share of an answer; nil means there is nothing to hand on.
func (f *Fetcher) partition(ctx context.Context, s *session, share *part) *Chunk {
	p, now := share.position, time.Now()
	if share.err != 0 {
		return f.refused(ctx, p, share.err)
	}
	if len(share.records) == 0 {
		f.hear(p, share, now)
		f.succeeded(p)
		return nil
	}
	before := f.cursor.read(p)
	after := before
	c := f.shelf.get(p.partition, before.next, s.expected(&before, share))
	failed := s.decode(c, &after, share)
	f.cursor.move(p, before, after)
	f.hear(p, share, now)
	if c.Span.Len() > 0 {
		f.succeeded(p)
		c.Fetched = now.UnixMilli()
		s.charge(c)
		f.cursor.update(p, func(p *position) { p.served = true })
	} else {
		f.shelf.put(c)
		c = nil
	}
	if failed != nil {
		if gap := f.strike(ctx, p, failed); gap != nil {
			return gap // c is nil: strikes start anew with what is read
		}
	}
	return c
}

// hear takes note of where the log ends. It may end earlier than before only after a broker was lost, or
// when it is another log.
func (f *Fetcher) hear(p *position, share *part, now time.Time) {
	f.cursor.update(p, func(p *position) {
		if share.high < p.high {
			p.doubt()
		}
		p.high = share.high
	})
	f.config.Observer.Heard(p.partition, share.high, now)
}

// succeeded ends a row of failures.
func (f *Fetcher) succeeded(p *position) {
	if p.fails >= stuckAfter {
		f.config.Observer.Flowing(p.partition)
	}
	if p.fails > 0 || p.strikes > 0 {
		f.cursor.update(p, func(p *position) { p.fails, p.strikes = 0, 0 })
	}
}
