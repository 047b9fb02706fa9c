package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// maxResource bounds the attributes read of a resource: a batch reads them once for every response.
const maxResource = 128

// otlp reads the logs and spans of an OTLP document. Most messages of a Collector that batches hold
// many; all but those about an HTTP call that a client made are passed over.
func (t *translation) otlp(root lenient.Node) {
	for n := root.First(); n.Kind() != lenient.Absent; n = n.Next() {
		switch string(n.Key()) {
		case "resourceLogs", "resource_logs", "resourceSpans", "resource_spans":
			for resource := n.First(); resource.Kind() != lenient.Absent; resource = resource.Next() {
				if !t.resource(resource) {
					return
				}
			}
		}
	}
}

// resource reads what one resource logged, and reports whether to go on.
func (t *translation) resource(resource lenient.Node) bool {
	attributes := resource.Get("resource").Get("attributes")
	for n := resource.First(); n.Kind() != lenient.Absent; n = n.Next() {
		switch string(n.Key()) {
		case "scopeLogs", "scope_logs", "scopeSpans", "scope_spans":
			for scope := n.First(); scope.Kind() != lenient.Absent; scope = scope.Next() {
				if !t.scope(scope, attributes) {
					return false
				}
			}
		}
	}
	return true
}

func (t *translation) scope(scope, resource lenient.Node) bool {
	for n := scope.First(); n.Kind() != lenient.Absent; n = n.Next() {
		switch string(n.Key()) {
		case "logRecords", "log_records":
			for log := n.First(); log.Kind() != lenient.Absent; log = log.Next() {
				if t.log(log, resource) && !t.done() {
					return false
				}
			}
		case "spans":
			for span := n.First(); span.Kind() != lenient.Absent; span = span.Next() {
				if t.span(span, resource) && !t.done() {
					return false
				}
			}
		}
	}
	return true
}

// log drafts one log record, and reports whether it is about a response.
func (t *translation) log(log, resource lenient.Node) bool {
	d := t.begin()
	var body lenient.Node
	for n := log.First(); n.Kind() != lenient.Absent; n = n.Next() {
		switch key := n.Key(); string(key) {
		case "attributes":
			d.walk(n, 0)
		case "body":
			body = n
		default:
			d.own(key, n)
		}
	}
	v := value{body, true}
	if inner := v.object(); inner.Kind() != lenient.Absent && !d.isResponse() {
		d.walk(inner, 0)
	}
	text := bytes.TrimSpace(v.text())
	line := t.line(text)
	if !d.isResponse() && line.Kind() != lenient.Absent {
		d.readLine(line, text)
	}
	if !d.isClient() || !d.isResponse() {
		return false
	}
	d.resource(resource)
	if line.Kind() == lenient.Absent && (len(text) == 0 || looksLikeBody(text)) {
		d.setBody(v)
	}
	return true
}

// looksLikeBody tells a body from the words that a program logs about a response.
func looksLikeBody(text []byte) bool {
	return text[0] == '{' || text[0] == '[' || text[0] == '<'
}

// line returns the record that a log has for its body: an agent read it from a file, and left it as
// it was.
func (t *translation) line(text []byte) lenient.Node {
	if len(text) == 0 || text[0] != '{' || t.inner.Parse(text) != nil || t.inner.Truncated() {
		return lenient.Node{}
	}
	root := t.inner.Root()
	if isOwn(root) || formatOf(root) == FormatOTel || formatOf(root) == FormatEnvoy || formatOf(root) == FormatNginx {
		return root
	}
	return lenient.Node{}
}

// isOwn recognises a record of errata's own format.
func isOwn(root lenient.Node) bool {
	called := root.Get("url").Kind() == lenient.String || root.Get("host").Kind() == lenient.String
	return called && root.Get("time").Kind() != lenient.Absent && root.Get("status").Kind() != lenient.Absent
}

// readLine drafts a record that was the body of a log.
func (d *draft) readLine(root lenient.Node, text []byte) {
	switch format := formatOf(root); {
	case format == FormatOTel:
		d.walk(root, 0)
	case isOwn(root):
		d.whole = bytes.TrimSuffix(text, []byte("}"))
	default:
		d.access(root)
	}
}

func (t *translation) begin() *draft {
	d := &t.draft
	d.empty()
	d.truncated = t.doc.Truncated()
	return d
}

// own notes what a log or span says beside its attributes.
func (d *draft) own(key []byte, n lenient.Node) {
	slot := d.timeSlot(key)
	switch string(key) {
	case "traceId", "trace_id":
		slot = &d.traceID
	case "kind":
		slot = &d.spanKind
	}
	if text := n.Text(); slot != nil && !n.Cut() && string(text) != "0" {
		set(slot, text)
	}
}

func (d *draft) resource(attributes lenient.Node) {
	if attributes.Len() <= maxResource {
		d.walk(attributes, 0)
	}
}

// span drafts one span, and reports whether it is a client's HTTP call.
func (t *translation) span(span, resource lenient.Node) bool {
	d := t.begin()
	var status lenient.Node
	for n := span.First(); n.Kind() != lenient.Absent; n = n.Next() {
		switch key := n.Key(); string(key) {
		case "attributes":
			d.walk(n, 0)
		case "events":
			d.events(n)
		case "status":
			status = n
		default:
			d.own(key, n)
		}
	}
	if len(d.spanKind) == 0 || string(d.spanKind) == "0" || !d.isClient() {
		return false
	}
	if code := status.Get("code").Text(); string(code) == "2" || string(code) == "STATUS_CODE_ERROR" {
		set(&d.failure, status.Get("message").Text())
	}
	if !d.isResponse() {
		return false
	}
	d.elapsed()
	d.resource(resource)
	return true
}

// events notes the exceptions that were recorded in a span.
func (d *draft) events(events lenient.Node) {
	for n := events.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if string(n.Get("name").Text()) == "exception" {
			d.walk(n.Get("attributes"), 0)
		}
	}
}

// elapsed fills the duration of a span, whose start and end are whole nanoseconds.
func (d *draft) elapsed() {
	start, end := digits(d.observed), digits(d.time)
	if len(d.observed) < 20 && len(d.time) < 20 && start > 0 && end > start {
		d.durationMS = float64(end-start) / 1e6
	}
}
