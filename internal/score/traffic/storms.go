package traffic

import "math"

// schedule is how a client waits between attempts.
type schedule struct {
	backoff string // retry_after, exponential, fixed, none
	jitter  bool
	full    bool // anything from nothing to the whole wait
	firstMS float64
	factor  float64
	capMS   float64
}

// storm describes a retry storm before it is written.
type storm struct {
	kind       string
	target     *Target
	start      int64
	spreadMS   int64
	operations int
	attempts   int
	schedule   schedule
	failures   []*Failure // those of each part of the storm, in order
	waitS      int64      // advertised
	waitForm   Dialect
	outcome    string
	slowMS     float64
}

func (b *builder) storm(s storm) *Event {
	e := b.event("storms", s.kind, s.target)
	e.Backoff, e.Jitter, e.Outcome = s.schedule.backoff, s.schedule.jitter, s.outcome
	for i := range s.operations {
		at := s.start
		if i > 0 {
			at += b.Int64N(s.spreadMS + 1)
		}
		b.stormOperation(&s, e, at)
	}
	return e
}

func (b *builder) stormOperation(s *storm, e *Event, at int64) {
	op := b.operation(s.target)
	wait := s.schedule.firstMS
	for n := 1; n <= s.attempts; n++ {
		part := min(len(s.failures)-1, (n-1)*len(s.failures)/s.attempts)
		c := b.failure(s.target, at, op, s.failures[part])
		c.Event = e
		c.Duration = b.lasts(s.slowMS)
		if n > 1 {
			c.At += c.Duration // at is when it was sent
		}
		if s.waitS > 0 && c.Failure.Text == "" {
			c.WaitMS = s.waitS * 1000
			c.Quota = &Quota{Dialect: s.waitForm}
		}
		if n == s.attempts && s.outcome == "recovered" {
			c.Failure, c.WaitMS, c.Quota = nil, -1, nil
		}
		b.add(c)
		at = c.At + max(1, b.gap(s, &wait))
	}
}

// gap draws the pause before the next attempt.
func (b *builder) gap(s *storm, wait *float64) int64 {
	w := *wait
	sch := s.schedule
	if sch.backoff == "retry_after" {
		w = float64(s.waitS * 1000)
		if sch.jitter {
			return int64(w * (1.04 + 0.2*b.Float64()))
		}
		return int64(w * (1.0 + 0.02*b.Float64()))
	}
	if sch.factor > 1 {
		*wait = w * sch.factor
		if sch.capMS > 0 {
			*wait = min(*wait, sch.capMS)
		}
	}
	switch {
	case sch.full:
		return int64(w * b.Float64())
	case sch.jitter:
		return int64(w * (0.6 + 0.8*b.Float64()))
	}
	return int64(w * (0.99 + 0.02*b.Float64()))
}

// schedules lists every way of waiting; the attempts that each allows within the gap are bounded.
func schedules() []schedule {
	return []schedule{
		{backoff: "retry_after", jitter: false},
		{backoff: "retry_after", jitter: true},
		{backoff: "exponential", firstMS: 500, factor: 2},
		{backoff: "exponential", jitter: true, firstMS: 400, factor: 2},
		{backoff: "exponential", jitter: true, full: true, firstMS: 1000, factor: 2},
		{backoff: "exponential", firstMS: 300, factor: 1.6},
		{backoff: "fixed", firstMS: 1000},
		{backoff: "fixed", jitter: true, firstMS: 3000},
		{backoff: "fixed", firstMS: 10_000},
		{backoff: "fixed", firstMS: 45_000},
		{backoff: "none", firstMS: 30},
		{backoff: "none", jitter: true, firstMS: 120},
	}
}

// most is how many attempts a schedule allows with every gap under fifty seconds.
func (s schedule) most() int {
	if s.factor <= 1 {
		return 200
	}
	largest := 50_000.0
	if s.jitter {
		largest /= 1.4
	}
	return 2 + int(math.Log(largest/s.firstMS)/math.Log(s.factor))
}

// keyForms lists how a storm's operations can be told apart.
type keying struct {
	name, method string
	key          KeyForm
	states       bool
}

func keyings() []keying {
	return []keying{
		{"path", "GET", KeyNone, false},
		{"put", "PUT", KeyNone, false},
		{"delete", "DELETE", KeyTrace, false},
		{"idempotency", "POST", KeyIdempotency, false},
		{"idempotency header", "POST", KeyIdempotencyHeader, false},
		{"trace", "POST", KeyTrace, false},
		{"trace header", "PATCH", KeyTraceHeader, false},
		{"path+counter", "GET", KeyTrace, true},
		{"idempotency+counter", "POST", KeyIdempotency, true},
		{"counter", "POST", KeyNone, true},
	}
}

// storms writes one storm for every way of waiting and every way of telling operations apart.
func (b *builder) storms() {
	keys, plans := keyings(), schedules()
	rounds := max(len(keys), len(plans))
	for i := range rounds {
		b.anyStorm(keys[i%len(keys)], plans[(i*5+int(b.log.Seed))%len(plans)], i)
	}
	b.specialStorms()
}

