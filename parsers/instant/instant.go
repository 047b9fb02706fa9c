// Package instant reads RFC 3339 times as Unix milliseconds, for the times of records and the ends of
// quotas. It allocates nothing, and refuses a time without a zone: that leaves the instant open.
package instant

// RFC3339 reads 2026-01-02T03:04:05.678+01:00. A blank for the T, a comma for the point and a zone
// without colon are tolerated; digits beyond milliseconds are cut off.
func RFC3339(b []byte) (ms int64, ok bool) {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	if b[10] != 'T' && b[10] != 't' && b[10] != ' ' {
		return 0, false
	}
	year, month, day := pair(b[0], b[1])*100+pair(b[2], b[3]), pair(b[5], b[6]), pair(b[8], b[9])
	ms, ok = UnixMS(year, month, day, pair(b[11], b[12]), pair(b[14], b[15]), pair(b[17], b[18]))
	if !ok {
		return 0, false
	}
	fraction, rest := milliseconds(b[19:])
	offset, ok := zone(rest)
	return ms + fraction - offset*1_000, ok
}

// UnixMS returns a date and time of day in UTC as Unix milliseconds; false when there is no such
// moment: 30 February, 25 o'clock. A leap second counts as the second after it.
func UnixMS(year, month, day, hour, minute, second int64) (int64, bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || year < 0 || year > 9999 {
		return 0, false
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return 0, false
	}
	return ((daysSinceEpoch(year, month, day)*24+hour)*60+minute)*60_000 + second*1_000, true
}

// noDigits is more than any part of a time may be.
const noDigits = 1 << 20

// pair returns the value of two digits.
func pair(high, low byte) int64 {
	if high -= '0'; high > 9 {
		return noDigits
	}
	if low -= '0'; low > 9 {
		return noDigits
	}
	return int64(high)*10 + int64(low)
}

// milliseconds reads an optional fraction of a second.
func milliseconds(b []byte) (ms int64, rest []byte) {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0, b
	}
	b = b[1:]
	for unit := int64(100); len(b) > 0 && b[0]-'0' < 10; unit /= 10 {
		ms += unit * int64(b[0]-'0')
		b = b[1:]
	}
	return ms, b
}

// zone reads Z, +hh:mm or +hhmm as seconds east of UTC.
func zone(b []byte) (seconds int64, ok bool) {
	switch {
	case len(b) == 1:
		return 0, b[0] == 'Z' || b[0] == 'z'
	case len(b) == 6 && b[3] == ':':
		seconds = pair(b[1], b[2])*3_600 + minutes(b[4], b[5])
	case len(b) == 5:
		seconds = pair(b[1], b[2])*3_600 + minutes(b[3], b[4])
	default:
		return 0, false
	}
	ok = seconds < 24*3_600
	switch b[0] {
	case '+':
		return seconds, ok
	case '-':
		return -seconds, ok
	}
	return 0, false
}

// minutes returns two digits below 60 as seconds.
func minutes(high, low byte) int64 {
	if n := pair(high, low); n < 60 {
		return n * 60
	}
	return noDigits
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
