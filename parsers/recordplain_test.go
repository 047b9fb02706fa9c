package parsers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bothReaders parses a record as it is and as the reader of plain records declines it: with a blank in
// front, which means nothing. It returns whether the record is plain.
func bothReaders(tb testing.TB, r *Registry, plain, other *Row, record []byte) bool {
	tb.Helper()
	r.Parse(&Record{Value: record}, plain)
	r.Parse(&Record{Value: append([]byte(" "), record...)}, other)
	other.Checksum = plain.Checksum
	require.Equal(tb, string(other.AppendJSON(nil, 1)), string(plain.AppendJSON(nil, 1)), "%.2000q", record)
	require.Equal(tb, whole(other), whole(plain), "%.2000q", record)
	tried.reset()
	return tried.decodePlain(record)
}

var tried = new(scratch)

// whole is all of a row; JSON leaves out most of a success.
func whole(row *Row) string {
	texts := [][]byte{row.Vendor, row.Service, row.Environment, row.Credential, row.Method, row.Host, row.Route, row.Path, row.RequestID, row.TraceID}
	return fmt.Sprintf("%q %x %d %d %d %v %+v", texts, row.Operation, row.OperationKey, row.Attempt, row.Status, row.DurationMS, row.RateLimit)
}

// changes are what loggers and accidents do to a record.
var changes = []struct{ from, to string }{
	{`"status":`, `"status":null,"status":`},
	{`"method":`, `"method" :`},
	{`"method":`, `"note":"a \"b\"","n":-1.5e3,"yes":true,"method":`},
	{`"method":`, `"note":{"time":1},"method":`},
	{`"method":`, `"note":undefined,"method":`},
	{`"method":`, `"met\u0068od":`},
	{`"method":`, `"note":"` + "\xff\u00e9" + `","method":`},
	{`"service":"`, `"service":"` + "\xff\u00e9\\u00e9\\ud800"},
	{`"service":"`, `"service":"` + "\xc2\u00e9"},
	{`"service":"`, `"service":7,"x":"`},
	{`"url":"https://`, `"url":"https:\/\/`},
	{`"Content-Type":"`, `"Content-Type":"\u0061`},
	{`"Content-Type":`, `"Cöntent":null,"Content-Type":`},
	{`"Content-Type":`, `"X-Request-Id":["a","b"],"Content-Type":`},
	{`"Content-Type":`, `"X-Request-Id":[null,"a",2,"\"q"],"X-RateLimit-Limit":[],"Content-Type":`},
	{`"Content-Type":`, `"X-Request-Id":["a","b"`},
	{`"Content-Type":"`, `"Content-Type":["text/html"],"X":"`},
	{`"Content-Type":"`, `"X-Correlation-Id":["1","2","3","4","5"],"tl-trace-id":["q","r"],"X":"`},
	{`"Content-Type":`, `" Retry-After ":17,"Content-Type":`},
	{`"response_headers":{`, `"response_headers":{},"x":{`},
	{`"response_headers":{`, `"response_headers":null,"x":{`},
	{`"response_headers":{`, `"response_headers":{"a":"b",`},
	{`"response_body":"`, `"response_body":null,"x":"`},
	{`"response_body":"`, `"response_body":12345678,"x":"`},
	{`"response_body":"`, `"response_body_truncated":true,"response_body":"`},
	{`"response_body":"`, `"response_body":"` + "\xff\\u0001"},
	{`"response_body":"`, `"request_headers":{"Idempotency-Key":"k1"},"response_body":"`},
	{`,`, "\n , \t"},
	{`:`, ` : `},
	{`:`, `: `},
	{`}`, `,}`},
	{`}`, ` ] }`},
	{`"}`, `"`},
	{`}`, `} trailing`},
	{`"`, `'`},
}

func TestPlainRecords(t *testing.T) {
	r, plain, other := newRegistry(t), new(Row), new(Row)
	all := append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/generic/*.txtar")...)
	taken := 0
	for _, c := range all {
		if bothReaders(t, r, plain, other, c.Record) {
			taken++
		}
	}
	require.Greater(t, taken, len(all)/2)
	require.True(t, bothReaders(t, r, plain, other, []byte(problem)))
	require.True(t, bothReaders(t, r, plain, other, []byte(successWithBody)))
	for _, record := range []string{problem, success, successWithBody} {
		for _, c := range changes {
			bothReaders(t, r, plain, other, []byte(strings.Replace(record, c.from, c.to, 1)))
			bothReaders(t, r, plain, other, []byte(strings.ReplaceAll(record, c.from, c.to)))
		}
		for end := range record {
			bothReaders(t, r, plain, other, []byte(record[:end]))
			bothReaders(t, r, plain, other, []byte(record[:end]+record[end+1:]))
		}
	}
}

func FuzzPlainRecords(f *testing.F) {
	for _, record := range []string{problem, success, successWithBody} {
		for _, c := range changes {
			f.Add([]byte(strings.Replace(record, c.from, c.to, 1)))
		}
	}
	r, plain, other := newRegistry(f), new(Row), new(Row)
	f.Fuzz(func(t *testing.T, record []byte) {
		if len(record) < MaxRecord {
			for range 3 { // the second time its runs are known, the third time its caller
				bothReaders(t, r, plain, other, record)
			}
		}
	})
}
