package parsers

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func TestRecordFormatCases(t *testing.T) {
	r := newRegistry(t)
	for _, c := range readCases(t, "testdata/records/*.txtar") {
		t.Run(c.Name, func(t *testing.T) {
			row := check(t, r, &c)
			require.Empty(t, secrets.FindString(string(row.AppendJSON(nil, 1))+string(row.Body)), "a secret survives")
			requireBounded(t, row)
		})
	}
}

// traceIDs are written as hexadecimal by OTLP, and as base64 by protobuf's own JSON.
var traceIDs = regexp.MustCompile(`"traceId":"([0-9a-f]{32})"`)

// protobuf returns an OTLP JSON document as the message that the Collector's Kafka exporter writes with
// encoding otlp_proto.
func protobuf(t testing.TB, document []byte) []byte {
	t.Helper()
	document = traceIDs.ReplaceAllFunc(document, func(member []byte) []byte {
		id, err := hex.DecodeString(string(traceIDs.FindSubmatch(member)[1]))
		require.NoError(t, err)
		return []byte(`"traceId":"` + base64.StdEncoding.EncodeToString(id) + `"`)
	})
	var message proto.Message = new(logs.LogsData)
	if bytes.Contains(document, []byte("resourceSpans")) {
		message = new(trace.TracesData)
	}
	require.NoError(t, protojson.Unmarshal(document, message), "%s", document)
	data, err := proto.Marshal(message)
	require.NoError(t, err)
	return data
}

// TestProtobufMeansTheSame: a message means the same as protobuf, recognised or stated.
func TestProtobufMeansTheSame(t *testing.T) {
	r := newRegistry(t)
	number := regexp.MustCompile(`"checksum":[0-9]+,`)
	f := func(rec Record) string {
		row := new(Row)
		r.Parse(&rec, row)
		requireBounded(t, row)
		if row.Kind == KindDeadLetter {
			require.False(t, rec.Value[0] != '{' && len(row.Body) > 0, "%q", row.Body)
		}
		return number.ReplaceAllString(string(row.AppendJSON(nil, 1)), "")
	}
	for _, c := range readCases(t, "testdata/records/otlp_*.txtar") {
		want := f(Record{Value: c.Record})
		data := protobuf(t, c.Record)
		require.Equal(t, want, f(Record{Value: data}), c.Name)
		require.Equal(t, want, f(Record{Value: data, Format: FormatOTLPProto}), c.Name)
		require.Equal(t, want, f(Record{Value: c.Record, Format: FormatOTLPJSON}), c.Name)
	}
}

// TestStatedFormats: a format that was stated reads what it would be recognised by, and nothing else.
func TestStatedFormats(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	for name, format := range map[string]Format{
		"otel": FormatOTel, "otlp": FormatOTLPJSON, "envoy": FormatEnvoy, "nginx": FormatNginx, "har": FormatHAR, "own": FormatErrata,
	} {
		for _, c := range readCases(t, "testdata/records/"+name+"*.txtar") {
			r.Parse(&Record{Value: c.Record, Format: format}, row)
			misses, err := c.Misses(row.AppendJSON(nil, 1))
			require.NoError(t, err)
			require.Empty(t, misses, c.Name)
			r.Parse(&Record{Value: c.Record, Format: FormatOTLPProto}, row)
			require.Equal(t, ReasonNotJSON, row.Reason, c.Name)
		}
	}
	f := func(format Format, record string, want Reason) {
		t.Helper()
		r.Parse(&Record{Value: []byte(record), Format: format}, row)
		require.Equal(t, want, row.Reason, record)
	}
	for format := FormatOTel; format <= FormatHAR; format++ {
		f(format, `{`, ReasonNotJSON)
		f(format, ``, ReasonNotJSON)
		f(format, `[]`, ReasonNotJSON)
		if format != FormatOTLPProto {
			f(format, `{"message":"started"}`, ReasonNotHTTP)
		}
	}
	f(FormatErrata, `{"@timestamp":"2026-09-18T12:00:00Z","http.response.status_code":500}`, ReasonNoTime)
	f(FormatAuto, `{"@timestamp":"2026-09-18T12:00:00Z","message":"started"}`, ReasonNoTime)
}

func TestFormatNames(t *testing.T) {
	for i, name := range FormatNames() {
		f, ok := FormatOf(name)
		require.True(t, ok)
		require.Equal(t, Format(i), f)
		require.Equal(t, name, f.String())
	}
	_, ok := FormatOf("xml")
	require.False(t, ok)
}

