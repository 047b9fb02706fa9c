package simulate

import (
	"fmt"
	"time"
)

// limit is a LimitWindow at work. It sees every record of its client, ordinary ones too.
type limit struct {
	LimitWindow
	rng     *rng
	client  *client
	problem *problem
	watch   *watch
	window  int64 // number of the running quota window
	passed  int   // calls admitted in it

	first, last, closed int64 // times of the first and last rejection, and of the admitted answer after it
	rejected            int64
	admitted            int64 // between first and last
	after               int64 // after last, so far
	early               int64
	pendingUntil        int64
	waitS               int64 // largest Retry-After seen
}

const cooldown = 2 * time.Minute

func (l LimitWindow) start(g *Generator, r *rng) error {
	c, err := g.client(l.Vendor, l.Service, l.Endpoint)
	if err != nil {
		return err
	}
	p, err := c.vendor.mustFail(429, l.Code)
	if err != nil {
		return err
	}
	if l.PerMinute < 1 || l.Duration <= 0 || l.Limit > 0 && l.Window < time.Second {
		return fmt.Errorf("event: a limit window needs calls, a duration and, with a limit, a window of a second or more")
	}
	live := &limit{LimitWindow: l, rng: r, client: c, problem: p, watch: p.watchFor("limit"), window: -1}
	g.limits = append(g.limits, live)
	c.limits = append(c.limits, live)
	g.schedule(live.call(l.Start.UnixMilli()))
	return g.within(l.Start)
}

// call decides whether a new operation at that time is admitted.
func (l *limit) call(at int64) call {
	c := newCall(at, l.client, l.rng.Uint64(), 1)
	c.source = l
	elapsed := at - l.Start.UnixMilli()
	switch {
	case elapsed >= l.Duration.Milliseconds():
	case l.Limit > 0:
		l.spend(&c, elapsed)
	case l.rng.chance(l.RejectShare):
		c.problem = l.problem
	}
	c.answer(l.rng)
	return c
}

// spend takes one call off the quota of the running window, or rejects it.
func (l *limit) spend(c *call, elapsed int64) {
	windowMS := l.Window.Milliseconds()
	if number := elapsed / windowMS; number != l.window {
		l.window, l.passed = number, 0
	}
	resetS := (windowMS - elapsed%windowMS + 999) / 1000
	if l.passed >= l.Limit {
		c.problem, c.retryAfterS = l.problem, resetS
	} else {
		l.passed++
	}
	c.quota = quota{limit: int64(l.Limit), remaining: int64(l.Limit - l.passed), resetS: resetS, windowS: windowMS / 1000}
}

func (l *limit) emitted(g *Generator, c *call) {
	if c.problem == l.problem {
		l.watch.hit(c.at)
	}
	gap := 60_000 / float64(l.PerMinute)
	end := l.Start.Add(l.Duration).UnixMilli()
	if c.at >= end {
		gap *= 3
	}
	if at := c.at + l.rng.around(gap, 0.3); at < end+cooldown.Milliseconds() {
		g.schedule(l.call(at))
	}
}

// observe keeps account of a record within the window's scope, whoever caused it.
func (l *limit) observe(c *call) {
	if c.at < l.Start.UnixMilli() || l.over(c.at) || c.status() == 0 {
		return
	}
	if l.rejected > 0 && c.at < l.pendingUntil {
		l.early++
	}
	if c.problem != nil && c.problem.category == "rate_limit" {
		l.reject(c)
		return
	}
	if l.rejected == 0 {
		return
	}
	if l.after == 0 {
		l.closed = c.at
	}
	l.after++
}

func (l *limit) reject(c *call) {
	if l.rejected == 0 {
		l.first = c.at
	}
	l.rejected++
	l.admitted += l.after
	l.last, l.closed, l.after = c.at, 0, 0
	if c.retryAfterS >= 0 {
		l.pendingUntil = max(l.pendingUntil, c.at+1000*c.retryAfterS)
		l.waitS = max(l.waitS, c.retryAfterS)
	}
}

// over reports whether the window closed for good: no rejection for longer than the gap that joins them.
func (l *limit) over(at int64) bool {
	gap := max(time.Minute, l.Window).Milliseconds()
	return l.rejected > 0 && at-l.last > gap && l.closed > 0 && at-l.closed > gap
}
