package page

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/errata-dev/errata/parsers/lenient"
)

// next reads the text up to the next tag, and the tag.
func (r *Reader) next() {
	rest := r.html[r.pos:]
	end := bytes.IndexByte(rest, '<')
	if end < 0 {
		end = len(rest)
	}
	r.characters(rest[:end])
	r.pos += end
	if rest = rest[end:]; len(rest) < 2 {
		r.pos = len(r.html)
		return
	}
	switch c := rest[1]; {
	case bytes.HasPrefix(rest, []byte("<!--")):
		r.skipPast("-->")
	case c == '!':
		r.hints.documentType(rest[:min(len(rest), 128)])
		r.skipPast(">")
	case c == '?' || c == '/' || isLetter(c):
		r.tag(rest)
	default:
		r.characters(rest[:1])
		r.pos++
	}
}

// skipPast moves behind the text, or to the end.
func (r *Reader) skipPast(text string) {
	end := bytes.Index(r.html[r.pos:], []byte(text))
	if end < 0 {
		r.pos = len(r.html)
		return
	}
	r.pos += end + len(text)
}

// tag reads a tag. Those of emphasis and links stand within a line, all others end it.
func (r *Reader) tag(rest []byte) {
	end := tagEnd(rest)
	name := rest[1:]
	closing := name[0] == '/'
	if closing {
		name = name[1:]
	}
	name = tagName(name)
	r.pos += end
	var folded [maxName]byte
	switch folds := appendName(folded[:0], name); string(folds) {
	case "b", "i", "u", "a", "em", "tt", "code", "span", "strong", "font", "ins", "small", "label", "abbr", "kbd", "wbr", "sup", "sub", "q", "mark", "var", "samp":
	case "script", "style", "svg", "template", "noscript", "select", "textarea", "object":
		if !closing {
			r.skipElement(folds)
		}
		r.flush()
	case "title", "h1", "h2", "h3", "h4", "h5", "h6", "pre":
		r.flush()
		if r.kind = prose; !closing {
			r.kind = kindOf(folds)
		}
	case "body", "iframe", "form", "input":
		r.hints.element(folds, rest[:min(end, len(rest))])
		r.flush()
	default:
		r.flush()
	}
}

// tagEnd returns the length of a tag. A closing bracket within quotes does not end it, unless the
// quotes are never closed.
func tagEnd(tag []byte) int {
	const longest = 4096
	tag = tag[:min(len(tag), longest)]
	var quote byte
	for i, c := range tag {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	if i := bytes.IndexByte(tag, '>'); i >= 0 {
		return i + 1
	}
	return len(tag)
}

// skipElement moves to the end tag of an element whose contents are not read.
func (r *Reader) skipElement(name []byte) {
	for r.pos < len(r.html) {
		open := bytes.Index(r.html[r.pos:], []byte("</"))
		if open < 0 {
			r.pos = len(r.html)
			return
		}
		r.pos += open
		if hasPrefixFold(r.html[r.pos+2:], string(name)) {
			return
		}
		r.pos += 2
	}
}

func kindOf(tag []byte) kind {
	switch string(tag) {
	case "title":
		return title
	case "h1":
		return heading
	case "h2":
		return second
	case "pre":
		return pre
	}
	return third
}

// flush ends the open block.
func (r *Reader) flush() {
	if end := len(r.text); end > r.from {
		r.blocks = append(r.blocks, block{start: r.from, end: end, kind: r.kind})
	}
	r.from, r.blank = len(r.text), false
}

// characters adds text to the open block: references resolved, blanks folded. What is longer than a
// block is left out.
func (r *Reader) characters(run []byte) {
	for i := 0; i < len(run); {
		if room := maxBlock - 1 - (len(r.text) - r.from); room > 0 { // to look further would be in vain, and again for each word
			if n := stretch(run[i:min(len(run), i+room)]); n > 0 {
				r.word(run[i : i+n])
				i += n
				continue
			}
		}
		switch c := run[i]; {
		case c == '\n' && r.kind == pre:
			r.flush()
			i++
		case c <= ' ':
			r.blank = true
			i++
		case c == '&':
			char, size := reference(run[i:])
			r.add(char)
			i += size
		case c < utf8.RuneSelf:
			end := i + 1
			for end < len(run) && run[end] > ' ' && run[end] != '&' && run[end] < utf8.RuneSelf {
				end++
			}
			r.word(run[i:end])
			i = end
		default:
			char, size := utf8.DecodeRune(run[i:])
			r.add(char)
			i += size
		}
	}
}

// stretch returns the length of what b begins with that is taken over as it is: words of ASCII with one space between
// two of them. To take over word by word took 3 of the 20 µs of a page of 3 kB.
func stretch(b []byte) (n int) {
	const each, high = 0x0101010101010101, 0x8080808080808080
	if len(b) == 0 || b[0] <= ' ' {
		return 0
	}
	var carry uint64 // the byte before the word is a space
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		amp, space := w^each*'&', w^each*' '
		spaces := ^((space&^high + high - each) | space) & high
		// The lowest bit set here is exact; higher ones may be borrows.
		if stops := ((w-each*' ')&^w | w | (amp-each)&^amp | spaces&(spaces<<8|carry)) & high; stops != 0 {
			n += bits.TrailingZeros64(stops) / 8
			return n - ends(b[:n])
		}
		carry = spaces >> 56
	}
	for n < len(b) && b[n] >= ' ' && b[n] < utf8.RuneSelf && b[n] != '&' && (b[n] != ' ' || b[n-1] != ' ') {
		n++
	}
	return n - ends(b[:n])
}

