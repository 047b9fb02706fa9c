package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// otel reads a record of OpenTelemetry attributes or Elastic Common Schema, flat
// ("http.response.status_code"), nested ({"http": {"response": {…}}}) or mixed.
func (t *translation) otel(_ *scratch, root lenient.Node) {
	d := t.begin()
	d.walk(root, 0)
	if d.isClient() && d.isResponse() {
		t.done()
	}
}

// maxAttribute bounds the names of attributes, in bytes; longer ones are none of ours.
const maxAttribute = 128

// walk reads the members of an object, or of a list of keys and values, whose names go on after the
// first prefix bytes of d.name. Its depth is bounded by the document's.
func (d *draft) walk(container lenient.Node, prefix int) {
	for n := container.First(); n.Kind() != lenient.Absent; n = n.Next() {
		key, v := n.Key(), value{node: n}
		if container.Kind() == lenient.Array {
			key, v = n.Get("key").Text(), value{n.Get("value"), true}
		}
		if len(key) == 0 || prefix+len(key) > maxAttribute {
			continue
		}
		d.name = append(d.name[:prefix], key...)
		inner := v.object()
		switch {
		case prefix == 0 && holdsAttributes(key) && inner.Kind() != lenient.Absent:
			d.walk(inner, 0)
		case prefix == 0 && holdsAttributes(key) && n.Kind() == lenient.Array:
			d.walk(n, 0)
		case inner.Kind() == lenient.Absent || isBody(d.name, inner):
			d.attribute(d.name, v)
		default:
			d.name = append(d.name, '.')
			d.walk(inner, len(d.name))
		}
	}
}

// holdsAttributes reports the members in which loggers put attributes without adding to their names.
func holdsAttributes(key []byte) bool {
	switch string(key) {
	case "attributes", "Attributes", "resource", "Resource", "fields", "body", "Body":
		return true
	}
	return false
}

// isBody tells a body that is inline JSON from {"response": {"body": {"content": …, "bytes": 12}}}.
func isBody(name []byte, object lenient.Node) bool {
	switch string(name) {
	case "http.response.body.content", "http.response.body.text", "response_body", "response.body.content":
		return true
	case "http.response.body", "response.body":
		return object.Get("content").Kind() == lenient.Absent && object.Get("bytes").Kind() != lenient.Number && object.Get("size").Kind() != lenient.Number
	}
	return false
}

// isClient reports that nothing says that somebody else than a client wrote the record.
func (d *draft) isClient() bool {
	kind := bytes.TrimPrefix(d.spanKind, []byte("SPAN_KIND_"))
	for _, other := range [...]string{"server", "producer", "consumer", "internal", "1", "2", "4", "5"} {
		if equalFold(kind, other) {
			return false
		}
	}
	return true
}

// attribute notes one attribute. Half a value would be another one, except for a body.
func (d *draft) attribute(name []byte, v value) {
	cut := v.plain().Cut()
	if slot := d.slot(name); slot != nil {
		if text := v.text(); !cut && string(text) != "0" {
			set(slot, text)
		}
		return
	}
	switch string(name) {
	case "http.response.body.content", "http.response.body", "http.response.body.text", "response.body", "response.body.content", "response_body":
		d.setBody(v)
		return
	}
	if !cut && !d.count(name, v.plain()) {
		d.headerAttribute(name, v)
	}
}

// count notes an attribute that is a number, and reports whether it is one of those.
func (d *draft) count(name []byte, n lenient.Node) bool {
	unit := 0.0
	switch string(name) {
	case "http.request.resend_count", "http.resend_count", "http.retry_count":
		if i, ok := n.Int(); ok && i >= 0 && i < 1<<16 && d.attempt == 0 {
			d.attempt = i + 1
		}
		return true
	case "event.duration":
		unit = 1e-6
	case "duration_ms", "durationMs", "http.client.duration":
		unit = 1
	case "http.client.request.duration":
		unit = 1e3
	default:
		return false
	}
	if f, ok := n.Float(); ok && d.durationMS == 0 {
		d.durationMS = f * unit
	}
	return true
}

