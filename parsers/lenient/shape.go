package lenient

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// A vendor writes all errors of a kind alike: names, order and blanks are the same, and only values differ. So a
// document that was logged as a string, as `"{\"title\":\"Not found\",\"status\":404}"`, is mostly a few known
// pieces with values between them. ParseKnown compares the pieces and finds the values on the way, without
// undoing the escapes first; that takes a fifth of what unescaping and Parse do.
const (
	maxPieces    = 1024 // of all shapes; when they are full, all are forgotten. With all full, 500 KiB
	MaxShapes    = 128
	maxShapeSize = 64 // values, containers included
	maxChoice    = 32 // pieces that may follow one
	learnCost    = 16 // documents, known or not, for each that is learned after the first
	maxCredit    = 1024
	manyMissed   = 32 // documents in a row; from then on only some are looked at
	longestPiece = 56
)

// Shapes are the shapes of documents that were learned. The zero Shapes is ready.
type Shapes struct {
	pieces []piece // a tree; the first stands for its root
	shapes []shape
	age    int // how often all were forgotten
	credit int // to learn from, and …
	missed int // … since the last known document: where no two are alike, learning would cost a quarter of reading
	gap    []byte
	values [maxShapeSize]foundValue
	found  int // of the values, in the latest known document
	texts  texts
	text   uint64 // the number of that document's text, 0 = it has none
}

// piece is what stands before a value or behind the last one, or a part of that, as it was logged.
type piece struct {
	text    [longestPiece]byte
	length  uint8
	end     end
	kind    Kind  // of the value behind it
	target  int32 // the node of that value, or the shape that the document has
	child   int16 // a piece that may follow; 0 = none
	sibling int16 // another one that may stand here; 0 = none
}

// end is what follows a piece.
type end uint8

const (
	endsAtValue end = iota
	endsInside      // another piece does
	endsDocument
)

// shape is a document without its values.
type shape struct {
	nodes []node
	arena []byte // the names
	names uint64
}

type foundValue struct {
	node       int32
	start, end uint32
}

// ParseKnown makes the document what Parse would make of the text of the string at pos of src, which points
// behind its opening quote, if it has a shape that was learned. It returns the shape and the position behind the
// closing quote; 0 when it has none. Values are parts of src, and Raw does not know them.
func (d *Doc) ParseKnown(src []byte, pos int, s *Shapes) (shape, after int) {
	s.text = 0
	if s.missed++; len(s.pieces) == 0 || len(src) > maxBytes || s.missed > manyMissed && s.missed%learnCost != 0 {
		return 0, 0
	}
	start := pos
	sum := sumOf(src[start:])
	if k := s.texts.find(src[start:], sum); k != nil {
		s.text = k.number
		s.found = len(moved(s.values[:0], k.values, start))
		return d.knownAs(src, k.shape, s), start + len(k.text)
	}
	n, at := 0, &s.pieces[0]
	for {
		if at = s.follow(at, src[pos:]); at == nil {
			return 0, 0
		}
		pos += int(at.length)
		switch at.end {
		case endsInside:
			continue
		case endsDocument:
			s.found = n
			s.texts.learn(src[start:pos], sum, int(at.target), s.values[:n], start)
			return d.knownAs(src, int(at.target), s), pos
		}
		from := pos
		if pos = at.value(src, pos); pos < 0 {
			return 0, 0
		}
		s.values[n] = foundValue{at.target, uint32(from), uint32(pos)}
		n++
	}
}

// knownAs makes the document the shape with the values that were found.
func (d *Doc) knownAs(src []byte, shape int, s *Shapes) int {
	d.take(src, &s.shapes[shape], s.values[:s.found])
	s.credit, s.missed = min(s.credit+1, maxCredit), 0
	return shape
}

// Text returns the number of the latest known document's text, 0 when that was not learned. Equal numbers are equal texts.
func (s *Shapes) Text() uint64 { return s.text }

// AppendValues appends the values of the latest known document, which is d, each with its length; but for those whose
// numbers are bits of except. Of one shape, documents with the same values read alike.
func (s *Shapes) AppendValues(dst []byte, d *Doc, except uint64) []byte {
	for _, v := range s.values[:s.found] {
		if except>>v.node&1 == 0 {
			n := v.end - v.start
			dst = append(dst, byte(n), byte(n>>8), byte(n>>16))
			dst = append(dst, d.src[v.start:v.end]...)
		}
	}
	return dst
}

