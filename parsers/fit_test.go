package parsers

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFittedDefinitions: a row that has seen a shape often reads it, and others, like one that sees it for the
// first time, whatever the values are.
func TestFittedDefinitions(t *testing.T) {
	r := newRegistry(t)
	practised := new(Row)
	all := append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/*/*.txtar")...)
	changes := [...][2]string{{"4", "5"}, {"0", "9"}, {"e", "E"}, {`\"`, `\"a`}, {"true", "false"}, {"http", "about"}, {"_", " "}}
	fitted := 0
	for i, c := range all {
		steady(r, &Record{Value: c.Record}, practised)
		if s := practised.scratch; s.body.known != nil && len(s.memo.fits.shapes[s.body.shape].fits) > 0 {
			fitted++
		}
		change := changes[i%len(changes)]
		changed := bytes.ReplaceAll(c.Record, []byte(change[0]), []byte(change[1]))
		for _, value := range [][]byte{c.Record, changed} {
			rec := &Record{Value: value}
			fresh := new(Row)
			r.Parse(rec, fresh)
			r.Parse(rec, practised)
			require.Equal(t, string(fresh.AppendJSON(nil, 1)), string(practised.AppendJSON(nil, 1)), "%s %.2000q", c.Name, rec.Value)
		}
	}
	require.Greater(t, fitted, len(all)/4)
}

// TestKnownBodyThatSaysNothing: its excerpt is read from the record, and leaves the other texts of the row alone.
func TestKnownBodyThatSaysNothing(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	rec := &Record{Value: []byte(` {"time":1789732800,"status":400,"method":"\u0047ET","service":"a\u0062c","request_id":"0a1b2c3d4e5f607\u0038",` +
		`"url":"https://api.example.com/x","response_body":"{\"x\":[1,2],\"y\":{\"z\":true}}"}`)}
	for range 3 {
		r.Parse(rec, row)
		require.Equal(t, ParseUnparsed, row.Parse)
		require.Equal(t, `{"x":[1,2],"y":{"z":true}}`, string(row.Body))
		require.Equal(t, "GET abc 0a1b2c3d4e5f6078", string(row.Method)+" "+string(row.Service)+" "+string(row.RequestID))
	}
	require.NotNil(t, row.scratch.body.known)
}
