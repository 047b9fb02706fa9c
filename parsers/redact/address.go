package redact

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// email finds the address around the '@' of the given width at i: local part, at least two domain
// labels, and a last label that begins with a letter, so that react@18.2.0 stays.
func (s *scanner) email(i, width int) span {
	start := s.localPartStart(i)
	s.atEnd = i + width
	if start == i {
		return span{}
	}
	if end := s.domainEnd(i + width); end > 0 {
		return span{start, end, kindEmail}
	}
	return s.dsn(i, start)
}

// dsn finds user:password before the '@' at i of a data source name of the Go drivers,
// user:password@tcp(host:3306)/db.
func (s *scanner) dsn(i, local int) span {
	rest := s.text[i+1:]
	if !hasPrefixFold(rest, "tcp(") && !hasPrefixFold(rest, "unix(") {
		return span{}
	}
	const maxUserinfo = 128
	start := local
	for low := max(s.from, i-maxUserinfo); start > low && !is(s.text[start-1], valueEnd) && s.text[start-1] < utf8.RuneSelf; {
		start--
	}
	if bytes.IndexByte(s.text[start:i], ':') < 0 {
		return span{}
	}
	return span{start, i, kindUserinfo}
}

// localPartStart walks back from the '@' at i. It stops at the '@' before it, which keeps it linear.
func (s *scanner) localPartStart(i int) int {
	low := max(s.from, s.atEnd)
	for i > low {
		step := localPartStep(s.text[low:i])
		if step == 0 {
			break
		}
		s.work += step
		i -= step
	}
	return i
}

// localPartStep returns the length of the last unit of a local part in text: a byte, an escape such
// as %2B, or a Latin, Greek or Cyrillic letter. East Asian text is written without blanks around an
// address, so its letters end the address.
func localPartStep(text []byte) int {
	n := len(text)
	if width, c := escapeBefore(text); width > 0 {
		return width * b2i(is(c, localPart) || c == '%')
	}
	b := text[n-1]
	switch {
	case is(b, localPart), b == '%':
		return 1
	case b == '\'': // o'brien@example.com, but not 'anne@example.com'
		return b2i(n >= 2 && is(text[n-2], alnum))
	case b < utf8.RuneSelf:
		return 0
	}
	if r, size := utf8.DecodeLastRune(text); size == 2 && unicode.IsLetter(r) {
		return 2
	}
	return 0
}

// escapeBefore decodes the escape that text ends in, %XX, \u00XX or \n; width 0 is none.
func escapeBefore(text []byte) (width int, c byte) {
	n := len(text)
	if n >= 3 && text[n-3] == '%' && percentByte(text, n-3) != 0 {
		return 3, percentByte(text, n-3)
	}
	if n >= 6 && text[n-6] == '\\' && unicodeEscapeByte(text, n-6) != 0 {
		return 6, unicodeEscapeByte(text, n-6)
	}
	if n >= 2 && text[n-2] == '\\' && is(text[n-1], escapeLetter) {
		return 2, ' '
	}
	return 0, 0
}

func b2i(b bool) int { //nolint:revive // it converts the flag, and is not controlled by it
	if b {
		return 1
	}
	return 0
}

// domainEnd returns the end of the domain name at i, or 0.
func (s *scanner) domainEnd(i int) int {
	end := i
	for end < len(s.text) && (is(s.text[end], domainByte) || s.text[end] >= utf8.RuneSelf) {
		end++
	}
	s.work += end - i
	for end > i && is(s.text[end-1], underDash) || end > i && s.text[end-1] == '.' {
		end--
	}
	for domain := s.text[i:end]; len(domain) > 0 && domain[0] != '-'; {
		dot := bytes.LastIndexByte(domain, '.')
		if dot <= 0 {
			return 0
		}
		if top := topLabel(domain[dot+1:]); top > 0 {
			return i + dot + 1 + top
		}
		domain = domain[:dot] // what follows the name of the host after a full stop
	}
	return 0
}

// topLabel returns how much of label is a top-level domain: all of it, or its ASCII letters when
// text of another script follows without a blank.
func topLabel(label []byte) int {
	if len(label) == 0 || !is(label[0], letter) && label[0] < utf8.RuneSelf {
		return 0
	}
	ascii := 0
	for ascii < len(label) && label[ascii] < utf8.RuneSelf {
		ascii++
	}
	switch {
	case ascii >= 2:
		return ascii
	case ascii < len(label):
		return len(label)
	default:
		return 0
	}
}

// authority returns where the authority of a URL begins, behind the two slashes at i; 0 when there are
// none. In the query of another URL they are escaped.
func (s *scanner) authority(i int) (start int, escaped bool) {
	for range 2 {
		switch {
		case s.byteAt(i) == '/':
			i++
		case percentByte(s.text, i) == '/':
			i, escaped = i+3, true
		default:
			return 0, false
		}
	}
	return i, escaped
}

// userinfo finds name:password of a URL whose authority begins at start. It ends at the first '/', '?'
// or '#' (RFC 3986 section 3.2), so no byte is looked at for two URLs. Where the text ends before it,
// what stands behind a colon and is no port is half a userinfo.
func (s *scanner) userinfo(start int, escaped bool) span { //nolint:revive // what was found, no control
	at, colon, j := -1, -1, start
	for ; j < len(s.text); j++ {
		b := s.text[j]
		if c := percentByte(s.text, j); escaped && c != 0 {
			b = c
		}
		if b == '/' || b == '?' || b == '#' || b <= ' ' || b == '"' || b == '<' || b == '\\' {
			break
		}
		switch s.work++; b {
		case '@':
			at = j
		case ':':
			colon = j
		}
	}
	if j == len(s.text) && at < 0 && colon > start && s.text[start] != '[' && countIn(s.text[colon+1:], digit) < j-colon-1 {
		return span{start, j, kindUserinfo}
	}
	if at <= start || markerEnd(s.text, start) == at {
		return span{}
	}
	return span{start, at, kindUserinfo}
}
