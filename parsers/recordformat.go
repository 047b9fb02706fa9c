package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/otlp"
)

// Format is the form of a record. docs/records.md shows each.
type Format uint8

// The formats. FormatAuto lets every record tell its own.
const (
	FormatAuto      Format = iota
	FormatErrata           // errata's own
	FormatOTel             // OpenTelemetry's or Elastic's attributes, flat or nested
	FormatOTLPJSON         // OTLP logs and spans
	FormatOTLPProto        // the same as protobuf
	FormatEnvoy            // Envoy's JSON access log
	FormatNginx            // nginx's access log as JSON
	FormatHAR              // an entry of an HTTP archive, or an archive
)

var formatNames = [...]string{"auto", "errata", "otel", "otlp_json", "otlp_proto", "envoy", "nginx", "har"}

func (f Format) String() string { return name(formatNames[:], uint8(f)) }

// FormatNames lists the names of the formats, as settings spell them.
func FormatNames() []string { return formatNames[:] }

// FormatOf returns the format of that name.
func FormatOf(name string) (Format, bool) {
	for i := range formatNames {
		if formatNames[i] == name {
			return Format(i), true
		}
	}
	return FormatAuto, false
}

// format returns the format of a record: its own, that of its topic, or that of the registry.
func (r *Registry) format(rec *Record) Format {
	if rec.Format != FormatAuto {
		return rec.Format
	}
	if format, ok := r.topics[rec.Topic]; ok {
		return format
	}
	return r.fallback
}

// A record of another format is translated into one of errata's own, which is then read like any
// other. So there is one reader of headers and bodies, and a translation can be looked at.

// translation is the state of translating one record.
type translation struct {
	doc, inner lenient.Doc // the record; and a record in the body of a log
	draft      draft
	json       []byte // protobuf, told in JSON
	record     []byte // the first response of the record, in errata's own format
	found      int    // responses so far
	used       bool
	each       func(record []byte)
}

func (t *translation) reset() {
	if cap(t.json) > keptCapacity {
		t.doc = lenient.Doc{} // it holds on to what it read
	}
	t.json, t.record, t.found, t.used = emptied(t.json), emptied(t.record), 0, false
	t.draft.empty()
}

// decodeUnsure reads a record that is not, or not surely, one of errata's own. What no other format
// claims, or has no response for, stays what it was.
func (s *scratch) decodeUnsure(value []byte, reason Reason) Reason {
	if root := s.record.Root(); root.Kind() == lenient.String && !root.Cut() {
		if text := bytes.TrimSpace(root.Text()); len(text) > 0 && text[0] == '{' {
			return s.decodeQuoted(text)
		}
	}
	format := formatOf(s.record.Root())
	if format == FormatAuto && len(value) > 0 && value[0] == otlpTag && reason != ReasonNone {
		format = FormatOTLPProto
	}
	if format == FormatAuto {
		return reason
	}
	if other := s.decodeOther(value, format); other == ReasonNone || reason != ReasonNone && (format != FormatOTLPProto || other != ReasonNotJSON) {
		return other
	}
	s.response.reset()
	reason, _ = s.decodeOwn(value)
	return reason
}

// decodeQuoted reads a record that was written as a JSON string, as the Collector's Kafka exporter writes
// a log's body with encoding raw.
func (s *scratch) decodeQuoted(text []byte) Reason {
	s.other.used = true
	s.other.json = append(s.other.json[:0], text...) // the document that holds it is read anew
	return s.decode(s.other.json, FormatAuto)
}

// otlpTag begins every OTLP message: field 1, a message.
const otlpTag = 1<<3 | 2

// decodeOther reads a record of a format that is not errata's own.
func (s *scratch) decodeOther(value []byte, format Format) Reason {
	t := &s.other
	if !t.translate(s, value, format) {
		return ReasonNotJSON
	}
	switch {
	case t.found > 1:
		return ReasonBatched
	case t.doc.Truncated() && (t.found == 0 || format != FormatOTel && format != FormatEnvoy && format != FormatNginx):
		return ReasonNotJSON // of a batch that was cut, nobody knows how many there were
	case t.found == 0:
		return ReasonNotHTTP
	}
	s.response.reset()
	reason, _ := s.decodeOwn(t.record)
	if reason != ReasonNone && t.doc.Truncated() {
		return ReasonNotJSON
	}
	return reason
}

