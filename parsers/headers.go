package parsers

import (
	"bytes"
	"encoding/binary"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/ratelimit"
)

// headers are the facts of one header object, collected in one pass. Nothing else of it is kept:
// request headers carry credentials.
type headers struct {
	contentType, contentEncoding []byte
	retryAfter, date             []byte
	retryAfterMS, otherWait      []byte // the wait in milliseconds; under a name that is no standard's
	idempotencyKey               []byte
	requestID, otherID, traceID  []byte            // otherID: a request id under a less common name
	limits                       []ratelimit.Field // fields that speak of quotas
	lengths                      uint64            // bit n%64 is set when a field has a name of n bytes
}

// maxLimits bounds the quota fields looked at; real responses have three to eight.
const maxLimits = 24

// read collects the facts. Values that came as lists are joined into lists, which it returns.
func (h *headers) read(object lenient.Node, lists []byte) []byte {
	if object.Kind() != lenient.Object {
		return lists
	}
	var folded [longestHeader]byte
	for n := object.First(); n.Kind() != lenient.Absent; n = n.Next() {
		h.lengths |= lengthOf(n.Key())
		name := wantedName(&folded, n.Key())
		if len(name) == 0 {
			continue
		}
		var value []byte
		value, lists = headerValue(n, lists)
		if value = trim(value); len(value) > 0 {
			h.note(factOf(name), value, n.Key())
		}
	}
	return lists
}

// longestHeader is the longest name of a field that matters.
const longestHeader = 48

// wantedName returns the name in lower case if the field may matter, else nil.
func wantedName(buf *[longestHeader]byte, key []byte) []byte {
	name := trim(key)
	if len(name) > len(buf) {
		return nil
	}
	if name = appendLower(buf[:0], name); !wanted(name) {
		return nil
	}
	return name
}

// lengthOf is the bit of headers.lengths for a field of that name.
func lengthOf(key []byte) uint64 { return 1 << (len(trim(key)) % 64) }

// wanted tells the few fields that matter from the many that do not, by their first letter.
func wanted(name []byte) bool {
	if len(name) < 2 {
		return false
	}
	switch name[0] {
	case 'b', 'c', 'd', 'i', 'q', 'r', 't', 'u', 'x':
		return true
	}
	return bytes.Contains(name, []byte("limit"))
}

// fact is what a header field may say.
type fact uint8

const (
	factNone fact = iota
	factContentType
	factContentEncoding
	factRetryAfter
	factRetryAfterMS
	factOtherWait
	factDate
	factIdempotencyKey
	factRequestID
	factOtherID
	factTraceID
	factLimit
)

// factOf returns what a field of that name, in lower case, may say.
func factOf(folded []byte) fact {
	switch string(folded) {
	case "content-type":
		return factContentType
	case "content-encoding":
		return factContentEncoding
	case "retry-after":
		return factRetryAfter
	case "retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms", "x-amz-retry-after", "x-rate-limit-retry-after-milliseconds":
		return factRetryAfterMS
	case "x-retry-after", "retry-in", "x-retry-in", "x-ratelimit-retry-after", "ratelimit-retry-after", "x-rate-limit-retry-after",
		"x-rate-limit-retry-after-seconds", "x-ratelimit-retry-after-seconds", "retry-after-seconds":
		return factOtherWait
	case "date":
		return factDate
	case "idempotency-key", "x-idempotency-key":
		return factIdempotencyKey
	case "x-request-id":
		return factRequestID
	case "request-id", "x-correlation-id", "correlation-id", "x-amzn-requestid", "x-amz-request-id", "x-ms-request-id":
		return factOtherID
	case "traceparent", "x-b3-traceid", "b3", "uber-trace-id":
		return factTraceID
	}
	if ratelimit.Mentions(folded) {
		return factLimit
	}
	return factNone
}

