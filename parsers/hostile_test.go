package parsers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// record returns a record of status 500 whose body is the JSON text of body.
func record(t testing.TB, body string) string {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return `{"time":1789732800,"status":500,"url":"https://api.example.com/x","response_body":` + string(text) + `}`
}

// requireBounded checks what holds for every row, whatever came in.
func requireBounded(t testing.TB, row *Row) {
	t.Helper()
	bounds := []struct {
		name  string
		text  []byte
		limit int
	}{
		{"vendor", row.Vendor, limitHost},
		{"service", row.Service, limitName},
		{"environment", row.Environment, limitName},
		{"credential", row.Credential, limitName},
		{"method", row.Method, limitMethod},
		{"host", row.Host, limitHost},
		{"route", row.Route, limitPath},
		{"path", row.Path, limitPath},
		{"code", row.Code, limitCode},
		{"title", row.Title, limitTitle},
		{"message", row.Message, limitMessage},
		{"template", row.MessageTemplate, limitTemplate},
		{"type", row.Type, limitType},
		{"instance", row.Instance, limitType},
		{"request_id", row.RequestID, limitID},
		{"trace_id", row.TraceID, limitID},
		{"vendor_request_id", row.VendorRequestID, limitID},
		{"body", row.Body, limitBody},
		{"policy", row.RateLimit.Policy, limitPolicy},
		{"format", row.Format, 96},
	}
	for _, b := range bounds {
		require.LessOrEqual(t, len(b.text), b.limit, b.name)
		require.True(t, utf8.Valid(b.text), "%s: %q", b.name, b.text)
	}
	require.LessOrEqual(t, len(row.Details), limitDetails)
	for _, d := range row.Details {
		require.LessOrEqual(t, len(d.Field)+len(d.Code)+len(d.Message), limitField+limitCode+limitDetail)
		require.True(t, utf8.Valid(d.Field) && utf8.Valid(d.Code) && utf8.Valid(d.Message))
	}
	require.True(t, row.RetryAfterMS == Absent || row.RetryAfterMS >= 0 && row.RetryAfterMS <= maxRetryAfterMS)
	require.Contains(t, []Kind{KindSuccess, KindError, KindDeadLetter}, row.Kind)
	printed := row.AppendJSON(nil, 1)
	require.True(t, json.Valid(printed), "%s", printed)
}

func TestHugeBodies(t *testing.T) {
	r := newRegistry(t)
	ten := strings.Repeat("x", 10<<20)
	row := parse(t, r, record(t, ten))
	require.Equal(t, ReasonTooLarge, row.Reason)
	requireBounded(t, row)

	seven := 7 << 20
	row = parse(t, r, record(t, strings.Repeat("x", seven)))
	require.Equal(t, ParseUnparsed, row.Parse)
	require.Len(t, row.Body, limitBody)
	row = parse(t, r, record(t, `{"code":"a","message":"`+strings.Repeat("word ", seven/5)+`"}`))
	require.Equal(t, "a", string(row.Code))
	require.LessOrEqual(t, len(row.Message), limitMessage)
	requireBounded(t, row)
	row = parse(t, r, record(t, `{"errors":[`+strings.Repeat(`{"code":"c","message":"m"},`, 100_000)+`]}`))
	require.Len(t, row.Details, limitDetails)
	requireBounded(t, row)
	row = parse(t, r, record(t, `{"`+strings.Repeat("k", 1<<20)+`":1}`))
	requireBounded(t, row)
}

func TestDeepNesting(t *testing.T) {
	r := newRegistry(t)
	for _, open := range []string{`[`, `{"a":`} {
		start := time.Now()
		row := parse(t, r, record(t, strings.Repeat(open, 200_000)))
		requireBounded(t, row)
		row = parse(t, r, strings.Repeat(open, 500_000))
		require.Equal(t, KindDeadLetter, row.Kind)
		row = parse(t, r, `{"extra":`+strings.Repeat(open, 100_000)+`1`)
		require.Equal(t, ReasonNotJSON, row.Reason)
		require.Less(t, time.Since(start), 5*time.Second)
	}
}

func TestCutRecordKeepsWhatStandsBeforeTheCut(t *testing.T) {
	r := newRegistry(t)
	whole := `{"time":1789732800,"status":504,"url":"https://api.truelayer.com/x","response_body":"{\"type\":\"https://docs.truelayer.com/docs/error-types#provider_timeout\",\"title\":\"Provider Timeout\",\"detail\":\"The provider timed out\"}"}`
	row := parse(t, r, whole[:len(whole)-20])
	require.Equal(t, "provider_timeout", string(row.Code))
	require.Equal(t, "truelayer", string(row.Vendor))
	for cut := range whole {
		row := parse(t, r, whole[:cut])
		requireBounded(t, row)
		if row.Kind != KindDeadLetter {
			require.Equal(t, uint16(504), row.Status, whole[:cut])
		}
	}
}

