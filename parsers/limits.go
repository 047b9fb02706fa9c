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

// low reports a quota of which at most a tenth is left.
func (l *RateLimit) low() bool {
	return l.Remaining == 0 || l.Remaining > 0 && l.Limit > 0 && l.Remaining <= l.Limit/10
}

// wait fills how long the response asks to wait: by Retry-After, else by its quota fields when the
// quota is gone, else by its body. It reports whether headers or body asked at all.
func (r *Registry) wait(row *Row) bool {
	s := row.scratch
	answer := &s.response.answer
	ms, ok := int64(0), false
	if len(answer.retryAfter) > 0 {
		ms, ok = ratelimit.RetryAfter(answer.retryAfter, answer.date, row.Time)
	}
	if !ok && row.RateLimit.ResetAt != Absent && (row.RateLimit.Remaining == 0 || row.Category == CategoryRateLimit) {
		ms, ok = row.RateLimit.ResetAt-row.Time, row.RateLimit.Remaining <= 0
	}
	if !ok && s.found.retryAfterMS != Absent {
		ms, ok = s.found.retryAfterMS, true
	}
	if !ok && row.Category == CategoryRateLimit {
		ms = proseWait(s.found.message)
		ok = ms != Absent
	}
	if ok {
		row.RetryAfterMS = min(max(ms, 0), maxRetryAfterMS)
	}
	return ok
}
