package parsers

import (
	"bytes"
	"slices"
)

// transform turns a found text into the text wanted. It may use memory of the scratch.
type transform func(s *scratch, text []byte) []byte

// transformNamed is the closed list that definitions may name; transformNames lists it for errors.
func transformNamed(name string) (transform, bool) {
	switch name {
	case "":
		return nil, true
	case "last_url_segment":
		return lastSegment, true
	case "problem_type":
		return problemType, true
	case "slug":
		return slug, true
	case "token":
		return token, true
	case "before_colon":
		return beforeColon, true
	case "after_colon":
		return afterColon, true
	case "aws_type":
		return awsType, true
	case "number":
		return number, true
	case "bracketed":
		return bracketed, true
	case "without_dots":
		return withoutDots, true
	}
	return nil, false
}

const transformNames = "last_url_segment, problem_type, slug, token, before_colon, after_colon, aws_type, number, bracketed, without_dots"

// asKey is the reading that needs the value itself, not its text.
const asKey = "key"

// lastSegment returns the fragment of a URL, else the last segment of its path; nil for about:blank
// and for a bare host.
func lastSegment(_ *scratch, url []byte) []byte {
	if bytes.EqualFold(url, []byte("about:blank")) {
		return nil
	}
	if i := bytes.IndexByte(url, '#'); i >= 0 && i+1 < len(url) {
		return url[i+1:]
	}
	url = before(before(url, '#'), '?')
	if i := bytes.Index(url, []byte("://")); i >= 0 {
		slash := bytes.IndexByte(url[i+3:], '/')
		if slash < 0 {
			return nil
		}
		url = url[i+3+slash:]
	}
	url = bytes.TrimRight(url, "/")
	if i := bytes.LastIndexAny(url, "/:"); i >= 0 {
		url = url[i+1:]
	}
	return url
}

// problemType is lastSegment for problem types of unknown origin, without those that only describe
// an HTTP status: frameworks fill in a link to the RFC when the API states no type.
func problemType(s *scratch, url []byte) []byte {
	// Only the host is looked at, and up to 64 bytes bytes.Contains is five times as fast. Most types have
	// no ".org": one search stands for four.
	host := url[:min(len(url), 64)]
	if bytes.Contains(host, []byte("httpstatus")) || bytes.Contains(host, []byte(".org")) && ofStandards(host) {
		return nil
	}
	segment := lastSegment(s, url)
	if digits(segment) >= 100 && len(segment) == 3 {
		return nil
	}
	return token(s, segment)
}

// ofStandards reports a page that only describes an HTTP status.
func ofStandards(url []byte) bool {
	for _, text := range [...]string{"ietf.org", "rfc-editor.org", "developer.mozilla.org", "w3.org"} {
		if bytes.Contains(url, []byte(text)) {
			return true
		}
	}
	return false
}

// slug turns a title into a code: lower case, words joined by underscores.
func slug(s *scratch, text []byte) []byte {
	start := len(s.lists)
	for _, c := range window(text, limitCode) {
		switch c = lowerByte(c); {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			s.lists = append(s.lists, c)
		case c == '\'':
		case len(s.lists) > start && s.lists[len(s.lists)-1] != '_':
			s.lists = append(s.lists, '_')
		}
	}
	return bytes.TrimRight(s.lists[start:len(s.lists):len(s.lists)], "_")
}

// token accepts a text only when it looks like a machine-readable code, not like a sentence.
func token(_ *scratch, text []byte) []byte {
	if len(text) == 0 || len(text) > 100 {
		return nil
	}
	for _, c := range text {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !letter && !slices.Contains([]byte("_-.:/#"), c) {
			return nil
		}
	}
	return text
}

// beforeColon returns the code in "CODE: a sentence".
func beforeColon(s *scratch, text []byte) []byte {
	colon := bytes.IndexByte(text, ':')
	if colon < 0 {
		return nil
	}
	return token(s, bytes.TrimSpace(text[:colon]))
}

// afterColon returns the sentence in "CODE: a sentence".
func afterColon(s *scratch, text []byte) []byte {
	if code := beforeColon(s, text); len(code) > 0 {
		return text[bytes.IndexByte(text, ':')+1:]
	}
	return text
}

// awsType returns the error's name from "com.amazon.coral.service#ResourceNotFoundException:http://…".
func awsType(_ *scratch, text []byte) []byte {
	text = text[bytes.IndexByte(text, '#')+1:]
	return before(text, ':')
}

// number returns the first run of digits.
func number(_ *scratch, text []byte) []byte {
	from := bytes.IndexAny(text, "0123456789")
	if from < 0 {
		return nil
	}
	end := from
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[from:end]
}

// withoutDots returns "path/not_found" from "path/not_found/..", whose dots may become further words.
func withoutDots(s *scratch, text []byte) []byte {
	return token(s, bytes.TrimRight(text, "./"))
}

// bracketed returns what stands in the first pair of parentheses or brackets.
func bracketed(_ *scratch, text []byte) []byte {
	open := bytes.IndexAny(text, "([")
	if open < 0 {
		return nil
	}
	end := bytes.IndexAny(text[open:], ")]")
	if end < 0 {
		return nil
	}
	return text[open+1 : open+end]
}