func TestCutBody(t *testing.T) {
	r := newRegistry(t)
	body := `{"error":{"code":"validation_error","message":"Validation error","extra":{"invalid-params":[{"field":"a","message":"b"}]}}}`
	for cut := range body {
		row := parse(t, r, strings.Replace(record(t, body[:cut]), "api.example.com", "prod.truv.com", 1))
		requireBounded(t, row)
		require.Equal(t, KindError, row.Kind)
		if cut > strings.Index(body, `","message"`) {
			require.Equal(t, ParseVendor, row.Parse, body[:cut])
			require.Equal(t, "validation_error", string(row.Code), body[:cut])
		}
	}
}

func TestBrokenUTF8(t *testing.T) {
	r := newRegistry(t)
	value := []byte("{\"time\":1789732800,\"status\":500,\"service\":\"a\xffb\",\"url\":\"https://api.example.com/\xc3\x28\",\"response_body\":\"{\\\"message\\\":\\\"x\xe2\x82\\\"}\"}")
	row := new(Row)
	r.Parse(&Record{Value: value}, row)
	require.Equal(t, KindError, row.Kind)
	require.Equal(t, "a\ufffdb", string(row.Service))
	requireBounded(t, row)
}

func TestSecretsInEveryText(t *testing.T) {
	r := newRegistry(t)
	for _, secret := range []string{
		"jane.doe@example.org", "+447700900123", "4111 1111 1111 1111", "DE89370400440532013000",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
	} {
		body, err := json.Marshal(map[string]any{
			"type": "https://docs.truelayer.com/docs/error-types#" + secret, "title": secret, "detail": "x " + secret + " y",
			"instance": "/a/" + secret, "errors": map[string][]string{secret: {secret}},
		})
		require.NoError(t, err)
		value, err := json.Marshal(map[string]any{
			"time": 1789732800, "status": 400, "url": "https://api.truelayer.com/x/" + secret + "?q=" + secret, "route": "/x/" + secret,
			"service": secret, "environment": secret, "credential": secret, "method": secret, "request_id": secret, "trace_id": secret,
			"response_body": string(body), "response_headers": map[string]string{"X-Request-Id": secret, "RateLimit-Policy": `"` + secret + `";q=1;w=1`},
		})
		require.NoError(t, err)
		row := parse(t, r, string(value))
		require.Equal(t, ParseVendor, row.Parse)
		require.NotContains(t, strings.ToLower(string(row.AppendJSON(nil, 1))), strings.ToLower(secret))
		for _, other := range []string{
			record(t, "text with "+secret), record(t, `{"unknown":"`+secret+`"}`), record(t, "<title>"+secret+"</title>"),
			`{"time":1789732800,"status":0,"error":"dial ` + secret + `"}`, `{"status":1,"x":"` + secret + `"}`,
			`{"time":1789732800,"status":500,"vendor":"` + secret + `"}`, `{"time":1789732800,"status":500,"host":"` + secret + `.example.com"}`,
		} {
			row := parse(t, r, other)
			require.NotContains(t, string(row.AppendJSON(nil, 1))+string(row.Body), secret, other)
		}
	}
}

// TestSecretAcrossTheLimit places a secret at every offset around the limit of the message.
func TestSecretAcrossTheLimit(t *testing.T) {
	r := newRegistry(t)
	for offset := limitMessage - 40; offset < limitMessage+4; offset++ {
		text := strings.Repeat("a b ", limitMessage)[:offset] + " jane.doe@example.org " + strings.Repeat("c d ", 4000)
		row := parse(t, r, record(t, text[:limitMessage+200]))
		require.NotContains(t, string(row.Message), "jane", offset)
		row = parse(t, r, record(t, `{"message":"`+text+`"}`))
		require.NotContains(t, string(row.Message), "jane", offset)
	}
	// A window full of secrets shrinks below the limit; its end must not show half of one.
	row := parse(t, r, record(t, `{"message":"`+strings.Repeat("sk_live_4eC39HqLyjWDarjtT1zdp7dc ", 1000)+`"}`))
	require.NotContains(t, string(row.Message), "sk_live")
}

