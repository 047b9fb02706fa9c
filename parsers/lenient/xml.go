package lenient

import "bytes"

// xmlText names the text of an element that has attributes or elements as well.
const xmlText = "$text"

// ParseXML reads an XML document into the same nodes as a JSON document:
//
//	<a:Error xmlns:a="urn:x" id="7"><Code>NoSuchKey</Code><Item/><Item n="1">two</Item></a:Error>
//	{"Error": {"id": "7", "Code": "NoSuchKey", "Item": "", "Item": {"n": "1", "$text": "two"}}}
//
// The root is an object whose only member is the root element. An element is a string, or an object
// when it has attributes or elements; its text is then the member $text, one for each run that is not
// blank. Repeated elements are repeated members. Attributes come before elements. Prefixes of elements
// are dropped; so are attributes with a prefix (xml:lang, xsi:type) and declarations of namespaces,
// which speak of the document and not of what it says. Texts are without blanks around them.
//
// Only the five predefined entities and character references are resolved; others stay as they are,
// and a document type is skipped unread: nothing is fetched and nothing expands. Comments and
// processing instructions are skipped. Tags that do not match are tolerated: an end tag closes what
// was forgotten within its element, and is ignored when it closes nothing. A document that was cut
// keeps what is whole; a text that was cut says so.
//
// It fails, with ErrNoDocument, only when there is no element. It does not ask whether the elements
// are HTML.
func (d *Doc) ParseXML(src []byte) error {
	d.reset(src)
	x := xmlReader{d: d, pos: d.blanks(0)}
	if x.pos == len(d.src) || d.src[x.pos] != '<' {
		return ErrNoDocument
	}
	d.frames[0] = frame{node: d.add(Object, 0, 0, 0)}
	d.depth = 1
	for x.pos < len(d.src) && len(d.nodes) < maxNodes {
		x.next()
	}
	if d.truncated = d.truncated || x.pos < len(d.src) || d.depth > 1 || x.deep > 0; d.truncated {
		x.flags, x.deep = cut, 0
	}
	for d.depth > 1 {
		x.close(x.pos)
	}
	d.endFrames(0, x.pos)
	if d.nodes[0].count == 0 {
		d.nodes = d.nodes[:0]
		return ErrNoDocument
	}
	return nil
}

// xmlReader is where the reading of a document stands.
type xmlReader struct {
	d     *Doc
	pos   int
	text  int   // where the text that was read since the last tag begins in the arena
	from  int   // where it begins in the source
	deep  int   // elements open below maxDepth, which are skipped
	name  span  // xmlText, once it is in the arena
	flags flags // cut once the input has ended within the innermost element
}

