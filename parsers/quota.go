package parsers

import "github.com/errata-dev/errata/parsers/lenient"

// quota is where one vendor states a quota, when no usual family of headers does.
type quota struct {
	limit, remaining, used, reset, policy *source // nil = not stated
	resetUnit                             unit
	windowS                               int64 // 0 = not stated
	from                                  LimitSource
}

// read returns the quota that a response states; ok is false when it states none.
func (q *quota) read(s *scratch, root lenient.Node) (l RateLimit, ok bool) {
	l = absentLimit
	l.Source = q.from
	l.Limit, l.Remaining = s.count(q.limit, root), s.count(q.remaining, root)
	if used := s.count(q.used, root); used != Absent && l.Limit != Absent && l.Remaining == Absent {
		l.Remaining = max(l.Limit-used, 0)
	}
	if q.reset != nil {
		if text := q.reset.read(s, root, exact); len(text) > 0 {
			l.ResetAt = s.instant(text, q.resetUnit)
		}
	}
	if ok = l.Limit != Absent || l.Remaining != Absent || l.ResetAt != Absent; !ok {
		return l, false
	}
	if q.windowS > 0 {
		l.WindowS = q.windowS
	}
	if q.policy != nil {
		l.Policy = q.policy.read(s, root, exact)
	}
	return l, true
}

// count returns the whole number at a source; a fraction is cut off.
func (s *scratch) count(src *source, root lenient.Node) int64 {
	if src == nil {
		return Absent
	}
	text := before(src.read(s, root, exact), '.')
	if n := digits(text); len(text) > 0 && len(text) < 19 && n >= 0 {
		return n
	}
	return Absent
}

// tighter returns the quota of which less is left.
func (l *RateLimit) tighter(other *RateLimit) *RateLimit {
	if other.Remaining != Absent && (l.Remaining == Absent || other.Remaining < l.Remaining) {
		return other
	}
	return l
}