func TestBase64Bodies(t *testing.T) {
	r := newRegistry(t)
	body := []byte(`{"code":"compressed","message":"a message that is long enough to be worth compressing, compressing"}`)
	encoders := map[string]func([]byte) []byte{
		"": func(b []byte) []byte { return b },
		"gzip": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { return gzip.NewWriter(w) })
		},
		"x-gzip": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { return gzip.NewWriter(w) })
		},
		"deflate": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { return zlib.NewWriter(w) })
		},
		"Deflate": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { f, _ := flate.NewWriter(w, 6); return f })
		},
		"br": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { return brotli.NewWriter(w) })
		},
		"zstd": func(b []byte) []byte {
			return compressed(t, b, func(w *bytes.Buffer) writeCloser { z, _ := zstd.NewWriter(w); return z })
		},
	}
	row := new(Row)
	f := func(encoding string, raw []byte, coding *base64.Encoding) {
		t.Helper()
		value := fmt.Sprintf(`{"time":1789732800,"status":500,"response_body_base64":%q,"response_headers":{"Content-Encoding":%q}}`, coding.EncodeToString(raw), encoding)
		r.Parse(&Record{Value: []byte(value)}, row)
		require.Equal(t, "compressed", string(row.Code), encoding)
	}
	for range 2 { // the second time the readers are reused
		for name, encode := range encoders {
			f(name, encode(body), base64.StdEncoding)
			f(name, encode(body), base64.RawURLEncoding)
			f(name, body, base64.StdEncoding) // the logger has undone it already
		}
		f("gzip, br", encoders["br"](encoders["gzip"](body)), base64.StdEncoding)
		f("", encoders["gzip"](body), base64.StdEncoding)
	}
	three := encoders["gzip"](encoders["gzip"](encoders["gzip"](body)))
	value := fmt.Sprintf(`{"time":1789732800,"status":500,"response_body_base64":%q,"response_headers":{"Content-Encoding":"gzip, gzip, gzip"}}`, base64.StdEncoding.EncodeToString(three))
	r.Parse(&Record{Value: []byte(value)}, row)
	require.Equal(t, ParseUnparsed, row.Parse, "three layers are one too many")
	requireBounded(t, row)
}

type writeCloser interface {
	Write([]byte) (int, error)
	Close() error
}

func compressed(t testing.TB, data []byte, open func(*bytes.Buffer) writeCloser) []byte {
	t.Helper()
	var out bytes.Buffer
	w := open(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestDecompressionBombs(t *testing.T) {
	r := newRegistry(t)
	flood := bytes.Repeat([]byte(`{"message":"`+strings.Repeat("a", 1000)+`"}`), 20_000)
	for name, open := range map[string]func(*bytes.Buffer) writeCloser{
		"gzip": func(w *bytes.Buffer) writeCloser { return gzip.NewWriter(w) },
		"br":   func(w *bytes.Buffer) writeCloser { return brotli.NewWriter(w) },
		"zstd": func(w *bytes.Buffer) writeCloser { z, _ := zstd.NewWriter(w, zstd.WithWindowSize(32<<20)); return z },
	} {
		bomb := compressed(t, flood, open)
		value := fmt.Sprintf(`{"time":1789732800,"status":500,"response_body_base64":%q,"response_headers":{"Content-Encoding":%q}}`, base64.StdEncoding.EncodeToString(bomb), name)
		row := parse(t, r, value)
		require.Equal(t, KindError, row.Kind)
		require.LessOrEqual(t, len(row.scratch.body.text), maxBody, name)
		requireBounded(t, row)
	}
}

func TestDamagedBase64(t *testing.T) {
	r := newRegistry(t)
	for _, text := range []string{"!!!!", "e30", "eyJtZXNzYWdlIjoiYSJ9****", "H4sIAAAAAAAA", strings.Repeat("A", 5<<20)} {
		for _, encoding := range []string{"", "gzip", "deflate", "br", "zstd", "gzip,gzip,gzip,gzip", ",,,"} {
			value := fmt.Sprintf(`{"time":1789732800,"status":500,"response_body_base64":%q,"response_headers":{"Content-Encoding":%q}}`, text, encoding)
			requireBounded(t, parse(t, r, value))
		}
	}
}

func TestHTMLPageIsNeverKept(t *testing.T) {
	r := newRegistry(t)
	page := "<!DOCTYPE html><html><head><style>body{}</style><TITLE lang=en>\n Down &amp; <b>out</b>\n</TITLE></head><body>secret-of-the-page</body></html>"
	row := parse(t, r, record(t, page))
	require.Equal(t, "Down & out", string(row.Message))
	require.Equal(t, ParseGeneric, row.Parse)
	require.NotContains(t, string(row.AppendJSON(nil, 1)), "secret-of-the-page")
	row = parse(t, r, record(t, "<html><body>secret-of-the-page</body>"))
	require.Equal(t, ParseUnparsed, row.Parse)
	require.Empty(t, row.Body)
	for _, page := range []string{"<", "<h", "<title", "<title>", "<title><", "<title></", "<title>x", "<h1 class='a'", "<" + strings.Repeat("<title ", 100_000)} {
		requireBounded(t, parse(t, r, record(t, page)))
	}
}

func TestErrorInASuccess(t *testing.T) {
	r := newRegistry(t)
	row := parse(t, r, `{"time":1789732800,"status":200,"url":"https://api.example.com/x","request_id":"r1","response_body":{"id":"x","error":{"code":"a","message":"b"}}}`)
	require.Equal(t, KindSuccess, row.Kind)
	require.Equal(t, `{"request_id":"r1","kind":"success","error":false}`, string(row.AppendJSON(nil, 3)))
	require.Empty(t, row.Path, "a success stores no path")
	row = parse(t, r, `{"time":1789732800,"status":200,"url":"https://api.example.com/x","request_id":"r1","response_body":{"error":{"code":"a","message":"b"}}}`)
	require.Equal(t, KindError, row.Kind, "nothing but an error")
}
