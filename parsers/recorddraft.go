package parsers

import (
	"bytes"
	"strconv"

	"github.com/errata-dev/errata/parsers/lenient"
)

// draft is a response of another format while its members are gathered. The first of duplicates wins.
type draft struct {
	time, observed               []byte // observed: when a collector saw it, for want of a better time
	status                       []byte
	failure, failureType         []byte // what went wrong, in words and as a class of the caller's library
	method, url, host, otherHost []byte // otherHost: less likely the one that was called
	path, query, route           []byte
	vendor, service, environment []byte
	credential                   []byte
	requestID, traceID           []byte
	spanKind                     []byte
	attempt                      int64
	durationMS                   float64

	body       value // the body, as text or inline JSON
	base64     []byte
	bodyCut    bool
	truncated  bool   // the record is cut
	tunnel     bool   // a connection that nobody looked into could not be made
	inlineBody []byte // a body put together from keys and values
	whole      []byte // a record of errata's own format, without its closing brace

	request, answer []byte // the members of the two header objects, as JSON
	work            []byte // short-lived
	name            []byte // of the attribute at hand
	lines           []byte // texts made of several
}

// empty forgets the members and keeps the memory, unless that grew out of proportion.
func (d *draft) empty() {
	*d = draft{
		inlineBody: emptied(d.inlineBody), request: emptied(d.request), answer: emptied(d.answer),
		work: emptied(d.work), name: emptied(d.name), lines: emptied(d.lines),
	}
}

// isResponse reports whether there is a response, or the failure of a call that should have got one.
func (d *draft) isResponse() bool {
	if len(d.whole) > 0 {
		return true
	}
	if len(d.status) > 0 && string(d.status) != "0" {
		return true
	}
	called := d.tunnel || len(d.method) > 0 || len(d.url) > 0 || len(d.path) > 0
	return called && len(d.failure)+len(d.failureType) > 0
}

// append appends the draft as a record of errata's own format.
func (d *draft) append(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	if len(d.whole) > 0 { // the first of duplicates wins
		w = writer{dst: append(dst, d.whole...), some: true}
	}
	w.text("time", first(d.time, d.observed))
	w.text("status", d.status)
	w.text("error", d.failed())
	w.text("method", d.method)
	w.text("url", d.url)
	w.text("host", first(d.host, d.otherHost))
	w.text("path", d.target())
	w.text("route", d.route)
	w.text("vendor", d.vendor)
	w.text("service", d.service)
	w.text("environment", d.environment)
	w.text("credential", d.credential)
	w.text("request_id", d.requestID)
	w.text("trace_id", d.traceID)
	if d.attempt > 0 {
		w.number("attempt", d.attempt)
	}
	if d.durationMS > 0 && d.durationMS < 1e15 {
		w.name("duration_ms")
		w.dst = strconv.AppendFloat(w.dst, d.durationMS, 'f', -1, 64)
	}
	w.headers("request_headers", d.request)
	w.headers("response_headers", d.answer)
	w.text("response_body_base64", d.base64)
	if d.bodyCut {
		w.literal("response_body_truncated", "true")
	}
	return d.appendBody(w)
}

// appendBody appends the body and ends the record. Inline JSON that the record's end cut ends the
// translation too.
func (d *draft) appendBody(w writer) []byte {
	n := d.body.node
	kind := n.Kind()
	switch {
	case len(d.base64) > 0:
	case len(d.inlineBody) > 0:
		w.name("response_body")
		w.dst = append(w.dst, d.inlineBody...)
	case !d.body.wrapped && (kind == lenient.Object || kind == lenient.Array):
		w.name("response_body")
		w.dst = append(w.dst, n.Raw()...)
		if d.bodyCut {
			return w.dst
		}
	default:
		w.text("response_body", d.body.text())
	}
	return append(w.dst, '}')
}

func (w *writer) headers(name string, members []byte) {
	if len(members) > 0 {
		w.name(name)
		w.dst = append(append(append(w.dst, '{'), members...), '}')
	}
}

// failed returns what went wrong: the words, and the class where the words alone say too little.
func (d *draft) failed() []byte {
	kind := d.failureType
	if string(kind) == "_OTHER" || bytes.Equal(kind, d.status) {
		kind = nil
	}
	switch {
	case len(d.failure) == 0:
		return kind
	case len(kind) == 0 || bytes.Contains(d.failure, kind) || len(kind)+len(d.failure) > maxFailure:
		return d.failure
	}
	start := len(d.lines)
	d.lines = append(append(append(d.lines, kind...), ": "...), d.failure...)
	return d.lines[start:]
}

