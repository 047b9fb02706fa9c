// Package lenient reads one JSON document into a flat list of nodes.
//
// It serves two readers at once: the record envelope, which is well-formed and hot, and the error
// bodies of vendors, which are often damaged or cut. It mends what it can, says when the document was
// cut (Truncated), keeps numbers as their literals, and spends time linear in the input whatever the
// input is.
//
// It does not write JSON, does not decode into Go types, knows no comments, and does not guess at
// quotes that somebody forgot to escape. It never recurses and never panics.
package lenient

import (
	"errors"
	"math/bits"
	"slices"
)

const (
	maxDepth = 64      // containers within containers; deeper ones are skipped unread
	maxNodes = 100_000 // values of one document
	maxBytes = 1 << 28 // offsets have 31 bits, and texts may be three times as long; far above any record or body
)

// ErrNoDocument says that the input does not begin like a JSON value, so there is nothing to read.
var ErrNoDocument = errors.New("no JSON document")

// Doc is one parsed document. The zero Doc is ready; reuse one to parse without allocating. It keeps
// the memory of the largest document it has seen. A Doc is for one goroutine at a time, readers
// included: Node.Text unescapes on demand.
type Doc struct {
	src    []byte
	nodes  []node
	arena  []byte // unescaped texts
	texts  []span // parts of arena, one for each value that was unescaped
	frames [maxDepth]frame
	depth  int
	kinds  uint64 // bit i is set when frames[i] is an object
	name   span   // of the member whose value is read next
	names  uint64 // bit n%64 is set when a value has a name of n bytes

	truncated bool
	opaque    bool // a value was nested too deeply to be read
	work      int  // bytes looked at; the tests hold it linear in the input
}

// node is one value. Its first child, if count > 0, is the node after it.
type node struct {
	name       span   // a member's
	start, end uint32 // source bytes, quotes included
	next       int32  // next sibling; 0 = none
	count      int32  // children of a container; of a string, 1 + its index in Doc.texts, or 0
	kind       Kind
	flags      flags
}

// span is a part of the source, or of the arena, in one word; 0 = none.
type span uint64

const inArena span = 1 << 63

func newSpan(start, end int) span { return span(start)<<32 | span(uint32(end)) }

func (s span) of(b []byte) []byte {
	start, end := uint32(s&^inArena>>32), uint32(s)
	return b[start:end:end]
}

func (s span) len() int { return int(uint32(s) - uint32(s&^inArena>>32)) }

// text returns a part of the source or of the arena.
func (d *Doc) text(s span) []byte {
	if s&inArena != 0 {
		return s.of(d.arena)
	}
	return s.of(d.src)
}

// frame is a container that is still open.
type frame struct {
	node int32
	last int32 // its latest child; 0 = none
}

// flags are what a scanner noticed about one value.
type flags uint8

const (
	escaped  flags = 1 << iota // holds a backslash
	nonASCII                   // holds a byte of 0x80 or above
	cut                        // the input ended before the closing quote
	bare                       // has no quotes
)

// Parse reads src, which is borrowed until the next Parse; so are all Nodes and texts of this Doc.
// It fails, with ErrNoDocument, only when nothing is usable: src is blank, or does not begin as a
// JSON value. A bare number or literal that is followed by other text ("404 page not found") is text.
// Values nested deeper than 64 containers are skipped unread.
func (d *Doc) Parse(src []byte) error {
	d.reset(src)
	pos := d.begin()
	if pos == len(d.src) {
		return ErrNoDocument
	}
	pos = d.value(pos)
	if len(d.nodes) == 0 {
		return ErrNoDocument
	}
	pos = d.blanks(d.members(pos))
	if pos < len(d.src) && !d.truncated {
		if kind := d.nodes[0].kind; kind == Number || kind == Bool || kind == Null {
			d.nodes = d.nodes[:0]
			return ErrNoDocument
		}
	}
	return nil
}

func (d *Doc) reset(src []byte) {
	d.src = src
	d.nodes, d.arena, d.texts = d.nodes[:0], d.arena[:0], d.texts[:0]
	d.depth, d.kinds, d.name, d.names = 0, 0, 0, 0
	d.truncated, d.opaque, d.work = false, false, 0
	if len(src) > maxBytes {
		d.src, d.truncated = src[:maxBytes], true
	}
}

// Root returns the document's value, or the absent Node when Parse failed.
func (d *Doc) Root() Node {
	if len(d.nodes) == 0 {
		return Node{}
	}
	return Node{d: d}
}

// Truncated reports that the document ended early, or was longer than a Doc reads (100,000 values).
// Complete members before the cut are there, as is the begun text of a cut string. A bare number or
// word at the cut is left out, because it may have gone on.
func (d *Doc) Truncated() bool { return d.truncated }

