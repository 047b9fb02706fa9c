package parsers

import (
	"bytes"
	"unicode/utf8"
)

// Limits of the row's texts, in bytes.
const (
	limitMethod   = 16
	limitPolicy   = 64
	limitName     = 128 // service, environment, credential, vendor
	limitCode     = 128
	limitID       = 128
	limitHost     = 253
	limitTitle    = 256
	limitField    = 256
	limitPath     = 512
	limitType     = 512
	limitTemplate = 512
	limitDetail   = 512
	limitMessage  = 1024
	limitBody     = 2048
	limitDetails  = 32 // sub-errors of one response
)

// slack is how much of a text is scanned beyond its limit, so that a secret which straddles the
// limit is recognised whole.
const slack = 4096

// window returns the part of a text worth scanning.
func window(text []byte, limit int) []byte {
	if len(text) > limit+slack {
		return text[:limit+slack]
	}
	return text
}

// text returns a redacted copy of at most limit bytes; nil for a blank text.
func (r *Registry) text(s *scratch, text []byte, limit int) []byte {
	if text = trim(text); len(text) == 0 {
		return nil
	}
	if len(text) <= memoText {
		return s.keep(r.known(s, text).redacted, limit)
	}
	start := len(s.texts)
	s.texts = r.redactor.Append(s.texts, s.valid(window(text, limit)))
	return s.cut(start, limit, len(text))
}

// keep returns a copy of a redacted text that lives as long as the row, of at most limit bytes.
func (s *scratch) keep(redacted []byte, limit int) []byte {
	start := len(s.texts)
	s.texts = append(s.texts, redacted...)
	return s.cut(start, limit, 0)
}

// trim is bytes.TrimSpace for texts that mostly need it not: it is called thirty times a record.
func trim(text []byte) []byte {
	if n := len(text); n > 0 && isPrint(text[0]) && isPrint(text[n-1]) {
		return text
	}
	return bytes.TrimSpace(text)
}

// isPrint reports whether c is a visible character of ASCII.
func isPrint(c byte) bool { return c-'!' < 0x7f-'!' }

// member is text for the value of a member, whose name may say that it is a secret.
func (r *Registry) member(s *scratch, name, text []byte, limit int) []byte {
	if text = trim(text); len(text) == 0 {
		return nil
	}
	start := len(s.texts)
	s.texts = r.redactor.AppendMember(s.texts, window(name, limitField), s.valid(window(text, limit)))
	return s.cut(start, limit, len(text))
}

// valid returns text with its broken bytes replaced by U+FFFD. Texts from JSON are valid already.
func (s *scratch) valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	start := len(s.lists)
	for len(text) > 0 {
		char, size := utf8.DecodeRune(text)
		s.lists = utf8.AppendRune(s.lists, char)
		text = text[size:]
	}
	return s.lists[start:len(s.lists):len(s.lists)]
}

// id returns a request or trace id. Ids in the usual forms are kept as they are: a redactor takes a
// long hexadecimal text for a secret.
func (r *Registry) id(s *scratch, id []byte) []byte {
	if id = trim(id); isID(id) || isPrefixedID(id) {
		return id
	}
	return r.text(s, id, limitID)
}

// isPrefixedID recognises req_ before such an id. Many libraries make request ids like this; each is new,
// and to redact one takes as long as reading the headers (and finds a card number in one of 6,000).
func isPrefixedID(id []byte) bool {
	const prefix = "req_"
	return len(id) > len(prefix) && string(id[:len(prefix)]) == prefix && isID(id[len(prefix):])
}

// isID recognises 16 or 32 hexadecimal digits and UUIDs.
func isID(id []byte) bool {
	switch len(id) {
	case 16:
		return isHex(id) && digits(id) < 0 // else it may be the number of a card
	case 32:
		return isHex(id)
	case 36:
		return id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' &&
			isHex(id[:8]) && isHex(id[9:13]) && isHex(id[14:18]) && isHex(id[19:23]) && isHex(id[24:])
	}
	return false
}

// cut ends the text that began at start of s.texts after at most limit bytes, between characters.
// Where only a window of the original was scanned, the end of the window may hold half a secret:
// that end goes too, even when redaction has made the text shorter than the limit.
func (s *scratch) cut(start, limit, original int) []byte {
	text := s.texts[start:]
	if original > limit+slack {
		limit = min(limit, max(len(text)-slack/2, 0))
	}
	if len(text) > limit {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	for n := len(text); n > 0 && text[n-1] <= ' '; n-- {
		text = text[:n-1]
	}
	s.texts = s.texts[:start+len(text)]
	return text[:len(text):len(text)]
}

// constant returns a borrowed copy of a fixed text.
func (s *scratch) constant(text string) []byte {
	start := len(s.texts)
	s.texts = append(s.texts, text...)
	return s.texts[start:len(s.texts):len(s.texts)]
}
