package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// The formats below are read by the guess like any other body, which knows their members; their names
// tell people which framework answered.

// maxNamed bounds the members of an object that are looked at for its format.
const maxNamed = 24

// hallmarks are members that tell formats apart.
type hallmarks struct {
	errors, fault, code, details            lenient.Node
	rpc, data, api, timestamp, status, path bool
}

// formatName returns the name of the public format that a body is in, else that of its syntax.
func (s *scratch) formatName(root lenient.Node) string {
	switch s.body.kind {
	case bodyXML:
		return elementFormat(root)
	case bodyForm:
		return formatForm
	}
	if root.Kind() == lenient.Array {
		root = root.First() // a batch
	}
	var h hallmarks
	n := root.First()
	for i := 0; i < maxNamed && n.Kind() != lenient.Absent; i++ {
		if name := h.member(n); name != "" {
			return name
		}
		n = n.Next()
	}
	return h.format(s.response.answer.contentType)
}

// member notes a member, and returns the format of which it alone tells.
func (h *hallmarks) member(n lenient.Node) string {
	switch text := n.Kind() == lenient.String; string(n.Key()) {
	case "errors":
		h.errors = n.First()
	case "error":
		h.fault = n
	case "code":
		h.code = n
	case "details":
		h.details = n
	case "data":
		h.data = true
	case "jsonrpc":
		h.rpc = true
	case "jsonapi":
		h.api = true
	case "timestamp":
		h.timestamp = true
	case "status":
		h.status = n.Kind() == lenient.Number
	case "path":
		h.path = text
	case "__type":
		if text {
			return "aws"
		}
	case "odata.error":
		return "odata"
	case "schemas":
		if bytes.Contains(n.First().Text(), []byte("scim:api:messages:")) {
			return "scim"
		}
	case "detail":
		if loc := n.First().Get("loc"); loc.Kind() == lenient.Array {
			return "fastapi"
		}
	}
	return ""
}

// format weighs the members that tell only together.
func (h *hallmarks) format(contentType []byte) string {
	switch {
	case h.rpc && h.fault.Kind() == lenient.Object:
		return "json-rpc"
	case h.errors.Kind() == lenient.Object && h.isGraphQL():
		return "graphql"
	case h.errors.Kind() == lenient.Object && h.isJSONAPI(contentType):
		return "json:api"
	case h.fault.Kind() == lenient.Object && isOData(h.fault):
		return "odata"
	case h.timestamp && h.status && h.path && h.fault.Kind() == lenient.String:
		return "spring"
	case h.code.Kind() == lenient.Number && len(h.code.Text()) < 3 && h.details.Kind() == lenient.Array:
		return "google.rpc" // as gRPC-gateway writes it
	}
	return formatJSON
}

// isGraphQL reports an error with a place in the query, or beside data.
func (h *hallmarks) isGraphQL() bool {
	return h.errors.Get("message").Kind() == lenient.String &&
		(h.data || h.errors.Get("locations").Kind() == lenient.Array || h.errors.Get("extensions").Kind() == lenient.Object)
}

// isJSONAPI reports an error object of JSON:API, whose status is a text.
func (h *hallmarks) isJSONAPI(contentType []byte) bool {
	if h.errors.Get("title").Kind() != lenient.String && h.errors.Get("detail").Kind() != lenient.String {
		return false
	}
	return h.api || h.errors.Get("status").Kind() == lenient.String || h.errors.Get("source").Kind() == lenient.Object || bytes.Contains(contentType, []byte("vnd.api+json"))
}

// isOData reports an error with a message in a language, or with an error inside.
func isOData(fault lenient.Node) bool {
	if fault.Get("code").Kind() != lenient.String {
		return false
	}
	return fault.Get("message").Get("value").Kind() == lenient.String ||
		fault.GetFold("innererror").Kind() == lenient.Object ||
		fault.Get("details").First().Get("target").Kind() == lenient.String
}

// elementFormat is formatName for XML, by the root element.
func elementFormat(root lenient.Node) string {
	top := root.First()
	switch string(top.Key()) {
	case "ErrorResponse":
		if top.Get("Error").Get("Code").Kind() != lenient.Absent {
			return "aws"
		}
	case "Error":
		if top.Get("Code").Kind() != lenient.Absent && (top.Get("RequestId").Kind() != lenient.Absent || top.Get("HostId").Kind() != lenient.Absent) {
			return "aws"
		}
	case "Response":
		if top.Get("Errors").Get("Error").Get("Code").Kind() != lenient.Absent {
			return "aws"
		}
	case "ExceptionReport", "ServiceExceptionReport":
		return "ogc"
	}
	return formatXML
}