func (b *builder) anyStorm(k keying, plan schedule, i int) {
	vendor := pick(b, vendorNames())
	v := vendorOf(vendor)
	t := b.target(vendor, k.method, k.key)
	t.StatesAttempt = k.states
	if k.key == KeyNone && k.method == "POST" {
		t.Route = "/v1/" + word(b.n) // one path for all
	}
	outcome := []string{"recovered", "gave_up"}[i%2]
	s := storm{
		kind: k.name + ", " + plan.backoff, target: t, operations: b.between(1, int(500*b.size)+1), outcome: outcome,
		schedule: plan, failures: []*Failure{pick(b, v.retryable())}, slowMS: pick(b, []float64{5, 5, 60}),
		attempts: min(plan.most(), b.between(6, 60)),
	}
	if k.name == "counter" {
		// Without keys, operations at the same time cannot be told apart by anything but their counters.
		s.operations = min(s.operations, 12)
	}
	if plan.backoff == "retry_after" {
		s.failures = v.retryable()[:1] // one with a response
		s.waitS, s.waitForm = int64(b.between(3, 40)), pick(b, []Dialect{DialectSeconds, DialectDate})
		s.slowMS = 5
	}
	if plan.backoff == "none" {
		s.slowMS = 1 // the length of an answer would be jitter
	}
	s.attempts = max(s.attempts, 6)
	if s.operations*s.attempts > 12_000 {
		s.attempts = max(6, 12_000/s.operations)
	}
	s.spreadMS = int64(b.between(1, 600_000))
	s.start = b.when(40 * 60_000)
	b.background(t, 6)
	b.storm(s)
}

// when draws a time within what is asked for, so long before its end.
func (b *builder) when(before int64) int64 {
	return b.log.From + 60*60_000 + b.Int64N(max(1, b.log.To-before-b.log.From-2*60*60_000))
}

func (b *builder) background(t *Target, perMinute float64) {
	v := vendorOf(t.Vendor)
	if len(v.failures) == 0 {
		v = vendorOf("payhub")
	}
	b.noise(noise{target: t, from: b.log.Start, to: b.log.To, perMinute: perMinute * b.size / 10, errors: 0.04, failures: append(v.retryable(), v.hopeless()...), burst: 0.3})
}

// plainStorm is what the storms with one trap each begin with.
func (b *builder) plainStorm(kind string) storm {
	vendor := pick(b, vendorNames())
	return storm{
		kind: kind, target: b.target(vendor, "GET", KeyNone), start: b.when(40 * 60_000), spreadMS: 20_000,
		operations: b.between(2, 40), attempts: b.between(8, 30), schedule: schedule{backoff: "fixed", firstMS: 2000},
		failures: vendorOf(vendor).retryable()[:1], outcome: "gave_up", slowMS: 5,
	}
}

func (b *builder) specialStorms() {
	b.stormsBySize()
	b.stormsByCode()
	b.stormsByWait()
	b.stormsByNeighbour()
	b.stormsAtTheEdge()
	b.hotLoop(b.plainStorm("several workers, one path"))
	b.weakStorms()
}

func (b *builder) stormsBySize() {
	s := b.plainStorm("tiny")
	s.operations, s.attempts = 1, 6
	b.storm(s)

	s = b.plainStorm("huge")
	s.operations, s.attempts, s.spreadMS = int(500*b.size), 8, 120_000
	b.storm(s)

	s = b.plainStorm("for hours")
	s.operations, s.attempts, s.schedule = 1, 700, schedule{backoff: "fixed", firstMS: 15_000, jitter: true}
	s.start = b.log.From + 2*3_600_000
	b.storm(s)

	s = b.plainStorm("five attempts each")
	s.attempts = 5
	b.storm(s)
}

func (b *builder) stormsByCode() {
	s := b.plainStorm("changes code")
	s.failures = vendorOf(s.target.Vendor).retryable()[:3]
	s.attempts, s.operations = 18, 10
	b.storm(s)

	s = b.plainStorm("429 to 503")
	v := vendorOf(s.target.Vendor)
	s.failures = []*Failure{&v.throttle[0], v.retryable()[0]}
	s.waitS, s.waitForm = 8, DialectSeconds
	b.storm(s)

	s = b.plainStorm("not retryable")
	s.failures = vendorOf(s.target.Vendor).hopeless()[:1]
	b.storm(s)

	s = b.plainStorm("no response at all")
	down := refused()
	s.failures = []*Failure{&down}
	b.storm(s)

	s = b.plainStorm("errors without a code")
	s.failures = []*Failure{{Status: 503, Category: "server", Retry: "yes", ContentType: "text/html", Body: "<html><head><title>503 Service Temporarily Unavailable</title></head><body>nginx</body></html>"}}
	b.storm(s)
}