// ends returns 1 for a text that ends with a space.
func ends(text []byte) int {
	if n := len(text); n > 0 && text[n-1] == ' ' {
		return 1
	}
	return 0
}

// add adds one character to the open block.
func (r *Reader) add(char rune) {
	if char == '\u00a0' || char == '\u200b' || char == '\ufeff' || char <= ' ' {
		r.blank = true
		return
	}
	if len(r.text)-r.from > maxBlock {
		return
	}
	if r.blank && len(r.text) > r.from {
		r.text = append(r.text, ' ')
	}
	r.blank = false
	r.text = utf8.AppendRune(r.text, char)
}

// word is add for characters of ASCII that are no blanks.
func (r *Reader) word(word []byte) {
	if len(r.text)-r.from > maxBlock {
		return
	}
	if r.blank && len(r.text) > r.from {
		r.text = append(r.text, ' ')
	}
	r.blank = false
	room := max(maxBlock+1-(len(r.text)-r.from), 1)
	r.text = append(r.text, word[:min(len(word), room)]...)
}

// reference returns the character that a reference stands for, and its length. An ampersand that
// begins none stands for itself.
func reference(b []byte) (rune, int) {
	const longest = 10
	end := bytes.IndexByte(b[:min(len(b), longest)], ';')
	if end < 2 {
		return '&', 1
	}
	name := b[1:end]
	if name[0] == '#' {
		if char, ok := lenient.Character(name[1:]); ok {
			return char, end + 1
		}
		return '&', 1
	}
	if char := named(name); char != 0 {
		return char, end + 1
	}
	return '&', 1
}

// named knows the references that error pages use.
func named(name []byte) rune {
	switch string(name) {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	case "nbsp", "ensp", "emsp", "thinsp":
		return ' '
	case "rsquo":
		return '’'
	case "lsquo":
		return '‘'
	case "ldquo":
		return '“'
	case "rdquo":
		return '”'
	case "ndash":
		return '–'
	case "mdash":
		return '—'
	case "hellip":
		return '…'
	case "middot":
		return '·'
	case "bull":
		return '•'
	case "copy":
		return '©'
	case "laquo":
		return '«'
	case "rsaquo":
		return '›'
	case "lsaquo":
		return '‹'
	case "raquo":
		return '»'
	}
	return 0
}