// translate finds the responses of a record, and stops at the second unless all are wanted. It
// reports false for what is no document of that format.
func (t *translation) translate(s *scratch, value []byte, format Format) bool {
	t.used = true
	if format == FormatOTLPProto {
		var ok bool
		if t.json, ok = otlp.AppendJSON(t.json[:0], value); !ok {
			return false
		}
		value, format = t.json, FormatOTLPJSON
	}
	if t.doc.Parse(value) != nil || t.doc.Root().Kind() != lenient.Object {
		return false
	}
	t.read(s, t.doc.Root(), format)
	return true
}

func (t *translation) read(s *scratch, root lenient.Node, format Format) {
	switch format {
	case FormatOTLPJSON:
		t.otlp(root)
	case FormatEnvoy, FormatNginx:
		t.access(s, root)
	case FormatHAR:
		t.har(s, root)
	default:
		t.otel(s, root)
	}
}

// done ends a response and reports whether further ones are wanted.
func (t *translation) done() bool {
	t.found++
	switch {
	case t.each != nil:
		t.record = t.draft.append(t.record[:0])
		t.each(t.record)
		return true
	case t.found == 1:
		t.record = t.draft.append(t.record[:0])
	}
	return t.found < 2
}

// signs are the members that tell formats apart.
type signs struct{ otlp, har, otel, envoy, nginx int }

// formatOf returns the format that the members of a record tell, FormatAuto when they tell none.
func formatOf(root lenient.Node) Format {
	var seen signs
	for n := root.First(); n.Kind() != lenient.Absent; n = n.Next() {
		seen.note(n)
	}
	switch {
	case seen.otlp > 0:
		return FormatOTLPJSON
	case seen.har > 1:
		return FormatHAR
	case seen.otel > 0:
		return FormatOTel
	case seen.envoy > 0:
		return FormatEnvoy
	case seen.nginx > 1:
		return FormatNginx
	}
	return FormatAuto
}

func (s *signs) note(n lenient.Node) {
	kind := n.Kind()
	switch name := n.Key(); string(name) {
	case "resourceLogs", "resourceSpans", "resource_logs", "resource_spans":
		if kind == lenient.Array {
			s.otlp++
		}
	case "startedDateTime", "response":
		s.har++
	case "log":
		if n.Get("entries").Kind() == lenient.Array {
			s.har += 2
		}
	case "http", "attributes", "Attributes":
		if kind == lenient.Object || kind == lenient.Array {
			s.otel++
		}
	case "url.full":
		s.otel++
	case "response_code", "responseCode", "response-code", "response_flags", "responseFlags", "response-flags":
		s.envoy++
	case "status", "request_method", "request_uri", "request_time", "request", "uri", "upstream_status", "upstream_response_time",
		"time_iso8601", "time_local", "msec":
		if kind == lenient.String || kind == lenient.Number {
			s.nginx++
		}
	default:
		if bytes.HasPrefix(name, []byte("http.")) {
			s.otel++
		}
	}
}

// ParseAll is Parse for readers of files, who are not bound to one row for one record: of a record
// with several responses it fills row with each, one after the other, and calls each after it.
func (r *Registry) ParseAll(rec *Record, row *Row, each func()) {
	if r.Parse(rec, row); row.Reason != ReasonBatched {
		each()
		return
	}
	var records [][]byte
	t := &translation{each: func(record []byte) { records = append(records, bytes.Clone(record)) }}
	format := r.format(rec)
	if format == FormatAuto {
		format = formatOf(row.scratch.record.Root())
		if rec.Value[0] == otlpTag && format == FormatAuto {
			format = FormatOTLPProto
		}
	}
	if !t.translate(row.scratch, rec.Value, format) || len(records) == 0 {
		each()
		return
	}
	one := *rec
	one.Format = FormatErrata
	for _, one.Value = range records {
		r.Parse(&one, row)
		each()
	}
}
