package parsers

import (
	"bytes"
	"math"

	"github.com/errata-dev/errata/parsers/instant"
	"github.com/errata-dev/errata/parsers/lenient"
)

// The instants that a row can hold: the range of ClickHouse's DateTime64(3). What lies outside, such
// as the zero time of a careless logger, is no usable time.
const (
	minTimeMS = -2_208_988_800_000 // 1900-01-01
	maxTimeMS = 10_413_792_000_000 // 2300-01-01
)

// recordTime reads an RFC 3339 text, or a number whose size tells its unit, as Unix milliseconds.
func recordTime(n lenient.Node) (int64, bool) {
	var ms int64
	var ok bool
	switch n.Kind() {
	case lenient.Number:
		ms, ok = numericTime(n.Text())
	case lenient.String:
		if ms, ok = instant.RFC3339(n.Text()); !ok && !n.Cut() {
			ms, ok = numericTime(bytes.TrimSpace(n.Text()))
		}
	}
	return ms, ok && usable(ms)
}

// usable reports whether a row can hold the instant.
func usable(ms int64) bool { return ms >= minTimeMS && ms < maxTimeMS }

// numericTime: seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds.
func numericTime(text []byte) (int64, bool) {
	if fraction := len(text) > 10 && text[10] == '.'; !fraction { // "1767228000.865" are seconds
		if i, ok := lenient.ParseInt(text); ok && (i >= 1e11 || i <= -1e11) {
			return i / integerUnit(i), true
		}
	}
	f, ok := lenient.ParseFloat(text)
	switch size := math.Abs(f); {
	case !ok || size >= 1e19 || size != size:
		return 0, false
	case size < 1e11:
		return int64(math.Round(f * 1e3)), true
	case size < 1e14:
		return int64(math.Round(f)), true
	case size < 1e17:
		return int64(f / 1e3), true
	}
	return int64(f / 1e6), true
}

// integerUnit returns how many units of an integer time make a millisecond.
func integerUnit(i int64) int64 {
	size := i
	if size < 0 {
		size = -size
	}
	switch {
	case size < 1e14:
		return 1
	case size < 1e17:
		return 1e3
	}
	return 1e6
}

// digits returns the value of b, which holds digits only, else -1.
func digits(b []byte) int64 {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
