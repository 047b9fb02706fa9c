package ratelimit

import "bytes"

// item is one member of a structured field list (RFC 9651 section 3.1) with the parameters that
// matter here.
type item struct {
	name      []byte // of a string or token
	value     int64  // of a number, else Absent
	limit     int64  // q, or l of earlier drafts
	remaining int64  // r
	window    int64  // w
	resetMS   int64  // t, in milliseconds
	pair      []byte // name of a dictionary member: limit=100
}

func noItem() item {
	return item{value: Absent, limit: Absent, remaining: Absent, window: Absent, resetMS: Absent}
}

// list reads a structured field list, or the dictionary of draft 07, from the front. It is lenient
// about blanks and the case of keys.
type list struct {
	rest      []byte
	malformed bool
}

// next returns false at the end and at the first fault.
func (l *list) next() (item, bool) {
	l.rest = trim(l.rest)
	if len(l.rest) == 0 || l.malformed {
		return item{}, false
	}
	it := noItem()
	v := l.bare()
	if v.isNumber && v.number.whole <= maxInteger {
		it.value = v.number.whole
	}
	it.name = v.text
	if v.text != nil && l.accept('=') {
		it.pair = v.text
		it.setPair(l, l.bare())
	}
	for l.accept(';') {
		l.parameter(&it)
	}
	if !l.accept(',') && len(l.rest) > 0 {
		l.malformed = true
	}
	return it, !l.malformed
}

// setPair files a member of draft 07's dictionary: limit=100, remaining=50, reset=5.
func (it *item) setPair(l *list, v bare) {
	switch string(it.pair) {
	case "limit":
		it.limit = l.integer(v)
	case "remaining":
		it.remaining = l.integer(v)
	case "reset":
		it.resetMS = l.seconds(v)
	}
}

func (l *list) parameter(it *item) {
	l.rest = trim(l.rest)
	key := l.token()
	if len(key) == 0 {
		l.malformed = true
		return
	}
	if !l.accept('=') {
		return // a boolean
	}
	v := l.bare()
	switch string(key) {
	case "q", "l", "Q":
		it.limit = l.integer(v)
	case "r", "R":
		it.remaining = l.integer(v)
	case "w", "W", "window":
		it.window = l.integer(v)
	case "t", "T":
		it.resetMS = l.seconds(v)
	case "name":
		it.name = v.text // Envoy: x-ratelimit-limit: 10, 10;w=1;name="per-ip"
	}
}

// integer demands a non-negative integer: draft sections 3.1.1, 3.1.3 and 4.1.1.
func (l *list) integer(v bare) int64 {
	if !v.isNumber || v.number.milli != 0 || v.number.whole > maxInteger {
		l.malformed = true
		return Absent
	}
	return v.number.whole
}

// seconds accepts a fraction beyond draft section 4.1.2, and a Unix time never.
func (l *list) seconds(v bare) int64 {
	if !v.isNumber {
		l.malformed = true
		return Absent
	}
	return v.number.ms()
}

// bare is a bare item: a number, or the text of a string or token.
type bare struct {
	text     []byte
	number   number
	isNumber bool
}

// bare reads RFC 9651 section 3.3: a string, number, token, byte sequence or boolean.
func (l *list) bare() bare {
	l.rest = trim(l.rest)
	if len(l.rest) == 0 {
		l.malformed = true
		return bare{}
	}
	switch b := l.rest[0]; {
	case b == '"':
		return bare{text: l.quoted()}
	case isDigit(b):
		n, rest, ok := parseNumber(l.rest)
		l.malformed = l.malformed || !ok
		l.rest = rest
		return bare{number: n, isNumber: ok}
	case b == ':':
		l.until(':')
		return bare{}
	case b == '?':
		l.rest = l.rest[min(2, len(l.rest)):]
		return bare{}
	default:
		text := l.token()
		l.malformed = l.malformed || len(text) == 0
		return bare{text: text}
	}
}

// quoted reads a string; escapes in it are left as they are, since the name is borrowed.
func (l *list) quoted() []byte {
	for i := 1; i < len(l.rest); i++ {
		switch l.rest[i] {
		case '\\':
			i++
		case '"':
			text := l.rest[1:i]
			l.rest = l.rest[i+1:]
			return text
		}
	}
	l.malformed = true
	return nil
}

// until passes over a byte sequence between two ends.
func (l *list) until(end byte) {
	for i := 1; i < len(l.rest); i++ {
		if l.rest[i] == end {
			l.rest = l.rest[i+1:]
			return
		}
	}
	l.malformed = true
}

// token reads the bytes of RFC 9651 section 3.3.4 as far as names of policies and keys use them.
func (l *list) token() []byte {
	i := 0
	for i < len(l.rest) && isTokenByte(l.rest[i]) {
		i++
	}
	text := l.rest[:i]
	l.rest = l.rest[i:]
	return text
}

func isTokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', isDigit(b):
		return true
	default:
		return bytes.IndexByte([]byte("!#$%&'*+-.^_`|~:/"), b) >= 0
	}
}

func (l *list) accept(b byte) bool {
	l.rest = trim(l.rest)
	if len(l.rest) == 0 || l.rest[0] != b {
		return false
	}
	l.rest = l.rest[1:]
	return true
}
