package storage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, offsets(parseRows(t, `
		09:00:00 success GET /a x=90
		10:00:00 success GET /a x=90
		10:10:00 error POST /pay code=down ms=1500 x=10 every=10s
		10:20:00 error GET /a status=429 cat=rate_limit ms=500 x=4 every=5s
		10:20:30 success GET /a
		10:30:00 error GET /a vendor=other code=down x=50
		10:40:00 error GET /a status=0 cat=network code=dns`)))
	f := Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00"), Vendors: []string{"acme"}}
	a, err := db.Report(t.Context(), f, ReportOptions{Examples: 2})
	require.NoError(t, err)
	require.Equal(t, []uint64{106, 15, 4}, []uint64{a.Responses, a.Errors, a.Throttled})
	require.Equal(t, 17*time.Second, a.Waited)
	require.EqualValues(t, 14, a.Timed)
	require.Len(t, a.Rows, 3)
	require.Len(t, a.Limits, 1)
	require.Equal(t, parseCaseTime(t, "10:20:30").UTC(), a.Limits[0].End.Time)
	require.Len(t, a.Timeline.Codes, 3)
	require.NotEmpty(t, a.Explain)

	examples := map[string]int{}
	for _, e := range a.Examples {
		require.Equal(t, "acme", e.Vendor)
		examples[e.Code]++
	}
	require.Equal(t, map[string]int{"down": 2, "": 2, "dns": 1}, examples)
	again, err := db.Report(t.Context(), f, ReportOptions{Examples: 2})
	require.NoError(t, err)
	require.ElementsMatch(t, a.Examples, again.Examples, "the same examples when asked again")

	var usage *UsageError
	_, err = db.Report(t.Context(), Filter{From: f.From, To: f.To}, ReportOptions{})
	require.ErrorAs(t, err, &usage)
	none, err := db.Report(t.Context(), f, ReportOptions{})
	require.NoError(t, err)
	require.Empty(t, none.Examples)
	_, err = db.Report(t.Context(), f, ReportOptions{Examples: -1})
	require.ErrorAs(t, err, &usage)

	f.From, f.To = f.From.Add(-5*time.Hour), f.From.Add(-4*time.Hour)
	a, err = db.Report(t.Context(), f, ReportOptions{})
	require.NoError(t, err)
	require.Zero(t, a.Responses)
	require.Empty(t, a.Examples)
}
