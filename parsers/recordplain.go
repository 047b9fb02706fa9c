package parsers

import (
	"bytes"
	"math"

	"github.com/errata-dev/errata/parsers/instant"
	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/ratelimit"
)

// Nearly all records are plain: JSON that needs no mending, each member once, headers that are texts, a
// body that was logged as text. Such a record is read in one pass, without a node for each value, which
// spares 6 % of an error row and 20 % of a success. Every other record is declined, and read by
// decodeOwn. The two never differ in what they read; TestPlainRecords and FuzzPlainRecords hold them to it.

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
	memberCount
)

// memberNames are the names with all that stands around them.
var memberNames = [memberCount]string{
	memberTime: `"time":`, memberStatus: `"status":`, memberError: `"error":`, memberURL: `"url":`,
	memberHost: `"host":`, memberPath: `"path":`, memberMethod: `"method":`, memberRoute: `"route":`,
	memberVendor: `"vendor":`, memberService: `"service":`, memberEnvironment: `"environment":`,
	memberCredential: `"credential":`, memberDuration: `"duration_ms":`, memberAttempt: `"attempt":`,
	memberIdempotencyKey: `"idempotency_key":`, memberRequestID: `"request_id":`, memberTraceID: `"trace_id":`,
	memberRequestHeaders: `"request_headers":`, memberResponseHeaders: `"response_headers":`,
	memberBody: `"response_body":`, memberBase64: `"response_body_base64":`, memberTruncated: `"response_body_truncated":`,
}

// maxPlain bounds the members of a plain record, and those of its headers.
const maxPlain = 64

// memberOrder is which member stood at each place of the last plain record. A logger writes all records
// alike: one comparison tells that the expected name is there, which costs half of looking it up.
type memberOrder [maxPlain]member

// plainRecord is a plain record that is being read.
type plainRecord struct {
	src  []byte
	pos  int
	seen uint32 // bit i is set when member i was read
}

// decodePlain reads a plain record of errata's own format, or declines.
func (s *scratch) decodePlain(value []byte) bool {
	if len(value) == 0 || value[0] != '{' {
		return false
	}
	p := plainRecord{src: value, pos: 1}
	for i := range s.order {
		m, ok := p.name(s.order[i])
		if !ok || m != memberOther && p.seen>>m&1 == 1 || !s.plainMember(&p, m) {
			break
		}
		p.seen |= 1 << m
		s.order[i] = m
		switch p.next() {
		case ',':
			continue
		case '}':
			if s.plainWhole(&p) {
				s.response.settle()
				return true
			}
		}
		break
	}
	s.response.reset()
	return false
}

// plainWhole checks what a record cannot do without.
func (s *scratch) plainWhole(p *plainRecord) bool {
	const needed = 1<<memberTime | 1<<memberMethod
	res := &s.response
	return p.seen&needed == needed && (res.status > 0 || len(res.failure) > 0)
}

// name reads a name and its colon. The name that is expected is tried first.
func (p *plainRecord) name(expected member) (member, bool) {
	p.blanks()
	want := memberNames[expected]
	if rest := p.src[p.pos:]; len(want) > 0 && len(rest) > len(want) && string(rest[:len(want)]) == want {
		p.pos += len(want)
		p.blanks()
		return expected, true
	}
	start := p.pos
	if !p.anyName() {
		return memberOther, false
	}
	name := p.src[start:p.pos]
	p.blanks()
	for m, want := range memberNames {
		if string(name) == want && m > 0 {
			return member(m), true
		}
	}
	return memberOther, true
}

// anyName passes a name and its colon, if there is nothing odd about them.
func (p *plainRecord) anyName() bool {
	kind, end, odd := lenient.Scan(p.src, p.pos)
	if kind != lenient.String || odd || end == len(p.src) || p.src[end] != ':' {
		return false
	}
	p.pos = end + 1
	return true
}

// next passes blanks and the comma or bracket behind a value, and returns that.
func (p *plainRecord) next() byte {
	p.blanks()
	if p.pos == len(p.src) {
		return 0
	}
	p.pos++
	return p.src[p.pos-1]
}

func (p *plainRecord) blanks() {
	for p.pos < len(p.src) && p.src[p.pos] <= ' ' {
		p.pos++
	}
}

// plainMember reads the value of a member into the response, or declines.
func (s *scratch) plainMember(p *plainRecord, m member) bool {
	res := &s.response
	switch m {
	case memberBody:
		p.pos = s.record.ParseScalar(p.src, p.pos)
		res.bodyNode = s.record.Root()
		return p.pos > 0
	case memberRequestHeaders:
		return s.plainHeaders(p, &res.request, nil)
	case memberResponseHeaders:
		return s.plainHeaders(p, &res.answer, &res.answerFields)
	}
	text, kind := s.plainText(p)
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
func (s *scratch) plainText(p *plainRecord) ([]byte, lenient.Kind) {
	kind, end, odd := lenient.Scan(p.src, p.pos)
	text := p.src[p.pos:end:end]
	p.pos = end
	switch kind {
	case lenient.Null:
		return nil, kind
	case lenient.String:
		text = text[1 : len(text)-1 : len(text)-1]
	}
	if odd {
		start := len(s.lists)
		s.lists = lenient.AppendText(s.lists, text)
		text = s.lists[start:len(s.lists):len(s.lists)]
	}
	return text, kind
}

// plainHeaders reads a header object whose values are texts, or short lists of texts; fields, unless nil, keeps them all.
func (s *scratch) plainHeaders(p *plainRecord, h *headers, fields *[]ratelimit.Field) bool {
	if p.pos < len(p.src) && p.src[p.pos] == 'n' {
		_, kind := s.plainText(p)
		return kind == lenient.Null
	}
	if p.next() != '{' {
		return false
	}
	if p.blanks(); p.pos < len(p.src) && p.src[p.pos] == '}' {
		p.pos++
		return true
	}
	var buf [longestHeader]byte
	for range maxPlain {
		p.blanks()
		start := p.pos
		if !p.anyName() {
			return false
		}
		key := p.src[start+1 : p.pos-2]
		p.blanks()
		one, all, ok := s.plainValue(p)
		if !ok {
			return false
		}
		if name := h.fold(&buf, key); len(name) > 0 {
			if all = trim(all); len(all) > 0 {
				h.note(name, all, key)
			}
		}
		if fields != nil {
			*fields = append(*fields, ratelimit.Field{Name: key, Value: one})
		}
		switch p.next() {
		case ',':
			continue
		case '}':
			return true
		}
		return false
	}
	return false
}

// plainValue reads the value of a header: the first text of a list, and all of them as HTTP joins them.
func (s *scratch) plainValue(p *plainRecord) (one, all []byte, ok bool) {
	if p.pos < len(p.src) && p.src[p.pos] == '[' {
		return s.plainList(p)
	}
	text, kind := s.plainText(p)
	return text, text, kind != lenient.Absent
}

func (s *scratch) plainList(p *plainRecord) (one, all []byte, ok bool) {
	var texts [4][]byte
	p.pos++
	for i := range texts {
		p.blanks()
		text, kind := s.plainText(p)
		if kind == lenient.Absent {
			return nil, nil, false
		}
		texts[i] = text
		switch p.next() {
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