// note keeps one field.
func (h *headers) note(f fact, value, name []byte) {
	switch f {
	case factNone:
	case factContentType:
		set(&h.contentType, value)
	case factContentEncoding:
		set(&h.contentEncoding, value)
	case factRetryAfter:
		set(&h.retryAfter, value)
	case factRetryAfterMS:
		set(&h.retryAfterMS, value)
	case factOtherWait:
		set(&h.otherWait, value)
	case factDate:
		set(&h.date, value)
	case factIdempotencyKey:
		set(&h.idempotencyKey, value)
	case factRequestID:
		set(&h.requestID, value)
	case factOtherID:
		set(&h.otherID, value)
	case factTraceID:
		set(&h.traceID, traceID(value))
	case factLimit:
		if len(h.limits) < maxLimits {
			h.limits = append(h.limits, ratelimit.Field{Name: name, Value: value})
		}
	}
}

// limit returns the value of a quota field, nil if there is none of that name in any case.
func (h *headers) limit(name string) []byte {
	for i := range h.limits {
		if equalFold(h.limits[i].Name, name) {
			return h.limits[i].Value
		}
	}
	return nil
}

// headerValue returns the text of a field; the values of a list are joined as HTTP joins them.
func headerValue(n lenient.Node, lists []byte) (value, grown []byte) {
	if n.Kind() != lenient.Array {
		return n.Text(), lists
	}
	if n.Len() == 1 {
		return n.First().Text(), lists
	}
	start := len(lists)
	for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
		if len(lists) > start {
			lists = append(lists, ", "...)
		}
		lists = append(lists, m.Text()...)
	}
	return lists[start:len(lists):len(lists)], lists
}

// header returns the value of a response header that read does not collect, nil for none. Definitions ask for
// several that are rarely there: most are answered by the lengths of those that are.
func (res *response) header(name string) []byte {
	if res.answer.lengths>>(len(name)%64)&1 == 0 {
		return nil
	}
	for i := range res.answerFields {
		if f := &res.answerFields[i]; equalFold(trim(f.Name), name) {
			return trim(f.Value)
		}
	}
	for n := res.answerNode.First(); n.Kind() != lenient.Absent; n = n.Next() {
		if equalFold(trim(n.Key()), name) {
			value := n
			if n.Kind() == lenient.Array {
				value = n.First()
			}
			return trim(value.Text())
		}
	}
	return nil
}

// traceID returns the id within a W3C traceparent, a B3 or Jaeger header, or the text itself.
func traceID(value []byte) []byte {
	value = trim(value)
	if len(value) == 32 && isHex(value) {
		// the id itself, as most loggers write it
	} else if len(value) == 55 && value[2] == '-' && value[35] == '-' {
		value = value[3:35]
	} else if cut := bytes.IndexAny(value, "-:"); cut == 16 || cut == 32 {
		if isHex(value[:cut]) {
			value = value[:cut]
		}
	}
	for _, c := range value {
		if c != '0' {
			return value
		}
	}
	return nil // all zeros: invalid by definition
}

// set gives the fact its value unless it has one: the first of duplicates wins.
func set(fact *[]byte, value []byte) {
	if len(*fact) == 0 {
		*fact = value
	}
}

func isHex(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	const spaces, highBits = 0x2020202020202020, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		if bytesIn(w, '0', '9')|bytesIn(w|spaces, 'a', 'f') != highBits {
			return false
		}
	}
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func appendLower(dst, src []byte) []byte {
	start := len(dst)
	dst = append(dst, src...)
	b := dst[start:]
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, lowerWord(binary.LittleEndian.Uint64(b)))
	}
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return dst
}

// lowerWord is lowerByte for eight bytes.
func lowerWord(w uint64) uint64 {
	return w | bytesIn(w, 'A', 'Z')>>2
}

// bytesIn sets the high bit of each byte of w that is from low to high; both are ASCII.
func bytesIn(w, low, high uint64) uint64 {
	const each, lowBits, highBits = 0x0101010101010101, 0x7F7F7F7F7F7F7F7F, 0x8080808080808080
	seven := w & lowBits
	return (seven + each*(0x80-low)) &^ (seven + each*(0x7F-high)) &^ w & highBits
}

func lowerByte(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// equalFold compares without regard to ASCII case.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c != s[i] && lowerByte(c) != lowerByte(s[i]) {
			return false
		}
	}
	return true
}