// follow returns the piece behind another one that rest begins with, nil for none.
func (s *Shapes) follow(behind *piece, rest []byte) *piece {
	before := int16(0)
	for i := behind.child; i != 0; {
		p := &s.pieces[i]
		if p.fits(rest) {
			if before != 0 { // the one that was last here is tried first
				s.pieces[before].sibling, p.sibling, behind.child = p.sibling, behind.child, i
			}
			return p
		}
		before, i = i, p.sibling
	}
	return nil
}

// fits reports whether rest begins with the piece, and what is behind it may be its value.
func (p *piece) fits(rest []byte) bool {
	n := int(p.length)
	if len(rest) <= n {
		return p.end == endsDocument && string(rest) == string(p.text[:n])
	}
	if string(rest[:n]) != string(p.text[:n]) {
		return false
	}
	switch c := rest[n]; p.kind {
	case Number:
		return c == '-' || isDigit(c)
	case Bool:
		return c == 't' || c == 'f'
	case Null:
		return c == 'n'
	}
	return true
}

// value returns the end of the value at pos, -1 when there is none that can be taken as it is.
func (p *piece) value(src []byte, pos int) int {
	switch p.kind {
	case String:
		return scanClean(src, pos)
	case Number:
		if end := scanNumber(src, pos); end > 0 {
			return end
		}
		return -1
	}
	if kind, end := scanLiteral(src, pos); kind == p.kind {
		return end
	}
	return -1
}

// scanClean returns the position of the quote or backslash that ends a text, -1 when there is none or when the
// text is not valid UTF-8 throughout.
func scanClean(src []byte, pos int) int {
	var seen uint64
	start := pos
	for ; pos+8 <= len(src); pos += 8 {
		w := binary.LittleEndian.Uint64(src[pos:])
		quote, slash := w^eachByte*'"', w^eachByte*'\\'
		if stops := ((quote-eachByte)&^quote | (slash-eachByte)&^slash) & highBits; stops != 0 {
			pos += bits.TrailingZeros64(stops) / 8
			seen |= w & (stops&-stops - 1)
			return validEnd(src, start, pos, seen)
		}
		seen |= w
	}
	for ; pos < len(src) && src[pos] != '"' && src[pos] != '\\'; pos++ {
		seen |= uint64(src[pos])
	}
	return validEnd(src, start, pos, seen)
}

// validEnd returns end when the text is valid; U+FFFD may stand for what was not, and is looked at elsewhere.
func validEnd(src []byte, start, end int, seen uint64) int {
	if end < len(src) && (seen&highBits == 0 || isClean(src[start:end])) {
		return end
	}
	return -1
}

func isClean(text []byte) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError {
			return false
		}
		text = text[size:]
	}
	return true
}

// take makes the document a shape with these values.
func (d *Doc) take(src []byte, sh *shape, values []foundValue) {
	d.reset(src)
	d.nodes = append(d.nodes, sh.nodes...)
	d.arena = append(d.arena, sh.arena...)
	d.names = sh.names
	for _, v := range values {
		n := &d.nodes[v.node]
		if n.start, n.end = v.start, v.end; n.kind == String {
			n.start, n.end = v.start-1, v.end+1
		}
	}
}

// Learn notes the shape of a document that Parse made of all of text, unless something about it was mended that
// depends on more than its shape.
func (s *Shapes) Learn(d *Doc, text []byte) {
	if len(s.pieces) == 0 {
		s.credit = maxCredit
	}
	if s.credit++; s.credit < learnCost {
		return
	}
	if len(d.src) != len(text) || d.truncated || d.opaque || d.Root().Kind() < Array || len(d.nodes) > maxShapeSize || !d.tidy() {
		return
	}
	if len(s.pieces) == 0 || len(s.shapes) == MaxShapes {
		s.forget()
	}
	s.credit -= learnCost
	at, from := int16(0), 0
	for i := range d.nodes {
		v := &d.nodes[i]
		if v.kind >= Array {
			continue
		}
		start, end := int(v.start), int(v.end)
		if v.kind == String {
			start, end = start+1, end-1
		}
		if at = s.extend(at, d.src[from:start], endsAtValue, v.kind, i); at <= 0 {
			return
		}
		from = end
	}
	if at = s.extend(at, d.src[from:], endsDocument, Absent, len(s.shapes)); at > 0 && int(s.pieces[at].target) == len(s.shapes) {
		s.keep(d)
	}
}

