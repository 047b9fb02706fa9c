package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/page"
)

// Bounds of what is looked at to find out what a body is.
const (
	maxQuoted    = 3    // texts within JSON strings within JSON strings
	maxDocuments = 32   // of newline-delimited JSON, and events of a stream
	maxPreface   = 1024 // bytes of text before a JSON object
)

// sniff finds out what the body is and reads it. The body itself says that better than its content
// type, which is asked only where the body could be either.
func (s *scratch) sniff(b *body) {
	text := unguarded(b.text)
	for range maxQuoted {
		quoted, found := s.sniffOne(b, text)
		if !found {
			return
		}
		// A JSON string: what it holds is the body.
		start := len(s.lists)
		s.lists = append(s.lists, quoted...)
		text = unguarded(s.lists[start:len(s.lists):len(s.lists)])
		b.text, b.kind, b.cut = text, bodyEmpty, b.cut || s.outer.Truncated()
	}
	b.kind = bodyText
}

// sniffOne is sniff for a text that may be a JSON string; then it returns what that holds.
func (s *scratch) sniffOne(b *body, text []byte) (quoted []byte, isQuoted bool) {
	if len(text) == 0 {
		return nil, false
	}
	b.kind = bodyText
	switch c := text[0]; {
	case c == '<':
		s.sniffMarkup(b, text)
	case s.sniffJSON(b, text), s.sniffEvents(b, text), s.sniffForm(b, text):
	case c == '"' && s.outer.Root().Kind() == lenient.String && len(bytes.TrimSpace(s.outer.Rest())) == 0:
		return bytes.TrimSpace(s.outer.Root().Text()), true
	default:
		s.sniffWithin(b, text)
	}
	return nil, false
}

// guards stand before JSON so that no page can read it as a script.
var guards = [...]string{")]}',", ")]}'", "for(;;);", "for (;;);", "while(1);", "while (1);", "while(true);", "{}&&", "/**/"}

// unguarded returns a text without what may stand before a document.
func unguarded(text []byte) []byte {
	const blanks = " \t\r\n\ufeff"
	if len(text) > 1 && text[0] == '{' && text[1] == '"' {
		return text // nearly all
	}
	text = bytes.TrimLeft(text, blanks)
	for _, guard := range guards {
		if after, found := bytes.CutPrefix(text, []byte(guard)); found {
			return bytes.TrimLeft(after, blanks)
		}
	}
	return uncalled(text)
}

