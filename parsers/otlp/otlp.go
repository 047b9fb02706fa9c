// Package otlp turns the protobuf form of OTLP logs and traces into their JSON form, so that one reader
// serves both.
//
// It knows those fields only that say something about an HTTP call, and leaves out the others. It checks
// that a message is built as the schema says, and refuses it otherwise; it judges no contents, repairs
// nothing, and passes broken UTF-8 on as it is. It never panics; time and memory are linear in the input.
package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	maxDepth  = 24       // messages within messages; a value nested deeper is left out
	maxOutput = 16 << 20 // bytes of JSON; only control characters make it much longer than the message
)

// AppendJSON appends the JSON form of a LogsData or TracesData message (the export requests have the
// same bytes) to dst. It reports false, with dst as it was, for what is neither, or would grow too long.
func AppendJSON(dst, data []byte) ([]byte, bool) {
	for _, root := range [...]*message{logsData, tracesData} {
		if fits(root, data, 0) {
			out := appendMessage(dst, root, data, 0)
			if len(out) > maxOutput {
				return dst, false
			}
			return out, true
		}
	}
	return dst, false
}

// fits reports whether data is built as a message of that type: every known field has its wire type,
// and the last one ends where data ends. An empty message says nothing and fits nothing at the root.
func fits(m *message, data []byte, depth int) bool {
	if depth == 0 && len(data) == 0 {
		return false
	}
	for len(data) > 0 {
		number, wire, n := protowire.ConsumeTag(data)
		if n < 0 {
			return false
		}
		value, size := consume(wire, number, data[n:])
		if size < 0 {
			return false
		}
		data = data[n+size:]
		f := m.field(number)
		switch {
		case f == nil && depth == 0: // the root has one field
			return false
		case f == nil:
		case wire != f.kind.wire():
			return false
		case f.kind == hexadecimal && len(value) != f.size && len(value) != 0:
			return false
		case f.kind == sub && depth < maxDepth && !fits(f.of(), value, depth+1):
			return false
		}
	}
	return true
}

// consume returns the bytes of one value and how many it takes with its length; negative when it is cut.
func consume(wire protowire.Type, number protowire.Number, data []byte) ([]byte, int) {
	if wire == protowire.BytesType {
		return protowire.ConsumeBytes(data)
	}
	n := protowire.ConsumeFieldValue(number, wire, data)
	if n < 0 {
		return nil, n
	}
	return data[:n], n
}

// appendMessage appends a message that fits as a JSON object.
func appendMessage(dst []byte, m *message, data []byte, depth int) []byte {
	dst = append(dst, '{')
	some := false
	for i := range m.fields {
		f := &m.fields[i]
		keep, written := len(dst), false
		if some {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), f.name...), '"', ':')
		if f.repeated {
			dst, written = appendList(dst, f, data, depth)
		} else if value := last(m, f, data); value != nil {
			dst, written = appendValue(dst, f, value, depth), true
		}
		if !written {
			dst = dst[:keep]
		}
		some = some || written
		if len(dst) > maxOutput {
			break // refused by the caller
		}
	}
	return append(dst, '}')
}

// appendList appends all values of a repeated field, and reports whether there were any.
func appendList(dst []byte, f *field, data []byte, depth int) ([]byte, bool) {
	some := false
	dst = append(dst, '[')
	for len(data) > 0 && len(dst) <= maxOutput {
		var value []byte
		var number protowire.Number
		if number, value, data = next(data); number == f.number {
			if some {
				dst = append(dst, ',')
			}
			some = true
			dst = appendValue(dst, f, value, depth)
		}
	}
	return append(dst, ']'), some
}

// last returns the value of a field that occurs once: the last one wins, also over its alternatives.
func last(m *message, f *field, data []byte) (found []byte) {
	for len(data) > 0 {
		number, value, rest := next(data)
		data = rest
		if number == f.number {
			found = value
		} else if m.oneOf && m.field(number) != nil {
			found = nil
		}
	}
	return found
}

// next takes the first field off data, which fits. A value is never nil.
func next(data []byte) (protowire.Number, []byte, []byte) {
	number, wire, n := protowire.ConsumeTag(data)
	value, size := consume(wire, number, data[n:])
	if value == nil {
		value = []byte{}
	}
	return number, value, data[n+size:]
}

func appendValue(dst []byte, f *field, value []byte, depth int) []byte {
	switch f.kind {
	case sub:
		if depth == maxDepth {
			return append(dst, '{', '}')
		}
		return appendMessage(dst, f.of(), value, depth+1)
	case text:
		return appendText(dst, value)
	case hexadecimal:
		return append(hex.AppendEncode(append(dst, '"'), value), '"')
	case octets:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), value), '"')
	case fixed64:
		dst = strconv.AppendUint(append(dst, '"'), binary.LittleEndian.Uint64(value), 10)
		return append(dst, '"')
	case double:
		return appendDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(value)))
	}
	n, _ := protowire.ConsumeVarint(value)
	switch f.kind {
	case truth:
		return strconv.AppendBool(dst, n != 0)
	case enum:
		return strconv.AppendInt(dst, int64(int32(n)), 10)
	}
	return append(strconv.AppendInt(append(dst, '"'), int64(n), 10), '"')
}

// appendDouble appends a number; JSON has no infinities, so protobuf writes them as texts.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// appendText appends a JSON string.
func appendText(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