// begin skips what may stand before the document: a byte order mark, blanks, `callback(`.
func (d *Doc) begin() int {
	pos := d.blanks(0)
	end := pos
	for end < len(d.src) && isCallback(d.src[end]) {
		end++
	}
	d.work += end - pos
	if end == pos || end == len(d.src) {
		return pos
	}
	if open := d.blanks(end); open < len(d.src) && d.src[open] == '(' {
		return d.blanks(open + 1)
	}
	return pos
}

// members reads until the outermost container is closed, and returns the position after it.
func (d *Doc) members(pos int) int {
	for d.depth > 0 {
		pos = d.blanks(pos)
		if pos >= len(d.src) || len(d.nodes) >= maxNodes {
			d.abandon(pos)
			return pos
		}
		switch d.src[pos] {
		case ',':
			pos++
		case '}', ']':
			pos = d.close(pos)
		case '"':
			pos = d.plainMember(pos)
		default:
			pos = d.member(pos)
		}
	}
	return pos
}

// plainMember is member for one that begins with a double quote, as all do in JSON. What encoding/json
// would accept passes through here in two scans and one add; member mends the rest.
func (d *Doc) plainMember(pos int) int {
	end, f := scanQuoted(d.src, pos+1)
	if d.kinds>>(d.depth-1)&1 == 0 {
		return d.addQuoted(pos, end, f)
	}
	if end+2 >= len(d.src) || d.src[end+1] != ':' {
		return d.member(pos)
	}
	at := d.blanks(end + 2)
	if at == len(d.src) {
		return d.member(pos)
	}
	d.work += at - pos
	d.setName(pos+1, end, f)
	if d.src[at] != '"' {
		return d.value(at)
	}
	end, f = scanQuoted(d.src, at+1)
	return d.addQuoted(at, end, f)
}

// member reads one member or element. It always moves on.
func (d *Doc) member(pos int) int {
	if d.kinds>>(d.depth-1)&1 == 1 {
		var found bool
		if pos, found = d.memberName(pos); !found {
			return pos
		}
	} else if d.src[pos] == ':' {
		return pos + 1
	}
	return d.value(pos)
}

// open begins the container at pos, or skips it when it is nested too deeply.
func (d *Doc) open(pos int) int {
	kind := Array
	if d.src[pos] == '{' {
		kind = Object
	}
	i := d.add(kind, pos, pos+1, 0)
	if d.depth == maxDepth {
		end := d.skip(pos)
		d.nodes[i].end = uint32(end)
		return end
	}
	d.frames[d.depth] = frame{node: i}
	d.kinds &^= 1 << d.depth
	if kind == Object {
		d.kinds |= 1 << d.depth
	}
	d.depth++
	return pos + 1
}

// close ends the innermost container of the kind that the bracket at pos ends, and with it those
// inside that somebody forgot to close. A bracket that ends nothing is ignored.
func (d *Doc) close(pos int) int {
	candidates := d.kinds
	if d.src[pos] == ']' {
		candidates = ^d.kinds
	}
	level := bits.Len64(candidates&(1<<d.depth-1)) - 1
	if level < 0 {
		return pos + 1
	}
	if level < d.depth-1 {
		d.endFrames(level+1, pos)
	}
	d.endFrames(level, pos+1)
	return pos + 1
}

// abandon ends all open containers at pos, where the input or the room for nodes ended.
func (d *Doc) abandon(pos int) {
	d.truncated = true
	d.endFrames(0, min(pos, len(d.src)))
}

func (d *Doc) endFrames(level, end int) {
	for d.depth > level {
		d.depth--
		d.nodes[d.frames[d.depth].node].end = uint32(end)
	}
}

// add appends a value to the innermost container, under the name read before it.
func (d *Doc) add(kind Kind, start, end int, f flags) int32 {
	i := int32(len(d.nodes))
	if len(d.nodes) == cap(d.nodes) {
		d.nodes = slices.Grow(d.nodes, max(32, len(d.nodes)))
	}
	d.nodes = d.nodes[:i+1]
	v := &d.nodes[i] // member by member: building a node and copying it costs a tenth of a Parse
	v.name, v.start, v.end = d.name, uint32(start), uint32(end)
	v.next, v.count = 0, 0
	v.kind, v.flags = kind, f
	d.names |= 1 << (d.name.len() % 64)
	d.name = 0
	d.work += end - start
	if d.depth > 0 {
		parent := &d.frames[d.depth-1]
		d.nodes[parent.node].count++
		if parent.last > 0 {
			d.nodes[parent.last].next = i
		}
		parent.last = i
	}
	return i
}
