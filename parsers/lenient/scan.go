package lenient

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	eachByte = 0x0101010101010101
	lowBits  = 0x7F7F7F7F7F7F7F7F
	highBits = 0x8080808080808080
)

// scanQuoted returns the position of the double quote that closes the string whose text begins at
// pos, or the end of src. It looks at eight bytes at a time, and is most of the cost of a Parse.
// The flag nonASCII may also come from what follows the string within the last eight bytes.
func scanQuoted(src []byte, pos int) (int, flags) {
	var seen uint64
	for ; pos+8 <= len(src); pos += 8 {
		w := binary.LittleEndian.Uint64(src[pos:])
		quote, slash := w^eachByte*'"', w^eachByte*'\\'
		seen |= w
		// The lowest bit set here is exact; higher ones may be borrows.
		if stops := ((quote-eachByte)&^quote | (slash-eachByte)&^slash) & highBits; stops != 0 {
			pos += bits.TrailingZeros64(stops) / 8
			if src[pos] == '"' {
				return pos, asciiFlag(seen)
			}
			return scanEscaped(src, pos, asciiFlag(seen)|escaped)
		}
	}
	for ; pos < len(src); pos++ {
		switch c := src[pos]; c {
		case '"':
			return pos, asciiFlag(seen)
		case '\\':
			return scanEscaped(src, pos, asciiFlag(seen)|escaped)
		default:
			seen |= uint64(c)
		}
	}
	return pos, asciiFlag(seen) | cut
}

func asciiFlag(seen uint64) flags {
	if seen&highBits != 0 {
		return nonASCII
	}
	return 0
}

// scanEscaped is scanQuoted from the first backslash on. A body that was logged as text has an escaped
// quote every few bytes: to stop at each of them costs three times as much as to tell within a word
// which quotes are escaped. The byte after a backslash is passed over whatever it is; what an escape
// means is for whoever wants the text.
func scanEscaped(src []byte, pos int, f flags) (int, flags) {
	var seen, carry uint64 // carry: the first byte of the next word is escaped
	for ; pos+8 <= len(src); pos += 8 {
		w := binary.LittleEndian.Uint64(src[pos:])
		quotes, slashes := zeroBytes(w^eachByte*'"'), zeroBytes(w^eachByte*'\\')
		seen |= w
		after := slashes<<8 | carry
		if slashes&after != 0 { // a backslash behind a backslash, which may be escaped itself
			slashes = unescapedSlashes(slashes, carry)
			after = slashes<<8 | carry
		}
		if closing := quotes &^ after; closing != 0 {
			return pos + bits.TrailingZeros64(closing)/8, f | asciiFlag(seen)
		}
		carry = slashes >> 56
	}
	for ; pos < len(src); pos++ {
		c := src[pos]
		seen |= uint64(c)
		switch {
		case carry != 0:
			carry = 0
		case c == '"':
			return pos, f | asciiFlag(seen)
		case c == '\\':
			carry = 1
		}
	}
	return pos, f | asciiFlag(seen) | cut
}

// zeroBytes sets the high bit of each byte of w that is zero.
func zeroBytes(w uint64) uint64 { return ^((w&lowBits + lowBits) | w | lowBits) }

// unescapedSlashes drops from the backslashes of a word those that another one escapes.
func unescapedSlashes(slashes, carry uint64) uint64 {
	for bit := uint64(0x80); bit != 0; bit <<= 8 {
		if carry != 0 {
			slashes &^= bit
		}
		carry = slashes & bit
	}
	return slashes
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
	var f flags
	for pos < len(src) {
		switch c := src[pos]; {
		case c == '\'':
			return pos, f
		case c == '\\':
			f |= escaped
			if pos++; pos < len(src) {
				f |= highFlag(src[pos])
			}
		case c >= 0x80:
			f |= nonASCII
		}
		pos++
	}
	return min(pos, len(src)), f | cut
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
