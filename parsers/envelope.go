package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// findings are what an envelope, or a decoder in Go, read from a body: borrowed, unbounded and not
// yet redacted.
type findings struct {
	format                               []byte
	code, message, title, kind, instance []byte
	family                               []byte // a wider kind of the code
	field                                []byte // what the one error is about
	status                               int    // what the body says the status is; 0 = nothing
	advice                               Advice // the envelope's own
	trace, requestID                     []byte // the vendor's
	retryAfterMS                         int64
	details                              []Detail
}

func (f *findings) reset() {
	*f = findings{retryAfterMS: Absent, details: f.details[:0]}
}

// envelope is one compiled body shape of a vendor or public format.
type envelope struct {
	format   []byte // "truv.error"
	statuses []statusRange
	types    [][]byte // accepted media types; none = any
	bodies   uint8    // bit i allows bodyKind i
	advice   Advice   // on errors that the catalogue does not know
	match    []condition
	any      []path // at least one must lead somewhere
	decoder  decoder
	plan     plan
}

type statusRange struct{ from, to int }

// plan says where the facts are. Of several sources the first that yields a text wins.
type plan struct {
	code, message, title, kind, instance []source
	family, status                       []source
	trace, requestID, retryAfter         []source
	details                              []detailPlan
}

// detailPlan says where sub-errors are: in a list of objects, in a map from field to messages, in
// one object, or in a text that stands beside the message.
type detailPlan struct {
	list, fields, item, text *path // exactly one of them
	field, code, message     []source
}

// condition must hold for an envelope to match.
type condition struct {
	path     path
	header   string // of the response, instead of a path
	kinds    uint8  // bit i allows lenient.Kind i; 0 = any value but null
	absent   bool   // holds when nothing is there
	equals   [][]byte
	contains []byte
	prefixes [][]byte
	from, to int64 // when to > 0: a whole number in this range
}

// source is one place to find a text, and how to read it.
type source struct {
	path      path
	header    string // of the response, instead of a path
	key       bool   // the name of what is found, not its text
	inside    *path  // within the JSON that the text holds
	transform transform
	except    [][]byte
	unit      unit // of a retry hint
}

// shape is an envelope that names its vendor.
type shape struct {
	vendor   *vendor
	envelope *envelope
	path     path     // must lead to a text …
	prefixes [][]byte // … that begins with one of these, if there are any
	homeless bool     // counts only for records whose host says nothing
}

// names reports whether the body of a response from that domain, if it has one, names the shape's vendor.
func (sh *shape) names(root lenient.Node, domain []byte) bool {
	if sh.homeless && len(domain) > 0 {
		return false
	}
	n := sh.path.find(root)
	return n.Kind() == lenient.String && (len(sh.prefixes) == 0 || hasPrefix(n.Text(), sh.prefixes))
}

// matches reports whether a response has the envelope's shape.
func (e *envelope) matches(s *scratch, root lenient.Node) bool {
	res := &s.response
	if e.bodies>>s.body.kind&1 == 0 || !e.admits(res) {
		return false
	}
	for i := range e.match {
		if !e.match[i].holds(res, root) {
			return false
		}
	}
	for _, p := range e.any {
		if kind := p.find(root).Kind(); kind != lenient.Absent && kind != lenient.Null {
			return true
		}
	}
	return len(e.any) == 0
}

// admits checks what needs no body: status and media type.
func (e *envelope) admits(res *response) bool {
	if inRange := within(res.status, e.statuses); !inRange || len(e.types) == 0 {
		return inRange
	}
	media := bytes.TrimSpace(before(res.answer.contentType, ';'))
	for _, t := range e.types {
		if equalFold(media, string(t)) {
			return true
		}
	}
	return false
}

func within(status int, ranges []statusRange) bool {
	for _, r := range ranges {
		if status >= r.from && status <= r.to {
			return true
		}
	}
	return false
}

func (c *condition) holds(res *response, root lenient.Node) bool {
	if c.header != "" {
		value := res.header(c.header)
		return c.absent == (len(value) == 0) && (c.absent || c.admits(value))
	}
	n := c.path.find(root)
	kind := n.Kind()
	if c.absent {
		return kind == lenient.Absent || kind == lenient.Null
	}
	if kind == lenient.Absent || c.kinds == 0 && kind == lenient.Null || c.kinds != 0 && c.kinds>>kind&1 == 0 {
		return false
	}
	if c.to > 0 {
		i, ok := n.Int()
		return ok && i >= c.from && i <= c.to
	}
	return len(c.equals)+len(c.contains)+len(c.prefixes) == 0 || c.admits(n.Text())
}

// admits checks a text.
func (c *condition) admits(text []byte) bool {
	equal := len(c.equals) == 0
	for _, want := range c.equals {
		equal = equal || bytes.Equal(text, want)
	}
	return equal && (len(c.contains) == 0 || bytes.Contains(text, c.contains)) && (len(c.prefixes) == 0 || hasPrefix(text, c.prefixes))
}

