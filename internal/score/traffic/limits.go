package traffic

import (
	"cmp"
	"slices"
)

// throttle describes a limited payer before it is written.
type throttle struct {
	kind     string
	targets  []*Target
	failure  *Failure
	dialect  Dialect
	limit    int64
	windowS  int64
	rule     rule
	share    float64 // of calls rejected, evenly; then there is no quota of the payer's
	usual    float64 // calls a minute before and after
	demand   float64 // and during
	start    int64
	lengthMS int64
	obedient bool
	retried  bool  // each rejected call is made again as told, until it passes
	waitS    int64 // 0 = until the window ends
}

// rule is how a vendor counts.
type rule uint8

const (
	aligned   rule = iota // windows of the clock
	sliding               // any stretch as long as the window
	firstCall             // windows that begin with a call
)

// limiter decides which calls pass.
type limiter struct {
	rule    rule
	limit   int64
	window  int64
	opened  int64
	used    int64
	history []int64
}

// admit decides about a call at a time, and says when the next one may come and what is left.
func (l *limiter) admit(at int64) (ok bool, resetMS, left int64) {
	if l.rule == sliding {
		l.history = slices.DeleteFunc(l.history, func(t int64) bool { return t <= at-l.window })
		if int64(len(l.history)) >= l.limit {
			return false, l.history[0] + l.window - at, 0
		}
		l.history = append(l.history, at)
		return true, l.history[0] + l.window - at, l.limit - int64(len(l.history))
	}
	if at >= l.opened+l.window {
		l.opened, l.used = at, 0
		if l.rule == aligned {
			l.opened = at / l.window * l.window
		}
	}
	reset := l.opened + l.window - at
	if l.used >= l.limit {
		return false, reset, 0
	}
	l.used++
	return true, reset, l.limit - l.used
}

func (b *builder) throttle(h throttle) {
	e := b.event("limits", h.kind, h.targets[0])
	e.Limit, e.WindowS = h.limit, h.windowS
	e.Advertised = h.dialect >= DialectX && h.dialect <= DialectThree
	l := &limiter{rule: h.rule, limit: h.limit, window: h.windowS * 1000}
	if h.failure == nil {
		h.failure = &vendorOf(h.targets[0].Vendor).throttle[0]
	}
	quiet := int64(0) // obedient clients send nothing before
	asks := b.demand(&h)
	for len(asks) > 0 {
		at, op, t := asks[0].at, asks[0].op, asks[0].target
		asks = asks[1:]
		if h.obedient && at < quiet {
			continue
		}
		if op == nil {
			t = pick(b, h.targets)
			op = b.operation(t)
		}
		c := b.success(t, at, op)
		c.Duration = b.lasts(8)
		c.At += c.Duration
		ok, reset, left := b.decide(&h, l, at)
		b.advertise(&h, c, reset, left)
		if !ok {
			b.reject(&h, c, reset)
			c.Event = e
			quiet = max(quiet, c.At+c.WaitMS)
			if h.retried {
				asks = b.again(asks, ask{c.At + c.WaitMS + 50 + b.Int64N(3000), op, t})
			}
		}
		b.add(c)
	}
}

// ask is a call to come; op is nil unless it is a retry.
type ask struct {
	at     int64
	op     *operation
	target *Target
}

// again puts a retry among the calls to come.
func (b *builder) again(asks []ask, retry ask) []ask {
	i, _ := slices.BinarySearchFunc(asks, retry.at, func(a ask, at int64) int { return cmp.Compare(a.at, at) })
	return slices.Insert(asks, i, retry)
}

// demand draws the times of all calls of the payer.
func (b *builder) demand(h *throttle) []ask {
	var asks []ask
	draw := func(from, to int64, perMinute float64) {
		for at := float64(from); ; {
			if at += b.exp(60_000 / perMinute); at >= float64(to) {
				return
			}
			asks = append(asks, ask{at: int64(at)})
		}
	}
	draw(b.log.Start, h.start, h.usual)
	draw(h.start, h.start+h.lengthMS, h.demand)
	draw(h.start+h.lengthMS, b.log.To, h.usual)
	slices.SortFunc(asks, func(x, y ask) int { return cmp.Compare(x.at, y.at) })
	return asks
}

func (b *builder) decide(h *throttle, l *limiter, at int64) (ok bool, reset, left int64) {
	if h.share == 0 {
		return l.admit(at)
	}
	inside := at >= h.start && at < h.start+h.lengthMS
	return !inside || !b.chance(h.share), 20_000, 1
}

// advertise writes what the vendor tells about the quota: in every answer, or in rejections only.
func (b *builder) advertise(h *throttle, c *Call, resetMS, left int64) {
	resetS := (resetMS + 999) / 1000
	if h.dialect >= DialectX && h.dialect <= DialectThree {
		c.Quota = &Quota{Dialect: h.dialect, Limit: h.limit, WindowS: h.windowS, Remaining: left, ResetS: resetS, Policy: "plan"}
	} else {
		c.Quota = &Quota{Dialect: h.dialect}
	}
}

// reject makes the call one that was throttled.
func (b *builder) reject(h *throttle, c *Call, resetMS int64) {
	resetS := (resetMS + 999) / 1000
	c.Failure = h.failure
	if h.waitS > 0 {
		resetS = h.waitS
	}
	if h.dialect != DialectNone {
		c.WaitMS = resetS * 1000
	}
	if h.dialect == DialectXEpoch {
		c.WaitMS -= c.At % 1000 // an epoch has whole seconds
	}
}

