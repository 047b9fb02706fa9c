package parsers

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// secret is a text that no row may hold, and the parts of it that tell it from all other text.
type secret struct {
	kind, text string
	parts      []string // none of these may be in a row; the first survives no cut either
}

// canaries are secrets of all kinds that package redact knows. Keys with published prefixes are put
// together here, so that nobody's scanner takes this file for a leak.
func canaries() []secret {
	jwt := "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjYW5hcnkiLCJpYXQiOjF9." + "q7Tz1mXv0bWk3Rj8YcLd5NfHsGp2eU4oAiVx9wBnKtM"
	return []secret{
		{"bearer", "Bearer 7hQzTn3kVw9sXb2LmRc5YpDg", []string{"7hQzTn3kVw", "9sXb2LmRc5YpDg"}},
		{"jwt", jwt, []string{"eyJhbGciOiJI", "eyJzdWIiOiJjYW5h", "q7Tz1mXv0bWk3Rj8"}},
		{"payment key", "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc", []string{"4eC39HqLyjWD", "arjtT1zdp7dc"}},
		{"cloud key", "AKIA" + "Q3EGXC7ZJYBN4T2R", []string{"Q3EGXC7Z", "JYBN4T2R"}},
		{"forge key", "ghp" + "_" + "x7Kd2mQp9sRt4vWy1zAb3cEf5gHj6kLn8oPq", []string{"x7Kd2mQp9sRt4vWy", "1zAb3cEf5gHj6kLn8oPq"}},
		{"password", "password=Corr3ct-Horse-Batt3ry", []string{"Corr3ct-Horse", "Batt3ry"}},
		{"card", "4539578763621486", []string{"453957876", "3621486"}},
		{"iban", "DE89370400440532013000", []string{"37040044", "0532013000"}},
		{"email", "canary.person@mailbox.example", []string{"canary.person", "mailbox.example"}},
		{"phone", "+447700900123", []string{"44770090", "7700900123"}},
		{"userinfo", "https://canaryuser:c4naryP4ss@vault.example/x", []string{"canaryuser:c4n", "c4naryP4ss"}},
		{"session", "https://shop.example/cb?session_token=Zx81kLmQ07vTn5RbW2yD&x=1", []string{"Zx81kLmQ07", "vTn5RbW2yD"}},
		{"basic", "Basic Y2FuYXJ5OnM0Y3JldFBhc3M=", []string{"Y2FuYXJ5Onm", "M0Y3JldFBhc3M"}},
		{"pem", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----", []string{"MIIEvQIBADANBg", "EFAASCBKcwggSj"}},
	}
}

// requireNo demands that no text of the row holds the canary, as it is or escaped.
func requireNo(t testing.TB, row *Row, c secret, where string, record []byte) {
	t.Helper()
	requireNone(t, row, c.parts, c.kind+" in "+where, record)
}

func requireNone(t testing.TB, row *Row, parts []string, where string, record []byte) {
	t.Helper()
	printed := row.AppendJSON(nil, 1)
	texts := [][]byte{
		printed, row.Vendor, row.Service, row.Environment, row.Credential, row.Method, row.Host, row.Route, row.Path, row.Code, row.Title, row.Message,
		row.MessageTemplate, row.Type, row.Instance, row.RequestID, row.TraceID, row.VendorRequestID, row.RateLimit.Policy, row.Format, row.Body,
	}
	for _, d := range row.Details {
		texts = append(texts, d.Field, d.Code, d.Message)
	}
	for _, text := range texts {
		lower := strings.ToLower(string(text))
		for _, part := range parts {
			if strings.Contains(lower, strings.ToLower(part)) {
				t.Errorf("%s: %q survives\n%s\n%s", where, part, printed, record[:min(len(record), 1500)])
				return
			}
		}
	}
}

// marshal returns JSON without the escapes for HTML.
func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

type object = map[string]any

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

func utf16BOM(text string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// escaped writes every character as \uXXXX.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// bodies are the places in a body where a text may stand, by name. A plain body is a text for the
// record's member; a binary one goes there as base64.
func bodies(p string) (plain map[string]string, binary map[string][]byte) {
	xml, inner := html.EscapeString(p), marshal(object{"error": object{"code": "x", "message": p}})
	plain = map[string]string{
		"message":             inner,
		"code":                marshal(object{"error": object{"code": p, "message": "Failed"}}),
		"code alone":          marshal(object{"error": p}),
		"type":                marshal(object{"type": p, "title": p, "detail": p, "instance": p, "status": 400}),
		"problem":             marshal(object{"type": "about:blank", "title": "Bad", "detail": "For " + p + ", sorry", "instance": "/x/" + p}),
		"oauth":               marshal(object{"error": "invalid_grant", "error_description": p, "error_uri": p}),
		"ids":                 marshal(object{"message": "Failed", "code": "x", "request_id": p, "trace_id": p, "debug_id": p}),
		"keys":                marshal(object{"errors": object{p: []string{"is bad"}, "other": []string{p}}}),
		"details":             marshal(object{"message": "Invalid", "errors": []object{{"field": p, "code": p, "message": p}, {"field": "a", "code": "b", "message": "not " + p + "!"}}}),
		"graphql":             marshal(object{"data": nil, "errors": []object{{"message": p, "path": []string{"a", p}, "extensions": object{"code": p}}}}),
		"list":                marshal([]string{p, "for " + p}),
		"json:api":            marshal(object{"errors": []object{{"code": p, "title": p, "detail": p, "source": object{"pointer": p, "parameter": p}, "id": p}}}),
		"google":              marshal(object{"error": object{"code": 400, "message": p, "status": "INVALID_ARGUMENT", "details": []object{{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": []object{{"field": p, "description": p}}}}}}),
		"fastapi":             marshal(object{"detail": []object{{"loc": []string{"body", p}, "msg": p, "type": p, "input": p}}}),
		"inner json":          marshal(object{"message": inner}),
		"inner prose":         marshal(object{"message": "upstream said: " + inner}),
		"doubly encoded":      marshal(inner),
		"escaped":             `{"error":{"code":"x","message":"Failed for ` + escaped(p) + `"}}`,
		"escaped twice":       marshal(object{"message": `{"error":{"message":"` + escaped(p) + `"}}`}),
		"percent":             marshal(object{"message": "Cannot GET /x?" + url.QueryEscape(p), "instance": "/x?a=" + url.QueryEscape(p)}),
		"unknown":             marshal(object{"foo": p, "bar": object{"baz": p}}),
		"xml text":            "<Error><Code>X</Code><Message>Failed for " + xml + "</Message><RequestId>" + xml + "</RequestId></Error>",
		"xml attribute":       `<error code="` + xml + `" message="` + xml + `"/>`,
		"xml cdata":           "<error><message><![CDATA[" + p + "]]></message></error>",
		"soap":                "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>" + xml + "</faultcode><faultstring>" + xml + "</faultstring></s:Fault></s:Body></s:Envelope>",
		"form":                "error=invalid_request&error_description=" + url.QueryEscape(p) + "&error_code=" + url.QueryEscape(p),
		"html title":          "<html><head><title>" + xml + "</title></head><body></body></html>",
		"html heading":        "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>" + xml + "</h1><p>x</p></body></html>",
		"html paragraph":      "<html><body><h1>Error</h1><p>Sorry, " + xml + " failed</p><pre>" + xml + "</pre></body></html>",
		"text":                "Request failed for " + p + " today",
		"text alone":          p,
		"stack":               "java.lang.RuntimeException: bad " + p + "\n\tat com.acme.Main.run(Main.java:1)",
		"jsonp":               "callback(" + inner + ");",
		"broken json":         `{"error": {code: 'x', message: "Failed for ` + strings.ReplaceAll(p, "\n", `\n`) + `",}}`,
		"with a mark":         "\ufeff" + inner,
		"lists of ndjson":     inner + "\n" + inner,
		"secret members":      marshal(object{"message": "no", "errors": object{"password": []string{"was Corr3ct-Horse-Batt3ry"}}}),
		"header of a request": marshal(object{"message": "no", "headers": object{"authorization": p}}),
	}
	binary = map[string][]byte{
		"base64": []byte(inner), "gzip": zipped(inner), "utf-16": utf16BOM(inner), "utf-16 text": utf16BOM("Failed for " + p), "latin 1": append([]byte("\xe9\xe8 "), p...),
		"gzip text": zipped("Failed for " + p), "gzip html": zipped("<html><title>" + xml + "</title></html>"), "base64 in base64": []byte(base64.StdEncoding.EncodeToString([]byte(inner))),
	}
	return plain, binary
}

// TestCanariesInBodies: wherever in a body a secret stands, it reaches no row.
func TestCanariesInBodies(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	require.GreaterOrEqual(t, len(canaries()), 12)
	f := func(c secret, where string, member object) {
		for _, status := range []int{200, 400, 429, 502} {
			record := object{"time": waitTime, "method": "POST", "url": "https://api.acme.example/v1/x", "status": status}
			for name, value := range member {
				record[name] = value
			}
			value := []byte(marshal(record))
			r.Parse(&Record{Value: value}, row)
			requireNo(t, row, c, where, value)
		}
	}
	for _, c := range canaries() {
		plain, binary := bodies(c.text)
		for where, body := range plain {
			f(c, where, object{"response_body": body})
			f(c, where+" as bytes", object{"response_body_base64": base64.StdEncoding.EncodeToString([]byte(body))})
			if json.Valid([]byte(body)) {
				f(c, where+" inline", object{"response_body": json.RawMessage(body)})
			}
		}
		for where, body := range binary {
			f(c, where, object{"response_body_base64": base64.StdEncoding.EncodeToString(body)})
		}
	}
}

// TestCanariesInCutBodies: a body that was cut in a secret's middle shows no more than its beginning,
// which is a secret no longer.
func TestCanariesInCutBodies(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	for _, c := range canaries() {
		plain, _ := bodies(c.text)
		for where, body := range plain {
			at := strings.Index(body, c.parts[0])
			for n := 7; n < len(body); n += 7 {
				value := []byte(marshal(object{
					"time": waitTime, "method": "POST", "url": "https://api.acme.example/v1/x", "status": 400, "response_body": body[:n], "response_body_truncated": n%2 == 0,
				}))
				r.Parse(&Record{Value: value}, row)
				requireNone(t, row, c.parts[len(c.parts)-1:], fmt.Sprintf("%s in %s cut at %d (%d)", c.kind, where, n, at), value)
			}
		}
	}
}

// TestCanariesInMembers: nor does one in a member of the record, or in a header.
func TestCanariesInMembers(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	f := func(c secret, where string, record object) {
		for _, status := range []any{0, 200, 404, 429, "broken"} {
			full := object{"time": waitTime, "method": "GET", "url": "https://api.acme.example/v1/x", "status": status, "error": "connection refused", "response_body": `{"error":"no"}`}
			for name, value := range record {
				full[name] = value
			}
			value := []byte(marshal(full))
			r.Parse(&Record{Value: value}, row)
			requireNo(t, row, c, where, value)
			if cut := len(value) * 3 / 4; status == 404 {
				r.Parse(&Record{Value: value[:cut]}, row)
				requireNone(t, row, c.parts[len(c.parts)-1:], where+" cut", value[:cut])
			}
		}
	}
	members := []string{"service", "environment", "credential", "method", "host", "path", "route", "error", "vendor", "idempotency_key", "request_id", "trace_id", "time", "attempt", "duration_ms", "unknown"}
	headers := []string{
		"Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "Content-Type", "Content-Encoding", "Retry-After", "Retry-After-Ms", "Date", "Idempotency-Key", "X-Request-Id", "Request-Id", "X-Correlation-Id",
		"Traceparent", "B3", "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Resource", "X-Acme-Quota", "WWW-Authenticate", "Location", "X-Error-Code", "X-Amzn-ErrorType",
		"X-Error-Message", "Grpc-Message", "Grpc-Status", "X-Debug", "Server", "Via", "Link", "Warning",
	}
	for _, c := range canaries() {
		for _, name := range members {
			f(c, name, object{name: c.text})
			f(c, name, object{name: "a " + c.text + " b"})
		}
		for _, name := range headers {
			for _, value := range []any{c.text, []string{c.text}, []string{"x", c.text, "y"}, `scheme x="` + c.text + `", error_description="` + c.text + `"`} {
				f(c, "request header "+name, object{"request_headers": object{name: value}})
				f(c, "response header "+name, object{"response_headers": object{name: value}})
			}
		}
		query := url.QueryEscape(c.text)
		for _, place := range []string{
			"https://api.acme.example/v1/x?token=" + query, "https://api.acme.example/v1/" + url.PathEscape(c.text) + "/y", "https://api.acme.example/v1/x#" + query,
			"https://api.acme.example/v1/x?redirect=" + query + "&y=1", "https://api.acme.example/v1/x?a=" + c.text, "https://api.acme.example/" + c.text,
		} {
			f(c, "url", object{"url": place})
			f(c, "path", object{"url": nil, "host": "api.acme.example", "path": strings.TrimPrefix(place, "https://api.acme.example")})
		}
	}
	f(secret{"userinfo", "", []string{"c4naryP4ss"}}, "url", object{"url": "https://canaryuser:c4naryP4ss@api.acme.example/v1/x"})
	f(secret{"userinfo", "", []string{"c4naryP4ss"}}, "host", object{"url": nil, "host": "canaryuser:c4naryP4ss@api.acme.example", "path": "/"})
}

// foreign are records of the formats of others, with a text in every member that can hold one.
func foreign(p string) map[string]string {
	body := marshal(object{"error": object{"code": p, "message": "for " + p}})
	target := "/v1/x?token=" + url.QueryEscape(p)
	attributes := object{
		"http.request.method": "GET", "url.full": "https://api.acme.example" + target, "http.response.status_code": 403, "http.request.header.authorization": []string{p},
		"http.response.header.x-request-id": []string{p}, "http.response.header.set-cookie": p, "http.response.body.content": body, "service.name": p, "deployment.environment": p, "user_agent.original": p,
		"errata.credential": p, "http.request.body.content": p, "exception.message": p, "error.type": p, "http.route": p, "server.address": "api.acme.example",
	}
	otel := object{"@timestamp": "2024-01-15T10:30:00Z", "trace_id": p, "message": p}
	for name, value := range attributes {
		otel[name] = value
	}
	var list []object
	for name, value := range attributes {
		kind := "stringValue"
		if name == "http.response.status_code" {
			kind, value = "intValue", "403"
		}
		if texts, ok := value.([]string); ok {
			list = append(list, object{"key": name, "value": object{"arrayValue": object{"values": []object{{"stringValue": texts[0]}}}}})
			continue
		}
		list = append(list, object{"key": name, "value": object{kind: value}})
	}
	slices.SortFunc(list, func(a, b object) int { return strings.Compare(a["key"].(string), b["key"].(string)) })
	logRecord := func(attributes []object, body any) string {
		return marshal(object{"resourceLogs": []object{{"resource": object{"attributes": []object{{"key": "service.name", "value": object{"stringValue": p}}}}, "scopeLogs": []object{{
			"scope": object{"name": p}, "logRecords": []object{{"timeUnixNano": "1705314600000000000", "severityText": p, "body": body, "attributes": attributes}},
		}}}}})
	}
	span := marshal(object{"resourceSpans": []object{{"scopeSpans": []object{{"spans": []object{{
		"kind": 3, "name": p, "startTimeUnixNano": "1705314599000000000", "endTimeUnixNano": "1705314600000000000", "attributes": list, "status": object{"code": 2, "message": p},
		"events": []object{{"name": "exception", "attributes": []object{{"key": "exception.message", "value": object{"stringValue": p}}}}},
	}}}}}}})
	return map[string]string{
		"otel":           marshal(otel),
		"otel nested":    marshal(object{"@timestamp": "2024-01-15T10:30:00Z", "attributes": attributes, "body": p}),
		"otel failure":   marshal(object{"@timestamp": "2024-01-15T10:30:00Z", "http.request.method": "GET", "url.full": "https://api.acme.example" + target, "exception.message": "dial: " + p}),
		"otlp log":       logRecord(list, object{"stringValue": p}),
		"otlp log body":  logRecord(list[slices.IndexFunc(list, func(a object) bool { return a["key"] == "http.response.status_code" }):][:1], object{"stringValue": body}),
		"otlp log prose": logRecord(nil, object{"stringValue": "failed " + p}),
		"otlp span":      span,
		"envoy": marshal(object{
			"start_time": "2024-01-15T10:30:00Z", "method": "GET", "authority": "api.acme.example", "path": target, "response_code": 403, "response_flags": "-", "duration": 5, "request_id": p, "user_agent": p,
			"resp_x_error_code": p, "retry_after": p, "response_body": body, "traceparent": p, "source_workload": p, "x_forwarded_for": p, "response_code_details": p,
		}),
		"envoy failure": marshal(object{
			"start_time": "2024-01-15T10:30:00Z", "method": "GET", "authority": "api.acme.example", "path": target, "response_code": 503, "response_flags": "UF", "upstream_transport_failure_reason": p,
		}),
		"nginx": marshal(object{
			"time_iso8601": "2024-01-15T10:30:00+00:00", "request_method": "GET", "proxy_host": "api.acme.example", "request_uri": target, "request": "GET " + target + " HTTP/1.1", "status": "403", "request_time": "0.1",
			"request_id": p, "http_authorization": p, "http_cookie": p, "http_referer": p, "remote_user": p, "upstream_http_retry_after": p, "sent_http_location": p,
		}),
		"har": marshal(object{
			"startedDateTime": "2024-01-15T10:30:00Z", "time": 5, "_error": p, "comment": p,
			"request":  object{"method": "POST", "url": "https://api.acme.example" + target, "headers": []object{{"name": "Authorization", "value": p}}, "cookies": []object{{"name": "x", "value": p}}, "postData": object{"text": p}},
			"response": object{"status": 403, "statusText": p, "headers": []object{{"name": "X-Request-Id", "value": p}, {"name": "Set-Cookie", "value": p}}, "content": object{"mimeType": "application/json", "text": body}},
		}),
	}
}

// TestCanariesInForeignRecords: nor in records of other formats, whole, damaged or cut.
func TestCanariesInForeignRecords(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	for _, c := range canaries() {
		for where, record := range foreign(c.text) {
			value := []byte(record)
			r.Parse(&Record{Value: value}, row)
			requireNo(t, row, c, where, value)
			if !strings.Contains(where, "prose") {
				require.NotEqual(t, KindDeadLetter, row.Kind, "%s: %s", where, record)
			}
			if strings.HasPrefix(where, "otlp") {
				message := protobuf(t, value)
				r.Parse(&Record{Value: message}, row)
				requireNo(t, row, c, where+" as protobuf", message)
				for n := 0; n < len(message); n += 31 {
					r.Parse(&Record{Value: message[:n]}, row)
					requireNone(t, row, c.parts[len(c.parts)-1:], where+" as protobuf, cut", message[:n])
				}
			}
			for n := 7; n < len(value); n += 29 {
				r.Parse(&Record{Value: value[:n]}, row)
				requireNone(t, row, c.parts[len(c.parts)-1:], fmt.Sprintf("%s cut at %d", where, n), value[:n])
			}
			for _, broken := range []string{strings.Replace(record, "2024-01-15T10:30:00", "yesterday", 1), strings.Replace(record, "403", "4403", 1), "x" + record, "[" + record, strings.ReplaceAll(record, `"`, `'`)} {
				r.Parse(&Record{Value: []byte(broken)}, row)
				requireNo(t, row, c, where+" broken", []byte(broken))
				r.Bury(&Record{Value: []byte(broken)}, row, ReasonTimeInFuture)
				requireNo(t, row, c, where+" buried", []byte(broken))
			}
		}
	}
}

// TestSecretsOfFieldsInSentences: what a body says of a field with a telling name, it often says twice.
func TestSecretsOfFieldsInSentences(t *testing.T) {
	const secret = "7hQz-Tn3kXw9"
	r := newRegistry(t)
	row := new(Row)
	for _, body := range []string{
		`{"errors":[{"source":{"pointer":"/data/attributes/password"},"title":"? bad","detail":"? is bad"}]}`,
		`{"title":"? is weak","detail":"? is weak","invalid-params":[{"name":"password","reason":"? is weak"}]}`,
		`{"error":{"message":"? is weak","param":"password","code":"x_y"}}`,
		`{"message":"? is weak","field":"password","code":"weak_one"}`,
		`{"message":"Validation failed: ? is weak","errors":[{"field":"password","message":"? is weak"}]}`,
		`{"message":"Name and password: ? is weak","errors":[{"field":"name","message":"too short"},{"field":"password","message":"? is weak"}]}`,
	} {
		value := []byte(`{"time":"2026-11-22T05:00:00Z","method":"POST","url":"https://api.acme.example/users","status":400,"response_body":` + strings.ReplaceAll(body, "?", secret) + `}`)
		r.Parse(&Record{Value: value}, row)
		require.NotContains(t, string(row.AppendJSON(nil, 1)), secret, body)
		require.NotEmpty(t, row.Message, body)
	}
}
