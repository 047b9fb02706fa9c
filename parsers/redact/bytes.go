package redact

import "encoding/binary"

// class is a set of byte classes.
type class uint32

const (
	lower class = 1 << iota
	upper
	digit
	hexLetter
	underDash    // _ and -
	base64Rest   // + / = of base64
	padding      // = of base64
	credential   // RFC 6750 section 2.1 and RFC 7235 section 2.1: token68 without its padding
	localPart    // of an e-mail address, as far as it is used
	domainByte   // letters, digits, - and .
	escapeLetter // of \n, \r, \t, \b, \f
	valueEnd     // ends an unquoted value
	blank
	lineEnd     // ends a header line
	nameGap     // between the components of a name
	wordGap     // between the words of a clause
	phoneGap    // between the digits of a phone number
	punctuation // of a sentence

	letter = lower | upper
	alnum  = letter | digit
	hex    = digit | hexLetter
	token  = alnum | underDash
)

var classes = buildClasses()

func buildClasses() (t [256]class) {
	for c := range 256 {
		switch b := byte(c); {
		case 'a' <= b && b <= 'z':
			t[c] = lower
		case 'A' <= b && b <= 'Z':
			t[c] = upper
		case '0' <= b && b <= '9':
			t[c] = digit
		}
		if t[c] != 0 {
			t[c] |= credential | localPart | domainByte
		}
	}
	mark := func(bytes string, c class) {
		for i := range len(bytes) {
			t[bytes[i]] |= c
		}
	}
	mark("abcdefABCDEF", hexLetter)
	mark("_-", underDash)
	mark("+/=", base64Rest)
	mark("=", padding)
	mark("-._~+/", credential)
	mark("._+-~!#$^*", localPart)
	mark("-.", domainByte)
	mark("nrtbf", escapeLetter)
	mark(" \t\r\n\"'`,;&<>()]{}|\\", valueEnd)
	mark("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f", valueEnd)
	mark(" \t", blank)
	mark("\r\n\"'`\\<>[", lineEnd)
	mark("_-. ", nameGap)
	mark(" :=\"'\\(#/<>_-%\t", wordGap)
	mark("+ -().", phoneGap)
	mark(" .,;:!?'()_-/\t", punctuation)
	return t
}

func is(b byte, c class) bool { return classes[b]&c != 0 }

func toLower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b | 0x20
	}
	return b
}

// hasPrefixFold reports whether text starts with prefix, which is in lower case.
func hasPrefixFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && equalFold(text[:len(prefix)], prefix)
}

// equalFold compares ASCII letters without regard to case; want is in lower case.
func equalFold(text []byte, want string) bool {
	if len(text) != len(want) {
		return false
	}
	for i := range len(want) {
		if toLower(text[i]) != want[i] {
			return false
		}
	}
	return true
}

// isHex reports whether text, which is not empty, is hexadecimal digits only. It looks at eight at a
// time: most long tokens in paths are that.
func isHex(text []byte) bool {
	const each, low, high, space = 0x0101010101010101, 0x7F7F7F7F7F7F7F7F, 0x8080808080808080, 0x2020202020202020
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		digits, letters := w&low, (w|space)&low
		digits = (digits + each*(0x80-'0')) &^ (digits + each*(0x7F-'9'))
		letters = (letters + each*(0x80-'a')) &^ (letters + each*(0x7F-'f'))
		if (digits|letters)&^w&high != high {
			return false
		}
	}
	for _, b := range text {
		if !is(b, hex) {
			return false
		}
	}
	return true
}

// percentByte decodes %XX at i; 0 when there is none.
func percentByte(text []byte, i int) byte {
	if i+3 > len(text) || text[i] != '%' {
		return 0
	}
	return hexByte(text[i+1], text[i+2])
}

// unicodeEscapeByte decodes JSON's \u00XX at i; 0 when there is none.
func unicodeEscapeByte(text []byte, i int) byte {
	if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' || text[i+2] != '0' || text[i+3] != '0' {
		return 0
	}
	return hexByte(text[i+4], text[i+5])
}

func hexByte(high, low byte) byte {
	if !is(high, hex) || !is(low, hex) {
		return 0
	}
	return hexDigit(high)<<4 | hexDigit(low)
}

func hexDigit(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return toLower(b) - 'a' + 10
}
