package lenient

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// scanQuoted returns the position of the double quote that closes the string whose text begins at
// pos, or the end of src.
func scanQuoted(src []byte, pos int) (int, flags) {
	var f flags
	for {
		var high bool
		if pos, high = nextStop(src, pos); high {
			f |= nonASCII
		}
		if pos == len(src) {
			return pos, f | cut
		}
		switch src[pos] {
		case '"':
			return pos, f
		case '\\':
			if pos+1 < len(src) && src[pos+1] == '"' { // nearly every escape in a body that was logged as text
				f |= escaped
				pos += 2
				continue
			}
			size, e := scanEscape(src[pos:])
			f |= e
			pos += size
		default: // a raw control character
			f |= mended
			pos++
		}
	}
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// nextStop returns the position of the first double quote, backslash or control character at or
// after pos, and whether a byte of 0x80 or above stands before it. It looks at eight bytes at a time.
func nextStop(src []byte, pos int) (int, bool) {
	var seen uint64
	for ; pos+8 <= len(src); pos += 8 {
		w := binary.LittleEndian.Uint64(src[pos:])
		quote, slash := w^eachByte*'"', w^eachByte*'\\'
		// The lowest bit set here is exact; higher ones may be borrows.
		stops := ((quote-eachByte)&^quote | (slash-eachByte)&^slash | (w-eachByte*' ')&^w) & highBits
		if stops != 0 {
			before := stops&-stops - 1
			return pos + bits.TrailingZeros64(stops)/8, (seen|w&before)&highBits != 0
		}
		seen |= w
	}
	for ; pos < len(src); pos++ {
		c := src[pos]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		seen |= uint64(c)
	}
	return pos, seen&highBits != 0
}

// scanEscape returns the length of the escape that b begins with. A backslash that begins none is
// text; what follows it is looked at on its own.
func scanEscape(b []byte) (int, flags) {
	switch {
	case len(b) < 2:
		return len(b), escaped
	case b[1] == '\'':
		return 2, escaped | mended
	case b[1] != 'u':
		if unescaped(b[1]) != 0 {
			return 2, escaped
		}
	case isUnicodeEscape(b):
		return 6, escaped
	case 2+hexDigits(b[2:]) == len(b): // the end of the input cut it
		return len(b), escaped
	}
	return 1, escaped | mended
}

// hexDigits returns how many of the first four bytes are hexadecimal digits, up to the first that is not.
func hexDigits(b []byte) int {
	for i, c := range b[:min(4, len(b))] {
		if hexValue(c) > 15 {
			return i
		}
	}
	return min(4, len(b))
}

func hexValue(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return lower(c) - 'a' + 10
	}
	return 0xFF
}

// scanApostrophed is scanQuoted for a string in single quotes, which is always a repair.
func scanApostrophed(src []byte, pos int) (int, flags) {
	f := mended
	for pos < len(src) {
		switch c := src[pos]; {
		case c == '\'':
			return pos, f
		case c == '\\':
			size, e := scanEscape(src[pos:])
			f |= e
			pos += size
			continue
		case c >= 0x80:
			f |= nonASCII
		}
		pos++
	}
	return pos, f | cut
}

// scanNumber returns the end of the JSON number at pos, or 0 if there is none.
func scanNumber(src []byte, pos int) int {
	if src[pos] == '-' {
		pos++
	}
	if pos == len(src) || !isDigit(src[pos]) {
		return 0
	}
	if src[pos] == '0' {
		pos++
	} else {
		pos = scanDigits(src, pos)
	}
	if pos == len(src) || src[pos] > 'e' || isDelimiter(src[pos]) {
		return pos
	}
	if src[pos] == '.' {
		from := pos + 1
		if pos = scanDigits(src, from); pos == from {
			return 0
		}
	}
	return scanExponent(src, pos)
}

// scanExponent returns the end of the exponent at pos, pos if there is none, or 0 if it is not well-formed.
func scanExponent(src []byte, pos int) int {
	if pos == len(src) || src[pos]|0x20 != 'e' {
		return pos
	}
	pos++
	if pos < len(src) && (src[pos] == '+' || src[pos] == '-') {
		pos++
	}
	end := scanDigits(src, pos)
	if end == pos {
		return 0
	}
	return end
}

func scanDigits(src []byte, pos int) int {
	for pos < len(src) && isDigit(src[pos]) {
		pos++
	}
	return pos
}

// scanLiteral recognises true, false and null at pos, without looking at what follows.
func scanLiteral(src []byte, pos int) (Kind, int) {
	switch b := src[pos:]; {
	case len(b) >= 4 && string(b[:4]) == "true":
		return Bool, pos + 4
	case len(b) >= 4 && string(b[:4]) == "null":
		return Null, pos + 4
	case len(b) >= 5 && string(b[:5]) == "false":
		return Bool, pos + 5
	}
	return Absent, pos
}

// scanMemberName returns the bounds of the member name at pos, and the position after it.
func scanMemberName(src []byte, pos int) (start, end, after int, f flags) {
	switch src[pos] {
	case '"':
		end, f = scanQuoted(src, pos+1)
	case '\'':
		end, f = scanApostrophed(src, pos+1)
	default:
		end = pos
		for end < len(src) && !isSeparator(src[end]) && src[end] > ' ' && src[end] != ':' && src[end] != '"' {
			f |= highFlag(src[end])
			end++
		}
		return pos, end, end, f | bare
	}
	return pos + 1, end, min(end+1, len(src)), f
}

// scanWord returns the end of the unquoted value at pos.
func scanWord(src []byte, pos int) (int, flags) {
	var f flags
	for pos < len(src) && src[pos] != ',' && src[pos] != '}' && src[pos] != ']' && src[pos] != '\n' {
		f |= highFlag(src[pos])
		pos++
	}
	return pos, f
}

// wordKind says what an unquoted value is, in JSON or in the languages that print something similar.
func wordKind(text []byte) Kind {
	switch {
	case equalFold(text, "true"), equalFold(text, "false"):
		return Bool
	case equalFold(text, "null"), equalFold(text, "none"), equalFold(text, "nil"), equalFold(text, "undefined"):
		return Null
	}
	unsigned := bytes.TrimLeft(text, "+-")
	if equalFold(unsigned, "nan") || equalFold(unsigned, "infinity") {
		return Number
	}
	if _, ok := parseDecimal(text); ok {
		return Number
	}
	return String
}

func highFlag(c byte) flags {
	if c >= 0x80 {
		return nonASCII
	}
	return 0
}

func isDigit(c byte) bool { return c-'0' < 10 }

// isDelimiter reports whether c ends a number or literal.
func isDelimiter(c byte) bool { return c <= ' ' || c == ',' || c == '}' || c == ']' }

// isSeparator reports whether c shapes the document.
func isSeparator(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == '{' || c == '['
}

func isCallback(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c == '.'
}
