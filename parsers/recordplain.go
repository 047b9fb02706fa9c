package parsers

import (
	"bytes"
	"math"

	"github.com/errata-dev/errata/parsers/instant"
	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/ratelimit"
)

// Nearly all records are plain: JSON that needs no mending, each member once, headers that are texts, a
// body that was logged as text. Such a record is read in one pass, without a node for each value, member
// by member as its layout foretells (layout.go). Every other record is declined, and read by decodeOwn.
// The two never differ in what they read; TestPlainRecords and FuzzPlainRecords hold them to it.

// member is a member of errata's own format.
type member uint8

const (
	memberOther member = iota // none of those below
	memberTime
	memberStatus
	memberError
	memberURL
	memberHost
	memberPath
	memberMethod
	memberRoute
	memberVendor
	memberService
	memberEnvironment
	memberCredential
	memberDuration
	memberAttempt
	memberIdempotencyKey
	memberRequestID
	memberTraceID
	memberRequestHeaders
	memberResponseHeaders
	memberBody
	memberBase64
	memberTruncated
	memberEnd // of the record
)

var memberNames = [memberEnd]string{
	memberTime: "time", memberStatus: "status", memberError: "error", memberURL: "url", memberHost: "host", memberPath: "path",
	memberMethod: "method", memberRoute: "route", memberVendor: "vendor", memberService: "service", memberEnvironment: "environment",
	memberCredential: "credential", memberDuration: "duration_ms", memberAttempt: "attempt",
	memberIdempotencyKey: "idempotency_key", memberRequestID: "request_id", memberTraceID: "trace_id",
	memberRequestHeaders: "request_headers", memberResponseHeaders: "response_headers",
	memberBody: "response_body", memberBase64: "response_body_base64", memberTruncated: "response_body_truncated",
}

// memberNamed returns the member of that name.
func memberNamed(name []byte) member {
	for m, known := range memberNames {
		if m > 0 && string(name) == known {
			return member(m)
		}
	}
	return memberOther
}

// maxPlain bounds the members of a plain record, and those of its headers.
const maxPlain = 64

// plainRecord is a plain record that is being read.
type plainRecord struct {
	src  []byte
	pos  int
	seen uint32 // bit i is set when member i was read

	trail trail
	id    int  // the length of the id behind the last run, if there is one
	usual bool // nothing about that is to be redacted
}

// decodePlain reads a plain record of errata's own format, or declines.
func (s *scratch) decodePlain(value []byte) bool {
	if s.plainMembers(value) {
		return true
	}
	s.response.reset()
	s.body = body{}
	return false
}

func (s *scratch) plainMembers(value []byte) bool {
	if len(value) == 0 || value[0] != '{' {
		return false
	}
	p := plainRecord{src: value}
	s.layouts.runs.spent = max(s.layouts.runs.spent-creditOfRecord, 0)
	at := &s.layouts.starts[levelRecord]
	at, p.pos = s.layouts.next(levelRecord, at, value, p.pos)
	for range maxPlain {
		if at == nil {
			return false
		}
		m := at.member
		if m == memberEnd {
			return s.plainWhole(&p) && s.follow(&p)
		}
		if m != memberOther && p.seen>>m&1 == 1 {
			return false
		}
		p.seen |= 1 << m
		if steadyMembers>>m&1 == 1 {
			if next := s.steady(&p, at); next != nil {
				at = next
				continue
			}
		}
		if !s.plainMember(&p, m, at.opener) {
			return false
		}
		at, p.pos = s.layouts.next(levelRecord, at, value, p.pos)
	}
	return false
}

// plainWhole checks what a record cannot do without.
func (s *scratch) plainWhole(p *plainRecord) bool {
	const needed = 1<<memberTime | 1<<memberMethod
	res := &s.response
	return p.seen&needed == needed && (res.status > 0 || len(res.failure) > 0)
}

// plainMember reads the value of a member into the response, or declines.
func (s *scratch) plainMember(p *plainRecord, m member, o opener) bool {
	res := &s.response
	switch {
	case o == openListed:
		return false
	case m == memberBody:
		return s.plainBody(p, o)
	case m == memberRequestHeaders:
		return s.plainHeaders(p, levelRequest, &res.request, o)
	case m == memberResponseHeaders:
		return s.plainHeaders(p, levelAnswer, &res.answer, o)
	}
	text, kind := s.plainText(p, o)
	if kind == lenient.Null {
		return m != memberTime
	}
	ok := kind != lenient.Absent
	switch m {
	case memberOther:
		return ok
	case memberTime:
		if kind == lenient.Number {
			res.timeMS, ok = numericTime(text)
		} else {
			res.timeMS, ok = instant.RFC3339(text)
		}
		return ok && usable(res.timeMS)
	case memberStatus:
		res.status = int(digits(text))
		return kind == lenient.Number && (len(text) == 3 && res.status >= 100 && res.status <= 599 || string(text) == "0")
	case memberDuration:
		ms, _ := lenient.ParseFloat(text)
		res.durationMS = milliseconds(ms)
		return kind == lenient.Number
	case memberAttempt:
		n, _ := lenient.ParseInt(text)
		res.attempt = uint16(min(max(n, 0), math.MaxUint16))
		return kind == lenient.Number
	case memberError:
		res.failure = bytes.TrimSpace(text)
	case memberTruncated:
		res.bodyTruncated = string(text) == "true"
	default:
		*res.named(m) = text
	}
	return ok
}

