package simulate

import "math"

// background is the ordinary traffic: calls by a daily curve, the share of them that fails, and one
// or two retries of some of those.
type background struct {
	rng     *rng
	world   *world
	errors  float64
	curve   curve
	next    int64 // time of the next call, -1 = none left
	written int
	records int
}

func newBackground(o Options, w *world) *background {
	b := &background{rng: newRNG(o.Seed, streamBackground), world: w, errors: o.ErrorRate, records: o.Records, curve: newCurve(o)}
	b.advance()
	return b
}

// peek returns the time of the next call in Unix milliseconds, -1 if there is none.
func (b *background) peek() int64 { return b.next }

// advance draws the time of the next call. Each call has a slice of the day of its own and lies
// anywhere in it: the order needs no sorting, and the curve is met exactly.
func (b *background) advance() {
	if b.written >= b.records {
		b.next = -1
		return
	}
	b.next = b.curve.at((float64(b.written) + b.rng.Float64()) / float64(b.records))
	b.written++
}

func (b *background) take() call {
	r := b.rng
	client := b.world.table[r.IntN(len(b.world.table))]
	c := newCall(b.next, client, r.Uint64(), 1)
	c.source = b
	switch x := r.Float64(); {
	case x < 0.06:
		c.setting = settingStaging
	case x < 0.09:
		c.setting = settingSparse
	}
	if r.chance(b.errors) {
		c.problem = client.table[r.IntN(len(client.table))]
	}
	b.finish(&c)
	b.advance()
	return c
}

// finish fills what the answer carries beside its status.
func (b *background) finish(c *call) {
	c.answer(b.rng)
	if c.problem != nil && c.problem.status == 503 && b.rng.chance(0.3) {
		c.retryAfterS = 5
	}
	if b.rng.chance(0.2) {
		c.quota = quota{limit: 600, remaining: 300 + int64(b.rng.IntN(300)), resetS: 1 + int64(b.rng.IntN(59)), windowS: 60}
	}
}

// emitted schedules the ordinary retry of a failed call: never more than two for one operation.
func (b *background) emitted(g *Generator, c *call) {
	if c.problem == nil || c.attempt > 2 || !worthRetrying(c.problem) {
		return
	}
	odds := [...]float64{1: 0.4, 2: 0.2}[c.attempt]
	if !b.rng.chance(odds) {
		return
	}
	wait := b.rng.around(1500*float64(c.attempt), 0.4)
	again := newCall(c.at+max(wait, 1000*c.retryAfterS), c.client, c.op, c.attempt+1)
	again.setting, again.source = c.setting, b
	if b.rng.chance(0.3) {
		again.problem = c.problem
	}
	b.finish(&again)
	g.schedule(again)
}

// worthRetrying is what a reasonable client thinks.
func worthRetrying(p *problem) bool { return p.status >= 500 || p.status == 0 }

// curve spreads calls over the log: quiet nights, busy afternoons (UTC).
type curve struct {
	start  int64
	bin    float64   // ms
	sums   []float64 // share of the calls before each bin, and 1
	cursor int
}

const binMS = 5 * 60 * 1000

func newCurve(o Options) curve {
	length := float64(o.endMS() - o.startMS())
	bins := max(1, int(math.Ceil(length/binMS)))
	c := curve{start: o.startMS(), bin: length / float64(bins), sums: make([]float64, bins+1)}
	for i := range bins {
		middle := float64(c.start) + (float64(i)+0.5)*c.bin
		hour := math.Mod(middle/3_600_000, 24)
		c.sums[i+1] = c.sums[i] + 1 + 0.55*math.Sin((hour-8)*math.Pi/12)
	}
	for i := range c.sums {
		c.sums[i] /= c.sums[bins]
	}
	return c
}

// at returns the time before which the given share of the calls lies. Shares must not fall from call to call.
func (c *curve) at(share float64) int64 {
	for c.cursor < len(c.sums)-2 && share >= c.sums[c.cursor+1] {
		c.cursor++
	}
	inside := (share - c.sums[c.cursor]) / (c.sums[c.cursor+1] - c.sums[c.cursor])
	return c.start + int64((float64(c.cursor)+inside)*c.bin)
}
