// Package ratelimit reads what the headers of one HTTP response say about waiting and about quotas:
// Retry-After (RFC 9110 section 10.2.3), RateLimit and RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers-10), and the dialects that came before them.
//
// It is pure and allocates nothing: header values and a clock value in, numbers out. A malformed
// value is ignored, as section 7 of the draft demands, and an absurd one is clamped. It refuses to
// read bodies, to guess at prose ("available in 15 seconds"), and to infer a quota from traffic.
package ratelimit

import "bytes"

// Absent marks a fact that the headers did not state; zero is a value of its own.
const Absent = -1

// maxMS is the longest wait that is believed: 7 days.
const maxMS = 7 * 24 * 60 * 60 * 1000

// Limit is the quota of one response. Of several quotas it is the one with the least remaining.
type Limit struct {
	Limit     int64  // requests per window, or Absent
	Remaining int64  // requests left in the window, or Absent
	ResetAt   int64  // end of the window, Unix milliseconds, within 7 days of the record's time, or Absent
	WindowS   int64  // length of the window in seconds, or Absent
	Policy    []byte // name of the quota, borrowed from the header value or from this package; empty when it has none
}

func absent() Limit {
	return Limit{Limit: Absent, Remaining: Absent, ResetAt: Absent, WindowS: Absent}
}

// stated reports whether l holds any fact.
func (l Limit) stated() bool {
	return l.Limit != Absent || l.Remaining != Absent || l.ResetAt != Absent
}

// Complete takes from a wider reading of the same headers what l does not state.
func (l *Limit) Complete(wider Limit) {
	switch {
	case l.Remaining == Absent && wider.Remaining != Absent:
		wider.ResetAt = max(wider.ResetAt, l.ResetAt)
		*l = wider
	case l.Remaining == wider.Remaining:
		l.Limit, l.WindowS = max(l.Limit, wider.Limit), max(l.WindowS, wider.WindowS)
		if l.ResetAt == Absent {
			l.ResetAt = wider.ResetAt
		}
	}
}

// RetryAfter returns the wait in milliseconds, 0 to 604,800,000, that the value of a Retry-After
// header asks for: seconds, with a fraction if need be, or an HTTP-date in one of the three formats
// of RFC 9110 section 5.6.7. A date is relative to the response's own Date header, whose clock is the
// same, else to recordMS (Unix milliseconds). Some servers send a Unix time (a number above 10^9), an
// RFC 3339 time, or a duration with its unit (30s), which are as clear; of a field sent twice the
// first counts. What lies in the past is 0. ok is false for a negative or malformed value.
func RetryAfter(value, date []byte, recordMS int64) (ms int64, ok bool) {
	value = trim(value)
	at, ok := parseMoment(value, recordMS)
	if !ok {
		n, rest, isNumber := parseNumber(value)
		if bytes.HasPrefix(rest, []byte(", ")) {
			rest = nil
		}
		switch {
		case !isNumber:
			return 0, false
		case len(rest) > 0:
			ms, ok = parseDuration(value)
			return clamp(ms), ok
		case !n.isEpoch():
			return clamp(n.ms()), true
		}
		at = n.epochMS()
	}
	if now, known := parseHTTPDate(trim(date), recordMS); known {
		recordMS = now
	}
	return clamp(at - recordMS), true
}

// RetryAfterMS is RetryAfter for the headers that count milliseconds.
func RetryAfterMS(value []byte) (ms int64, ok bool) {
	n, rest, ok := parseNumber(trim(value))
	if !ok || len(rest) > 0 {
		return 0, false
	}
	return clamp(n.whole + min(n.milli, 1)), true
}

func clamp(ms int64) int64 { return max(0, min(ms, maxMS)) }
