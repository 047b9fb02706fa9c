package simulate

import "time"

// The decoys: things that a naive rule takes for an incident.
const (
	pollEvery   = time.Minute
	probeEvery  = 20 * time.Second
	outageLasts = 100 * time.Second
	outageCalls = 14 // below the floor of a spike
	strayEvery  = 11 * time.Minute
	quietEnd    = time.Hour // the last hour belongs to the events
)

// startDecoys schedules a poller of an order that is gone, health checks that fail during an outage,
// the outage, and single 429 answers.
func (g *Generator) startDecoys(r *rng) {
	o := g.options
	outage := o.startMS() + (o.endMS()-o.startMS())/3
	if named(o.Vendors, "telecomx") {
		g.startPoller(r)
		g.startProbe(r, outage)
		g.startOutage(r, outage)
	}
	g.startStrays(r)
}

// periodic repeats one call for ever.
type periodic struct {
	rng     *rng
	every   int64 // ms
	jitter  int64 // ms
	problem func(at int64) *problem
}

func (p *periodic) emitted(g *Generator, c *call) {
	again := newCall(c.at+p.every+p.rng.Int64N(2*p.jitter+1)-p.jitter, c.client, c.op, 1)
	again.source, again.problem = p, p.problem(again.at)
	again.answer(p.rng)
	g.schedule(again)
}

// startPeriodic starts a periodic call, less often in a small log: at most one record in fifty.
func (g *Generator) startPeriodic(c *client, p *periodic, every time.Duration) {
	fewest := g.options.Duration * 50 / time.Duration(max(1, g.options.Records))
	p.every = max(every, fewest).Milliseconds()
	p.jitter = max(1, p.every/150)
	first := newCall(g.options.startMS()+p.rng.Int64N(p.every), c, p.rng.Uint64(), 1)
	first.source, first.problem = p, p.problem(first.at)
	first.answer(p.rng)
	g.schedule(first)
}

func (g *Generator) startPoller(r *rng) {
	c := g.world.find("telecomx", serviceOrders, "GET /orders/{id}")[0]
	gone := c.vendor.problem(404, "orderId")
	g.startPeriodic(c, &periodic{rng: r, problem: func(int64) *problem { return gone }}, pollEvery)
}

func (g *Generator) startProbe(r *rng, outage int64) {
	c := g.world.find("telecomx", serviceProbe, "GET "+pathHealth)[0]
	down := c.vendor.problem(503, "")
	g.startPeriodic(c, &periodic{rng: r, problem: func(at int64) *problem {
		if at >= outage && at < outage+outageLasts.Milliseconds() {
			return down
		}
		return nil
	}}, probeEvery)
}

// startOutage lets some operations fail once, and every third a second time.
func (g *Generator) startOutage(r *rng, at int64) {
	clients := g.world.find("telecomx", "", "")
	refused := clients[0].vendor.problem(0, "connection_refused")
	for i := range outageCalls {
		c := newCall(at+r.Int64N(outageLasts.Milliseconds()), clients[r.IntN(len(clients))], r.Uint64(), 1)
		c.problem = refused
		g.schedule(c)
		if i%3 == 0 {
			again := newCall(c.at+r.around(2000, 0.5), c.client, c.op, 2)
			again.problem = refused
			g.schedule(again)
		}
	}
}

// startStrays lets one call be throttled now and then, never two within ten minutes, and none in the
// last hour.
func (g *Generator) startStrays(r *rng) {
	o := g.options
	last := o.endMS() - quietEnd.Milliseconds()
	every := max(strayEvery, o.Duration/60).Milliseconds()
	for at := o.startMS() + every; at < last; at += every {
		c := g.background.world.table[r.IntN(len(g.background.world.table))]
		stray := newCall(at+r.Int64N(30_000), c, r.Uint64(), 1)
		stray.problem = throttled(c.vendor)
		if stray.problem == nil {
			continue // the vendor documents no 429
		}
		stray.retryAfterS = 2
		stray.answer(r)
		g.schedule(stray)
	}
}

// throttled returns the first 429 of a vendor, nil if it has none.
func throttled(v *vendor) *problem {
	for _, p := range v.problems {
		if p.status == 429 {
			return p
		}
	}
	return nil
}
