package parsers

import (
	"bytes"
	"slices"

	"github.com/errata-dev/errata/parsers/lenient"
)

// The definition that holds the public formats.
const (
	genericName = "generic"
	genericFile = "generic.toml"
)

// decoder is an envelope whose logic data cannot say. It fills the findings, or declines.
type decoder func(s *scratch, root lenient.Node) bool

// decoderNamed is the one table of decoders that definitions may name.
func decoderNamed(name string) (decoder, bool) {
	switch name {
	case "google_rpc":
		return decodeGoogleRPC, true
	case "field_messages":
		return decodeFieldMessages, true
	case "problem":
		return decodeProblem, true
	case "soap":
		return decodeSOAP, true
	case "xml_rpc":
		return decodeXMLRPC, true
	}
	return nil, false
}

const decoderNames = "google_rpc, field_messages, problem, soap, xml_rpc"

// decodeFieldMessages reads a body whose every member is a list of texts: the faults of one field.
// That nothing else is there is what tells it from an answer with a list in it.
func decodeFieldMessages(s *scratch, root lenient.Node) bool {
	for n := root.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if n.Kind() != lenient.Array || n.Len() == 0 {
			return false
		}
		for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
			if m.Kind() != lenient.String {
				return false
			}
			field := n.Key()
			if string(field) == "non_field_errors" || string(field) == "__all__" {
				field = nil
			}
			s.detail(field, nil, prose(s, m))
		}
	}
	if len(s.found.details) == 0 {
		return false
	}
	s.found.message = s.found.details[0].Message
	return true
}

// decodeGoogleRPC reads google.rpc.Status in its JSON form. Its details are a list of typed messages,
// and which member of them means what depends on their type.
func decodeGoogleRPC(s *scratch, root lenient.Node) bool {
	if root.Kind() == lenient.Array {
		root = root.First()
	}
	status := root.Get("error")
	f := &s.found
	f.code = exact(s, status.Get("status"))
	if len(f.code) > 0 && !slices.Contains(grpcNames[:], string(f.code)) {
		return false
	}
	f.message = prose(s, status.Get("message"))
	details := status.Get("details")
	if details.Kind() == lenient.Array {
		for n := details.First(); n.Kind() != lenient.Absent; n = n.Next() {
			s.googleDetail(n)
		}
	}
	return len(f.code) > 0 || len(f.message) > 0
}

func (s *scratch) googleDetail(n lenient.Node) {
	kind := n.Get("@type").Text()
	switch string(kind[bytes.LastIndexByte(kind, '.')+1:]) {
	case "ErrorInfo":
		s.detail(exact(s, n.Get("domain")), exact(s, n.Get("reason")), nil)
	case "LocalizedMessage":
		s.found.message = first(s.found.message, prose(s, n.Get("message")))
	case "ResourceInfo":
		s.detail(exact(s, n.Get("resourceName")), exact(s, n.Get("resourceType")), prose(s, n.Get("description")))
	case "BadRequest":
		violations := n.Get("fieldViolations")
		for v := violations.First(); v.Kind() != lenient.Absent; v = v.Next() {
			s.detail(exact(s, v.Get("field")), nil, prose(s, v.Get("description")))
		}
	case "QuotaFailure", "PreconditionFailure":
		violations := n.Get("violations")
		for v := violations.First(); v.Kind() != lenient.Absent; v = v.Next() {
			s.detail(exact(s, v.Get("subject")), exact(s, v.Get("type")), prose(s, v.Get("description")))
		}
	case "RetryInfo":
		s.found.retryAfterMS = s.wait(n.Get("retryDelay").Text(), unitSeconds)
	case "RequestInfo":
		s.found.trace = exact(s, n.Get("requestId"))
	}
}