// tidy reports whether the values are read alike whatever they are: numbers, literals, and texts in double
// quotes that need no work, all outside of what ends a document early.
func (d *Doc) tidy() bool {
	for i := range d.nodes {
		v := &d.nodes[i]
		if v.kind < Array && v.flags != 0 && (v.flags != nonASCII || !isClean(d.inner(v))) {
			return false
		}
		if v.kind == String && d.src[v.start] != '"' {
			return false
		}
	}
	return len(trimBlanks(d.Rest())) == 0
}

// Age says how often all shapes were forgotten: numbers of shapes are good for one age.
func (s *Shapes) Age() int { return s.age }

func (s *Shapes) forget() {
	s.pieces, s.shapes = append(s.pieces[:0], piece{}), s.shapes[:0]
	s.texts.forget()
	s.age++
}

// extend adds what stands before a value, or behind the last one, to the tree, unless it is there. It returns
// the last piece of it, 0 when it cannot be added.
func (s *Shapes) extend(at int16, gap []byte, e end, k Kind, target int) int16 {
	if !s.escape(gap) {
		return 0
	}
	rest := s.gap
	if e == endsDocument {
		rest = append(rest, '"')
		s.gap = rest
	}
	for len(rest) > longestPiece && at >= 0 {
		at = s.child(at, rest[:longestPiece], piece{end: endsInside})
		rest = rest[longestPiece:]
		if at <= 0 {
			return 0
		}
	}
	return s.child(at, rest, piece{end: e, kind: k, target: int32(target)})
}

// escape writes a gap as it is logged within a string into s.gap.
func (s *Shapes) escape(gap []byte) bool {
	s.gap = s.gap[:0]
	for _, c := range gap {
		switch c {
		case '"':
			s.gap = append(s.gap, '\\', '"')
		case '\n':
			s.gap = append(s.gap, '\\', 'n')
		case '\r':
			s.gap = append(s.gap, '\\', 'r')
		case '\t':
			s.gap = append(s.gap, '\\', 't')
		default:
			if c < ' ' || c == '\\' {
				return false
			}
			s.gap = append(s.gap, c)
		}
	}
	return utf8.Valid(s.gap)
}

// child returns the piece with that text behind another one, a new one if need be; 0 when there is no room.
func (s *Shapes) child(behind int16, text []byte, p piece) int16 {
	choice := 0
	for i := s.pieces[behind].child; i != 0; i = s.pieces[i].sibling {
		known := &s.pieces[i]
		if string(known.text[:known.length]) == string(text) && known.end == p.end && known.kind == p.kind {
			return i
		}
		if choice++; choice == maxChoice-1 {
			known.sibling = 0 // the one that was longest not seen makes room
		}
	}
	if len(s.pieces) == maxPieces {
		s.forget()
		return 0
	}
	p.length = uint8(copy(p.text[:], text))
	p.sibling = s.pieces[behind].child
	s.pieces = append(s.pieces, p)
	s.pieces[behind].child = int16(len(s.pieces) - 1)
	return s.pieces[behind].child
}

// keep notes the document as a new shape.
func (s *Shapes) keep(d *Doc) {
	n := len(s.shapes)
	s.shapes = slices.Grow(s.shapes, 1)[:n+1]
	sh := &s.shapes[n]
	sh.nodes, sh.arena, sh.names = append(sh.nodes[:0], d.nodes...), sh.arena[:0], d.names
	for i := range sh.nodes {
		v := &sh.nodes[i]
		if v.name != 0 {
			name := d.text(v.name)
			from := len(sh.arena)
			sh.arena = append(sh.arena, name...)
			v.name = newSpan(from, len(sh.arena)) | inArena
		}
		v.start, v.end, v.flags = 0, 0, 0
		if v.kind < Array {
			v.count = 0
		}
	}
}
