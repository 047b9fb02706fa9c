package lenient

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns the text of a string, or the literal of a number or bool ("true" for True); nil for
// null, containers and absent values. It is valid UTF-8: broken bytes and lone surrogates become
// U+FFFD. A string without escapes is a part of the source, any other is unescaped once into memory
// of the Doc. A character that the end of the input cut in two is left out.
func (n Node) Text() []byte {
	v := n.get()
	switch {
	case v == nil || v.kind < Bool || v.kind > String:
		return nil
	case v.kind == String && v.flags == 0 && v.count == 0: // most texts
		return n.d.src[v.start+1 : v.end-1 : v.end-1]
	}
	if v.kind == String && v.count > 0 {
		return n.d.texts[v.count-1].of(n.d.arena)
	}
	b := n.d.inner(v)
	switch {
	case v.kind == Bool && v.flags&bare != 0:
		if b[0]|0x20 == 't' {
			return []byte("true")
		}
		return []byte("false")
	case v.flags&escaped == 0 && (v.flags&nonASCII == 0 || utf8.Valid(b)):
		return b
	}
	return n.d.unescape(v, b)
}

// inner returns a value's source without its quotes, and without a character that was cut in two.
func (d *Doc) inner(v *node) []byte {
	start, end := v.start, v.end
	if v.kind == String && v.flags&bare == 0 {
		start++
		if v.flags&cut == 0 {
			end--
		}
	}
	b := d.src[start:end:end]
	if v.flags&cut != 0 {
		b = trimEscape(trimRune(b))
	}
	return b
}

func (d *Doc) unescape(v *node, b []byte) []byte {
	start := len(d.arena)
	if v.flags&bare != 0 { // nothing is an escape there
		d.arena = appendValid(d.arena, b)
	} else {
		d.arena = appendUnescaped(d.arena, b)
		if v.flags&nonASCII != 0 && !utf8.Valid(d.arena[start:]) {
			d.arena = appendText(d.arena[:start], b)
		}
	}
	text := newSpan(start, len(d.arena))
	d.texts = append(d.texts, text)
	v.count = int32(len(d.texts))
	return text.of(d.arena)
}

// trimRune drops the beginning of a rune that the end of b cut off.
func trimRune(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// trimEscape drops the beginning of an escape that the end of b cut off.
func trimEscape(b []byte) []byte {
	i := len(b) - 1
	for i >= 0 && i > len(b)-len(`\u0000`) && b[i] != '\\' {
		i--
	}
	if i < 0 || b[i] != '\\' {
		return b
	}
	before := i
	for before > 0 && b[before-1] == '\\' {
		before--
	}
	begins := (i-before)%2 == 0 // not itself the second half of an escape
	if tail := b[i+1:]; begins && (len(tail) == 0 || tail[0] == 'u' && len(tail) < 5 && hexDigits(tail[1:]) == len(tail)-1) {
		return b[:i]
	}
	return b
}

// appendText appends the text of a string's source b, without its quotes, to dst.
func appendText(dst, b []byte) []byte {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return appendValid(dst, b)
		}
		if i > 0 {
			dst = appendValid(dst, b[:i])
		}
		var size int
		dst, size = appendEscape(dst, b[i:])
		b = b[i+size:]
	}
	return dst
}

// appendUnescaped is appendText for a source without broken bytes. Between two escapes it copies whole
// words, up to seven bytes too many that the next ones overwrite: a body that was logged as a string has
// an escape every few bytes, and a call of append for each stretch costs three times as much.
func appendUnescaped(dst, b []byte) []byte {
	const word = 8
	n := len(dst)
	dst = slices.Grow(dst, len(b)+word)[:n+len(b)+word]
	for len(b) >= word {
		w := binary.LittleEndian.Uint64(b)
		binary.LittleEndian.PutUint64(dst[n:], w)
		slash := w ^ eachByte*'\\'
		stops := (slash - eachByte) &^ slash & highBits
		if stops == 0 {
			b, n = b[word:], n+word
			continue
		}
		i := bits.TrailingZeros64(stops) / 8
		b, n = b[i:], n+i
		if len(b) > 1 && b[1] == '"' {
			dst[n] = '"'
			b, n = b[2:], n+1
			continue
		}
		out, size := appendEscape(dst[:n], b)
		b, n = b[size:], len(out)
	}
	for dst = dst[:n]; len(b) > 0; {
		size := 1
		if b[0] == '\\' {
			dst, size = appendEscape(dst, b)
		} else {
			dst = append(dst, b[0])
		}
		b = b[size:]
	}
	return dst
}

// appendEscape appends what the escape at the beginning of b stands for, and returns its length. A
// backslash that begins none stands for itself.
func appendEscape(dst, b []byte) ([]byte, int) {
	if len(b) >= 2 && b[1] != 'u' {
		if c := unescaped(b[1]); c != 0 {
			return append(dst, c), 2
		}
	}
	if isUnicodeEscape(b) {
		r, size := hexRune(b), 6
		if utf16.IsSurrogate(r) && isUnicodeEscape(b[size:]) {
			if pair := utf16.DecodeRune(r, hexRune(b[size:])); pair != utf8.RuneError {
				r, size = pair, 12
			}
		}
		return utf8.AppendRune(dst, r), size // a lone surrogate becomes U+FFFD
	}
	return append(dst, '\\'), 1
}

// unescaped returns what the escape of c stands for, or 0 when there is no such short escape.
// JSON has no escape for the apostrophe, but JavaScript has.
func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/', '\'':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

func isUnicodeEscape(b []byte) bool {
	return len(b) >= 6 && b[0] == '\\' && b[1] == 'u' && hexDigits(b[2:]) == 4
}

// hexRune returns the code unit of a unicode escape.
func hexRune(b []byte) rune {
	var r rune
	for _, c := range b[2:6] {
		r = r<<4 | rune(hexValue(c))
	}
	return r
}

// appendValid appends b with every broken byte replaced by U+FFFD.
func appendValid(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, r)
		b = b[size:]
	}
	return dst
}
