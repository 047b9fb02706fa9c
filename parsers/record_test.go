package parsers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// parse returns the row of one record.
func parse(t testing.TB, r *Registry, record string) *Row {
	t.Helper()
	row := new(Row)
	r.Parse(&Record{Value: []byte(record)}, row)
	printed := row.AppendJSON(nil, 1)
	require.True(t, json.Valid(printed), "%s", printed)
	return row
}

func TestRecordTime(t *testing.T) {
	r := newRegistry(t)
	f := func(literal, want string) {
		t.Helper()
		row := parse(t, r, `{"time":`+literal+`,"status":200}`)
		require.Equal(t, KindSuccess, row.Kind, literal)
		require.Equal(t, want, time.UnixMilli(row.Time).UTC().Format("2006-01-02T15:04:05.000Z"), literal)
	}
	f(`"2026-09-18T12:00:00Z"`, "2026-09-18T12:00:00.000Z")
	f(`"2026-09-18T12:00:00.123456789Z"`, "2026-09-18T12:00:00.123Z")
	f(`"2026-09-18t14:30:00.5+02:30"`, "2026-09-18T12:00:00.500Z")
	f(`"2026-09-18 07:00:00-0500"`, "2026-09-18T12:00:00.000Z")
	f(`"2024-02-29T23:59:60Z"`, "2024-03-01T00:00:00.000Z")
	f(`"1969-12-31T23:59:59.999Z"`, "1969-12-31T23:59:59.999Z")
	f(`1789732800`, "2026-09-18T12:00:00.000Z")
	f(`1789732800.25`, "2026-09-18T12:00:00.250Z")
	f(`"1789732800.250"`, "2026-09-18T12:00:00.250Z")
	f(`1789732800250`, "2026-09-18T12:00:00.250Z")
	f(`1789732800250999`, "2026-09-18T12:00:00.250Z")
	f(`1789732800250999999`, "2026-09-18T12:00:00.250Z")
	f(`1.7897328e9`, "2026-09-18T12:00:00.000Z")
	f(`0`, "1970-01-01T00:00:00.000Z")
	f(`9999999999`, "2286-11-20T17:46:39.000Z")
	f(`100000000000`, "1973-03-03T09:46:40.000Z")
}

func TestDeadLetters(t *testing.T) {
	r := newRegistry(t)
	f := func(record string, want Reason) {
		t.Helper()
		row := parse(t, r, record)
		require.Equal(t, KindDeadLetter, row.Kind, "%.80q", record)
		require.Equal(t, want, row.Reason, "%.80q", record)
		require.Equal(t, `{"line":7,"kind":"dead_letter","error":true,"reason":"`+want.String()+`"}`, string(row.AppendJSON(nil, 7)))
	}
	f(``, ReasonNotJSON)
	f(`   `, ReasonNotJSON)
	f(`null`, ReasonNotJSON)
	f(`[{"time":1,"status":200}]`, ReasonNotJSON)
	f(`hello`, ReasonNotJSON)
	f("\x00\x01\x02\xff", ReasonNotJSON)
	f(`{"time":"2026-09-18T12:00:00Z","sta`, ReasonNotJSON)
	f(`{"time":"2026-09-18T12:0`, ReasonNotJSON)
	f(`{"time":"2026-09-18T12:00:00Z","status":50`, ReasonNotJSON)
	f(`{"status":200}`, ReasonNoTime)
	f(`{"time":null,"status":200}`, ReasonNoTime)
	f(`{"time":"yesterday","status":200}`, ReasonNoTime)
	f(`{"time":"2026-02-30T00:00:00Z","status":200}`, ReasonNoTime)
	f(`{"time":"2026-09-18T12:00:00","status":200}`, ReasonNoTime)
	f(`{"time":"0001-01-01T00:00:00Z","status":200}`, ReasonNoTime)
	f(`{"time":"9999-12-31T23:59:59Z","status":200}`, ReasonNoTime)
	f(`{"time":1e400,"status":200}`, ReasonNoTime)
	f(`{"time":true,"status":200}`, ReasonNoTime)
	f(`{"Time":1789732800,"status":200}`, ReasonNoTime)
	f(`{"time":1789732800}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":0}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":0,"error":"  "}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":99}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":600}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":-1,"error":"x"}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":200.5}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":"OK"}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":{}}`, ReasonBadStatus)
	f(`{"time":1789732800,"status":200,"response_body":"`+strings.Repeat("x", MaxRecord)+`"}`, ReasonTooLarge)
}

func TestDeadLetterKeepsNoCredentials(t *testing.T) {
	r := newRegistry(t)
	row := parse(t, r, `{"status":401,"url":"https://api.example.com/x","request_headers":{"X-Session":"hunter2hunter2"},"time":`)
	require.Equal(t, `{"status":401,"url":"https://api.example.com/x","`, string(row.Body))
	row = parse(t, r, `{"status":200,"note":"mail jane@example.com"}`)
	require.Equal(t, ReasonNoTime, row.Reason)
	require.Contains(t, string(row.Body), `"note":"mail [redacted`)
	require.NotContains(t, string(row.Body), "jane@")
	row = parse(t, r, `{"a":"`+strings.Repeat("é", 4<<20)+`"}`)
	require.LessOrEqual(t, len(row.Body), limitBody)
	require.NotEmpty(t, row.Body)
}

