package mask

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// quotes is a set of kinds of quotation marks, by their closing marks.
type quotes uint8

const (
	double quotes = 1 << iota
	backtick
	single
	curly
	curlySingle
	guillemet
)

// opening returns the kind of quotation that b begins with, its closing mark, and the length of the
// opening one; no kind when there is none.
func opening(b []byte) (kind quotes, closing string, size int) {
	r, size := utf8.DecodeRune(b)
	switch r {
	case '"':
		return double, `"`, size
	case '`':
		return backtick, "`", size
	case '\'':
		return single, `'`, size
	case '“', '„':
		return curly, "”", size
	case '‘':
		return curlySingle, "’", size
	case '«':
		return guillemet, "»", size
	}
	return 0, "", size
}

// quoted masks the quoted part at pos, or copies the mark when nothing closes it.
func (t *templater) quoted() {
	_, _, size := opening(t.in[t.pos:])
	if closing, n := t.closing(); n > 0 {
		t.mask(quote, closing+n-t.pos)
		return
	}
	t.copy(size)
}

// closing finds the mark that closes the quotation at pos: its position and length; length 0 when
// there is no quotation. A search that fails is not repeated, which keeps the whole linear.
func (t *templater) closing() (pos, size int) {
	b := t.in[t.pos:]
	kind, mark, skip := opening(b)
	if kind == 0 || t.unclosed&kind != 0 {
		return 0, 0
	}
	apostrophe := kind == single || kind == curlySingle
	if apostrophe && (t.inWord() || len(b) == skip || b[skip] <= ' ') {
		return 0, 0
	}
	for from := skip; ; {
		i := bytes.Index(b[from:], []byte(mark))
		if i < 0 {
			t.unclosed |= kind
			return 0, 0
		}
		from += i + len(mark)
		if !apostrophe || !beginsWord(b[from:]) {
			return t.pos + from - len(mark), len(mark)
		}
	}
}

func beginsWord(b []byte) bool {
	if len(b) > 0 && b[0] == '<' {
		b = b[:min(len(b), longestName)]
		return isWordPlaceholder(b[:bytes.IndexByte(b, '>')+1])
	}
	r, _ := utf8.DecodeRune(b)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
