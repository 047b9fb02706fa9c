package fetch

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// scanPatience is how many failures in a row end a scan; with the backoff it takes about half a minute.
const scanPatience = 12

// UnreadableError says that a batch of records cannot be decoded.
type UnreadableError struct {
	Partition Partition
	Span      Span // of the batch, from the position on; empty = what it says of itself is not to be trusted
	Reason    error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%s: the records %s cannot be read: %v", e.Partition, e.Span, e.Reason)
}

func (e *UnreadableError) Unwrap() error { return e.Reason }

// Scan reads the offsets of s, once, and calls visit for each data record in order; value is valid
// during the call. It returns the span it has accounted for, which ends early where the readable log
// does, or at an error. A batch that cannot be decoded is an *UnreadableError, an offset that is not in
// the log kafka.OffsetOutOfRange. Of the configuration it needs no Observer, and no policy.
func Scan(ctx context.Context, config Config, p Partition, s Span, visit func(r Record, value []byte) error) (Span, error) {
	sc := scan{
		config: config.withDefaults(), until: s.To, visit: visit,
		position: position{partition: p, reading: newReading(Start{Next: s.From})},
	}
	sc.shelf.budget = sc.config.Budget
	var err error
	for err == nil && !sc.ended && sc.position.next < s.To {
		err = sc.round(ctx)
	}
	return Span{s.From, max(s.From, min(sc.position.next, s.To))}, err
}

// scan is one Scan under way.
type scan struct {
	config   Config
	until    int64
	visit    func(r Record, value []byte) error
	position position
	shelf    shelf
	session  *session // with the leader; nil = it is not known
	ended    bool     // the log has nothing more
}

// round sends one request and visits what it brings.
func (s *scan) round(ctx context.Context) error {
	if err := s.lead(ctx); err != nil {
		return s.failed(ctx, err)
	}
	s.session.want(&s.position, s.position.reading)
	if err := s.session.ask(ctx); err != nil {
		return s.failed(ctx, err)
	}
	defer s.session.settle()
	for i := range s.session.answer.parts {
		if err := s.share(ctx, &s.session.answer.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// lead sees to it that there is a session with the partition's leader.
func (s *scan) lead(ctx context.Context) error {
	if s.session != nil {
		return nil
	}
	config := s.config
	config.Topics = []string{s.position.partition.Topic}
	leaders, err := config.leaders(ctx)
	if err != nil {
		return err
	}
	leader, ok := leaders[s.position.partition]
	if !ok {
		return fmt.Errorf("%s: %w", s.position.partition, kafka.LeaderNotAvailable)
	}
	s.session = newSession(&s.config, leader)
	return nil
}

// share visits the records of an answer.
func (s *scan) share(ctx context.Context, share *part) error {
	if errors.Is(share.err, kafka.OffsetOutOfRange) {
		return fmt.Errorf("%s: offset %d: %w", s.position.partition, s.position.next, share.err)
	}
	if share.err != 0 {
		return s.failed(ctx, share.err)
	}
	p := &s.position
	c := s.shelf.get(p.partition, p.next, s.session.expected(&p.reading, share))
	defer s.shelf.put(c)
	before := p.reading
	failed := s.session.decode(c, &p.reading, share)
	if err := s.hand(c); err != nil {
		p.reading = before
		return err
	}
	s.ended = len(share.records) == 0 && p.next >= share.end()
	switch {
	case c.Span.Len() > 0:
		p.strikes, p.fails = 0, 0
	case failed != nil:
		if p.strikes++; p.strikes == maxStrikes {
			return &UnreadableError{p.partition, failed.span, failed.reason}
		}
		return s.failed(ctx, failed.reason)
	}
	return nil
}

// end returns where the readable log ends.
func (p *part) end() int64 {
	if p.stable >= 0 {
		return min(p.stable, p.high)
	}
	return p.high
}

// hand visits the records of c.
func (s *scan) hand(c *Chunk) error {
	for i, r := range c.Records {
		if r.Offset >= s.until {
			break
		}
		if err := s.visit(r, c.Value(i)); err != nil {
			return err
		}
	}
	return nil
}

// failed waits, and returns err only when it has failed too often. The leader is looked up anew.
func (s *scan) failed(ctx context.Context, err error) error {
	s.session = nil
	s.position.fails++
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.position.fails == scanPatience {
		return fmt.Errorf("%s: %w", s.position.partition, err)
	}
	pause(ctx, backoff(s.position.fails, s.config.RetryBackoff), nil)
	return nil
}
