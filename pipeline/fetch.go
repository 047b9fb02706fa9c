package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// readCommitted asks the broker to name the aborted transactions in its answers.
const readCommitted = 1

// maxStrikes is how often an answer may fail to decode, from a broker that is otherwise well, before
// the partition is halted.
const maxStrikes = 5

// fetcher reads the owned partitions of one generation: one long-polling loop per leading broker,
// all of that broker's partitions in one request.
type fetcher struct {
	broker  *broker
	options Options
	cursor  *cursor
	memory  *budget
	chunks  *sync.Pool
	out     chan<- *chunk
	resume  resumeFunc
	report  fetchReport
	log     zerolog.Logger
	quiet   *quiet
}

// resumeFunc decides, when a position is gone from the log, where to go on; or it halts.
type resumeFunc func(ctx context.Context, p tp, next int64) (int64, *HaltError, error)

// fetchReport hears what the fetcher learns.
type fetchReport interface {
	heard(p tp, high int64, at time.Time)
	halted(err *HaltError)
	stuck(p tp, reason error) // again and again
	flowing(p tp)             // after all
}

// run fetches until ctx ends. When it returns, nothing is sent on out any more.
func (f *fetcher) run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	started := map[int]bool{}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		for leader := range f.leaders(ctx) {
			if !started[leader] {
				started[leader] = true
				loops.Go(func() { f.loop(ctx, leader) })
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// leaders refreshes who leads what. A failure leaves things as they are.
func (f *fetcher) leaders(ctx context.Context) map[int]bool {
	seen, err := f.broker.refresh(ctx, f.options.Topics)
	if err != nil {
		if ctx.Err() == nil {
			f.quiet.warn(f.log, "layout").Err(err).Msg("cannot refresh the cluster layout, trying again")
		}
		return nil
	}
	return f.cursor.lead(seen.leaders)
}

// loop asks one broker again and again.
func (f *fetcher) loop(ctx context.Context, leader int) {
	hunger := newAppetite(f.options.FetchBytes)
	for ctx.Err() == nil {
		taken := f.cursor.take(leader, time.Now())
		if len(taken) == 0 {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		f.round(ctx, taken, hunger)
		f.cursor.finish(taken)
	}
}

// round sends one request and handles its answer.
func (f *fetcher) round(ctx context.Context, taken []*position, hunger *appetite) {
	reserved, err := f.memory.reserve(ctx, int64(f.options.FetchBytes))
	if err != nil {
		return
	}
	answer, err := f.ask(ctx, f.request(taken, hunger))
	if err != nil {
		f.memory.release(reserved)
		if ctx.Err() == nil {
			f.failed(ctx, taken, err)
		}
		return
	}
	chunks := f.unpack(ctx, taken, answer)
	var held int64
	for _, c := range chunks {
		held += c.charged
	}
	f.memory.settle(reserved, held)
	hunger.learn(held)
	for _, c := range chunks {
		select {
		case f.out <- c:
		case <-ctx.Done():
			f.memory.release(c.charged)
		}
	}
}

func (f *fetcher) ask(ctx context.Context, request *fetch.Request) (*fetch.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, f.options.FetchWait+f.options.RequestTimeout)
	defer cancel()
	answer, err := f.broker.transport.RoundTrip(ctx, f.broker.client.Addr, request)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return answer.(*fetch.Response), nil // RoundTrip's contract
}

func (f *fetcher) request(taken []*position, hunger *appetite) *fetch.Request {
	topics := map[string][]fetch.RequestPartition{}
	for _, p := range taken {
		topics[p.tp.topic] = append(topics[p.tp.topic], fetch.RequestPartition{
			Partition: p.tp.id, CurrentLeaderEpoch: -1, FetchOffset: p.next, LogStartOffset: -1,
			PartitionMaxBytes: int32(hunger.of(f.options.PartitionBytes)),
		})
	}
	request := &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(f.wait(taken).Milliseconds()), MinBytes: 1,
		MaxBytes: int32(hunger.of(f.options.FetchBytes)), IsolationLevel: readCommitted, SessionID: -1, SessionEpoch: -1,
	}
	for topic, partitions := range topics {
		request.Topics = append(request.Topics, fetch.RequestTopic{Topic: topic, Partitions: partitions})
	}
	return request
}

// wait is how long the broker may hold an empty answer. Nothing waits for a partition that is asked for
// alone: there may be hundreds, one after the other.
func (f *fetcher) wait(taken []*position) time.Duration {
	if len(taken) == 1 && taken[0].alone {
		return 0
	}
	return f.options.FetchWait
}

// unpack turns an answer into chunks and moves the positions on.
func (f *fetcher) unpack(ctx context.Context, taken []*position, answer *fetch.Response) []*chunk {
	positions := make(map[tp]*position, len(taken))
	for _, p := range taken {
		positions[p.tp] = p
	}
	var chunks []*chunk
	for t := range answer.Topics {
		for i := range answer.Topics[t].Partitions {
			part := &answer.Topics[t].Partitions[i]
			p := positions[tp{answer.Topics[t].Topic, part.Partition}]
			if p == nil {
				continue
			}
			if code := answer.ErrorCode; code != 0 {
				part.ErrorCode = code
			}
			if c := f.partition(ctx, p, part); c != nil {
				chunks = append(chunks, c)
			}
		}
	}
	return chunks
}

// partition handles one partition's share of an answer; nil means there is nothing to hand on.
func (f *fetcher) partition(ctx context.Context, p *position, part *fetch.ResponsePartition) *chunk {
	if part.ErrorCode != 0 {
		f.refused(ctx, p, kafka.Error(part.ErrorCode))
		return nil
	}
	c := f.chunks.Get().(*chunk) // the pool makes nothing else
	c.reset(p.tp, p.next, p.size)
	if err := decode(c, part, f.options.MaxRecordBytes); err != nil {
		f.chunks.Put(c)
		f.strike(p, err)
		return nil
	}
	if p.fails >= stuckAfter {
		f.report.flowing(p.tp)
	}
	f.cursor.update(p, func(p *position) {
		p.next, p.size, p.alone, p.strikes, p.fails = c.span.to, len(c.values), false, 0, 0
	})
	now := time.Now()
	f.report.heard(p.tp, part.HighWatermark, now)
	if c.span.len() == 0 {
		f.chunks.Put(c)
		return nil
	}
	c.fetched = now.UnixMilli()
	c.charged = c.size()
	c.users.Store(1)
	return c
}