// next reads the text up to the next tag, and the tag.
func (x *xmlReader) next() {
	rest := x.d.src[x.pos:]
	end := bytes.IndexByte(rest, '<')
	if end < 0 {
		x.characters(trimReference(trimRune(rest)))
		x.skip(len(rest))
		return
	}
	x.characters(rest[:end])
	x.skip(end)
	switch rest = rest[end:]; {
	case len(rest) > 1 && isNameStart(rest[1]):
		x.element()
	case bytes.HasPrefix(rest, []byte("</")):
		x.end()
	case bytes.HasPrefix(rest, []byte("<!--")):
		x.skipPast(len("<!--"), "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		x.literal()
	case bytes.HasPrefix(rest, []byte("<?")):
		x.skipPast(len("<?"), "?>")
	case bytes.HasPrefix(rest, []byte("<!")):
		x.documentType()
	case len(rest) == 1:
		x.skip(1) // the beginning of a tag
		x.d.truncated = true
	default:
		x.characters(rest[:1])
		x.skip(1)
	}
}

func (x *xmlReader) skip(n int) {
	x.pos += n
	x.d.work += n
}

// skipPast skips what the text ends, looking for it after n bytes.
func (x *xmlReader) skipPast(n int, text string) {
	rest := x.d.src[x.pos:]
	end := bytes.Index(rest[n:], []byte(text))
	if end < 0 {
		x.d.truncated = true
		x.skip(len(rest))
		return
	}
	x.skip(n + end + len(text))
}

// documentType skips a declaration with all that is declared within it.
func (x *xmlReader) documentType() {
	rest := x.d.src[x.pos:]
	depth := 0
	for i, c := range rest {
		switch c {
		case '<':
			depth++
		case '>':
			depth--
		}
		if depth == 0 {
			x.skip(i + 1)
			return
		}
	}
	x.d.truncated = true
	x.skip(len(rest))
}

// characters notes a run of text with references in it.
func (x *xmlReader) characters(run []byte) {
	if x.outside() {
		return
	}
	for len(run) > 0 {
		i := bytes.IndexAny(run, "&\r")
		if i < 0 {
			x.d.arena = appendValid(x.d.arena, run)
			return
		}
		x.d.arena = appendValid(x.d.arena, run[:i])
		var size int
		x.d.arena, size = appendReference(x.d.arena, run[i:])
		run = run[i+size:]
	}
}

// literal notes the text of a CDATA section.
func (x *xmlReader) literal() {
	const open = "<![CDATA["
	start := x.pos + len(open)
	x.skipPast(len(open), "]]>")
	text := x.d.src[start:x.pos]
	if x.d.truncated {
		text = trimRune(text)
	} else {
		text = text[:len(text)-len("]]>")]
	}
	if x.outside() {
		return
	}
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\r')
		if i < 0 {
			x.d.arena = appendValid(x.d.arena, text)
			return
		}
		x.d.arena = appendValid(x.d.arena, text[:i])
		var size int
		x.d.arena, size = appendReference(x.d.arena, text[i:])
		text = text[i+size:]
	}
}

// outside reports a text that belongs to no element that is read, and notes where any other begins.
func (x *xmlReader) outside() bool {
	if x.d.depth <= 1 || x.deep > 0 {
		return true
	}
	if x.text == len(x.d.arena) {
		x.from = x.pos
	}
	return false
}

// element reads a start tag. One whose name may have been cut is left out.
func (x *xmlReader) element() {
	d, start := x.d, x.pos
	name := scanXMLName(d.src[start+1:])
	x.skip(1 + len(name))
	if x.pos == len(d.src) {
		d.truncated = true
		return
	}
	if d.depth == maxDepth {
		if x.deep == 0 {
			x.flush()
			d.opaque, d.name = true, x.newName(name)
			d.add(Object, start, x.pos, 0)
		}
		x.deep++
	} else {
		x.open(name, start, x.pos)
	}
	if x.attributes() {
		x.close(x.pos)
	}
}

// open adds an element to the innermost one.
func (x *xmlReader) open(name []byte, start, end int) {
	x.flush()
	d := x.d
	d.name = x.newName(name)
	d.frames[d.depth] = frame{node: d.add(Object, start, end, 0)}
	d.depth++
	x.text = len(d.arena)
}

// newName returns the local part of a name, valid UTF-8.
func (x *xmlReader) newName(name []byte) span {
	name = localName(name)
	from := len(x.d.arena)
	x.d.arena = appendValid(x.d.arena, name)
	return newSpan(from, len(x.d.arena)) | inArena
}

// attributes reads the rest of a start tag, and reports whether it is an end tag as well.
func (x *xmlReader) attributes() (closed bool) {
	d := x.d
	for len(d.nodes) < maxNodes {
		x.blanks()
		if x.pos == len(d.src) {
			d.truncated = true
			return false
		}
		switch c := d.src[x.pos]; {
		case c == '>':
			x.skip(1)
			x.text = len(d.arena)
			return closed
		case c == '<':
			x.text = len(d.arena)
			return closed
		case c == '/':
			closed = true
			x.skip(1)
		case isNameStart(c):
			closed = false
			x.attribute()
		default:
			x.skip(1)
		}
	}
	return false
}

