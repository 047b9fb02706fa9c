package fetch

import (
	"cmp"
	"context"
	"slices"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

// overhead is what an answer may hold besides records, in bytes.
const overhead = 1 << 20

// session is what one loop keeps from one answer of its broker to the next.
type session struct {
	decoding
	config *Config
	answer exchange
	hunger appetite
	room   int // bytes to unpack the largest batch of the partitions that are asked for
}

func newSession(config *Config, leader int) *session {
	s := &session{config: config, hunger: newAppetite(config.FetchBytes)}
	s.decoding = decoding{
		budget: config.Budget, decoder: batch.NewDecoder(config.MaxBatchBytes),
		maxRecord: config.MaxRecordBytes, maxBatch: config.MaxBatchBytes,
	}
	s.answer = exchange{config: config, leader: int32(leader), reserve: s.reserve, maxWait: config.FetchWait}
	if transport, ok := config.Transport.(*kafka.Transport); ok {
		s.answer.clientID = transport.ClientID
	}
	return s
}

// waitForRoom waits until the budget has something left, so that nothing is asked for that could not be
// read.
func (s *session) waitForRoom(ctx context.Context) error {
	if err := s.budget.Reserve(ctx, overhead); err != nil {
		return err
	}
	s.budget.Release(overhead)
	return nil
}

// want adds a partition to the next request.
func (s *session) want(p *position, r reading) {
	bytes := max(s.hunger.of(s.config.PartitionBytes), min(r.want, s.maxBatch))
	s.answer.asked = append(s.answer.asked, asked{p, r.asks(), bytes})
	s.answer.bytes = max(s.answer.bytes, bytes, s.hunger.of(s.config.FetchBytes))
	s.room = max(s.room, r.room)
}

// ask sends the request for what is wanted, and lets go of a buffer that is larger than its partitions need. After an
// error nothing is reserved.
func (s *session) ask(ctx context.Context) error {
	s.decoder.Trim(max(s.config.FetchBytes, s.room))
	slices.SortStableFunc(s.answer.asked, func(a, b asked) int {
		return cmp.Compare(a.position.partition.Topic, b.position.partition.Topic)
	})
	s.answer.most = max(s.answer.bytes, s.maxBatch) + overhead
	err := s.answer.do(ctx)
	s.answer.asked, s.answer.bytes = s.answer.asked[:0], 0
	if err != nil {
		s.budget.Release(int64(s.reserved))
		s.reserved, s.room = 0, 0
	}
	return err
}

// reserve takes what an answer of so many bytes may need of the budget: itself, and what it unpacks to.
func (s *session) reserve(ctx context.Context, size int) error {
	unpacked := max(size+size/4, s.config.FetchBytes, s.room)
	if err := s.budget.Reserve(ctx, int64(size+unpacked)); err != nil {
		return err
	}
	s.reserved, s.taken, s.held = size+unpacked, size, 0
	return nil
}

// charge counts c against what is reserved.
func (s *session) charge(c *Chunk) {
	c.charged = c.Size()
	s.taken += int(c.charged)
	s.held += int(c.charged)
}

// settle gives back what is reserved, except for the chunks, and learns from the answer. A buffer that left something no
// room is let go of: it may be another batch's, larger than the budget, and would leave none the next time either.
func (s *session) settle() {
	s.budget.Release(int64(s.reserved - s.held))
	s.reserved = 0
	unpacked := s.held + s.decoder.Held()
	if s.tight {
		unpacked = max(unpacked, s.config.FetchBytes+1)
		s.decoder.Trim(0)
	}
	s.hunger.learn(unpacked)
	s.tight, s.room = false, 0
}
