package lenient

import "unicode/utf8"

// A reader of documents whose members it knows needs no nodes. It takes values one by one, and leaves
// every document that needs mending to a Doc.

// Scan returns the kind of the string, number or literal at pos and the position after it. It declines
// containers and whatever JSON does not allow, with Absent. The text of an odd string is not the source
// between its quotes; AppendText tells what it is.
func Scan(src []byte, pos int) (kind Kind, end int, odd bool) {
	kind, end, f := scanScalar(src, pos)
	return kind, end, f != 0
}

// ScanString is Scan from behind the opening quote of a string. It returns the position of the closing
// quote, -1 when there is none.
func ScanString(src []byte, pos int) (end int, odd bool) {
	end, f := scanQuoted(src, pos)
	if f&cut != 0 {
		return -1, false
	}
	return end, f != 0
}

func scanScalar(src []byte, pos int) (Kind, int, flags) {
	if pos >= len(src) {
		return Absent, pos, 0
	}
	if src[pos] == '"' {
		end, f := scanQuoted(src, pos+1)
		if f&cut != 0 {
			return Absent, pos, 0
		}
		return String, end + 1, f
	}
	kind, end := scanLiteral(src, pos)
	if c := src[pos]; c == '-' || isDigit(c) {
		kind, end = Number, scanNumber(src, pos)
	}
	if end == 0 || end >= len(src) || !isDelimiter(src[end]) {
		return Absent, pos, 0
	}
	return kind, end, 0
}

// AppendText appends the text of a string whose source, without its quotes, is raw.
func AppendText(dst, raw []byte) []byte {
	start := len(dst)
	dst = appendUnescaped(dst, raw)
	if !utf8.Valid(dst[start:]) {
		dst = appendText(dst[:start], raw)
	}
	return dst
}

// ParseScalar makes the document the value at pos of src that Scan would return, and returns the
// position after it; 0 when Scan would decline it.
func (d *Doc) ParseScalar(src []byte, pos int) int {
	d.reset(src)
	kind, end, f := scanScalar(d.src, pos)
	if kind == Absent {
		return 0
	}
	d.add(kind, pos, end, f)
	return end
}