func TestParseAll(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	f := func(rec Record, want ...string) {
		t.Helper()
		var got []string
		r.ParseAll(&rec, row, func() { got = append(got, string(row.Path)+string(row.Kind.String())) })
		require.Equal(t, want, got)
	}
	all := readCases(t, "testdata/records/*.txtar")
	for _, c := range all {
		switch c.Name {
		case "har_archive":
			f(Record{Value: c.Record}, "success", "/berror")
		case "otlp_batch":
			f(Record{Value: c.Record}, "error", "success")
			f(Record{Value: protobuf(t, c.Record)}, "error", "success")
			f(Record{Value: protobuf(t, c.Record), Format: FormatOTLPProto}, "error", "success")
		case "otlp_server_span":
			f(Record{Value: c.Record}, "dead_letter")
		}
	}
	f(Record{Value: []byte(problem)}, "/data/v1/accounts/f1234560abf9f57287637624def39087/balanceerror")
}

// TestTranslationDoesNotAllocate: other formats cost time, not memory.
func TestTranslationDoesNotAllocate(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	for _, c := range readCases(t, "testdata/records/*.txtar") {
		records := []Record{{Value: c.Record}}
		if strings.HasPrefix(c.Name, "otlp_") {
			records = append(records, Record{Value: protobuf(t, c.Record)})
		}
		for i := range records {
			steady(r, &records[i], row)
			require.Zero(t, testing.AllocsPerRun(20, func() { r.Parse(&records[i], row) }), c.Name)
		}
	}
}

func TestTranslationsDoNotLeakIntoEachOther(t *testing.T) {
	r := newRegistry(t)
	all := readCases(t, "testdata/records/*.txtar")
	reused := new(Row)
	for i := range all {
		for j := range all {
			r.Parse(&Record{Value: all[i].Record}, reused)
			r.Parse(&Record{Value: all[j].Record}, reused)
			fresh := new(Row)
			r.Parse(&Record{Value: all[j].Record}, fresh)
			require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(reused.AppendJSON(nil, 1)), "%s after %s", all[j].Name, all[i].Name)
		}
	}
}

// TestCutForeignRecords: what stands before the cut is read or refused, never mistaken.
func TestCutForeignRecords(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	for _, c := range readCases(t, "testdata/records/*.txtar") {
		whole := new(Row)
		r.Parse(&Record{Value: c.Record}, whole)
		for cut := range c.Record {
			r.Parse(&Record{Value: c.Record[:cut]}, row)
			requireBounded(t, row)
			if row.Kind != KindDeadLetter && len(row.Host) > 0 {
				require.Contains(t, []string{string(whole.Host), "egress.internal"}, string(row.Host), "%s", c.Record[:cut])
			}
		}
	}
}

