package lenient

import "unicode/utf8"

// value reads the value at pos and returns the position after it. Where there is none, it adds none.
func (d *Doc) value(pos int) int {
	switch c := d.src[pos]; {
	case c == '"':
		end, f := scanQuoted(d.src, pos+1)
		return d.addQuoted(pos, end, f)
	case c == '{' || c == '[':
		return d.open(pos)
	case c == '-' || isDigit(c):
		if end := scanNumber(d.src, pos); end > 0 && d.endsWord(end) {
			d.add(Number, pos, end, 0)
			return end
		}
	case c == '\'':
		end, f := scanApostrophed(d.src, pos+1)
		return d.addQuoted(pos, end, f)
	default:
		if kind, end := scanLiteral(d.src, pos); kind != Absent && (end == len(d.src) || isDelimiter(d.src[end])) {
			d.add(kind, pos, end, 0)
			return end
		}
	}
	return d.word(pos)
}

// addQuoted adds the string that opens at pos and closes at end, and returns the position after it.
func (d *Doc) addQuoted(pos, end int, f flags) int {
	if f&cut != 0 {
		d.truncated = true
	} else {
		end++
	}
	d.add(String, pos, end, f)
	return end
}

// endsWord reports whether a number that runs up to end is complete: inside a container, one that
// runs up to the end of the input may have been cut.
func (d *Doc) endsWord(end int) bool {
	if end == len(d.src) {
		return d.depth == 0
	}
	return isDelimiter(d.src[end])
}

// word reads what is neither quoted nor JSON: `None`, `.5`, `not_found`. It ends at a comma, a
// closing bracket or a line end. Without one of the first two kinds the root is not JSON at all.
func (d *Doc) word(pos int) int {
	end, f := scanWord(d.src, pos)
	d.work += end - pos
	if end == len(d.src) && d.depth > 0 {
		d.truncated = true
		d.name = 0
		return end
	}
	text := trimBlanks(d.src[pos:end])
	kind := wordKind(text)
	if len(text) == 0 || d.depth == 0 && kind == String {
		d.name = 0
		return end
	}
	d.add(kind, pos, pos+len(text), f|bare)
	return end
}

// memberName reads a member's name and its colon into d.name. When a value can follow, it reports
// true and the value's position. It always moves on.
func (d *Doc) memberName(pos int) (int, bool) {
	start, end, after, f := scanMemberName(d.src, pos)
	d.work += after - pos
	pos = d.blanks(after)
	if f&cut != 0 || pos == len(d.src) {
		d.truncated = true
		return pos, false
	}
	if d.src[pos] != ':' {
		if f&bare != 0 || isSeparator(d.src[pos]) {
			return max(pos, start+1), false
		}
	} else if pos = d.blanks(pos + 1); pos == len(d.src) {
		d.truncated = true
		return pos, false
	}
	d.setName(start, end, f)
	return pos, true
}

// setName notes the name of the member whose value follows. Names are unescaped at once: they are
// short, and every look-up compares them.
func (d *Doc) setName(start, end int, f flags) {
	d.name = newSpan(start, end)
	if f&(escaped|nonASCII) != 0 {
		d.unescapeName(start, end, f)
	}
}

func (d *Doc) unescapeName(start, end int, f flags) {
	if text := d.src[start:end]; f&escaped != 0 || !utf8.Valid(text) {
		from := len(d.arena)
		d.arena = appendText(d.arena, text)
		d.name = newSpan(from, len(d.arena)) | inArena
	}
}

// blanks skips blanks, and those that JSON does not know.
func (d *Doc) blanks(pos int) int {
	if pos < len(d.src) && d.src[pos]-'!' < 0x80-'!' {
		return pos
	}
	return d.skipBlanks(pos)
}

func (d *Doc) skipBlanks(pos int) int {
	from := pos
	for pos < len(d.src) {
		switch c := d.src[pos]; {
		case c <= ' ':
			pos++
			continue
		case c >= 0x80:
			if r, size := utf8.DecodeRune(d.src[pos:]); isOddBlank(r) {
				pos += size
				continue
			}
		}
		break
	}
	d.work += pos - from
	return pos
}

func isOddBlank(r rune) bool {
	return r == 0xFEFF || r == 0xA0 || r == 0x2028 || r == 0x2029 || r == 0x200B || r == 0x3000
}

// skip returns the position after the container at pos, whose contents it does not look at.
func (d *Doc) skip(pos int) int {
	d.opaque = true
	from, depth := pos, 0
	for pos < len(d.src) {
		switch d.src[pos] {
		case '"':
			pos, _ = scanQuoted(d.src, pos+1)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		pos++
		if depth == 0 {
			break
		}
	}
	pos = min(pos, len(d.src))
	d.work += pos - from
	d.truncated = d.truncated || depth > 0
	return pos
}
