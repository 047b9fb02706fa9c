package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// decodeProblem reads RFC 9457, and 7807, as frameworks write it: with members of their own, with
// capitals, with the errors of fields as a list or a map, and with a type that only names the status.
func decodeProblem(s *scratch, root lenient.Node) bool {
	if one := root.First(); root.Len() == 1 && one.Kind() == lenient.Object {
		root = one // <problem xmlns="urn:ietf:rfc:7807">
	}
	format := s.found.format
	if !s.guess(root) {
		return false
	}
	f := &s.found
	f.format = format
	title, kind := prose(s, root.GetFold("title")), exact(s, root.GetFold("type"))
	stated := first(exact(s, root.GetFold("code")), exact(s, root.Get("error_code")), exact(s, root.Get("errorCode")))
	if own := problemType(s, kind); len(stated) == 0 && len(own) > 0 && phraseStatus(own) == 0 && !emptyWords[string(own)] {
		f.code = own
	}
	switch detail := bytes.TrimSpace(prose(s, root.GetFold("detail"))); {
	case len(detail) > 0:
		f.message = detail
	case root.GetFold("message").Kind() == lenient.String:
	case len(title) > 0 && phraseStatus(title) == 0:
		f.message = title
	}
	f.title, f.kind, f.instance = title, kind, exact(s, root.GetFold("instance"))
	return true
}

// decodeSOAP reads faults of SOAP 1.1 and 1.2. A fault code that only says whose fault it is, is none.
func decodeSOAP(s *scratch, root lenient.Node) bool {
	f := &s.found
	fault := root.First().GetFold("Body").GetFold("Fault")
	code := fault.Get("Code")
	subcode := elementText(s, code.Get("Subcode").Get("Value"))
	f.code = withoutPrefix(first(elementText(s, fault.Get("faultcode")), subcode, elementText(s, code.Get("Value"))))
	f.message = first(elementText(s, fault.Get("faultstring")), elementText(s, fault.Get("Reason").Get("Text")))
	g := guesser{s: s, budget: guessBudget}
	detail := fault.Get("detail")
	if detail.Kind() == lenient.Absent {
		detail = fault.Get("Detail")
	}
	inside := g.value(nil, detail, 1)
	switch string(f.code) {
	case "Client", "Server", "Sender", "Receiver", "VersionMismatch", "MustUnderstand", "":
		f.code = inside.code.text
	}
	f.message = first(f.message, inside.message.text, f.code)
	return len(f.message) > 0
}

// decodeXMLRPC reads a fault of XML-RPC: a struct with faultCode and faultString.
func decodeXMLRPC(s *scratch, root lenient.Node) bool {
	f := &s.found
	fault := root.First().Get("fault").Get("value").Get("struct")
	n := fault.First()
	for i := 0; i < maxNamed && n.Kind() != lenient.Absent; i++ {
		value := n.Get("value")
		if value.Kind() == lenient.Object {
			value = value.First() // <int>4</int>
		}
		switch string(n.Get("name").Text()) {
		case "faultCode":
			f.code = exact(s, value)
		case "faultString":
			f.message = bytes.TrimSpace(prose(s, value))
		}
		n = n.Next()
	}
	return len(f.message) > 0
}

// elementText is the text of an element with or without attributes.
func elementText(s *scratch, n lenient.Node) []byte {
	if n.Kind() == lenient.Object {
		n = n.Get("$text")
	}
	return bytes.TrimSpace(prose(s, n))
}

func withoutPrefix(name []byte) []byte { return name[bytes.LastIndexByte(name, ':')+1:] }

// grpcNames are the names of gRPC's status codes.
var grpcNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// grpcName returns the name of a code in digits, nil when there is none.
func (s *scratch) grpcName(number []byte) []byte {
	if code := digits(number); code > 0 && code < int64(len(grpcNames)) {
		return s.constant(grpcNames[code])
	}
	return nil
}

// headerFacts fills what the body left open from headers that carry errors: RFC 6750's challenge, the
// types of AWS and Azure, and gRPC's status. It reports whether there was something.
func (s *scratch) headerFacts() bool {
	f := &s.found
	if len(f.code) > 0 {
		return false
	}
	h := s.response.header
	code := first(awsType(s, h("x-amzn-errortype")), h("x-ms-error-code"), s.grpcName(h("grpc-status")))
	message := s.percentDecoded(h("grpc-message"))
	if challenge := h("www-authenticate"); len(code) == 0 && len(challenge) > 0 {
		code, message = parameter(challenge, "error"), parameter(challenge, "error_description")
	}
	if len(code) == 0 {
		return false
	}
	f.code = code
	if len(h("grpc-status")) > 0 && s.body.kind == bodyEmpty {
		f.format = s.constant("grpc")
	}
	if len(f.message) == 0 || phraseStatus(f.message) > 0 && len(message) > 0 {
		f.message = first(message, f.message, f.title, code)
	}
	return true
}

// percentDecoded returns a text without the percent-encoding of gRPC, and what is none as it is.
func (s *scratch) percentDecoded(text []byte) []byte {
	if bytes.IndexByte(text, '%') < 0 {
		return text
	}
	start := len(s.lists)
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) && isHex(text[i+1:i+3]) {
			c = hexDigit(text[i+1])<<4 | hexDigit(text[i+2])
			i += 2
		}
		s.lists = append(s.lists, c)
	}
	return s.lists[start:len(s.lists):len(s.lists)]
}

// hexDigit is the value of a hexadecimal digit.
func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// parameter returns a parameter of a challenge, whether its value stands in quotes, in the wrong
// quotes, or in none.
func parameter(challenge []byte, name string) []byte {
	rest := challenge
	for {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return nil
		}
		begins := i == 0 || rest[i-1] == ' ' || rest[i-1] == ','
		if rest = bytes.TrimLeft(rest[i+len(name):], " "); begins && len(rest) > 1 && rest[0] == '=' {
			return parameterValue(bytes.TrimLeft(rest[1:], " "))
		}
	}
}

func parameterValue(text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	if quote := text[0]; quote == '"' || quote == '\'' {
		return before(text[1:], quote)
	}
	if i := bytes.IndexAny(text, ","); i >= 0 {
		text = text[:i]
	}
	if i := bytes.IndexByte(text, '='); i >= 0 { // the next parameter, without a comma before it
		text = text[:bytes.LastIndexByte(text[:i], ' ')+1]
	}
	return bytes.TrimSpace(text)
}
