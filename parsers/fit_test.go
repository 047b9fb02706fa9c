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
