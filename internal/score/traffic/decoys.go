package traffic

// outage lets many operations fail, each up to so many times.
func (b *builder) outage(t *Target, start, length int64, operations, attempts int) {
	f := vendorOf(t.Vendor).retryable()[0]
	for range operations {
		at := start + b.Int64N(length)
		op := b.operation(t)
		for range 1 + b.IntN(attempts) {
			b.add(b.failure(t, at, op, f))
			at += 1000 + b.Int64N(3000)
		}
	}
}

func (b *builder) decoy(kind string, method string, key KeyForm) *Target {
	t := b.target(pick(b, vendorNames()), method, key)
	b.event("", kind, t).target = t
	return t
}

// stormDecoys write what a naive rule takes for a storm.
func (b *builder) stormDecoys() {
	hour := int64(3_600_000)
	t := b.decoy("outage: once or twice each", "POST", KeyIdempotency)
	b.outage(t, b.when(hour), 8*60_000, int(600*b.size), 2)
	t = b.decoy("outage: by path", "GET", KeyNone)
	b.outage(t, b.when(hour), 8*60_000, int(600*b.size), 2)
	t = b.decoy("outage: four attempts", "POST", KeyTrace)
	b.outage(t, b.when(hour), 5*60_000, 150, 4)
	t = b.decoy("outage: weak calls", "POST", KeyNone)
	b.weakOutage(t, 0)
	t = b.decoy("outage: counted, without keys", "POST", KeyNone)
	t.StatesAttempt = true
	b.weakOutage(t, 0.3)
	for _, p := range []poll{
		{"poller, steady", 10_000, 0, false},
		{"poller, jittered", 20_000, 0.3, false},
		{"poller of what is gone", 60_000, 0.01, true},
		{"health check", 5_000, 0.02, false},
		{"poller, every 50 s", 50_000, 0.05, false},
	} {
		b.poller(b.decoy(p.kind, "GET", KeyNone), p)
	}
	b.batch(b.decoy("batch over many ids", "GET", KeyNone))
	b.doubleClicks(b.decoy("double clicks", "POST", KeyIdempotency))
	b.fanOut(b.decoy("fan-out under one trace id", "POST", KeyTrace))
	b.fanOut(b.decoy("the same call, side by side", "GET", KeyNone))
	b.chatter(b.decoy("fails now and then, between successes", "GET", KeyNone))
	b.hotPath(b.decoy("hot path, some failing all the time", "GET", KeyNone), 0.4)
	b.hotPath(b.decoy("hot path in an outage", "GET", KeyNone), 0.01)
	b.batch(b.decoy("batch of writes", "POST", KeyIdempotency))
	b.slowRetries(b.decoy("retries further apart than the gap", "GET", KeyNone))
}

// weakOutage lets the calls of a steady target fail for ten minutes, and come no more often than before.
func (b *builder) weakOutage(t *Target, retried float64) {
	t.Route = "/v1/" + word(b.n)
	start := b.when(3_600_000)
	f := vendorOf(t.Vendor).retryable()[0]
	for at := b.log.Start; at < b.log.To; at += 1 + int64(b.exp(4000)) {
		op := b.operation(t)
		if at < start || at > start+10*60_000 {
			b.add(b.success(t, at, op))
			continue
		}
		b.add(b.failure(t, at, op, f))
		if b.chance(retried) {
			b.add(b.failure(t, at+1500, op, f))
		}
	}
}

type poll struct {
	kind   string
	every  float64
	jitter float64
	gone   bool
}

// poller asks one path at its own pace, whatever comes.
func (b *builder) poller(t *Target, p poll) {
	op := b.operation(t)
	v := vendorOf(t.Vendor)
	down, length := b.when(2*3_600_000), int64(20*60_000)
	for at := float64(b.log.Start); at < float64(b.log.To); at += p.every * (1 + p.jitter*(2*b.Float64()-1)) {
		now := int64(at)
		switch {
		case p.gone:
			b.add(b.failure(t, now, op, v.hopeless()[0]))
		case now >= down && now < down+length:
			b.add(b.failure(t, now, op, v.retryable()[0]))
		default:
			b.add(b.success(t, now, op))
		}
	}
}