// uncalled returns the document of JSONP, callback({…});, any other text as it is.
func uncalled(text []byte) []byte {
	const longestCallback = 64
	open := bytes.IndexByte(text[:min(len(text), longestCallback)], '(')
	if open < 1 || open+1 >= len(text) || text[open+1] != '{' && text[open+1] != '[' {
		return text
	}
	for _, c := range text[:open] {
		if low := c | 0x20; (low < 'a' || low > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '$' {
			return text
		}
	}
	inside := bytes.TrimRight(text[open+1:], "; \t\r\n")
	if len(inside) < 2 || inside[len(inside)-1] != ')' {
		return text
	}
	return inside[:len(inside)-1]
}

// sniffMarkup tells pages from XML. Markup that is neither whole nor announced is a text: "<nil>".
func (s *scratch) sniffMarkup(b *body, text []byte) {
	announced := bytes.HasPrefix(text, []byte("<?xml")) || b.cut || s.mediaHas("xml")
	switch {
	case page.Is(text):
		s.readPage(b, text)
	case s.outer.ParseXML(text) == nil && (announced || !s.outer.Truncated()):
		b.kind, b.root, b.cut = bodyXML, s.outer.Root(), s.outer.Truncated()
	case s.mediaHas("html"):
		s.readPage(b, text)
	}
}

// readPage reads an HTML page. The page itself is never kept.
func (s *scratch) readPage(b *body, text []byte) { s.takePage(b, s.pages.Read(text)) }

// takePage makes the body what a page says.
func (s *scratch) takePage(b *body, p page.Page) {
	b.kind, b.text, b.page = bodyHTML, nil, p
	s.outer.SetObject()
	for _, m := range [...]struct {
		name string
		text []byte
	}{{"title", b.page.Title}, {"heading", b.page.Heading}, {"text", b.page.Text}, {"product", s.constant(b.page.Product)}} {
		if len(m.text) > 0 {
			s.outer.AddText(m.name, m.text)
		}
	}
	b.root = s.outer.Root()
}

// mediaHas reports whether the media type mentions that word.
func (s *scratch) mediaHas(word string) bool {
	media := before(s.response.answer.contentType, ';')
	for i := 0; i+len(word) <= len(media); i++ {
		if equalFold(media[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// sniffJSON reads a JSON object or array; of several documents the first that is an error. Whether it
// is cut shows in itself, whatever the logger says.
func (s *scratch) sniffJSON(b *body, text []byte) bool {
	if s.outer.Parse(text) != nil || !isJSON(&s.outer) {
		return false
	}
	if rest := bytes.TrimSpace(s.outer.Rest()); len(rest) > 0 && rest[0] == '{' && !isError(s.outer.Root()) {
		s.nextDocument(text, rest)
	}
	b.kind, b.root, b.cut = bodyJSON, s.outer.Root(), s.outer.Truncated()
	return true
}

// isJSON tells a document from a text that only begins with a bracket: "[20003] No such account".
func isJSON(d *lenient.Doc) bool {
	root := d.Root()
	alone := len(bytes.TrimSpace(d.Rest())) == 0
	switch root.Kind() {
	case lenient.Object:
		return root.Len() > 0 || alone
	case lenient.Array:
		inside := bytes.TrimSpace(root.Raw()[1:])
		return alone && !d.Truncated() || len(inside) == 0 || bytes.IndexByte([]byte(`{["]`), inside[0]) >= 0
	}
	return false
}

// nextDocument reads the first of the documents that is an error, else the first of all.
func (s *scratch) nextDocument(first, rest []byte) {
	for range maxDocuments {
		if len(rest) == 0 || rest[0] != '{' || s.outer.Parse(rest) != nil {
			break
		}
		if isError(s.outer.Root()) {
			return
		}
		rest = bytes.TrimSpace(s.outer.Rest())
	}
	if err := s.outer.Parse(first); err != nil {
		return // it was read before, so it can be read again
	}
}

// isError reports whether an object has a member that errors have and other answers seldom.
func isError(n lenient.Node) bool {
	if n.Kind() != lenient.Object {
		return false
	}
	m := n.First()
	for range maxDocuments {
		if m.Kind() == lenient.Absent {
			break
		}
		if m.Kind() != lenient.Null && namesError(m.Key()) {
			return true
		}
		m = m.Next()
	}
	return false
}

// namesError knows the names that error bodies use.
func namesError(name []byte) bool {
	var folded [24]byte
	if len(name) > len(folded) {
		return false
	}
	switch string(appendLower(folded[:0], name)) {
	case "error", "errors", "code", "message", "msg", "detail", "details", "title", "fault", "exception", "error_code", "errorcode",
		"error_message", "errormessage", "error_description", "error_msg", "errmsg", "errcode", "__type", "error_type", "reason",
		"errormessages", "errorsummary", "status_message", "statusmessage":
		return true
	}
	return false
}

// sniffWithin looks for a JSON error within a text: `401 Client Error: {"error":"expired"}`.
func (s *scratch) sniffWithin(b *body, text []byte) {
	preface := text[:min(len(text), maxPreface)]
	for from := 0; from < len(preface); {
		open := bytes.IndexByte(preface[from:], '{')
		if open < 0 {
			return
		}
		from += open + 1
		if next := bytes.TrimLeft(text[from:], " \t\r\n"); len(next) == 0 || next[0] != '"' && next[0] != '\'' {
			continue
		}
		if isSentence(text[:from-1]) && s.outer.Parse(text[from-1:]) == nil && isError(s.outer.Root()) {
			b.kind, b.root, b.within = bodyJSON, s.outer.Root(), true
			b.cut = b.cut && s.outer.Truncated()
		}
		return
	}
}

// sniffEvents reads a stream of server-sent events: the data of the first that is an error.
func (s *scratch) sniffEvents(b *body, text []byte) bool {
	if !startsEvent(text) {
		return false
	}
	start := len(s.lists)
	for range maxDocuments {
		if len(text) == 0 {
			break
		}
		var named bool
		from := len(s.lists)
		text, named = s.event(text)
		data := s.lists[from:len(s.lists):len(s.lists)]
		if s.outer.Parse(data) == nil && s.outer.Root().Kind() == lenient.Object && (named || hasError(s.outer.Root())) {
			b.kind, b.root, b.cut = bodyJSON, s.outer.Root(), s.outer.Truncated()
			return true
		}
	}
	s.lists = s.lists[:start]
	return false
}

func startsEvent(text []byte) bool {
	for _, field := range [...]string{"event:", "data:", "id:", "retry:"} {
		if bytes.HasPrefix(text, []byte(field)) {
			return true
		}
	}
	return false
}

// hasError reports a member that only errors have: the events of a stream have messages too.
func hasError(n lenient.Node) bool {
	kind := n.Get("error").Kind()
	return kind != lenient.Absent && kind != lenient.Null || n.Get("errors").Kind() != lenient.Absent
}

// event appends the data of the first event to lists. It returns what follows the event, and whether
// its name says that it is an error.
func (s *scratch) event(text []byte) (rest []byte, named bool) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if name, found := bytes.CutPrefix(line, []byte("event:")); found {
			named = bytes.Contains(name, []byte("error"))
		}
		if data, found := bytes.CutPrefix(line, []byte("data:")); found {
			s.lists = append(append(s.lists, bytes.TrimSpace(data)...), '\n')
		}
	}
	return text, named
}

// sniffForm reads pairs: when the content type says so, or when the text plainly is nothing else.
func (s *scratch) sniffForm(b *body, text []byte) bool {
	if !s.mediaHas("x-www-form-urlencoded") && !isForm(text) || bytes.IndexByte(text, '=') < 0 {
		return false
	}
	if s.outer.ParseForm(bytes.TrimSpace(text)) != nil {
		return false
	}
	if b.cut {
		s.outer.CutLast()
	}
	b.kind, b.root = bodyForm, s.outer.Root()
	return true
}

// isForm reports a text of pairs: several, or one that says error.
func isForm(text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) > maxSentence*4 || bytes.ContainsAny(text, "<>{}\"\n") {
		return false
	}
	pairs, speaks := 0, false
	for rest := text; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, _, found := bytes.Cut(pair, []byte("="))
		if !found || !isPairName(name) {
			return false
		}
		pairs++
		speaks = speaks || speaksOfError(name)
	}
	return speaks || pairs > 1
}

// isPairName accepts the names of form fields: one word.
func isPairName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(":;,/()!?"), c) >= 0 {
			return false
		}
	}
	return len(name) > 0
}

// speaksOfError knows the fields that say what went wrong: of OAuth 1 and 2, PayPal NVP, Payflow.
func speaksOfError(name []byte) bool {
	var folded [24]byte
	if len(name) > len(folded) {
		return false
	}
	folds := appendLower(folded[:0], name)
	switch string(folds) {
	case "ack", "respmsg", "oauth_problem", "status", "result", "response_code", "responsetext":
		return true
	}
	return bytes.Contains(folds, []byte("err")) || namesError(name)
}
