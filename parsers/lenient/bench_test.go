package lenient_test

import (
	"encoding/json"
	"testing"

	"github.com/errata-dev/errata/parsers/lenient"
)

// record is one response log of the usual size, its error body a string.
const record = `{"time":"2026-11-20T10:15:30.123Z","status":429,"method":"GET","url":"https://api.truelayer.com/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/balance","service":"payments","environment":"production","credential":"main","duration_ms":182.4,"attempt":2,"request_id":"5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","response_headers":{"content-type":"application/problem+json","retry-after":"30"},"response_body":"{\"type\":\"https://docs.truelayer.com/docs/error-types#rate-limit\",\"title\":\"Too many requests\",\"status\":429,\"trace_id\":\"4bf92f35\"}"}`

func BenchmarkParseRecord(b *testing.B) {
	src := []byte(record)
	var d lenient.Doc
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRecordAndBody(b *testing.B) {
	src := []byte(record)
	var d, body lenient.Doc
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Parse(src); err != nil {
			b.Fatal(err)
		}
		if err := body.Parse(d.Root().Get("response_body").Text()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	src := []byte(record)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		var v map[string]any
		if err := json.Unmarshal(src, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSONValid(b *testing.B) {
	src := []byte(record)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if !json.Valid(src) {
			b.Fatal("not valid")
		}
	}
}
