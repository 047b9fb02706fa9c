package otlp

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resources "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// values draws attribute values, nested ones too.
func values(depth int) *rapid.Generator[*common.AnyValue] {
	return rapid.Custom(func(t *rapid.T) *common.AnyValue {
		kinds := 6
		if depth == 0 {
			kinds = 4
		}
		switch rapid.IntRange(0, kinds).Draw(t, "kind") {
		case 0:
			return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: rapid.String().Draw(t, "string")}}
		case 1:
			return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: rapid.Bool().Draw(t, "bool")}}
		case 2:
			return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: rapid.Int64().Draw(t, "int")}}
		case 3:
			return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: rapid.Float64().Draw(t, "double")}}
		case 4:
			return &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")}}
		case 5:
			list := rapid.SliceOfN(values(depth-1), 0, 3).Draw(t, "list")
			return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: list}}}
		}
		list := attributes(depth-1).Draw(t, "attributes")
		return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: list}}}
	})
}

func attributes(depth int) *rapid.Generator[[]*common.KeyValue] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *common.KeyValue {
		return &common.KeyValue{Key: rapid.String().Draw(t, "key"), Value: values(depth).Draw(t, "value")}
	}), 0, 3)
}

func resource1(t *rapid.T) *resources.Resource {
	return &resources.Resource{Attributes: attributes(1).Draw(t, "resource")}
}

var ids = rapid.Custom(func(t *rapid.T) []byte {
	if rapid.Bool().Draw(t, "none") {
		return nil
	}
	return rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")
})

func drawLogs(t *rapid.T) *logs.LogsData {
	record := rapid.Custom(func(t *rapid.T) *logs.LogRecord {
		return &logs.LogRecord{
			TimeUnixNano: rapid.Uint64Range(1, 1<<63).Draw(t, "time"), ObservedTimeUnixNano: rapid.Uint64().Draw(t, "observed"),
			TraceId: ids.Draw(t, "trace"), Attributes: attributes(3).Draw(t, "attributes"), Body: values(3).Draw(t, "body"),
		}
	})
	data := &logs.LogsData{}
	for range rapid.IntRange(1, 3).Draw(t, "resources") {
		data.ResourceLogs = append(data.ResourceLogs, &logs.ResourceLogs{
			Resource: resource1(t), ScopeLogs: []*logs.ScopeLogs{{LogRecords: rapid.SliceOfN(record, 0, 3).Draw(t, "records")}, {}},
		})
	}
	return data
}

func drawSpans(t *rapid.T) *trace.TracesData {
	span := rapid.Custom(func(t *rapid.T) *trace.Span {
		return &trace.Span{
			TraceId: ids.Draw(t, "trace"), Kind: trace.Span_SpanKind(rapid.IntRange(1, 5).Draw(t, "kind")),
			StartTimeUnixNano: rapid.Uint64().Draw(t, "start"), EndTimeUnixNano: rapid.Uint64().Draw(t, "end"),
			Attributes: attributes(3).Draw(t, "attributes"),
			Events:     []*trace.Span_Event{{Name: rapid.String().Draw(t, "event"), Attributes: attributes(1).Draw(t, "attributes")}},
			Status:     &trace.Status{Message: rapid.String().Draw(t, "message"), Code: trace.Status_STATUS_CODE_ERROR},
		}
	})
	return &trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{
		Resource: resource1(t), ScopeSpans: []*trace.ScopeSpans{{Spans: rapid.SliceOfN(span, 1, 3).Draw(t, "spans")}},
	}}}
}

// requireSame compares what we write with what the library for protobuf writes, as JSON values. That
// library writes ids in base64; it is given them as the bytes whose base64 are OTLP's digits.
func requireSame(t require.TestingT, message proto.Message) {
	data, err := proto.Marshal(message)
	require.NoError(t, err)
	got, ok := AppendJSON(nil, data)
	require.True(t, ok)
	want, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(message)
	require.NoError(t, err)
	require.JSONEq(t, normal(t, want), normal(t, got))
}

// normal writes JSON in one way: without what has a default value, which protobuf may leave out, and
// without ids, whose form differs.
func normal(t require.TestingT, text []byte) string {
	var v any
	require.NoError(t, json.Unmarshal(text, &v), "%s", text)
	v = strip(v)
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return string(out)
}

func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "traceId" || strings.HasSuffix(name, "UnixNano") && member == "0" || name == "key" && member == "" || name == "name" && member == "" || name == "message" && member == "" {
				delete(v, name)
				continue
			}
			v[name] = strip(member)
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	}
	return v
}

func TestSameAsProtobuf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requireSame(t, drawLogs(t))
		requireSame(t, drawSpans(t))
	})
}

func example() *logs.LogsData {
	return &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		SchemaUrl: "https://opentelemetry.io/schemas/1.30.0",
		ScopeLogs: []*logs.ScopeLogs{{
			Scope: &common.InstrumentationScope{Name: "http", Attributes: []*common.KeyValue{{Key: "a"}}},
			LogRecords: []*logs.LogRecord{{
				TimeUnixNano: 1789732800250999999, TraceId: []byte("0123456789abcdef"), SpanId: []byte("01234567"), Flags: 1,
				SeverityNumber: logs.SeverityNumber_SEVERITY_NUMBER_ERROR, SeverityText: "ERROR", DroppedAttributesCount: 2, EventName: "e",
				Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "a\"\\\x01\n"}},
			}},
		}},
	}}}
}

func TestExample(t *testing.T) {
	data, err := proto.Marshal(example())
	require.NoError(t, err)
	got, ok := AppendJSON([]byte("x"), data)
	require.True(t, ok)
	require.Equal(t, `x{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1789732800250999999",`+
		`"traceId":"30313233343536373839616263646566","body":{"stringValue":"a\"\\\u0001\u000a"}}]}]}]}`, string(got))
}

func TestRefused(t *testing.T) {
	f := func(data string) {
		t.Helper()
		got, ok := AppendJSON([]byte("x"), []byte(data))
		require.False(t, ok, "%q", data)
		require.Equal(t, "x", string(got))
	}
	f("")
	f("{}")
	f("\n{\"time\":1}")
	f("\x12\x00")         // field 2
	f("\x0a\x01")         // cut
	f("\x08\x01")         // no message
	f("\x0a\x02\x08\x01") // a resource that is a number
	data, err := proto.Marshal(example())
	require.NoError(t, err)
	for n := range data {
		f(string(data[:n]))
	}
}

// TestDeepValues: nesting costs neither stack nor room.
func TestDeepValues(t *testing.T) {
	value := &common.AnyValue{}
	for range 200 {
		value = &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{value}}}}
	}
	message := example()
	message.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body = value
	data, err := proto.Marshal(message)
	require.NoError(t, err)
	got, ok := AppendJSON(nil, data)
	require.True(t, ok)
	require.True(t, json.Valid(got), "%s", got)
	require.Less(t, len(got), 2000)
}

func FuzzAppendJSON(f *testing.F) {
	data, err := proto.Marshal(example())
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte("\x0a\x00"))
	f.Add([]byte("\x0a\x06\x12\x04\x12\x02\x30\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, ok := AppendJSON(nil, data)
		if !ok {
			require.Empty(t, out)
			return
		}
		require.LessOrEqual(t, len(out), 200+64*len(data))
		require.True(t, json.Valid(out), "%s", out)
	})
}
