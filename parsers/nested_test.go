package parsers

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestTextsOutliveTheNextNestedDocument: what was read from JSON within a text stays what it is when
// another such text is read later.
func TestTextsOutliveTheNextNestedDocument(t *testing.T) {
	const definition = `name = "acme"
title = "Acme"
docs = "https://acme.example"
hosts = ["api.acme.example"]
should_retry = [{ path = "meta", inside = "again" }]

[[envelopes]]
name = "error"
match = [{ path = "acme_code" }]
code = [{ path = "acme_code" }]
message = [{ path = "acme_code" }]
`
	r, err := New(Options{FS: []fs.FS{fstest.MapFS{"acme/vendor.toml": {Data: []byte(definition)}}}})
	require.NoError(t, err)
	var row Row
	r.Parse(&Record{Value: []byte(`{"time":"2026-11-22T05:00:00Z","method":"GET","url":"https://api.acme.example/a","status":400,` +
		`"response_body":"{\"message\":\"{\\\"code\\\":\\\"E_\\\\u0041\\\",\\\"message\\\":\\\"The \\\\u0041BC is broken.\\\"}\",\"meta\":\"{\\\"x\\\":\\\"\\\\u0042\\\\u0042\\\\u0042\\\\u0042\\\\u0042\\\\u0042BBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\\\",\\\"again\\\":\\\"\\\\u0074rue\\\"}\"}"}`)}, &row)
	require.Equal(t, "The ABC is broken.", string(row.Message))
	require.Equal(t, "E_A", string(row.Code))
	require.Equal(t, RetryYes, row.Retry)
}
