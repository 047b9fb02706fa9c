package parsers

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/lenient"
)

// pageIDs are ids that stand in error pages.
var pageIDs = regexp.MustCompile(`\b[0-9a-f]{16}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)

// TestKnownPages: a row that has seen a page reads the next one like it as a row that has seen nothing, whatever its ids,
// headers and status are.
func TestKnownPages(t *testing.T) {
	r, used := newRegistry(t), new(Row)
	known := 0
	for _, c := range readCases(t, "testdata/bodies/page_*.txtar") {
		for range 3 {
			r.Parse(&Record{Value: c.Record}, used)
		}
		cut := bytes.Replace(c.Record, []byte(`"response_body":`), []byte(`"response_body_truncated":true,"response_body":`), 1)
		for i, record := range append(variants(c.Record), cut) {
			record = pageIDs.ReplaceAllFunc(record, func(id []byte) []byte {
				other := bytes.Map(func(c rune) rune {
					return rune("0123456789abcdef-"[(strings.IndexByte("0123456789abcdef-", byte(c))+i)%16])
				}, id)
				if len(id) == 36 {
					other[8], other[13], other[18], other[23] = '-', '-', '-', '-'
				}
				return other
			})
			fresh := new(Row)
			r.Parse(&Record{Value: record}, fresh)
			r.Parse(&Record{Value: record}, used)
			require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)), "%s: %s", c.Name, record)
			require.Equal(t, whole(fresh), whole(used), c.Name)
			if isKnownPage(used) {
				known++
			}
		}
	}
	require.Greater(t, known, 300)
}

// isKnownPage reports whether the body of the latest record was one.
func isKnownPage(row *Row) bool {
	s := row.scratch
	return s.body.kind == bodyHTML && s.response.bodyNode.Kind() == lenient.Absent
}

// TestKnownPages_Redaction: what stands in the place of an id is redacted as it would be elsewhere.
func TestKnownPages_Redaction(t *testing.T) {
	const page = "<!DOCTYPE html><title>Error</title><pre>No payment with %s, or it was taken back</pre>"
	r, used := newRegistry(t), new(Row)
	for i, id := range []string{"8f3a5c7d9e1b2a4c", "4111111111111111", "5d1e6f0cd8a7ed87", "5555555555554444"} {
		value := record(t, fmt.Sprintf(page, id))
		r.Parse(&Record{Value: []byte(value)}, used)
		if i > 0 {
			_, size := used.scratch.knownPages.Find([]byte(value[strings.Index(value, `\u003c`):]))
			require.Positive(t, size)
		}
		fresh := parse(t, r, value)
		require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(used.AppendJSON(nil, 1)))
		if i%2 == 1 {
			require.NotContains(t, string(used.AppendJSON(nil, 1)), id)
		}
	}
}
