package parsers

import (
	"math"

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
		ms, ok = numericTime(n)
	case lenient.String:
		if ms, ok = parseRFC3339(n.Text()); !ok {
			ms, ok = numericTime(n)
		}
	}
	return ms, ok && ms >= minTimeMS && ms < maxTimeMS
}

// numericTime: seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds.
func numericTime(n lenient.Node) (int64, bool) {
	if i, ok := n.Int(); ok && (i >= 1e11 || i <= -1e11) {
		return i / integerUnit(i), true
	}
	f, ok := n.Float()
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

// parseRFC3339 reads 2026-01-02T03:04:05.678+01:00 as Unix milliseconds, without allocating. A blank
// for the T and a zone without colon are tolerated; a missing zone is not, for it leaves the instant open.
func parseRFC3339(b []byte) (int64, bool) {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	if b[10] != 'T' && b[10] != 't' && b[10] != ' ' {
		return 0, false
	}
	year, month, day := digits(b[:4]), digits(b[5:7]), digits(b[8:10])
	hour, minute, second := digits(b[11:13]), digits(b[14:16]), digits(b[17:19])
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || year < 0 {
		return 0, false
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	fraction, rest := milliseconds(b[19:])
	offset, ok := zone(rest)
	seconds := daysSinceEpoch(year, month, day)*86_400 + hour*3_600 + minute*60 + second - offset
	return seconds*1_000 + fraction, ok
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

// milliseconds reads an optional fraction of a second; further digits are cut off.
func milliseconds(b []byte) (ms int64, rest []byte) {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0, b
	}
	b = b[1:]
	for unit := int64(100); len(b) > 0 && b[0] >= '0' && b[0] <= '9'; unit /= 10 {
		ms += unit * int64(b[0]-'0')
		b = b[1:]
	}
	return ms, b
}

// zone reads Z, +hh:mm or +hhmm as seconds east of UTC.
func zone(b []byte) (int64, bool) {
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	if len(b) == 6 && b[3] == ':' {
		return signedZone(b[0], digits(b[1:3]), digits(b[4:6]))
	}
	if len(b) == 5 {
		return signedZone(b[0], digits(b[1:3]), digits(b[3:5]))
	}
	return 0, false
}

func signedZone(sign byte, hours, minutes int64) (int64, bool) {
	ok := hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60
	switch sign {
	case '+':
		return hours*3_600 + minutes*60, ok
	case '-':
		return -hours*3_600 - minutes*60, ok
	}
	return 0, false
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts days from 1970-01-01 in the Gregorian calendar. Its year begins in March, so
// that the leap day is the last of the year.
func daysSinceEpoch(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 719_469
}
