package simulate

import "fmt"

// spike is a Spike at work.
type spike struct {
	Spike
	rng     *rng
	clients []*client
	problem *problem
	watch   *watch
}

func (s Spike) start(g *Generator, r *rng) error {
	clients := g.world.find(s.Vendor, s.Service, s.Endpoint)
	if len(clients) == 0 {
		return fmt.Errorf("event: nobody calls %q of vendor %q as service %q", s.Endpoint, s.Vendor, s.Service)
	}
	p, err := clients[0].vendor.mustFail(s.Status, s.Code)
	if err != nil {
		return err
	}
	if s.PerMinute < 1 || s.Duration <= 0 {
		return fmt.Errorf("event: a spike needs failing operations and a duration, got %d and %v", s.PerMinute, s.Duration)
	}
	live := &spike{Spike: s, rng: r, clients: clients, problem: p, watch: p.watchFor("spike")}
	g.spikes = append(g.spikes, live)
	g.schedule(live.operation(s.Start.UnixMilli()))
	return g.within(s.Start)
}

// operation is the first attempt of a new operation.
func (s *spike) operation(at int64) call {
	c := newCall(at, s.clients[s.rng.IntN(len(s.clients))], s.rng.Uint64(), 1)
	c.source, c.problem = s, s.problem
	c.answer(s.rng)
	return c
}

func (s *spike) emitted(g *Generator, c *call) {
	if c.problem != nil {
		s.watch.hit(c.at)
	}
	if c.attempt > 1 {
		return
	}
	if s.rng.chance(0.3) {
		g.schedule(s.retry(c))
	}
	next := c.at + s.rng.around(60_000/float64(s.PerMinute), 0.8)
	if next < s.Start.Add(s.Duration).UnixMilli() {
		g.schedule(s.operation(next))
	}
}

// retry is the one second attempt that some operations get; half of them succeed.
func (s *spike) retry(c *call) call {
	again := newCall(c.at+s.rng.around(2000, 0.5), c.client, c.op, 2)
	again.source = s
	if s.rng.chance(0.5) {
		again.problem = s.problem
	}
	again.answer(s.rng)
	return again
}
