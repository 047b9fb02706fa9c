package otlp

import "google.golang.org/protobuf/encoding/protowire"

// kind is the type of a field.
type kind uint8

const (
	text kind = iota
	octets
	hexadecimal // bytes that OTLP's JSON writes as hexadecimal digits
	fixed64
	double
	integer
	enum
	truth
	sub
)

// wire is how the kind is encoded.
func (k kind) wire() protowire.Type {
	switch k {
	case fixed64, double:
		return protowire.Fixed64Type
	case integer, enum, truth:
		return protowire.VarintType
	}
	return protowire.BytesType
}

// field is one field of a message, with its JSON name.
type field struct {
	number   protowire.Number
	name     string
	kind     kind
	size     int // bytes of a hexadecimal id
	repeated bool
	message  *message // of a sub-message; nil = anyValue, which holds itself
}

// of returns the type of a sub-message.
func (f *field) of() *message {
	if f.message == nil {
		return anyValue
	}
	return f.message
}

// message is a type of message: the fields that we read of it.
type message struct {
	fields []field
	oneOf  bool // its fields are alternatives
}

func (m *message) field(number protowire.Number) *field {
	for i := range m.fields {
		if m.fields[i].number == number {
			return &m.fields[i]
		}
	}
	return nil
}

// The messages, from opentelemetry/proto/{logs,trace,common,resource}/v1.
var (
	keyValue = &message{fields: []field{
		{number: 1, name: "key", kind: text},
		{number: 2, name: "value", kind: sub},
	}}
	keyValues = &message{fields: []field{{number: 1, name: "values", kind: sub, repeated: true, message: keyValue}}}
	valueList = &message{fields: []field{{number: 1, name: "values", kind: sub, repeated: true}}}
	anyValue  = &message{oneOf: true, fields: []field{
		{number: 1, name: "stringValue", kind: text},
		{number: 2, name: "boolValue", kind: truth},
		{number: 3, name: "intValue", kind: integer},
		{number: 4, name: "doubleValue", kind: double},
		{number: 5, name: "arrayValue", kind: sub, message: valueList},
		{number: 6, name: "kvlistValue", kind: sub, message: keyValues},
		{number: 7, name: "bytesValue", kind: octets},
	}}

	resource = &message{fields: []field{{number: 1, name: "attributes", kind: sub, repeated: true, message: keyValue}}}

	logRecord = &message{fields: []field{
		{number: 1, name: "timeUnixNano", kind: fixed64},
		{number: 11, name: "observedTimeUnixNano", kind: fixed64},
		{number: 9, name: "traceId", kind: hexadecimal, size: 16},
		{number: 6, name: "attributes", kind: sub, repeated: true, message: keyValue},
		{number: 5, name: "body", kind: sub, message: anyValue},
	}}
	scopeLogs    = &message{fields: []field{{number: 2, name: "logRecords", kind: sub, repeated: true, message: logRecord}}}
	resourceLogs = &message{fields: []field{
		{number: 1, name: "resource", kind: sub, message: resource},
		{number: 2, name: "scopeLogs", kind: sub, repeated: true, message: scopeLogs},
	}}
	logsData = &message{fields: []field{{number: 1, name: "resourceLogs", kind: sub, repeated: true, message: resourceLogs}}}

	event = &message{fields: []field{
		{number: 2, name: "name", kind: text},
		{number: 3, name: "attributes", kind: sub, repeated: true, message: keyValue},
	}}
	status = &message{fields: []field{
		{number: 2, name: "message", kind: text},
		{number: 3, name: "code", kind: enum},
	}}
	span = &message{fields: []field{
		{number: 1, name: "traceId", kind: hexadecimal, size: 16},
		{number: 6, name: "kind", kind: enum},
		{number: 7, name: "startTimeUnixNano", kind: fixed64},
		{number: 8, name: "endTimeUnixNano", kind: fixed64},
		{number: 9, name: "attributes", kind: sub, repeated: true, message: keyValue},
		{number: 11, name: "events", kind: sub, repeated: true, message: event},
		{number: 15, name: "status", kind: sub, message: status},
	}}
	scopeSpans    = &message{fields: []field{{number: 2, name: "spans", kind: sub, repeated: true, message: span}}}
	resourceSpans = &message{fields: []field{
		{number: 1, name: "resource", kind: sub, message: resource},
		{number: 2, name: "scopeSpans", kind: sub, repeated: true, message: scopeSpans},
	}}
	tracesData = &message{fields: []field{{number: 1, name: "resourceSpans", kind: sub, repeated: true, message: resourceSpans}}}
)
