package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
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
	read bool
	kind bodyKind
	root lenient.Node // of JSON, XML and forms the object or array; absent for everything else
	text []byte       // the body as text; nil for inline JSON
	cut  bool         // text ends before the body did
}

// readBody reads the body of the response, once.
func (s *scratch) readBody() *body {
	if s.body.read {
		return &s.body
	}
	s.body.read = true
	res := &s.response
	if kind := res.bodyNode.Kind(); kind == lenient.Object || kind == lenient.Array {
		s.body.root, s.body.kind = res.bodyNode, bodyJSON
		return &s.body
	}
	b := &s.body
	b.text, b.cut = res.bodyNode.Text(), res.bodyTruncated
	if len(b.text) == 0 {
		var whole bool
		b.text, whole = s.decodeBase64(res.bodyBase64, res.answer.contentEncoding)
		b.cut = b.cut || !whole
	}
	if len(b.text) > maxBody {
		b.text, b.cut = b.text[:maxBody], true
	}
	s.parseBody(b)
	if b.cut {
		b.text = s.begun(b.text)
	}
	return b
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
	if n.Cut() {
		return s.begun(n.Text())
	}
	return n.Text()
}

// exact returns the text of a value that programs compare; half of it would be another value.
func exact(_ *scratch, n lenient.Node) []byte {
	if n.Cut() {
		return nil
	}
	return n.Text()
}

// parseBody finds the JSON object or array in the text, also when it stands in a JSON string. Whether
// that is cut shows in itself, whatever the logger says.
func (s *scratch) parseBody(b *body) {
	text := bytes.TrimLeft(b.text, " \t\r\n\ufeff")
	if len(text) == 0 {
		return
	}
	if b.kind = bodyText; text[0] == '<' {
		b.kind = bodyHTML
		return
	}
	if s.outer.Parse(text) != nil {
		return
	}
	root, cut := s.outer.Root(), s.outer.Truncated()
	if root.Kind() == lenient.String {
		quoted := bytes.TrimSpace(root.Text())
		if len(quoted) == 0 || quoted[0] != '{' && quoted[0] != '[' || s.inner.Parse(quoted) != nil {
			return
		}
		root, cut = s.inner.Root(), cut || s.inner.Truncated()
	}
	if kind := root.Kind(); kind == lenient.Object || kind == lenient.Array {
		b.kind, b.root, b.cut = bodyJSON, root, cut
	}
}