// target returns the path with its query.
func (d *draft) target() []byte {
	query := bytes.TrimPrefix(d.query, []byte("?"))
	if len(query) == 0 || bytes.IndexByte(d.path, '?') >= 0 {
		return d.path
	}
	start := len(d.lines)
	d.lines = append(append(append(d.lines, d.path...), '?'), query...)
	return d.lines[start:]
}

// header notes a header. Of the request only those fields are kept that tell one call from another:
// the rest holds credentials, or nothing that we need.
func (d *draft) header(of *[]byte, name []byte, v value) {
	name = bytes.TrimSpace(name)
	if len(name) == 0 || len(name) > 64 || of == &d.request && !tellsCallsApart(name) {
		return
	}
	b := *of
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = append(appendJSONText(b, name), ':')
	*of = v.appendTexts(b)
}

func tellsCallsApart(name []byte) bool {
	for _, known := range [...]string{
		"idempotency-key", "x-idempotency-key", "x-request-id", "request-id", "x-correlation-id", "correlation-id",
		"traceparent", "x-b3-traceid", "b3", "uber-trace-id",
	} {
		if equalFold(name, known) {
			return true
		}
	}
	return false
}

// value is the value of an attribute: JSON as it is, or wrapped as OTLP does ({"stringValue": "a"}).
type value struct {
	node    lenient.Node
	wrapped bool
}

// plain returns the node that holds the value.
func (v value) plain() lenient.Node {
	if v.wrapped {
		return v.node.First()
	}
	return v.node
}

// text returns a text, number or bool as text; of a list, the first one. Half a text is none.
func (v value) text() []byte {
	if list := v.list(); list.Kind() != lenient.Absent {
		return value{list.First(), v.wrapped}.scalar()
	}
	return v.scalar()
}

func (v value) scalar() []byte {
	n := v.plain()
	if v.wrapped && string(n.Key()) == "bytesValue" {
		return nil
	}
	return n.Text()
}

// list returns the array of a list, else the absent node.
func (v value) list() lenient.Node {
	n := v.plain()
	switch {
	case !v.wrapped && n.Kind() == lenient.Array:
		return n
	case v.wrapped && string(n.Key()) == "arrayValue":
		return n.Get("values")
	}
	return lenient.Node{}
}

// object returns what holds the members of an object: itself, or OTLP's list of keys and values.
func (v value) object() lenient.Node {
	n := v.plain()
	switch {
	case !v.wrapped && n.Kind() == lenient.Object:
		return n
	case v.wrapped && string(n.Key()) == "kvlistValue":
		return n.Get("values")
	}
	return lenient.Node{}
}

// appendTexts appends a text, or a list of texts, as JSON.
func (v value) appendTexts(dst []byte) []byte {
	list := v.list()
	if list.Kind() == lenient.Absent {
		return appendJSONText(dst, v.scalar())
	}
	dst = append(dst, '[')
	for n := list.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = appendJSONText(dst, value{n, v.wrapped}.scalar())
	}
	return append(dst, ']')
}

// appendJSON appends a wrapped value as plain JSON. Its depth is bounded by the document's.
func (v value) appendJSON(dst []byte) []byte {
	n := v.plain()
	switch string(n.Key()) {
	case "arrayValue":
		dst = append(dst, '[')
		for m := n.Get("values").First(); m.Kind() != lenient.Absent; m = m.Next() {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = value{m, true}.appendJSON(dst)
		}
		return append(dst, ']')
	case "kvlistValue":
		dst = append(dst, '{')
		for m := n.Get("values").First(); m.Kind() != lenient.Absent; m = m.Next() {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(appendJSONText(dst, m.Get("key").Text()), ':')
			dst = value{m.Get("value"), true}.appendJSON(dst)
		}
		return append(dst, '}')
	case "stringValue", "bytesValue":
		return appendJSONText(dst, n.Text())
	}
	if _, number := n.Float(); number || n.Kind() == lenient.Bool {
		return append(dst, n.Text()...)
	}
	if text := n.Text(); len(text) > 0 {
		return appendJSONText(dst, text)
	}
	return append(dst, "null"...)
}
