package ratelimit

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/instant"
)

// epochFloor parts waits from Unix times: as seconds it is 31 years, as a Unix time the year 2001.
// GitHub's X-RateLimit-Reset is a Unix time, Unipile's are seconds left.
const epochFloor = 1_000_000_000

// number is a non-negative decimal number.
type number struct {
	whole int64
	milli int64 // thousandths, rounded up so that no wait comes out too short
}

func (n number) isEpoch() bool { return n.whole > epochFloor }

// ms takes n as seconds; more than the longest wait is that.
func (n number) ms() int64 { return min(n.whole, maxMS/1000)*1000 + n.milli }

// epochMS takes n as a Unix time in seconds, milliseconds, microseconds or nanoseconds, told apart by
// size like the time of a record.
func (n number) epochMS() int64 {
	switch {
	case n.whole < 1e11:
		return n.whole*1000 + n.milli
	case n.whole < 1e14:
		return n.whole
	case n.whole < 1e17:
		return n.whole / 1e3
	default:
		return n.whole / 1e6
	}
}

// parseNumber reads digits and an optional fraction from the start of text.
func parseNumber(text []byte) (n number, rest []byte, ok bool) {
	const maxDigits = 19
	i := 0
	for i < len(text) && isDigit(text[i]) {
		if i == maxDigits {
			return number{}, text, false
		}
		n.whole = n.whole*10 + int64(text[i]-'0')
		i++
	}
	if i == 0 || n.whole < 0 {
		return number{}, text, false
	}
	if i+1 < len(text) && text[i] == '.' && isDigit(text[i+1]) {
		n.milli, i = parseFraction(text, i+1)
	}
	return n, text[i:], true
}

// parseFraction reads the digits from i as thousandths, rounded up.
func parseFraction(text []byte, i int) (milli int64, end int) {
	scale, more := int64(100), int64(0)
	for ; i < len(text) && isDigit(text[i]); i++ {
		d := int64(text[i] - '0')
		milli += d * scale
		if scale == 0 && d > 0 {
			more = 1
		}
		scale /= 10
	}
	return milli + more, i
}

// maxInteger is the largest integer of a structured field: RFC 9651 section 3.3.1.
const maxInteger = 999_999_999_999_999

// parseInteger reads text as a non-negative integer; a fraction is cut off.
func parseInteger(text []byte) (int64, bool) {
	n, rest, ok := parseNumber(trim(text))
	if !ok || len(rest) > 0 || n.whole > maxInteger {
		return Absent, false
	}
	return n.whole, true
}

// Reset returns the moment, in Unix milliseconds and within 7 days of recordMS, that a text states:
// seconds from recordMS, a Unix time in any unit, a duration (6m0s), RFC 3339, or an HTTP-date.
func Reset(text []byte, recordMS int64) (atMS int64, ok bool) { return parseReset(text, recordMS) }

// parseReset reads the moment at which a quota is whole again, in Unix milliseconds: seconds left, a
// Unix time, a duration such as 6m0s (OpenAI), an RFC 3339 time (Anthropic), or an HTTP-date.
func parseReset(text []byte, recordMS int64) (int64, bool) {
	text = trim(text)
	n, rest, ok := parseNumber(text)
	switch {
	case ok && len(rest) == 0 && n.isEpoch():
		return within(n.epochMS(), recordMS), true
	case ok && len(rest) == 0:
		return within(recordMS+n.ms(), recordMS), true
	}
	if wait, ok := parseDuration(text); ok {
		return within(recordMS+wait, recordMS), true
	}
	if at, ok := parseMoment(text, recordMS); ok {
		return within(at, recordMS), true
	}
	return Absent, false
}

// parseMoment reads an HTTP-date or an RFC 3339 time, which Atlassian writes without seconds.
func parseMoment(text []byte, recordMS int64) (int64, bool) {
	const minutes = len("2024-01-15T10:31")
	if len(text) == minutes+1 && text[minutes] == 'Z' {
		var whole [minutes + 4]byte
		text = append(append(whole[:0], text[:minutes]...), ":00Z"...)
	}
	if at, ok := instant.RFC3339(text); ok {
		return at, true
	}
	return parseHTTPDate(text, recordMS)
}

// within keeps at within 7 days of the record's time.
func within(at, recordMS int64) int64 {
	return max(0, min(max(at, recordMS-maxMS), recordMS+maxMS))
}

// parseDuration reads a duration as Go prints it, "1h2m3.5s" or "20ms", in milliseconds, rounded up.
func parseDuration(text []byte) (ms int64, ok bool) {
	const maxNS = maxMS * 1_000_000
	ns := int64(0)
	for len(text) > 0 {
		n, rest, isNumber := parseNumber(text)
		unit, size := durationUnit(rest)
		if !isNumber || size == 0 {
			return 0, false
		}
		if n.whole > maxNS/unit {
			ns = maxNS
		} else {
			ns = min(maxNS, ns+(n.whole*1000+n.milli)*unit/1000)
		}
		text, ok = rest[size:], true
	}
	return (ns + 999_999) / 1_000_000, ok
}

// durationUnit returns the unit that text starts with, in nanoseconds, and its length.
func durationUnit(text []byte) (ns int64, size int) {
	switch {
	case bytes.HasPrefix(text, []byte("ms")):
		return 1_000_000, 2
	case bytes.HasPrefix(text, []byte("us")):
		return 1000, 2
	case bytes.HasPrefix(text, []byte("µs")):
		return 1000, 3
	case bytes.HasPrefix(text, []byte("ns")):
		return 1, 2
	case bytes.HasPrefix(text, []byte("s")):
		return 1e9, 1
	case bytes.HasPrefix(text, []byte("m")):
		return 60e9, 1
	case bytes.HasPrefix(text, []byte("h")):
		return 3600e9, 1
	case bytes.HasPrefix(text, []byte("d")):
		return 86_400e9, 1
	default:
		return 0, 0
	}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func trim(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}