// batch asks for many ids, one after the other; all fail.
func (b *builder) batch(t *Target) {
	at := b.when(3_600_000)
	f := vendorOf(t.Vendor).hopeless()[0]
	for range int(1500 * b.size) {
		b.add(b.failure(t, at, b.operation(t), f))
		at += 150 + b.Int64N(100)
	}
}

func (b *builder) doubleClicks(t *Target) {
	f := vendorOf(t.Vendor).retryable()[0]
	for range 40 {
		at := b.when(3_600_000)
		op := b.operation(t)
		b.add(b.failure(t, at, op, f))
		b.add(b.failure(t, at+150+b.Int64N(200), op, f))
	}
}

// fanOut sends calls side by side that cannot be told apart; none of them answers another's failure.
func (b *builder) fanOut(t *Target) {
	if t.Method == "POST" {
		t.Route = "/v1/" + word(b.n)
	}
	f := vendorOf(t.Vendor).retryable()[0]
	for range 6 {
		at := b.when(3_600_000)
		op := b.operation(t)
		for range 25 {
			c := b.failure(t, at+500+b.Int64N(300), op, f)
			c.Duration = c.At - at - b.Int64N(40)
			b.add(c)
		}
	}
}

// chatter fails every third time or so, each time followed by a success.
func (b *builder) chatter(t *Target) {
	op := b.operation(t)
	f := vendorOf(t.Vendor).retryable()[0]
	start := b.when(3_600_000)
	for i := range 600 {
		at := start + int64(i)*4000
		if i%3 == 1 && b.chance(0.8) {
			b.add(b.failure(t, at, op, f))
		} else {
			b.add(b.success(t, at, op))
		}
	}
}

// hotPath is one path without ids that many callers ask, at random: its calls are one operation, whose
// failures are nobody's retries. It fails for ten minutes in the middle.
func (b *builder) hotPath(t *Target, failing float64) {
	t.Route = "/v1/" + word(b.n)
	op := b.operation(t)
	f := vendorOf(t.Vendor).retryable()[0]
	start := b.when(4 * 3_600_000)
	for at := float64(start); at < float64(start)+90*60_000; at += b.exp(800) {
		down := at > float64(start)+40*60_000 && at < float64(start)+50*60_000 && failing < 0.1
		if down || b.chance(failing) {
			b.add(b.failure(t, int64(at), op, f))
		} else {
			b.add(b.success(t, int64(at), op))
		}
	}
}

// slowRetries try again every two minutes.
func (b *builder) slowRetries(t *Target) {
	f := vendorOf(t.Vendor).retryable()[0]
	for range 5 {
		op := b.operation(t)
		at := b.when(3_600_000)
		for range 12 {
			b.add(b.failure(t, at, op, f))
			at += 100_000 + b.Int64N(40_000)
		}
	}
}

// limitDecoys write throttled responses too few to be a window.
func (b *builder) limitDecoys() {
	t := b.decoy("stray 429s", "GET", KeyNone)
	b.background(t, 60)
	for at := b.log.From + 600_000; at < b.log.To-600_000; at += 900_000 + b.Int64N(900_000) {
		b.stray(t, at)
	}
	t = b.decoy("429s in pairs", "POST", KeyIdempotency)
	b.background(t, 60)
	for at := b.log.From + 600_000; at < b.log.To-600_000; at += 1_800_000 + b.Int64N(900_000) {
		b.stray(t, at)
		b.stray(t, at+2000)
	}
	t = b.decoy("503 with Retry-After", "GET", KeyNone)
	start := b.when(3_600_000)
	for range 200 {
		c := b.failure(t, start+b.Int64N(300_000), b.operation(t), vendorOf(t.Vendor).retryable()[0])
		c.WaitMS, c.Quota = 20_000, &Quota{Dialect: DialectSeconds}
		b.add(c)
	}
}

func (b *builder) stray(t *Target, at int64) {
	v := vendorOf(t.Vendor)
	op := b.operation(t)
	c := b.failure(t, at, op, &v.throttle[0])
	c.WaitMS, c.Quota = 1000, &Quota{Dialect: DialectSeconds}
	b.add(c)
	b.add(b.success(t, at+1100+b.Int64N(500), op))
}