func (b *builder) stormsByWait() {
	s := b.plainStorm("ignores Retry-After")
	s.waitS, s.waitForm = 30, pick(b, []Dialect{DialectSeconds, DialectDate})
	b.storm(s)

	s = b.plainStorm("waits minutes as told")
	s.waitS, s.waitForm, s.schedule = 150, DialectSeconds, schedule{backoff: "retry_after"}
	s.operations, s.attempts = 4, 8
	b.storm(s)

	s = b.plainStorm("slow failures")
	s.slowMS, s.schedule, s.operations = 20_000, schedule{backoff: "fixed", firstMS: 5000, jitter: true}, 6
	s.outcome = "recovered"
	e := b.storm(s)
	e.Backoff = "" // the failures last longer than the waits: what the schedule was cannot be told
	b.background(s.target, 4)

	s = b.plainStorm("sent early, answered late")
	s.waitS, s.waitForm, s.schedule, s.slowMS = 10, DialectSeconds, schedule{backoff: "fixed", firstMS: 7000}, 6000
	e = b.storm(s)
	e.Backoff = ""

	s = b.plainStorm("capped")
	s.schedule, s.attempts = schedule{backoff: "exponential", firstMS: 1000, factor: 2, capMS: 20_000, jitter: true}, 9
	b.storm(s)
}

func (b *builder) stormsByNeighbour() {
	s := b.plainStorm("twice")
	b.storm(s)
	s.start += 25 * 60_000
	b.storm(s)

	s = b.plainStorm("two services")
	b.storm(s)
	other := *s.target
	other.Service, other.Credential = "svc-other", "other-key"
	s.target = &other
	b.storm(s)

	s = b.plainStorm("two methods")
	b.storm(s)
	written := *s.target
	written.Method = "PUT"
	s.target = &written
	b.storm(s)

	s = b.plainStorm("within an outage")
	s.operations, s.attempts = 6, 20
	b.storm(s)
	b.outage(s.target, s.start-60_000, 300_000, 80, 2)

	s = b.plainStorm("without a credential")
	s.target.Credential = ""
	b.storm(s)

	s = b.plainStorm("poller hurries")
	s.operations, s.attempts, s.schedule = 1, 60, schedule{backoff: "fixed", firstMS: 1500}
	b.hurriedPoller(s)
}

func (b *builder) stormsAtTheEdge() {
	s := b.plainStorm("ongoing")
	s.start, s.attempts, s.schedule, s.spreadMS, s.operations = b.log.To-9*60_000, 400, schedule{backoff: "fixed", firstMS: 2500, jitter: true}, 30_000, 12
	s.outcome = "ongoing"
	b.storm(s)

	s = b.plainStorm("began before the range")
	s.start, s.attempts, s.schedule = b.log.From-8*60_000, 100, schedule{backoff: "fixed", firstMS: 9000}
	b.storm(s)
}

// hotLoop lets several workers ask one path again and again, each for itself. Who answers whom cannot be
// told: that it is a storm can.
func (b *builder) hotLoop(s storm) {
	e := b.event("storms", s.kind, s.target)
	e.Loose = true
	op := b.operation(s.target)
	for range 6 {
		at := s.start + b.Int64N(200)
		for range 40 {
			at += 300 + b.Int64N(400)
			c := b.failure(s.target, at, op, s.failures[0])
			c.Event, c.Duration = e, 150+b.Int64N(100)
			b.add(c)
		}
	}
}

// hurriedPoller asks every minute in good times and every second and a half once it fails.
func (b *builder) hurriedPoller(s storm) {
	e := b.event("storms", s.kind, s.target)
	e.Backoff, e.Outcome = "fixed", "recovered"
	op := b.operation(s.target)
	at := s.start - 40*60_000
	for ; at < s.start; at += 60_000 {
		b.add(b.success(s.target, at, op))
	}
	for range s.attempts - 1 {
		c := b.failure(s.target, at, op, s.failures[0])
		c.Event, c.Duration = e, 4
		b.add(c)
		at += 1500
	}
	c := b.success(s.target, at, op)
	c.Event, c.Duration = e, 4
	b.add(c)
}

// weakStorms repeat calls that nothing tells apart.
func (b *builder) weakStorms() {
	for i, times := range []float64{4.5, 8, 20} {
		vendor := pick(b, vendorNames())
		t := b.target(vendor, "POST", KeyNone)
		t.Route = "/v1/" + word(b.n)
		usual := []float64{40, 12, 0.5}[i]
		b.noise(noise{target: t, from: b.log.Start, to: b.log.To, perMinute: usual, errors: 0.02, failures: vendorOf(vendor).retryable(), burst: 0.1, flat: true})
		e := b.event("storms", "weak, "+[]string{"busy", "usual", "quiet"}[i], t)
		e.Outcome = []string{"gave_up", "recovered", "gave_up"}[i]
		start := b.when(60*60_000) / 60_000 * 60_000
		end := start + int64(b.between(4, 20))*60_000
		perMS := max(usual, 1) * times / 60_000
		f := vendorOf(vendor).retryable()[0]
		for at := float64(start); at < float64(end); at += b.exp(1 / perMS) {
			c := b.failure(t, int64(at), b.operation(t), f)
			c.Event, c.Duration = e, 3
			b.add(c)
		}
	}
}