func TestStatus(t *testing.T) {
	r := newRegistry(t)
	f := func(members string, kind Kind, status uint16) {
		t.Helper()
		row := parse(t, r, `{"time":1789732800,`+members+`}`)
		require.Equal(t, kind, row.Kind, members)
		require.Equal(t, status, row.Status, members)
	}
	f(`"status":100`, KindSuccess, 100)
	f(`"status":399`, KindSuccess, 399)
	f(`"status":400`, KindError, 400)
	f(`"status":599`, KindError, 599)
	f(`"status":"503"`, KindError, 503)
	f(`"status":2e2`, KindSuccess, 200)
	f(`"status":200,"status":500`, KindSuccess, 200)
	f(`"status":0,"error":"EOF"`, KindError, 0)
	f(`"error":"EOF"`, KindError, 0)
	f(`"status":null,"error":"EOF"`, KindError, 0)
	f(`"status":200,"error":"EOF while reading the body"`, KindSuccess, 200)
	f(`"status":502,"error":"bad gateway"`, KindError, 502)
}

func TestTarget(t *testing.T) {
	r := newRegistry(t)
	f := func(members, host, path, route string) {
		t.Helper()
		row := parse(t, r, `{"time":1789732800,"status":404,"method":"get",`+members+`}`)
		require.Equal(t, []string{"GET", host, path, route}, []string{string(row.Method), string(row.Host), string(row.Path), string(row.Route)}, members)
	}
	f(`"url":"https://API.Example.com:8443/users/42?x=1#top"`, "api.example.com", "/users/42?x=1", "/users/{id}")
	f(`"url":"https://jane:secret@api.example.com."`, "api.example.com", "/", "/")
	f(`"url":"http://[2001:db8::1]:80/x"`, "2001:db8::1", "/x", "/x")
	f(`"url":"/users/42","host":"api.example.com:443"`, "api.example.com", "/users/42", "/users/{id}")
	f(`"host":"api.example.com","path":"/users/42?x=1"`, "api.example.com", "/users/42?x=1", "/users/{id}")
	f(`"host":"https://api.example.com/","path":"/a"`, "api.example.com", "/a", "/a")
	f(`"host":"api.example.com"`, "api.example.com", "", "")
	f(`"url":"https://api.example.com/u/42","route":"GET /u/{user}"`, "api.example.com", "/u/42", "/u/{user}")
	f(`"url":"https://api.example.com/u/42","route":"/u/:user"`, "api.example.com", "/u/42", "/u/:user")
	f(`"url":"not a url"`, "", "", "")
}

func TestIdentities(t *testing.T) {
	r := newRegistry(t)
	row := parse(t, r, `{"time":1789732800,"status":500,"request_headers":{"TRACEPARENT":["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
		"x-request-id":"req-1"},"response_headers":{"X-Request-ID":"0f8fad5bd9cb469fa16570867728950e"},"attempt":70000,"duration_ms":12.5}`)
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", string(row.TraceID))
	require.Equal(t, "req-1", string(row.RequestID))
	require.Equal(t, "0f8fad5bd9cb469fa16570867728950e", string(row.VendorRequestID))
	require.Equal(t, uint16(65535), row.Attempt)
	require.InDelta(t, 12.5, row.DurationMS, 0)
	row = parse(t, r, `{"time":1789732800,"status":500,"trace_id":"0000000000000000","request_id":"a","request_headers":{"request-id":"b","b3":"80f198ee56343ba864fe8b2a57d3eff7-05e3ac9a4f6e3b90-1"}}`)
	require.Equal(t, "80f198ee56343ba864fe8b2a57d3eff7", string(row.TraceID))
	require.Equal(t, "a", string(row.RequestID))
}

func TestOperation(t *testing.T) {
	r := newRegistry(t)
	base := `"time":1789732800,"status":500,"service":"a","url":"https://api.example.com/x?y=1"`
	f := func(members string) *Row {
		t.Helper()
		return parse(t, r, "{"+base+","+members+"}")
	}
	get := f(`"method":"GET","trace_id":"a1"`)
	require.Equal(t, OperationKeyPath, get.OperationKey)
	require.Equal(t, get.Operation, f(`"method":"get","trace_id":"b2","attempt":2`).Operation, "the trace does not tell GETs apart")
	post := f(`"method":"POST"`)
	require.Equal(t, OperationKeyNone, post.OperationKey)
	traced := f(`"method":"POST","trace_id":"a1"`)
	require.Equal(t, OperationKeyTrace, traced.OperationKey)
	require.NotEqual(t, post.Operation, traced.Operation)
	keyed := f(`"method":"POST","trace_id":"a1","request_headers":{"Idempotency-Key":"k1"}`)
	require.Equal(t, OperationKeyIdempotency, keyed.OperationKey)
	require.Equal(t, keyed.Operation, f(`"method":"POST","trace_id":"b2","idempotency_key":"k1"`).Operation)
	require.NotEqual(t, keyed.Operation, f(`"method":"POST","idempotency_key":"k2"`).Operation)
	require.NotEqual(t, get.Operation, parse(t, r, strings.Replace(`{`+base+`,"method":"GET"}`, "y=1", "y=2", 1)).Operation)

	other, err := New(Options{HashKey: [32]byte{1}})
	require.NoError(t, err)
	require.NotEqual(t, get.Operation, parse(t, other, "{"+base+`,"method":"GET"}`).Operation, "the key matters")
}

func TestFingerprintIsTheSameEverywhere(t *testing.T) {
	r := newRegistry(t)
	other, err := New(Options{HashKey: [32]byte{1}})
	require.NoError(t, err)
	record := `{"time":1789732800,"status":404,"url":"https://api.example.com/x","response_body":{"code":"a","message":"no user %d"}}`
	one := parse(t, r, fmt.Sprintf(record, 42))
	require.Equal(t, one.Fingerprint, parse(t, other, fmt.Sprintf(record, 43)).Fingerprint)
	require.NotEqual(t, one.Fingerprint, parse(t, r, strings.Replace(fmt.Sprintf(record, 42), "404", "410", 1)).Fingerprint)
}
