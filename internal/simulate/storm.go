package simulate

import (
	"fmt"
	"time"
)

// storm is a Storm at work. It keeps the attempts it made, a few thousand at most, to say exactly
// what happened.
type storm struct {
	Storm
	rng     *rng
	client  *client
	problem *problem
	watch   *watch
	runs    map[uint64][]attempt // by operation
}

type attempt struct {
	at     int64
	failed outcome
}

type outcome uint8

const (
	succeeded outcome = iota
	failed
)

func (s Storm) start(g *Generator, r *rng) error {
	c, err := g.client(s.Vendor, s.Service, s.Endpoint)
	if err != nil {
		return err
	}
	p, err := c.vendor.mustFail(s.Status, s.Code)
	if err != nil {
		return err
	}
	if s.Operations < 1 || s.Attempts < 2 || s.Gap <= 0 {
		return fmt.Errorf("event: a storm needs an operation, two attempts and a gap, got %d, %d and %v", s.Operations, s.Attempts, s.Gap)
	}
	if s.Factor == 0 {
		s.Factor = 1
	}
	live := &storm{Storm: s, rng: r, client: c, problem: p, watch: p.watchFor("storm"), runs: map[uint64][]attempt{}}
	g.storms = append(g.storms, live)
	for range s.Operations {
		at := s.Start.UnixMilli() + r.Int64N(max(1, s.Spread.Milliseconds()))
		g.schedule(live.attempt(newCall(at, c, r.Uint64(), 1)))
	}
	return g.within(s.Start)
}

// attempt decides the answer of one attempt.
func (s *storm) attempt(c call) call {
	c.source = s
	if c.attempt < s.Attempts || s.Ending == GivesUp {
		c.problem = s.problem
		if s.RetryAfter > 0 {
			c.retryAfterS = int64(s.RetryAfter / time.Second)
		}
	}
	c.answer(s.rng)
	return c
}

func (s *storm) emitted(g *Generator, c *call) {
	a := attempt{at: c.at}
	if c.problem != nil {
		a.failed = failed
		s.watch.hit(c.at)
	}
	s.runs[c.op] = append(s.runs[c.op], a)
	if c.attempt >= s.Attempts {
		return
	}
	gap := float64(s.Gap.Milliseconds())
	for range c.attempt - 1 {
		gap *= s.Factor
	}
	g.schedule(s.attempt(newCall(c.at+s.rng.around(gap, s.Jitter), s.client, c.op, c.attempt+1)))
}
