package ratelimit

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/instant"
)

// civil is a date and time of day in UTC.
type civil struct {
	year, month, day, hour, minute, second int64
}

// unixMS returns false when c is no moment.
func (c civil) unixMS() (int64, bool) {
	return instant.UnixMS(c.year, c.month, c.day, c.hour, c.minute, c.second)
}

// yearOf returns the year of a Unix time in milliseconds, give or take the first days of January.
func yearOf(ms int64) int64 { return 1970 + ms/31_556_952_000 }

// parseHTTPDate reads the three formats of RFC 9110 section 5.6.7:
//
//	Sun, 06 Nov 1994 08:49:37 GMT
//	Sunday, 06-Nov-94 08:49:37 GMT
//	Sun Nov  6 08:49:37 1994
func parseHTTPDate(text []byte, nowMS int64) (int64, bool) {
	const imf, asctime, rfc850 = len("Sun, 06 Nov 1994 08:49:37 GMT"), len("Sun Nov  6 08:49:37 1994"), len("06-Nov-94 08:49:37 GMT")
	comma := bytes.IndexByte(text, ',')
	switch {
	case comma == 3 && len(text) == imf && isWeekday(text[:3]):
		return parseFixdate(text[5:])
	case comma > 5 && len(text) == comma+2+rfc850 && isWeekday(text[:3]):
		return parseRFC850(text[comma+2:], nowMS)
	case comma < 0 && len(text) == asctime && isWeekday(text[:3]):
		return parseAsctime(text[4:])
	default:
		return 0, false
	}
}

// parseFixdate reads 06 Nov 1994 08:49:37 GMT.
func parseFixdate(text []byte) (int64, bool) {
	c := civil{year: digits(text[7:11]), month: monthOf(text[3:6]), day: digits(text[0:2])}
	if text[2] != ' ' || text[6] != ' ' || text[11] != ' ' || !isGMT(text[20:]) || !c.readClock(text[12:20]) {
		return 0, false
	}
	return c.unixMS()
}

// parseRFC850 reads 06-Nov-94 08:49:37 GMT. A year more than 50 years ahead is one of the past.
func parseRFC850(text []byte, nowMS int64) (int64, bool) {
	now := yearOf(nowMS)
	short := digits(text[7:9])
	c := civil{year: now - now%100 + short, month: monthOf(text[3:6]), day: digits(text[0:2])}
	if c.year > now+50 {
		c.year -= 100
	}
	if short < 0 || text[2] != '-' || text[6] != '-' || text[9] != ' ' || !isGMT(text[18:]) || !c.readClock(text[10:18]) {
		return 0, false
	}
	return c.unixMS()
}

// parseAsctime reads Nov  6 08:49:37 1994.
func parseAsctime(text []byte) (int64, bool) {
	day := text[4:6]
	if day[0] == ' ' {
		day = day[1:]
	}
	c := civil{year: digits(text[16:20]), month: monthOf(text[0:3]), day: digits(day)}
	if text[3] != ' ' || text[6] != ' ' || text[15] != ' ' || !c.readClock(text[7:15]) {
		return 0, false
	}
	return c.unixMS()
}

// readClock reads 08:49:37.
func (c *civil) readClock(text []byte) bool {
	c.hour, c.minute, c.second = digits(text[0:2]), digits(text[3:5]), digits(text[6:8])
	return text[2] == ':' && text[5] == ':'
}

// digits reads text as a number; -1 when a byte is no digit.
func digits(text []byte) (n int64) {
	for _, b := range text {
		if !isDigit(b) {
			return -1
		}
		n = n*10 + int64(b-'0')
	}
	return n
}

func isGMT(text []byte) bool {
	return string(text) == " GMT" || string(text) == " UTC"
}

func isWeekday(text []byte) bool {
	return nameIndex("SunMonTueWedThuFriSat", text) > 0
}

func monthOf(text []byte) int64 {
	return nameIndex("JanFebMarAprMayJunJulAugSepOctNovDec", text)
}

// nameIndex returns which name of three letters text is, from 1; 0 for none.
func nameIndex(names string, text []byte) int64 {
	for i := 0; i < len(names); i += 3 {
		if names[i:i+3] == string(text) {
			return int64(i/3 + 1)
		}
	}
	return 0
}
