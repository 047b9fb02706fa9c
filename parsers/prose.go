package parsers

import (
	"bytes"
	"slices"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/page"
)

// Formats of bodies that no envelope reads.
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
	b := &s.body
	switch {
	case b.kind == bodyHTML:
		return s.readProduct(formatHTML, &b.page)
	case b.kind == bodyText || b.within:
		return s.readProse(bytes.TrimSpace(b.text))
	case b.kind == bodyXML:
		f.format = s.constant(formatXML)
	case b.kind == bodyForm:
		f.format = s.constant(formatForm)
	case b.root.Kind() != lenient.Absent:
		f.format = s.constant(formatJSON)
	case !b.cut: // otherwise there was a body, and nobody logged it
		f.format = s.constant(formatEmpty)
	}
	return ParseUnparsed
}

// readProduct takes over what a product's page or text says.
func (s *scratch) readProduct(format string, p *page.Page) ParseResult {
	f := &s.found
	start := len(s.texts)
	s.texts = append(s.texts, format...)
	if p.Product != "" {
		s.texts = append(append(s.texts, '.'), p.Product...)
	}
	f.format = s.texts[start:len(s.texts):len(s.texts)]
	f.message, f.requestID = p.Message, p.RequestID
	if len(p.Code) != 3 || digits(p.Code) != int64(s.response.status) {
		f.code = p.Code
	}
	if i := slices.Index(categoryNames[:], p.Category); i > 0 {
		f.advice.Category = Category(i)
	}
	if len(f.message) == 0 {
		return ParseUnparsed
	}
	return ParseGeneric
}

// readProse reads a text: the answer of a product, a sentence, or the first line of a stack trace.
func (s *scratch) readProse(text []byte) ParseResult {
	p := page.Plain(text)
	if p.Product == "" && string(text) != ellipsis {
		p.Message = firstLine(text)
		if len(p.Message) == 0 && len(text) <= maxSentence && isSentence(text) {
			p.Message = text
		}
	}
	return s.readProduct(formatText, &p)
}

// firstLine returns the line that says what happened, of a text whose other lines say where. Python
// writes that line last.
func firstLine(text []byte) []byte {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	next := bytes.TrimLeft(rest, " \t")
	switch {
	case bytes.HasPrefix(line, []byte("Traceback (most")):
		line = text[bytes.LastIndexByte(text, '\n')+1:]
	case len(next) == len(rest) || !bytes.HasPrefix(next, []byte("at ")):
		return nil
	}
	if line = bytes.TrimSpace(line); len(line) > maxSentence || !isSentence(line) {
		return nil
	}
	return line
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