// limits writes windows of every dialect and length.
func (b *builder) limits() {
	minute, hour := int64(60_000), int64(3_600_000)
	dialects := []struct {
		name string
		form Dialect
	}{{"X-RateLimit", DialectX}, {"X-RateLimit, epoch", DialectXEpoch}, {"RateLimit", DialectDraft}, {"RateLimit-Limit", DialectThree}, {"Retry-After", DialectSeconds}, {"Retry-After date", DialectDate}, {"body", DialectBody}, {"nothing", DialectNone}}
	for i, d := range dialects {
		b.throttle(throttle{
			kind: "a minute, " + d.name, targets: b.payer(1, 1), dialect: d.form, limit: int64(30 + b.IntN(90)), windowS: 60, rule: rule(i % 3),
			usual: 3, demand: 250, start: b.when(hour), lengthMS: int64(b.between(4, 20)) * minute, obedient: i%3 == 1,
		})
	}
	for i, d := range []int{0, 2, 5, 7} {
		b.throttle(throttle{
			kind: "a second, " + dialects[d].name, targets: b.payer(1, 1), dialect: dialects[d].form, limit: int64(5 + b.IntN(8)), windowS: 1, rule: rule(i % 3),
			usual: 3, demand: 1200, start: b.when(hour), lengthMS: int64(b.between(1, 3)) * minute,
		})
		b.throttle(throttle{
			kind: "an hour, " + dialects[d].name, targets: b.payer(1, 1), dialect: dialects[d].form, limit: int64(150 + b.IntN(200)), windowS: 3600, rule: rule(i % 2),
			usual: 1, demand: 12, start: b.when(6 * hour), lengthMS: 3 * hour,
		})
		b.throttle(throttle{
			kind: "a day, " + dialects[d].name, targets: b.payer(1, 1), dialect: dialects[d].form, limit: int64(800 + b.IntN(400)), windowS: 86_400, rule: aligned,
			usual: 0.3, demand: 10, start: b.log.From + hour, lengthMS: 8 * hour,
		})
	}
	b.specialLimits()
}

// payer returns targets that share a credential.
func (b *builder) payer(services, endpoints int) []*Target {
	vendor := pick(b, vendorNames())
	first := b.target(vendor, "GET", KeyNone)
	var list []*Target
	for s := range services {
		for e := range endpoints {
			t := *first
			if s > 0 {
				t.Service += "-" + word(s)
			}
			if e > 0 {
				t.Route = "/v1/" + word(b.n) + "-" + word(e) + "/{id}"
			}
			list = append(list, &t)
		}
	}
	return list
}

func (b *builder) specialLimits() {
	minute, hour := int64(60_000), int64(3_600_000)
	plain := func(kind string, targets []*Target) throttle {
		return throttle{kind: kind, targets: targets, dialect: DialectX, limit: 60, windowS: 60, rule: aligned, usual: 4, demand: 180, start: b.when(hour), lengthMS: 8 * minute}
	}
	b.throttle(plain("credential shared by services", b.payer(3, 1)))
	b.throttle(plain("several endpoints", b.payer(1, 3)))
	b.throttle(plain("shared by services, several endpoints", b.payer(2, 2)))
	again := plain("rejected calls are made again", b.payer(1, 1))
	again.retried, again.demand, again.dialect = true, 90, DialectSeconds
	b.throttle(again)
	h := plain("without a credential", b.payer(1, 1))
	for _, t := range h.targets {
		t.Credential = ""
	}
	b.throttle(h)

	h = plain("each user's, evenly", b.payer(1, 1))
	h.dialect, h.share, h.limit, h.windowS, h.demand = DialectNone, 0.5, 0, 0, 40
	b.throttle(h)
	h = plain("each user's, with Retry-After", b.payer(1, 1))
	h.dialect, h.share, h.limit, h.windowS, h.demand, h.waitS = DialectSeconds, 0.3, 0, 0, 60, 20
	b.throttle(h)

	h = plain("403 that is one", b.elsewhere("github", "api.github.com", "/repos/acme/x/issues/{id}"))
	h.failure, h.dialect, h.waitS = githubThrottle(), DialectSeconds, 60
	b.throttle(h)
	h = plain("503 that is one", b.elsewhere("aws", "s3.eu-west-1.amazonaws.com", "/bucket/{id}"))
	h.failure, h.dialect = awsSlowDown(), DialectNone
	b.throttle(h)

	h = plain("runs to the end", b.payer(1, 1))
	h.start, h.lengthMS = b.log.To-7*minute, hour
	b.throttle(h)
	h = plain("began before the range", b.payer(1, 1))
	h.start, h.lengthMS = b.log.From-4*minute, 12*minute
	b.throttle(h)
	h = plain("nothing follows", b.payer(1, 1))
	h.usual = 1e-9
	b.throttle(h)
	h = plain("few", b.payer(1, 1))
	h.limit, h.demand, h.lengthMS, h.usual = 20, 23, 5*minute, 2
	b.throttle(h)
}

func (b *builder) elsewhere(vendor, host, route string) []*Target {
	b.n++
	return []*Target{{Vendor: vendor, Service: "svc-" + word(b.n), Environment: "production", Credential: vendor + "-key", Method: "GET", Host: host, Route: route, Source: "main"}}
}