// TestHostileRecordsOfOtherFormats: size and nesting cost bounded time.
func TestHostileRecordsOfOtherFormats(t *testing.T) {
	r := newRegistry(t)
	many := func(part string) string { return strings.Repeat(part, 4<<20/len(part)) }
	attribute := `{"key":"http.request.method","value":{"stringValue":"GET"}},`
	span := `{"kind":3,"attributes":[{"key":"a","value":{"stringValue":"b"}}]},`
	for name, record := range map[string]string{
		"spans":      `{"resourceSpans":[{"resource":{"attributes":[` + strings.Repeat(attribute, 5000) + `]},"scopeSpans":[{"spans":[` + many(span) + `]}]}]}`,
		"attributes": `{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":3,"attributes":[` + many(attribute) + `]}]}]}]}`,
		"values":     `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + many(`{"kvlistValue":{"values":[{"key":"http","value":`),
		"members":    `{"http":{` + many(`"response":{},"request":{},`) + `}}`,
		"nesting":    `{"attributes":` + many(`{"attributes":`),
		"headers":    `{"http.response.status_code":500,` + many(`"http.response.header.x-a":"b",`) + `"time":1}`,
		"flags":      `{"response_code":0,"response_flags":"` + many(`X,`) + `UT","start_time":1}`,
		"entries":    `{"log":{"entries":[` + many(`{"request":{},"response":{}},`) + `]}}`,
		"quoted":     `"{\"http\":` + many(`{\"a\":`),
		"control":    "{\"http.response.status_code\":500,\"time\":1,\"http.response.body\":\"" + many("\x01") + `"}`,
		"protobuf":   "\x0a\x00" + many("\x0a\x02\x12\x00"),
		"bytes":      string(protobuf(t, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"`+many("\\u0001")+`"}}]}]}]}`))),
	} {
		start := time.Now()
		row := new(Row)
		r.Parse(&Record{Value: []byte(record)}, row)
		requireBounded(t, row)
		require.Less(t, time.Since(start), 5*time.Second, name)
	}
}

// canary stands in every place of a record from which no text may reach a row.
const canary = "c4n4ry-7f3a9b2e5d"

// TestRequestHeadersReachNoRow: neither a row nor a dead letter shows a request's header.
func TestRequestHeadersReachNoRow(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	f := func(rec Record) {
		t.Helper()
		r.Parse(&rec, row)
		require.NotContains(t, string(row.AppendJSON(nil, 1))+string(row.Body), canary, "%q", rec.Value)
	}
	otlp := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":3,"endTimeUnixNano":"%time","attributes":[{"key":"http.request.header.x-api-key","value":{"arrayValue":{"values":[{"stringValue":"` + canary + `"}]}}},{"key":"http.response.status_code","value":{"intValue":"%status"}}]}]}]}]}`
	for _, record := range []string{
		`{"@timestamp":%time,"http.request.header.x-api-key":["` + canary + `"],"http.response.status_code":%status}`,
		`{"@timestamp":%time,"http":{"request":{"headers":{"x-api-key":"` + canary + `"}},"response":{"status_code":%status}}}`,
		`{"@timestamp":%time,"attributes":{"http.request.headers":{"x-api-key":"` + canary + `"},"http.response.status_code":%status}}`,
		`{"startedDateTime":%time,"request":{"method":"GET","url":"https://api.example.com/a","headers":[{"name":"X-Api-Key","value":"` + canary + `"}],"cookies":[{"name":"s","value":"` + canary + `"}],"postData":{"text":"` + canary + `"}},"response":{"status":%status}}`,
		`{"startedDateTime":%time,"request":{"method":"GET","postData":{"text":"` + canary + `"},"url":"https://api.example.com/a"},"response":{"status":%status}}`,
		`{"start_time":%time,"response_code":%status,"method":"GET","authorization":"` + canary + `"}`,
		`{"start_time":%time,"response_code":%status,"method":"GET","x-api-key":"` + canary + `"}`,
		`{"time_iso8601":%time,"status":%status,"request_method":"GET","http_x_api_key":"` + canary + `"}`,
		otlp,
	} {
		for _, status := range []string{"200", "500", "1"} {
			for _, at := range []string{"1789732800", "null"} {
				text := strings.NewReplacer(`"%status"`, `"`+status+`"`, "%status", status, `"%time"`, `"`+strings.Replace(at, "null", "0", 1)+`"`, "%time", at).Replace(record)
				f(Record{Value: []byte(text)})
				if record == otlp {
					f(Record{Value: protobuf(t, []byte(text))})
					f(Record{Value: protobuf(t, []byte(text))[3:]})
					f(Record{Value: protobuf(t, []byte(text))[3:], Format: FormatOTLPProto})
				}
				for cut := range text {
					f(Record{Value: []byte(text[:cut])})
				}
			}
		}
	}
}

// FuzzRecordFormats: no input of any format makes Parse panic, exceed its bounds, or answer differently
// the second time.
func FuzzRecordFormats(f *testing.F) {
	files, err := filepath.Glob("testdata/records/*.txtar")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, c := range readCases(f, "testdata/records/*.txtar") {
		f.Add(c.Record, uint8(FormatAuto))
		if strings.HasPrefix(c.Name, "otlp_") {
			f.Add(protobuf(f, c.Record), uint8(FormatOTLPProto))
		}
	}
	if seeds, err := os.ReadFile("testdata/records/otel_flat.txtar"); err == nil {
		f.Add(seeds, uint8(FormatOTel))
	}
	r := newRegistry(f)
	reused := new(Row)
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		rec := &Record{Value: data, Format: Format(format % uint8(len(formatNames)))}
		kept := bytes.Clone(data)
		fresh := new(Row)
		r.Parse(rec, reused)
		first := reused.AppendJSON(nil, 1)
		r.Parse(rec, fresh)
		require.Equal(t, string(first), string(fresh.AppendJSON(nil, 1)))
		require.True(t, bytes.Equal(kept, data), "Parse writes to its input")
		requireBounded(t, fresh)
		rows := 0
		r.ParseAll(rec, fresh, func() { rows++; require.True(t, json.Valid(fresh.AppendJSON(nil, 1))) })
		require.NotZero(t, rows)
	})
}
