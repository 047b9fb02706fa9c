package parsers

import (
	"bytes"
	"math"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/ratelimit"
)

// response is a decoded record, whatever its format was. Texts are borrowed and not yet redacted.
type response struct {
	timeMS     int64
	status     int    // 0 = no response
	failure    []byte // what went wrong when there was no response
	durationMS float32
	attempt    uint16

	target                                   target
	steadyPath                               []byte // the path, of a record whose caller may be known
	method, url, host, path, route           []byte
	vendor, service, environment, credential []byte
	idempotencyKey, requestID, traceID       []byte

	request, answer headers
	answerNode      lenient.Node      // the response headers, for names that only one vendor uses
	answerFields    []ratelimit.Field // the same of a plain record
	bodyNode        lenient.Node      // text, or inline JSON
	bodyBase64      []byte
	bodyTruncated   bool // the logger says that it cut the body
}

func (res *response) reset() {
	request, answer, fields := res.request.limits[:0], res.answer.limits[:0], res.answerFields[:0]
	*res = response{}
	res.request.limits, res.answer.limits, res.answerFields = request, answer, fields
}

// members are the members of errata's own record format; the first of duplicates wins.
type members struct {
	time, status, failure, url, host, path, method, route       lenient.Node
	vendor, service, environment, credential, duration, attempt lenient.Node
	idempotencyKey, requestID, traceID                          lenient.Node
	requestHeaders, responseHeaders, body, base64, truncated    lenient.Node
}

// slot returns the member of that name, nil for one that errata does not know.
func (m *members) slot(name []byte) *lenient.Node {
	switch string(name) {
	case "time":
		return &m.time
	case "status":
		return &m.status
	case "error":
		return &m.failure
	case "url":
		return &m.url
	case "host":
		return &m.host
	case "path":
		return &m.path
	case "method":
		return &m.method
	case "route":
		return &m.route
	case "duration_ms":
		return &m.duration
	case "attempt":
		return &m.attempt
	case "request_headers":
		return &m.requestHeaders
	case "response_headers":
		return &m.responseHeaders
	case "response_body":
		return &m.body
	case "response_body_base64":
		return &m.base64
	case "response_body_truncated":
		return &m.truncated
	}
	return m.nameSlot(name)
}

// nameSlot is slot for the members that name somebody or something.
func (m *members) nameSlot(name []byte) *lenient.Node {
	switch string(name) {
	case "vendor":
		return &m.vendor
	case "service":
		return &m.service
	case "environment":
		return &m.environment
	case "credential":
		return &m.credential
	case "idempotency_key":
		return &m.idempotencyKey
	case "request_id":
		return &m.requestID
	case "trace_id":
		return &m.traceID
	}
	return nil
}

// decode reads a record: one of errata's own, unless its format was stated or shows in its members.
func (s *scratch) decode(value []byte, format Format) Reason {
	if format > FormatErrata {
		return s.decodeOther(value, format)
	}
	if s.decodePlain(value) {
		return ReasonNone
	}
	reason, sure := s.decodeOwn(value)
	if sure || format == FormatErrata {
		return reason
	}
	return s.decodeUnsure(value, reason)
}

// decodeOwn reads a record of errata's own format. A record that was cut keeps what stands before the
// cut; when its time or status is not among that, it could not be decoded. One without the member
// "method" may also be of another format: it is not sure.
func (s *scratch) decodeOwn(value []byte) (reason Reason, sure bool) {
	if s.record.Parse(value) != nil || s.record.Root().Kind() != lenient.Object {
		return ReasonNotJSON, false
	}
	var m members
	for n := s.record.Root().First(); n.Kind() != lenient.Absent; n = n.Next() {
		slot := m.slot(n.Key())
		if slot == nil || slot.Kind() != lenient.Absent || n.Cut() && slot != &m.body && slot != &m.base64 {
			continue // half a host or id would be another one
		}
		*slot = n
	}
	reason = s.response.require(&m)
	if reason != ReasonNone && s.record.Truncated() {
		return ReasonNotJSON, false
	}
	if reason == ReasonNone {
		s.optional(&m)
	}
	return reason, reason == ReasonNone && m.method.Kind() != lenient.Absent
}

// require reads what a record cannot do without.
func (res *response) require(m *members) Reason {
	var ok bool
	if res.timeMS, ok = recordTime(m.time); !ok {
		return ReasonNoTime
	}
	res.failure = bytes.TrimSpace(m.failure.Text())
	if res.status, ok = recordStatus(m.status); !ok || res.status == 0 && len(res.failure) == 0 {
		return ReasonBadStatus
	}
	return ReasonNone
}

func (s *scratch) optional(m *members) {
	res := &s.response
	res.durationMS, res.attempt = duration(m.duration), attempt(m.attempt)
	res.method, res.url, res.host, res.path = m.method.Text(), m.url.Text(), m.host.Text(), m.path.Text()
	res.route, res.vendor = m.route.Text(), m.vendor.Text()
	res.service, res.environment, res.credential = m.service.Text(), m.environment.Text(), m.credential.Text()
	s.lists = res.request.read(m.requestHeaders, s.lists)
	s.lists = res.answer.read(m.responseHeaders, s.lists)
	res.answerNode = m.responseHeaders
	res.idempotencyKey, res.requestID, res.traceID = m.idempotencyKey.Text(), m.requestID.Text(), m.traceID.Text()
	res.bodyNode, res.bodyBase64 = m.body, m.base64.Text()
	res.bodyTruncated = string(m.truncated.Text()) == "true" || m.body.Cut() || m.base64.Cut()
	res.target = res.readTarget()
	res.settle()
}

// settle completes what members state by what headers do.
func (res *response) settle() {
	set(&res.idempotencyKey, res.request.idempotencyKey)
	if len(res.requestID) == 0 { // it is asked of every record
		res.requestID = first(res.request.requestID, res.request.otherID, res.answer.requestID, res.answer.otherID)
	}
	res.traceID = traceID(res.traceID)
	set(&res.traceID, res.request.traceID)
}

// recordStatus accepts 100 to 599, and 0 or nothing for a call that got no response. A number in a
// string, as access logs write it, means the same.
func recordStatus(n lenient.Node) (int, bool) {
	switch n.Kind() {
	case lenient.Absent, lenient.Null:
		return 0, true
	case lenient.Number, lenient.String:
		status, ok := n.Int()
		if !ok || status != 0 && (status < 100 || status > 599) {
			return 0, false
		}
		return int(status), true
	}
	return 0, false
}

// maxDurationMS is a month. A number that takes longer is that of something else.
const maxDurationMS = 31 * 24 * 3600 * 1000

// duration returns milliseconds, 0 for what is absent or absurd.
func duration(n lenient.Node) float32 {
	ms, _ := n.Float()
	return milliseconds(ms)
}

func milliseconds(ms float64) float32 {
	if !(ms > 0) || ms > maxDurationMS {
		return 0
	}
	return float32(ms)
}

// attempt returns the number of the attempt, counted from 1; 0 = not stated.
func attempt(n lenient.Node) uint16 {
	i, _ := n.Int()
	return uint16(min(max(i, 0), math.MaxUint16))
}

// first returns the first text that is not empty.
func first(texts ...[]byte) []byte {
	for _, text := range texts {
		if len(text) > 0 {
			return text
		}
	}
	return nil
}
