package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// The definition that holds the public formats.
const (
	genericName = "generic"
	genericFile = "generic.toml"
)

// decoder is an envelope whose logic data cannot say. It fills the findings, or declines.
type decoder func(s *scratch, root lenient.Node) bool

// decoderNamed is the one table of decoders that definitions may name.
func decoderNamed(name string) (decoder, bool) {
	switch name {
	case "google_rpc":
		return decodeGoogleRPC, true
	case "field_messages":
		return decodeFieldMessages, true
	}
	return nil, false
}

const decoderNames = "google_rpc, field_messages"

// decodeFieldMessages reads a body whose every member is a list of texts: the faults of one field.
// That nothing else is there is what tells it from an answer with a list in it.
func decodeFieldMessages(s *scratch, root lenient.Node) bool {
	for n := root.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if n.Kind() != lenient.Array || n.Len() == 0 {
			return false
		}
		for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
			if m.Kind() != lenient.String {
				return false
			}
			field := n.Key()
			if string(field) == "non_field_errors" || string(field) == "__all__" {
				field = nil
			}
			s.detail(field, nil, prose(s, m))
		}
	}
	if len(s.found.details) == 0 {
		return false
	}
	s.found.message = s.found.details[0].Message
	return true
}

// decodeGoogleRPC reads google.rpc.Status in its JSON form. Its details are a list of typed messages,
// and which member of them means what depends on their type.
func decodeGoogleRPC(s *scratch, root lenient.Node) bool {
	if root.Kind() == lenient.Array {
		root = root.First()
	}
	status := root.Get("error")
	f := &s.found
	f.code = exact(s, status.Get("status"))
	f.message = prose(s, status.Get("message"))
	details := status.Get("details")
	if details.Kind() == lenient.Array {
		for n := details.First(); n.Kind() != lenient.Absent; n = n.Next() {
			s.googleDetail(n)
		}
	}
	return len(f.code) > 0 || len(f.message) > 0
}

func (s *scratch) googleDetail(n lenient.Node) {
	kind := n.Get("@type").Text()
	switch string(kind[bytes.LastIndexByte(kind, '.')+1:]) {
	case "ErrorInfo":
		s.detail(exact(s, n.Get("domain")), exact(s, n.Get("reason")), nil)
	case "BadRequest":
		violations := n.Get("fieldViolations")
		for v := violations.First(); v.Kind() != lenient.Absent; v = v.Next() {
			s.detail(exact(s, v.Get("field")), nil, prose(s, v.Get("description")))
		}
	case "QuotaFailure", "PreconditionFailure":
		violations := n.Get("violations")
		for v := violations.First(); v.Kind() != lenient.Absent; v = v.Next() {
			s.detail(exact(s, v.Get("subject")), exact(s, v.Get("type")), prose(s, v.Get("description")))
		}
	case "RetryInfo":
		s.found.retryAfterMS = s.wait(n.Get("retryDelay").Text(), unitSeconds)
	case "RequestInfo":
		s.found.trace = exact(s, n.Get("requestId"))
	}
}

// Formats of bodies that are not JSON.
const (
	formatHTML  = "html"
	formatText  = "text"
	formatJSON  = "json"
	formatXML   = "xml"
	formatForm  = "form"
	formatEmpty = "empty"
)

// maxSentence is the longest text that is taken for a message; longer ones are dumps.
const maxSentence = 1024

// readText reads what no envelope matched: an HTML page, a sentence, nothing, or something unknown.
func (s *scratch) readText() ParseResult {
	f := &s.found
	f.reset()
	text := bytes.TrimSpace(s.body.text)
	switch {
	case s.body.kind != bodyHTML && s.body.kind != bodyText && s.body.root.Kind() != lenient.Absent:
		f.format = s.constant(formatJSON)
	case len(text) == 0 && s.body.cut: // there was a body, and nobody logged it
	case len(text) == 0:
		f.format = s.constant(formatEmpty)
	case s.body.kind == bodyHTML:
		f.format = s.constant(formatHTML)
		f.message = s.pageTitle(text)
		s.body.text = nil // never the page
		if len(f.message) > 0 {
			return ParseGeneric
		}
	default:
		f.format = s.constant(formatText)
		if len(text) <= maxSentence && isSentence(text) && string(text) != ellipsis {
			f.message = text
			return ParseGeneric
		}
	}
	return ParseUnparsed
}

// isSentence accepts printable text of a few lines; a control character means binary data.
func isSentence(text []byte) bool {
	lines := 0
	for _, c := range text {
		if c == '\n' {
			lines++
		}
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return lines < 8
}

// pageTitle returns the text of the page's title, else of its first heading, on one line.
func (s *scratch) pageTitle(page []byte) []byte {
	for _, tag := range [...]string{"title", "h1", "h2"} {
		if text := s.element(page, tag); len(text) > 0 {
			return text
		}
	}
	return nil
}

// element returns the text of the first element of that name, without tags inside it.
func (s *scratch) element(page []byte, tag string) []byte {
	const longest = 512 // a title; what is longer was never closed
	for from := 0; from < len(page); {
		open := bytes.IndexByte(page[from:], '<')
		if open < 0 {
			return nil
		}
		from += open + 1
		rest := page[from:]
		if len(rest) <= len(tag) || !equalFold(rest[:len(tag)], tag) || rest[len(tag)] != '>' && rest[len(tag)] != ' ' {
			continue
		}
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			return nil
		}
		return s.plain(rest[end+1:min(len(rest), end+1+longest)], tag)
	}
	return nil
}

// plain returns markup up to the closing tag as one line of text.
func (s *scratch) plain(markup []byte, tag string) []byte {
	start := len(s.lists)
	for i := 0; i < len(markup); i++ {
		c := markup[i]
		if c == '<' {
			rest := markup[i+1:]
			if len(rest) > len(tag) && rest[0] == '/' && equalFold(rest[1:1+len(tag)], tag) {
				break
			}
			end := bytes.IndexByte(rest, '>')
			if end < 0 {
				break
			}
			i += end + 1
			c = ' '
		}
		if c <= ' ' {
			if len(s.lists) > start && s.lists[len(s.lists)-1] != ' ' {
				s.lists = append(s.lists, ' ')
			}
			continue
		}
		s.lists = append(s.lists, c)
	}
	return bytes.TrimSpace(s.lists[start:len(s.lists):len(s.lists)])
}
