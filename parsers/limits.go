package parsers

import "github.com/errata-dev/errata/parsers/ratelimit"

// maxRetryAfterMS clamps absurd waits: seven days.
const maxRetryAfterMS = 7 * 24 * 3600 * 1000

var absentLimit = RateLimit{Limit: Absent, Remaining: Absent, ResetAt: Absent, WindowS: Absent}

// limits reads the quota of the response: as its vendor states it, else by the usual headers.
func (r *Registry) limits(row *Row, v *vendor) {
	s := row.scratch
	if v != nil && r.ownLimits(row, v) {
		return
	}
	answer := &s.response.answer
	if len(answer.limits) == 0 {
		return
	}
	limit, ok := ratelimit.FromHeaders(answer.limit, row.Time)
	if limit.Limit == Absent || limit.Remaining == Absent || limit.ResetAt == Absent {
		wider, found := ratelimit.FromFields(answer.limits, row.Time)
		limit.Complete(wider)
		ok = ok || found
	}
	if !ok {
		return
	}
	row.RateLimit = RateLimit{
		Limit: limit.Limit, Remaining: limit.Remaining, ResetAt: limit.ResetAt, WindowS: limit.WindowS,
		Policy: r.text(s, limit.Policy, limitPolicy),
	}
}

// ownLimits reads the quotas of the vendor's definition; of several, the one with the least left.
func (r *Registry) ownLimits(row *Row, v *vendor) bool {
	s := row.scratch
	found := false
	for i := range v.def.quotas {
		l, ok := v.def.quotas[i].read(s, s.body.root)
		switch {
		case !ok:
		case found:
			row.RateLimit = *row.RateLimit.tighter(&l)
		default:
			row.RateLimit, found = l, true
		}
	}
	row.RateLimit.Policy = r.text(s, row.RateLimit.Policy, limitPolicy)
	return found
}

// documented fills the quota of an error that its vendor's documentation gives, where the response states none.
func (row *Row) documented(advice *Advice) {
	if l := &row.RateLimit; advice.Limit > 0 && row.Category == CategoryRateLimit && l.Limit == Absent && l.Remaining == Absent {
		l.Limit, l.WindowS, l.Source = advice.Limit, advice.WindowS, LimitFromCatalogue
	}
}

// low reports a quota of which at most a tenth is left.
func (l *RateLimit) low() bool {
	return l.Remaining == 0 || l.Remaining > 0 && l.Limit > 0 && l.Remaining <= l.Limit/10
}

// wait fills how long the response asks to wait: by Retry-After, else by its quota fields when the
// quota is gone, else by its body. It reports whether the response asks to come back at all.
func (r *Registry) wait(row *Row) bool {
	s := row.scratch
	ms, ok := s.response.answer.wait(row.Time)
	asked := ok
	if !ok && row.resets() {
		ms, ok = row.RateLimit.ResetAt-row.Time, true
		// that the last call of a quota failed is no reason to repeat it
		asked = categoryRetry(row.Category, row.Status) != RetryNo
	}
	if ms := s.found.retryAfterMS; ms != Absent && !asked {
		return row.waits(ms)
	}
	if !ok && (row.Category == CategoryRateLimit || row.Status == 503) {
		if ms = s.bodyWait(s.body.root); ms == Absent && row.Category == CategoryRateLimit {
			ms = proseWait(s.found.message)
		}
		ok = ms != Absent
		asked = ok
	}
	if ok {
		row.waits(ms)
	}
	return asked
}

func (row *Row) waits(ms int64) bool {
	row.RetryAfterMS = min(max(ms, 0), maxRetryAfterMS)
	return true
}

// resets reports that the end of the quota's window is what the caller has to wait for.
func (row *Row) resets() bool {
	l := &row.RateLimit
	return l.ResetAt > row.Time && (l.Remaining == 0 || l.Remaining == Absent && row.Category == CategoryRateLimit)
}

// wait reads the headers that say how long to wait, the finest first.
func (h *headers) wait(now int64) (ms int64, ok bool) {
	if len(h.retryAfterMS) > 0 {
		if ms, ok = ratelimit.RetryAfterMS(h.retryAfterMS); ok {
			return ms, true
		}
	}
	if len(h.retryAfter) > 0 {
		if ms, ok = ratelimit.RetryAfter(h.retryAfter, h.date, now); ok {
			return ms, true
		}
	}
	if len(h.otherWait) > 0 {
		return ratelimit.RetryAfter(h.otherWait, h.date, now)
	}
	return 0, false
}
