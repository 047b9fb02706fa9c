package parsers

import (
	"bytes"
	"hash/maphash"

	"github.com/errata-dev/errata/parsers/lenient"
)

// A logger writes all its records alike, and a server its headers: what follows a member, up to where the
// value of the next one begins, is one of a few texts, `,"service":"`. Such a text is a place. Each place
// remembers which ones stood behind it, so that mostly one comparison finds the next member, what it is and
// how its value begins; to read its name and to look that up takes three times as long.
const (
	placeCount  = 512 // 45 KiB for each Row; a place is found by its text, and taken over as in a memo
	longestText = 56  // of a place that is remembered
)

// level is an object whose members have places.
type level uint8

const (
	levelNone level = iota
	levelRecord
	levelRequest // headers
	levelAnswer  // headers
	levelCount
)

// opener is how the value at a place begins.
type opener uint8

const (
	openPlain  opener = iota // with itself
	openQuoted               // with the quote that ends the place's text
	openListed               // with the bracket and the quote that do
)

// place is a member of an object with the text before its value, or the end of the object.
type place struct {
	text    [longestText]byte
	length  uint8
	level   level
	opener  opener
	member  member    // of a record; memberEnd for the end of any object
	fact    fact      // of a header
	from    int32     // where its name begins in the text …
	to      int32     // … and ends
	nexts   [4]uint16 // the latest first; one that is none leads to a place that does not fit
	lengths uint64    // the bit of headers.lengths for its name
}

// layouts are the places that were seen, each where its text leads to.
type layouts struct {
	starts [levelCount]place // before the first member of each level
	places [placeCount]place
	long   place // one that is not remembered
	runs   runs
}

// next returns the place at pos, which stands behind another one, and the position behind its text; nil
// when nothing plain is there.
func (l *layouts) next(on level, behind *place, src []byte, pos int) (*place, int) {
	for i, n := range behind.nexts {
		if p := &l.places[n]; p.level == on && p.is(src[pos:]) {
			if i > 0 {
				behind.nexts[i], behind.nexts[0] = behind.nexts[0], n
			}
			return p, pos + int(p.length)
		}
	}
	return l.learn(on, behind, src, pos)
}

// is reports whether rest begins with the text of the place, and a value that begins as it says: the text of one
// that opens plain is the beginning of one that opens quoted.
func (p *place) is(rest []byte) bool {
	n := int(p.length)
	if len(rest) <= n || string(rest[:n]) != string(p.text[:n]) {
		return p.member == memberEnd && len(rest) == n && string(rest) == string(p.text[:n])
	}
	return p.opener != openPlain || p.member == memberEnd || rest[n] != '"' && rest[n] != '['
}

// learn is next for a place that was not seen behind that other one.
func (l *layouts) learn(on level, behind *place, src []byte, pos int) (*place, int) {
	p, end := readPlace(src, pos, on, behind == &l.starts[on])
	text := src[pos:max(pos, end)]
	switch {
	case len(text) == 0:
		return nil, 0
	case len(text) > longestText:
		l.long = p
		return &l.long, end
	}
	n := l.find(on, text)
	known := &l.places[n]
	if !known.holds(on, text) {
		*known = p
		known.length = uint8(copy(known.text[:], text))
	}
	copy(behind.nexts[1:], behind.nexts[:])
	behind.nexts[0] = n
	return known, end
}

// find returns where the place with a text is, or belongs. Four can have the same place, so that the few
// of a logger hardly ever drive each other out.
func (l *layouts) find(on level, text []byte) uint16 {
	const ways = 4
	hash := placeOf(uint64(on), text)
	first := ways * uint16(hash%(placeCount/ways))
	free := first + uint16(hash>>32%ways)
	for n := first; n < first+ways; n++ {
		if p := &l.places[n]; p.holds(on, text) {
			return n
		} else if p.level == levelNone {
			free = n
		}
	}
	return free
}

// placeOf is where a text belongs, by the seed of the process.
func placeOf(kind uint64, text []byte) uint64 { return maphash.Bytes(memoSeed, text) + kind }

// holds reports whether the place is the one with that text.
func (p *place) holds(on level, text []byte) bool {
	return p.level == on && string(p.text[:p.length]) == string(text)
}

// readPlace reads the place at pos and returns the position behind it, 0 when there is something odd about it.
func readPlace(src []byte, pos int, on level, atStart bool) (p place, end int) {
	start := pos
	p.level = on
	pos = blanks(src, pos)
	switch c := byteAt(src, pos); {
	case atStart && c == '{':
		if end := blanks(src, pos+1); on != levelRecord && byteAt(src, end) == '}' {
			p.member = memberEnd
			return p, end + 1
		}
	case !atStart && c == '}':
		p.member = memberEnd
		return p, pos + 1
	case atStart || c != ',':
		return p, 0
	}
	from := blanks(src, pos+1)
	kind, end, odd := lenient.Scan(src, from)
	if kind != lenient.String || odd || byteAt(src, end) != ':' {
		return p, 0
	}
	p.identify(src[from+1 : end-1])
	p.from, p.to = int32(from+1-start), int32(end-1-start)
	pos = blanks(src, end+1)
	switch rest := src[pos:]; {
	case bytes.HasPrefix(rest, []byte(`"`)):
		p.opener, pos = openQuoted, pos+1
	case bytes.HasPrefix(rest, []byte(`["`)):
		p.opener, pos = openListed, pos+2
	}
	return p, pos
}

// identify notes what a member of that name is.
func (p *place) identify(name []byte) {
	if p.level == levelRecord {
		p.member = memberNamed(name)
		return
	}
	var buf [longestHeader]byte
	p.lengths = lengthOf(name)
	if folded := wantedName(&buf, name); len(folded) > 0 {
		p.fact = factOf(folded)
	}
}

func blanks(src []byte, pos int) int {
	for pos < len(src) && src[pos] <= ' ' {
		pos++
	}
	return pos
}

// byteAt returns 0 behind the end.
func byteAt(src []byte, pos int) byte {
	if pos >= len(src) {
		return 0
	}
	return src[pos]
}
