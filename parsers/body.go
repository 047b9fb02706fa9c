package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/page"
)

// maxBody bounds what is read of one body, decoded and decompressed.
const maxBody = 1 << 20

// bodyKind is what a body turned out to be, whatever its content type said.
type bodyKind uint8

const (
	bodyEmpty bodyKind = iota // nothing, or nothing that was logged
	bodyJSON
	bodyXML
	bodyForm
	bodyText
	bodyHTML
)

// body is the body of a response, as far as it could be read.
type body struct {
	read   bool
	kind   bodyKind
	root   lenient.Node // an object or array; of a text one string, of a page its title, heading, text and product
	text   []byte       // the body as text; nil for inline JSON, for known, and for pages, which are never kept
	known  []byte       // the string in the record, when the body has a known shape
	shape  int          // that one
	cut    bool         // text ends before the body did
	within bool         // root is JSON that stands within a text
	page   page.Page
}

// readBody reads the body of the response, once.
func (s *scratch) readBody() *body {
	b := &s.body
	if b.read {
		return b
	}
	b.read = true
	res := &s.response
	if kind := res.bodyNode.Kind(); kind == lenient.Object || kind == lenient.Array {
		b.root, b.kind = res.bodyNode, bodyJSON
		return b
	}
	if raw := res.bodyNode.Raw(); len(raw) > 1 && raw[0] == '"' && s.knownBody(raw, 1) == len(raw) {
		return b
	}
	b.text, b.cut = s.loggedText(res.bodyNode), res.bodyTruncated
	logged := b.text
	if len(b.text) == 0 {
		var whole bool
		b.text, whole = s.decodeBase64(res.bodyBase64, res.answer.contentEncoding)
		b.text, b.cut = s.decodeText(b.text), b.cut || !whole
	}
	if len(b.text) > maxBody {
		b.text, b.cut = b.text[:maxBody], true
	}
	s.sniff(b)
	s.learn(b, logged)
	if b.cut {
		b.text = s.begun(b.text)
	}
	if b.kind == bodyText {
		s.outer.SetText(bytes.TrimSpace(b.text))
		b.root = s.outer.Root()
	}
	return b
}

// learn notes the shape of a body, or the page that it is, for knownBody.
func (s *scratch) learn(b *body, logged []byte) {
	if len(logged) == 0 {
		return
	}
	switch c := logged[0]; {
	case b.kind == bodyJSON && (c == '{' || c == '['):
		s.shapes.Learn(&s.outer, logged)
	case b.kind == bodyHTML && c == '<':
		if raw := s.response.bodyNode.Raw(); raw[0] == '"' && !s.response.bodyNode.Cut() {
			s.knownPages.Learn(raw, lenient.AppendText)
		}
	}
}

// knownBody reads the body from a string in src, from behind its opening quote, if it has a shape that was
// seen or is a page that was. It returns the position behind the closing quote, else 0.
func (s *scratch) knownBody(src []byte, pos int) int {
	if begins := src[pos:]; len(begins) > 1 && (begins[0] == '<' || begins[0] == '\\' && begins[1] == 'u') {
		known, n := s.knownPages.Find(begins)
		if n == 0 {
			return 0
		}
		s.body = body{read: true}
		s.takePage(&s.body, known)
		return pos + n
	}
	shape, end := s.outer.ParseKnown(src, pos, &s.shapes)
	if end > 0 {
		s.body = body{read: true, kind: bodyJSON, root: s.outer.Root(), known: src[pos-1 : end], shape: shape}
	}
	return end
}

// ellipsis ends a text whose end is not known.
const ellipsis = "…"

// longestWord bounds what is given up of a cut text; of a longer word enough is left to recognise it.
const longestWord = 256

// begun returns a text that was cut before it came here, without its last word: it may be half a
// word, and half a secret is a secret that no pattern recognises.
func (s *scratch) begun(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	end := max(0, len(text)-longestWord)
	end += 1 + bytes.LastIndexAny(text[end:], " \t\r\n\"'`,;{}[]()<>=&")
	start := len(s.lists)
	s.lists = append(append(s.lists, text[:end]...), ellipsis...)
	return s.lists[start:len(s.lists):len(s.lists)]
}

// prose returns the text of a value that people read; of one that was cut, what is sure.
func prose(s *scratch, n lenient.Node) []byte {
	n = s.own(n)
	if n.Cut() {
		return s.begun(n.Text())
	}
	return n.Text()
}

// exact returns the text of a value that programs compare; half of it would be another value.
func exact(s *scratch, n lenient.Node) []byte {
	n = s.own(n)
	if n.Cut() {
		return nil
	}
	return n.Text()
}

// own returns the text of an XML element that has attributes too, any other value as it is.
func (s *scratch) own(n lenient.Node) lenient.Node {
	if s.body.kind == bodyXML && n.Kind() == lenient.Object {
		return n.Get("$text")
	}
	return n
}