// attribute reads one attribute; one without a value says nothing.
func (x *xmlReader) attribute() {
	d := x.d
	name := scanXMLName(d.src[x.pos:])
	x.skip(len(name))
	x.blanks()
	if x.pos == len(d.src) || d.src[x.pos] != '=' {
		return
	}
	x.skip(1)
	x.blanks()
	start := x.pos
	value, f := x.value()
	if x.deep > 0 || bytes.IndexByte(name, ':') > 0 || string(name) == "xmlns" {
		return
	}
	x.text = len(d.arena)
	x.characters(value)
	text := newSpan(x.text, len(d.arena))
	x.add(name, text, start, f)
}

// value reads the value of an attribute, in quotes or without.
func (x *xmlReader) value() ([]byte, flags) {
	rest := x.d.src[x.pos:]
	if len(rest) == 0 {
		return nil, cut
	}
	end := 0
	if quote := rest[0]; quote == '"' || quote == '\'' {
		if end = bytes.IndexByte(rest[1:], quote); end < 0 {
			x.skip(len(rest))
			return trimReference(trimRune(rest[1:])), cut
		}
		x.skip(end + 2)
		return rest[1 : end+1], 0
	}
	for end < len(rest) && rest[end] > ' ' && rest[end] != '>' && rest[end] != '<' {
		end++
	}
	x.skip(end)
	if end == len(rest) {
		return trimReference(trimRune(rest)), cut
	}
	return rest[:end], 0
}

func (x *xmlReader) blanks() {
	end := x.pos
	for end < len(x.d.src) && x.d.src[end] <= ' ' {
		end++
	}
	x.skip(end - x.pos)
}

// end reads an end tag. Whatever follows, the text before it is whole.
func (x *xmlReader) end() {
	d := x.d
	rest := d.src[x.pos+2:]
	name := localName(scanXMLName(rest))
	stop := bytes.IndexByte(rest, '>')
	size := 2 + stop + 1
	if stop < 0 {
		d.truncated = true
		size = 2 + len(rest)
	}
	x.skip(size)
	switch {
	case x.deep > 0:
		x.deep--
	case stop < 0 && d.depth > 1:
		x.close(x.pos)
	default:
		x.closeNamed(name)
	}
}

// closeNamed ends the innermost element of that name, and those within it.
func (x *xmlReader) closeNamed(name []byte) {
	d := x.d
	level := d.depth - 1
	for level > 0 && !bytes.Equal(d.nodes[d.frames[level].node].name.of(d.arena), name) {
		level--
	}
	for level > 0 && d.depth > level {
		x.close(x.pos)
	}
}

// close ends the innermost element: one without attributes and elements is a string.
func (x *xmlReader) close(end int) {
	d := x.d
	if x.deep > 0 {
		x.deep--
		return
	}
	v := &d.nodes[d.frames[d.depth-1].node]
	if v.count > 0 {
		x.flush()
	} else {
		v.kind, v.flags = String, x.flags
		d.texts = append(d.texts, x.pending())
		v.count = int32(len(d.texts))
	}
	x.flags = 0
	d.endFrames(d.depth-1, end)
	x.text = len(d.arena)
}

// pending returns the text since the last tag, without the blanks around it.
func (x *xmlReader) pending() span {
	start, end := x.text, len(x.d.arena)
	for start < end && x.d.arena[start] <= ' ' {
		start++
	}
	for start < end && x.d.arena[end-1] <= ' ' {
		end--
	}
	return newSpan(start, end)
}

// flush adds the text since the last tag to the innermost element, unless it is blank.
func (x *xmlReader) flush() {
	if text := x.pending(); len(text.of(x.d.arena)) > 0 {
		x.add(nil, text, x.from, x.flags)
	}
	x.text = len(x.d.arena)
}

// add adds a text to the innermost element, under its name or as the element's own.
func (x *xmlReader) add(name []byte, text span, start int, f flags) {
	d := x.d
	switch {
	case name != nil:
		d.name = x.newName(name)
	case x.name == 0:
		x.name = x.newName([]byte(xmlText))
		fallthrough
	default:
		d.name = x.name
	}
	i := d.add(String, start, max(start, x.pos), f)
	d.texts = append(d.texts, text)
	d.nodes[i].count = int32(len(d.texts))
	x.text = len(d.arena)
}
