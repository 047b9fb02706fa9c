package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// maxBody bounds what is read of one body, decoded and decompressed.
const maxBody = 1 << 20

// body is the body of a response, as far as it could be read.
type body struct {
	read bool
	root lenient.Node // the JSON object or array; absent for everything else
	text []byte       // the body as text; nil for inline JSON
}

// readBody reads the body of the response, once.
func (s *scratch) readBody() *body {
	if s.body.read {
		return &s.body
	}
	s.body.read = true
	res := &s.response
	if kind := res.bodyNode.Kind(); kind == lenient.Object || kind == lenient.Array {
		s.body.root = res.bodyNode
		return &s.body
	}
	if s.body.text = res.bodyNode.Text(); len(s.body.text) == 0 {
		s.body.text = s.decodeBase64(res.bodyBase64, res.answer.contentEncoding)
	}
	if len(s.body.text) > maxBody {
		s.body.text = s.body.text[:maxBody]
	}
	s.body.root = s.parseBody(s.body.text)
	return &s.body
}

// parseBody returns the JSON object or array in text, also when it stands in a JSON string.
func (s *scratch) parseBody(text []byte) lenient.Node {
	text = bytes.TrimLeft(text, " \t\r\n\ufeff")
	if len(text) == 0 || text[0] == '<' || s.outer.Parse(text) != nil {
		return lenient.Node{}
	}
	root := s.outer.Root()
	if root.Kind() == lenient.String {
		quoted := bytes.TrimSpace(root.Text())
		if len(quoted) == 0 || quoted[0] != '{' && quoted[0] != '[' || s.inner.Parse(quoted) != nil {
			return lenient.Node{}
		}
		root = s.inner.Root()
	}
	if kind := root.Kind(); kind != lenient.Object && kind != lenient.Array {
		return lenient.Node{}
	}
	return root
}
