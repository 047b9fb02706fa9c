package parsers

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBodyCases runs the cases of bodies: what they are, whatever their content type says, and what
// the error pages of products say.
func TestBodyCases(t *testing.T) {
	r := newRegistry(t)
	reused := new(Row)
	for _, c := range readCases(t, "testdata/bodies/*.txtar") {
		t.Run(c.Name, func(t *testing.T) {
			row := check(t, r, &c)
			require.NotEqual(t, ParseVendor, row.Parse)
			require.Empty(t, secrets.FindString(string(row.AppendJSON(nil, 1))), "a secret survives")
			requireBounded(t, row)
			rec := &Record{Value: c.Record}
			r.Parse(rec, reused)
			require.Equal(t, string(row.AppendJSON(nil, 1)), string(reused.AppendJSON(nil, 1)), "a used row reads alike")
			steady(r, rec, reused)
			require.Zero(t, testing.AllocsPerRun(5, func() { r.Parse(rec, reused) }))
		})
	}
}
