package lenient

import (
	"bytes"
	"unicode/utf8"
)

// maxReference bounds the length of a reference, `&#x10FFFF;` with a few zeros.
const maxReference = 12

// appendReference appends what the reference, or the line end, at the beginning of b stands for, and
// returns its length. An ampersand that begins no reference stands for itself.
func appendReference(dst, b []byte) ([]byte, int) {
	if b[0] == '\r' {
		if len(b) > 1 && b[1] == '\n' {
			return append(dst, '\n'), 2
		}
		return append(dst, '\n'), 1
	}
	end := bytes.IndexByte(b[:min(len(b), maxReference)], ';')
	if end < 2 {
		return append(dst, '&'), 1
	}
	if b[1] == '#' {
		if r, ok := Character(b[2:end]); ok {
			return utf8.AppendRune(dst, r), end + 1
		}
		return append(dst, '&'), 1
	}
	c := predefined(b[1:end])
	if c == 0 {
		return append(dst, '&'), 1
	}
	return append(dst, c), end + 1
}

func predefined(name []byte) byte {
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
	}
	return 0
}

// Character reads the number of a reference, `65` or `x41`. What is no character becomes U+FFFD.
func Character(b []byte) (rune, bool) {
	base := rune(10)
	if len(b) > 0 && b[0]|0x20 == 'x' {
		base, b = 16, b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var r rune
	for _, c := range b {
		digit := rune(hexValue(c))
		if digit >= base {
			return 0, false
		}
		r = min(r*base+digit, utf8.MaxRune+1)
	}
	if r == 0 || !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	return r, true
}

// trimReference drops the beginning of a reference that the end of b cut off.
func trimReference(b []byte) []byte {
	from := max(0, len(b)-maxReference)
	i := bytes.LastIndexByte(b[from:], '&')
	if i < 0 || bytes.IndexByte(b[from+i:], ';') >= 0 || bytes.ContainsAny(b[from+i:], " \t\r\n") {
		return b
	}
	return b[:from+i]
}

// scanXMLName returns the name that b begins with: whatever shapes no tag.
func scanXMLName(b []byte) []byte {
	for i, c := range b {
		if c <= ' ' || c == '/' || c == '>' || c == '=' || c == '<' || c == '"' || c == '\'' {
			return b[:i]
		}
	}
	return b
}

// localName returns a name without its prefix.
func localName(name []byte) []byte {
	if i := bytes.LastIndexByte(name, ':'); i > 0 && i+1 < len(name) {
		return name[i+1:]
	}
	return name
}

func isNameStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == ':' || c >= 0x80
}
