package parsers

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCutBodies cuts a body at every byte: no fact is half a fact, and no secret survives in part.
func TestCutBodies(t *testing.T) {
	r := newRegistry(t)
	const body = `{"type":"https://docs.truelayer.com/docs/error-types#provider_timeout","title":"Provider Timeout","status":504,` +
		`"trace_id":"96ce50247f87f540bb2d86771b3728b8","detail":"No answer for anna.smith@example.com in 10 s.","errors":{"provider":["slow"]}}`
	whole := map[string]string{}
	for end := range len(body) + 1 {
		row := parse(t, r, `{"time":1789732800,"status":504,"host":"api.truelayer.com","response_body_truncated":true,"response_body":`+
			strconv.Quote(body[:end])+`}`)
		require.Contains(t, []string{"", "provider_timeout"}, string(row.Code), body[:end])
		require.Contains(t, []string{"", "96ce50247f87f540bb2d86771b3728b8"}, string(row.TraceID), body[:end])
		require.NotContains(t, string(row.AppendJSON(nil, 1)), "anna", body[:end])
		require.Equal(t, CategoryTimeout, row.Category)
		if row.Parse == ParseUnparsed && end > 0 {
			require.True(t, strings.HasSuffix(string(row.Body), ellipsis), "%q of %q", row.Body, body[:end])
		}
		whole[string(row.Format)] = string(row.Message)
	}
	require.Equal(t, "No answer for [redacted:email] in 10 s.", whole["truelayer.problem"])
}

func TestCutCompressedBody(t *testing.T) {
	r := newRegistry(t)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte("upstream connect error or disconnect before headers, address 10.0.0.7"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	raw := zipped.Bytes()
	f := func(raw []byte, want string) {
		t.Helper()
		row := parse(t, r, `{"time":1789732800,"status":502,"response_body_base64":"`+base64.StdEncoding.EncodeToString(raw)+`"}`)
		require.Equal(t, want, string(row.Message))
	}
	f(raw, "upstream connect error or disconnect before headers, address 10.0.0.7")
	f(raw[:len(raw)-1], "upstream connect error or disconnect before headers, address …") // the checksum is missing: nobody knows
}

// TestCutRecord: a record that was cut keeps what is whole.
func TestCutRecord(t *testing.T) {
	r := newRegistry(t)
	row := parse(t, r, `{"time":1789732800,"status":401,"response_body":{"code":"bad_token","message":"Ask an`)
	require.Equal(t, "bad_token", string(row.Code))
	require.Equal(t, "Ask …", string(row.Message))
	row = parse(t, r, `{"time":1789732800,"status":401,"url":"https://api.truelayer.com/a","host":"api.tru`)
	require.Equal(t, "api.truelayer.com", string(row.Host))
	row = parse(t, r, `{"time":1789732800,"status":401,"host":"api.tru`)
	require.Empty(t, row.Host)
}

func TestBury(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	rec := &Record{Value: []byte(strings.Replace(problem, `"status":504`, `"status":504,"request_headers":{"x":"topsecret"}`, 1)), Topic: "t", Offset: 7, LogTime: 1}
	r.Parse(rec, row)
	r.Bury(rec, row, ReasonTimeInFuture)
	require.Equal(t, KindDeadLetter, row.Kind)
	require.Equal(t, ReasonTimeInFuture, row.Reason)
	require.Equal(t, int64(7), row.Offset)
	require.True(t, strings.HasPrefix(string(row.Body), `{"time":"2026-09-18T12:00:00.250Z"`), string(row.Body))
	require.NotContains(t, string(row.Body), "topsecret")
	require.Empty(t, row.Vendor)
	requireBounded(t, row)
	require.Zero(t, testing.AllocsPerRun(20, func() { r.Bury(rec, row, ReasonTimeInFuture) }))
}
