package parsers

import (
	"bytes"
	"math"
	"slices"

	"github.com/errata-dev/errata/parsers/lenient"
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
	}
	return nil, false
}

const transformNames = "last_url_segment, problem_type, slug, token"

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
	for _, text := range [...]string{"ietf.org", "rfc-editor.org", "httpstatus", "developer.mozilla.org", "w3.org"} {
		if bytes.Contains(url, []byte(text)) {
			return nil
		}
	}
	segment := lastSegment(s, url)
	if digits(segment) >= 100 && len(segment) == 3 {
		return nil
	}
	return token(s, segment)
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

// retryHint reads how long a body says to wait, in milliseconds, or Absent.
func retryHint(root lenient.Node, sources []source) int64 {
	for i := range sources {
		n := sources[i].path.find(root)
		seconds, ok := n.Float()
		if text := n.Text(); !ok && len(text) > 1 && text[len(text)-1] == 's' {
			seconds, ok = decimal(text[:len(text)-1]) // "30s", as google.rpc.RetryInfo writes it
		}
		if !ok || !(seconds >= 0) || seconds > math.MaxInt32 {
			continue
		}
		return min(int64(math.Ceil(seconds*sources[i].unit)), maxRetryAfterMS)
	}
	return Absent
}

// decimal reads digits with an optional fraction.
func decimal(b []byte) (float64, bool) {
	whole := before(b, '.')
	if len(whole) == 0 || len(whole) > 15 || digits(whole) < 0 {
		return 0, false
	}
	value := float64(digits(whole))
	if fraction := b[len(whole):]; len(fraction) > 1 && len(fraction) < 12 {
		part := digits(fraction[1:])
		if part < 0 {
			return 0, false
		}
		value += float64(part) / math.Pow10(len(fraction)-1)
	}
	return value, true
}