// plainBody reads the body of an error at once, when its shape is known; any other is left for later.
func (s *scratch) plainBody(p *plainRecord, o opener) bool {
	if o == openQuoted {
		if s.response.status >= 400 {
			if end := s.knownBody(p.src, p.pos); end > 0 {
				p.pos = end
				return true
			}
		}
		p.pos--
	}
	p.pos = s.record.ParseScalar(p.src, p.pos)
	s.response.bodyNode = s.record.Root()
	return p.pos > 0
}

// named returns where the text of a member belongs.
func (res *response) named(m member) *[]byte {
	switch m {
	case memberURL:
		return &res.url
	case memberHost:
		return &res.host
	case memberPath:
		return &res.path
	case memberMethod:
		return &res.method
	case memberRoute:
		return &res.route
	case memberVendor:
		return &res.vendor
	case memberService:
		return &res.service
	case memberEnvironment:
		return &res.environment
	case memberCredential:
		return &res.credential
	case memberIdempotencyKey:
		return &res.idempotencyKey
	case memberRequestID:
		return &res.requestID
	case memberTraceID:
		return &res.traceID
	}
	return &res.bodyBase64
}

// plainText reads a value that is no container, as Node.Text would give it.
func (s *scratch) plainText(p *plainRecord, o opener) ([]byte, lenient.Kind) {
	if o == openQuoted {
		return s.plainString(p)
	}
	if byteAt(p.src, p.pos) == '"' {
		p.pos++
		return s.plainString(p)
	}
	kind, end, _ := lenient.Scan(p.src, p.pos)
	text := p.src[p.pos:end:end]
	p.pos = end
	if kind == lenient.Null {
		return nil, kind
	}
	return text, kind
}

// plainString reads a string from behind its quote.
func (s *scratch) plainString(p *plainRecord) ([]byte, lenient.Kind) {
	end, odd := lenient.ScanString(p.src, p.pos)
	if end < 0 {
		return nil, lenient.Absent
	}
	text := p.src[p.pos:end:end]
	p.pos = end + 1
	if odd {
		start := len(s.lists)
		s.lists = lenient.AppendText(s.lists, text)
		text = s.lists[start:len(s.lists):len(s.lists)]
	}
	return text, lenient.String
}

// plainHeaders reads a header object whose values are texts, or short lists of texts. Those of the answer
// are kept, for definitions that ask for more of them.
func (s *scratch) plainHeaders(p *plainRecord, on level, h *headers, o opener) bool {
	if o != openPlain {
		return false
	}
	if byteAt(p.src, p.pos) == 'n' {
		_, kind := s.plainText(p, o)
		return kind == lenient.Null
	}
	at := &s.layouts.starts[on]
	for range maxPlain {
		start := p.pos
		if at, p.pos = s.layouts.next(on, at, p.src, p.pos); at == nil || at.member == memberEnd {
			return at != nil
		}
		key := p.src[start+int(at.from) : start+int(at.to)]
		one, all, ok := s.plainValue(p, at.opener)
		if !ok {
			return false
		}
		h.lengths |= at.lengths
		if all = trim(all); at.fact != factNone && len(all) > 0 {
			h.note(at.fact, all, key)
		}
		if on == levelAnswer {
			s.response.answerFields = append(s.response.answerFields, ratelimit.Field{Name: key, Value: one})
		}
	}
	return false
}

// plainValue reads the value of a header: the first text of a list, and all of them as HTTP joins them.
func (s *scratch) plainValue(p *plainRecord, o opener) (one, all []byte, ok bool) {
	if o == openListed {
		p.pos--
		return s.plainList(p)
	}
	if byteAt(p.src, p.pos) == '[' {
		p.pos++
		return s.plainList(p)
	}
	text, kind := s.plainText(p, o)
	return text, text, kind != lenient.Absent
}

// plainList reads a list from behind its bracket.
func (s *scratch) plainList(p *plainRecord) (one, all []byte, ok bool) {
	var texts [4][]byte
	for i := range texts {
		p.pos = blanks(p.src, p.pos)
		text, kind := s.plainText(p, openPlain)
		if kind == lenient.Absent {
			return nil, nil, false
		}
		texts[i] = text
		p.pos = blanks(p.src, p.pos) + 1
		switch byteAt(p.src, p.pos-1) {
		case ',':
			continue
		case ']':
			return texts[0], s.joined(texts[:i+1]), true
		}
		break
	}
	return nil, nil, false
}

// joined returns the values of one header as one text.
func (s *scratch) joined(texts [][]byte) []byte {
	if len(texts) == 1 {
		return texts[0]
	}
	start := len(s.lists)
	for _, text := range texts {
		if len(s.lists) > start {
			s.lists = append(s.lists, ", "...)
		}
		s.lists = append(s.lists, text...)
	}
	return s.lists[start:len(s.lists):len(s.lists)]
}
