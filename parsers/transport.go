package parsers

import "bytes"

// Classes of transport failures, the codes of calls that got no response.
const (
	classRefused  = "connection_refused"
	classDNS      = "dns"
	classTLS      = "tls"
	classDeadline = "deadline_exceeded"
	classReset    = "reset"
)

// failureSigns are texts of Go, Java, Python, Node, curl, .NET and Envoy that tell the class of a
// failure, in order of trial: a name lookup that timed out is a failed lookup.
var failureSigns = [...]struct{ text, class string }{
	{"no such host", classDNS},
	{"getaddrinfo", classDNS},
	{"enotfound", classDNS},
	{"eai_again", classDNS},
	{"unknownhost", classDNS},
	{"unknown host", classDNS},
	{"name or service not known", classDNS},
	{"name resolution", classDNS},
	{"nameresolution", classDNS},
	{"nodename nor servname", classDNS},
	{"could not resolve", classDNS},
	{"couldn't resolve", classDNS},
	{"failed to resolve", classDNS},
	{"server misbehaving", classDNS},
	{"nxdomain", classDNS},
	{"name_not_resolved", classDNS},
	{"dns", classDNS},
	{"dial tcp: lookup ", classDNS},
	{"does not resolve", classDNS},
	{"no address associated", classDNS},
	{"unresolvedaddress", classDNS},

	{"connection refused", classRefused},
	{"econnrefused", classRefused},
	{"actively refused", classRefused},
	{"connection_refused", classRefused},
	{"connectionrefused", classRefused},
	{"connect error: 111", classRefused},
	{"errno 111", classRefused},

	{"deadline", classDeadline},
	{"timeout", classDeadline},
	{"timed out", classDeadline},
	{"timed_out", classDeadline},
	{"timedout", classDeadline},
	{"time-out", classDeadline},
	{"time out", classDeadline},

	{"x509", classTLS},
	{"tls", classTLS},
	{"ssl", classTLS},
	{"certificate", classTLS},
	{"handshake", classTLS},
	{"pkix", classTLS},
	{"cert_", classTLS},
	{"self signed", classTLS},
	{"self-signed", classTLS},
	{"unable_to_verify", classTLS},
	{"hostname mismatch", classTLS},
	{"hostname/ip does not match", classTLS},

	{"reset", classReset},
	{"broken pipe", classReset},
	{"epipe", classReset},
	{"hang up", classReset},
	{"hung up", classReset},
	{"eof", classReset},
	{"closed connection", classReset},
	{"connection closed", classReset},
	{"connection_closed", classReset},
	{"remotedisconnected", classReset},
	{"connection aborted", classReset},
	{"econnaborted", classReset},
	{"forcibly closed", classReset},
	{"empty reply", classReset},
	{"goaway", classReset},
	{"stream error", classReset},
	{"premature close", classReset},
	{"prematurely", classReset},
	{"noresponse", classReset},
	{"failed to respond", classReset},
	{"connection terminat", classReset},
	{"connection_terminat", classReset},
	{"server disconnected", classReset},
	{"other side closed", classReset},
	{"use of closed network", classReset},

	{"failed to connect to", classRefused},
	{"couldn't connect to server", classRefused},
}

// maxFailure bounds how much of a failure's text is searched.
const maxFailure = 2048

// failureClass returns the class of a transport failure, "" when its text tells none.
func (s *scratch) failureClass(text []byte) string {
	switch string(text) { // Envoy's response flags
	case "UT", "SI", "UMSDR":
		return classDeadline
	case "UC", "UR", "LR", "DC":
		return classReset
	}
	s.work = appendLower(s.work[:0], text[:min(len(text), maxFailure)])
	for i := range failureSigns {
		if bytes.Contains(s.work, []byte(failureSigns[i].text)) {
			return failureSigns[i].class
		}
	}
	return ""
}

// failureCategory is the category of a class.
func failureCategory(class []byte) Category {
	if string(class) == classDeadline {
		return CategoryTimeout
	}
	return CategoryNetwork
}

// transport fills the row of a call that got no response.
func (r *Registry) transport(row *Row) {
	s := row.scratch
	class := s.failureClass(s.response.failure)
	f := &s.found
	f.reset()
	f.format = s.constant("transport")
	f.message = s.response.failure
	if class != "" {
		f.code = s.constant(class)
	}
	row.Parse = ParseGeneric
	r.finish(row, nil)
}
