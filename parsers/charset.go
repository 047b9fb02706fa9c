package parsers

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/errata-dev/errata/parsers/lenient"
)

// byteOrder is the order of the bytes of UTF-16.
type byteOrder uint8

const (
	notUTF16 byteOrder = iota
	bigEndian
	littleEndian
)

// decodeText returns the bytes of a body as UTF-8. What they say about themselves counts more than
// what the content type declares.
func (s *scratch) decodeText(raw []byte) []byte {
	if order, mark := utf16Order(raw); order != notUTF16 {
		return s.fromUTF16(raw[mark:], order)
	}
	if utf8.Valid(raw) || !s.declaresLatin(raw) {
		return raw
	}
	start := len(s.lists)
	s.lists = appendLatin(s.lists, raw[:min(len(raw), maxBody)])
	return s.lists[start:len(s.lists):len(s.lists)]
}

// loggedText returns the text of a body that was logged as a JSON string. A logger that took UTF-16
// for something else left zeros; one that copied Latin-1 bytes left broken UTF-8.
func (s *scratch) loggedText(n lenient.Node) []byte {
	text := n.Text()
	if len(text) > 1 && isPrint(text[0]) && isPrint(text[1]) && !bytes.Contains(text, []byte("\ufffd")) {
		return text // nearly all
	}
	if order, _ := utf16Order(bytes.TrimLeft(text, "\ufffd\ufeff")); order != notUTF16 {
		start := len(s.lists)
		for _, c := range text[:min(len(text), maxBody)] {
			if c != 0 {
				s.lists = append(s.lists, c)
			}
		}
		return bytes.TrimLeft(s.lists[start:len(s.lists):len(s.lists)], "\ufffd\ufeff")
	}
	if !bytes.Contains(text, []byte("\ufffd")) || utf8.Valid(n.Raw()) || !s.declaresLatin(text) {
		return text
	}
	s.raw = appendLatin(s.raw[:0], n.Raw())
	if s.spare.Parse(s.raw) != nil {
		return text
	}
	start := len(s.lists)
	s.lists = append(s.lists, s.spare.Root().Text()...) // the spare document is used again
	return s.lists[start:len(s.lists):len(s.lists)]
}

// utf16Order recognises UTF-16 by its mark, or by zeros beside the first ASCII characters. It returns
// the length of the mark.
func utf16Order(b []byte) (order byteOrder, mark int) {
	if len(b) < 4 {
		return notUTF16, 0
	}
	switch {
	case b[0] == 0xfe && b[1] == 0xff:
		return bigEndian, 2
	case b[0] == 0xff && b[1] == 0xfe:
		return littleEndian, 2
	case b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return bigEndian, 0
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return littleEndian, 0
	}
	return notUTF16, 0
}

// fromUTF16 returns the text as UTF-8; lone surrogates become U+FFFD.
func (s *scratch) fromUTF16(b []byte, order byteOrder) []byte {
	start := len(s.lists)
	unit := func(i int) rune {
		if order == bigEndian {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	for i := 0; i+1 < len(b) && len(s.lists)-start < maxBody; i += 2 {
		char := unit(i)
		if utf16.IsSurrogate(char) && i+3 < len(b) {
			if pair := utf16.DecodeRune(char, unit(i+2)); pair != utf8.RuneError {
				char = pair
				i += 2
			}
		}
		s.lists = utf8.AppendRune(s.lists, char)
	}
	return s.lists[start:len(s.lists):len(s.lists)]
}

// declaresLatin reports whether the content type, or an XML declaration, names a Western European
// one-byte charset.
func (s *scratch) declaresLatin(text []byte) bool {
	if name := after(s.response.answer.contentType, "charset="); len(name) > 0 {
		return isLatin(name)
	}
	return bytes.HasPrefix(text, []byte("<?xml")) && isLatin(after(before(text[:min(len(text), 128)], '>'), "encoding="))
}

// isLatin knows the names of the charsets that windows-1252 contains, as all browsers do.
func isLatin(name []byte) bool {
	name = bytes.TrimLeft(name, "\"' ")
	for _, known := range [...]string{"iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"} {
		if len(name) >= len(known) && equalFold(name[:len(known)], known) {
			return true
		}
	}
	return false
}

// after returns what follows a word in any case, nil when it is not there.
func after(text []byte, word string) []byte {
	for i := 0; i+len(word) <= len(text); i++ {
		if equalFold(text[i:i+len(word)], word) {
			return text[i+len(word):]
		}
	}
	return nil
}

// windows1252 are the characters 0x80 to 0x9f; all other bytes are what ISO 8859-1 says.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// appendLatin appends windows-1252 as UTF-8.
func appendLatin(dst, b []byte) []byte {
	for _, c := range b {
		char := rune(c)
		if c >= 0x80 && c < 0xa0 {
			char = windows1252[c-0x80]
		}
		dst = utf8.AppendRune(dst, char)
	}
	return dst
}