// setBody notes the body of the response, unless it has one.
func (d *draft) setBody(v value) {
	n := v.plain()
	if d.body.node.Kind() != lenient.Absent || len(d.inlineBody) > 0 || len(d.base64) > 0 || n.Kind() == lenient.Null {
		return
	}
	switch string(n.Key()) {
	case "bytesValue":
		if v.wrapped {
			d.base64 = n.Text()
			return
		}
	case "kvlistValue", "arrayValue":
		if v.wrapped {
			d.inlineBody = v.appendJSON(d.inlineBody)
			return
		}
	}
	d.body = v
	d.bodyCut = d.bodyCut || n.Cut() || d.truncated && n.Kind() >= lenient.Array
}

// headerAttribute notes http.response.header.retry-after and the like. Older conventions wrote
// underscores for the hyphens of a name.
func (d *draft) headerAttribute(name []byte, v value) {
	of := &d.answer
	rest, ok := cutPrefixes(name, "http.response.header.", "http.response.headers.", "response.headers.", "response_headers.")
	if !ok {
		of = &d.request
		rest, ok = cutPrefixes(name, "http.request.header.", "http.request.headers.", "request.headers.", "request_headers.")
	}
	if string(name) == "http.response.mime_type" {
		of, rest, ok = &d.answer, []byte("content-type"), true
	}
	if !ok {
		return
	}
	if bytes.IndexByte(rest, '_') >= 0 && bytes.IndexByte(rest, '-') < 0 {
		d.work = append(d.work[:0], rest...)
		rest = d.work
		for i := range rest {
			if rest[i] == '_' {
				rest[i] = '-'
			}
		}
	}
	d.header(of, rest, v)
}

func cutPrefixes(name []byte, prefixes ...string) ([]byte, bool) {
	for _, prefix := range prefixes {
		if len(name) > len(prefix) && string(name[:len(prefix)]) == prefix {
			return name[len(prefix):], true
		}
	}
	return nil, false
}

// slot returns the text that the attribute of that name is noted in: the names of OpenTelemetry's
// stable conventions, of those before, of Elastic Common Schema, and of common loggers.
func (d *draft) slot(name []byte) *[]byte {
	switch string(name) {
	case "http.response.status_code", "http.status_code":
		return &d.status
	case "http.request.method", "http.method":
		return &d.method
	case "url.full", "http.url", "url":
		return &d.url
	case "server.address", "net.peer.name", "url.domain", "destination.domain":
		return &d.host
	case "http.host", "destination.address", "network.peer.name", "net.peer.ip":
		return &d.otherHost
	case "url.path", "http.target", "url.original":
		return &d.path
	case "url.query":
		return &d.query
	case "url.template", "http.route":
		return &d.route
	case "error.type", "exception.type":
		return &d.failureType
	case "exception.message", "error.message", "error", "err":
		return &d.failure
	case "span.kind", "span_kind", "spanKind", "SpanKind", "kind":
		return &d.spanKind
	}
	if slot := d.nameSlot(name); slot != nil {
		return slot
	}
	return d.timeSlot(name)
}

func (d *draft) timeSlot(name []byte) *[]byte {
	switch string(name) {
	case "@timestamp", "time", "timestamp", "Timestamp", "ts", "timeUnixNano", "time_unix_nano", "endTimeUnixNano", "end_time_unix_nano":
		return &d.time
	case "observedTimestamp", "ObservedTimestamp", "observed_timestamp", "observedTimeUnixNano", "observed_time_unix_nano",
		"startTimeUnixNano", "start_time_unix_nano":
		return &d.observed
	}
	return nil
}

// nameSlot is slot for what names somebody or something.
func (d *draft) nameSlot(name []byte) *[]byte {
	switch string(name) {
	case "service.name", "service":
		return &d.service
	case "deployment.environment.name", "deployment.environment", "service.environment", "environment":
		return &d.environment
	case "errata.vendor", "vendor":
		return &d.vendor
	case "errata.credential", "credential":
		return &d.credential
	case "trace_id", "traceId", "traceid", "trace.id", "TraceId", "TraceID", "traceID":
		return &d.traceID
	case "http.request.id", "request_id", "requestId":
		return &d.requestID
	}
	return nil
}