func hasPrefix(text []byte, prefixes [][]byte) bool {
	for _, prefix := range prefixes {
		if bytes.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// extract reads the facts of a matching body into the findings. It declines a body that has the
// shape and says nothing, as one that was cut early does.
func (e *envelope) extract(s *scratch, root lenient.Node) bool {
	f := &s.found
	f.reset()
	f.format, f.advice = e.format, e.advice
	if e.decoder != nil {
		return e.decoder(s, root)
	}
	p := &e.plan
	f.code = s.code(root, p.code)
	f.family = s.name(root, p.family)
	f.status = int(max(digits(s.name(root, p.status)), 0))
	f.message = s.sentence(root, p.message)
	f.title = s.sentence(root, p.title)
	f.kind = s.name(root, p.kind)
	f.instance = s.name(root, p.instance)
	f.trace = s.name(root, p.trace)
	f.requestID = s.name(root, p.requestID)
	f.retryAfterMS = s.retryHint(root, p.retryAfter)
	for i := range p.details {
		p.details[i].extract(s, root)
	}
	if len(f.message)+len(f.title) == 0 && len(f.details) > 0 {
		f.message = f.details[0].Message
	}
	return len(f.code)+len(f.message)+len(f.title)+len(f.details) > 0
}

// code returns the first code that the sources yield. A number that only repeats the HTTP status is none.
func (s *scratch) code(root lenient.Node, sources []source) []byte {
	for i := range sources {
		text := sources[i].read(s, root, exact)
		if len(text) > 0 && (len(text) != 3 || digits(text) != int64(s.response.status)) {
			return text
		}
	}
	return nil
}

// name returns the first text that the sources yield whole.
func (s *scratch) name(root lenient.Node, sources []source) []byte {
	for i := range sources {
		if text := sources[i].read(s, root, exact); len(text) > 0 {
			return text
		}
	}
	return nil
}

// sentence returns the first text that the sources yield.
func (s *scratch) sentence(root lenient.Node, sources []source) []byte {
	for i := range sources {
		if text := sources[i].read(s, root, prose); len(text) > 0 {
			return text
		}
	}
	return nil
}

// find returns the value; of several, the first.
func (src *source) find(root lenient.Node) lenient.Node {
	n := src.path.find(root)
	if n.Kind() == lenient.Array {
		n = n.First()
	}
	return n
}

// reading is how the text of a value is taken: exact, or prose.
type reading func(s *scratch, n lenient.Node) []byte

// read returns the text at the source as the definition wants it.
func (src *source) read(s *scratch, root lenient.Node, take reading) []byte {
	switch {
	case src.header != "":
		return src.text(s, s.response.header(src.header))
	case src.key:
		n := src.path.find(root)
		if n.Kind() >= lenient.Array {
			n = n.First()
		}
		return src.text(s, n.Key())
	case src.inside != nil:
		return src.text(s, s.nested(src.find(root), *src.inside, take))
	}
	n := src.find(root)
	if n.Kind() == lenient.Absent {
		return nil // most sources, most of the time
	}
	return src.text(s, take(s, n))
}

// nested returns the text at a path within the JSON that a text holds.
func (s *scratch) nested(n lenient.Node, p path, take reading) []byte {
	text := bytes.TrimSpace(n.Text())
	if len(text) == 0 || text[0] != '{' && text[0] != '[' || s.inside.Parse(text) != nil {
		return nil
	}
	found := p.find(s.inside.Root())
	if found.Kind() == lenient.Array {
		found = found.First()
	}
	start := len(s.lists)
	s.lists = append(s.lists, take(s, found)...) // the document is read anew for the next source
	return s.lists[start:len(s.lists):len(s.lists)]
}

// text returns a found text as the definition wants it.
func (src *source) text(s *scratch, text []byte) []byte {
	if src.transform != nil {
		text = src.transform(s, trim(text))
	}
	for _, except := range src.except {
		if bytes.Equal(text, except) {
			return nil
		}
	}
	return trim(text)
}

// extract appends the sub-errors of one plan.
func (p *detailPlan) extract(s *scratch, root lenient.Node) {
	switch {
	case p.list != nil:
		p.extractList(s, p.list.find(root))
	case p.fields != nil:
		p.extractFields(s, p.fields.find(root))
	case p.item != nil:
		n := p.item.find(root)
		p.note(s, s.name(n, p.field), n)
	default:
		s.detail(nil, nil, prose(s, p.text.find(root)))
	}
}

// extractList reads [{…}, …], one object, and the repeated elements of XML.
func (p *detailPlan) extractList(s *scratch, list lenient.Node) {
	if list.Kind() == lenient.Array {
		for n := list.First(); n.Kind() != lenient.Absent; n = n.Next() {
			p.note(s, s.name(n, p.field), n)
		}
		return
	}
	for n := list; n.Kind() != lenient.Absent; n = n.Next() {
		if n.Kind() == lenient.Object && bytes.Equal(n.Key(), list.Key()) {
			p.note(s, s.name(n, p.field), n)
		}
	}
}

// note appends one sub-error: an object, or a text that is the message.
func (p *detailPlan) note(s *scratch, field []byte, n lenient.Node) {
	s.detail(field, s.name(n, p.code), first(s.sentence(n, p.message), prose(s, n)))
}

// extractFields reads {"field": "message"} and {"field": ["message", …]}.
func (p *detailPlan) extractFields(s *scratch, fields lenient.Node) {
	if fields.Kind() != lenient.Object {
		return
	}
	for n := fields.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if n.Kind() != lenient.Array {
			p.note(s, n.Key(), n)
			continue
		}
		for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
			p.note(s, n.Key(), m)
		}
	}
}

// detail notes one sub-error; surplus and empty ones are left out.
func (s *scratch) detail(field, code, message []byte) {
	if len(code) == 0 && len(message) == 0 || len(s.found.details) >= limitDetails {
		return
	}
	s.found.details = append(s.found.details, Detail{Field: field, Code: code, Message: message})
}
