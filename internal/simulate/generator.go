package simulate

// Generator writes one log. It is not safe for concurrent use.
type Generator struct {
	options    Options
	world      *world
	background *background
	waiting    calls // scheduled by events, decoys and retries
	sequence   uint64
	writer     writer
	breaker    *breaker
	tally      tally
	storms     []*storm
	limits     []*limit
	spikes     []*spike
	last       call
	lastReason string // of a dead letter
}

// Streams of random numbers. Events follow from streamEvents on, one each.
const (
	streamWriter = iota + 1
	streamBackground
	streamDecoys
	streamBroken
	streamMore
	streamEvents = 1000
)

func newGenerator(o Options, w *world) *Generator {
	g := &Generator{options: o, world: w, tally: newTally(w)}
	g.background = newBackground(o, w)
	g.writer.rng = newRNG(o.Seed, streamWriter)
	g.breaker = newBreaker(o)
	return g
}

// inject starts the events and decoys.
func (g *Generator) inject(o Options) error {
	for i, e := range o.Events {
		if err := e.start(g, newRNG(o.Seed, uint64(streamEvents+i))); err != nil {
			return err
		}
	}
	if o.Decoys == DecoysOn {
		g.startDecoys(newRNG(o.Seed, streamDecoys))
	}
	return nil
}

// Next writes the next record, in the order of time, and says where it belongs. ok is false after
// the last one.
//
// The value reuses buf's memory (from its beginning) or, when that is too small, memory of its own:
// pass the value to the next call to keep the buffer. The key names the service and its endpoint,
// so that a partition gets a stable share; it is read-only and stays valid.
func (g *Generator) Next(buf []byte) (value, key []byte, ok bool) {
	next, ok := g.take()
	if !ok {
		return nil, nil, false
	}
	g.last = next
	c := &g.last // not a local variable: that would be allocated for every record
	value = g.writer.write(buf[:0], c)
	g.lastReason = c.broken.reason()
	if limit := g.options.MaxRecord; limit > 0 && len(value) > limit {
		g.lastReason = "too_large"
	}
	g.account(c)
	if c.source != nil {
		c.source.emitted(g, c)
	}
	return value, c.client.key, true
}

// take removes the earliest call before the end of the log.
func (g *Generator) take() (call, bool) {
	end := g.options.endMS()
	ordinary := g.background.peek()
	if len(g.waiting) > 0 && (ordinary < 0 || g.waiting[0].at <= ordinary) {
		if g.waiting[0].at >= end {
			return call{}, false
		}
		return g.waiting.pop(), true
	}
	if ordinary < 0 || ordinary >= end {
		return call{}, false
	}
	c := g.background.take()
	g.breaker.touch(&c)
	return c, true
}

// schedule lets a call happen; a call at or after the end of the log never does.
func (g *Generator) schedule(c call) {
	g.sequence++
	c.sequence = g.sequence
	if c.at < g.options.endMS() {
		g.waiting.push(c)
	}
}

// account records the truth about a record that was just written.
func (g *Generator) account(c *call) {
	if g.lastReason != "" {
		g.tally.deadLetter(g.lastReason)
		return
	}
	g.tally.count(c)
	if c.problem != nil {
		for _, w := range c.problem.watches {
			w.seen()
		}
	}
	for _, l := range c.client.limits {
		l.observe(c)
	}
}
