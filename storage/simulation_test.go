package storage

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/simulate"
	"github.com/errata-dev/errata/parsers"
)

// loadSimulation fills the table with a simulated log and returns the truth about it.
func loadSimulation(t testing.TB, o Options, options simulate.Options) simulate.Truth {
	t.Helper()
	g, err := simulate.New(options)
	require.NoError(t, err)
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	b := NewBlock()
	var buf []byte
	var row parsers.Row
	for offset := int64(0); ; offset++ {
		value, _, ok := g.Next(buf)
		if !ok {
			break
		}
		buf = value
		registry.Parse(&parsers.Record{Value: value, Source: "simulation", Topic: "t", Offset: offset}, &row)
		b.Append(&row)
	}
	insertToday(t, o, b)
	return g.Truth()
}

// TestStormsAndLimitsOfSimulation compares the answers with what a simulated day is known to contain:
// two storms and two throttled windows, among pollers, health checks, an outage and stray 429s.
func TestStormsAndLimitsOfSimulation(t *testing.T) {
	db, o := openMigrated(t)
	end := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) // always the same day: how many calls share a second with a rejection is chance
	truth := loadSimulation(t, o, simulate.Options{Seed: 1, End: end, Records: 60_000})
	day := Filter{From: end.AddDate(0, 0, -1), To: end}

	storms, err := db.Storms(t.Context(), day, StormOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, truth.Storms)
	require.Len(t, storms.Rows, len(truth.Storms))
	slices.SortFunc(storms.Rows, func(a, b StormRow) int { return a.Start.Compare(b.Start.Time) })
	for i, want := range truth.Storms {
		requireStorm(t, want, storms.Rows[i])
	}

	limits, err := db.Limits(t.Context(), day, LimitOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, truth.Limits)
	require.Len(t, limits.Rows, len(truth.Limits))
	slices.SortFunc(limits.Rows, func(a, b LimitRow) int { return a.Start.Compare(b.Start.Time) })
	for i, want := range truth.Limits {
		requireWindow(t, want, limits.Rows[i])
	}
}

func requireStorm(t *testing.T, want simulate.StormTruth, got StormRow) {
	t.Helper()
	require.Equal(t, want, simulate.StormTruth{
		Vendor: got.Vendor, Service: got.Service, Method: got.Method, Endpoint: got.Endpoint,
		Start: got.Start.Time, End: got.End.Time, Status: want.Status, Code: want.Code,
		Attempts: int(got.Attempts), Operations: int(got.Operations), Amplification: got.Amplification, RetryShare: got.RetryShare,
		PeakPerS: int(got.PeakPerS), MedianGapMS: got.MedianGapMS, Backoff: string(got.Backoff), EarlyRetries: want.EarlyRetries,
		Wasted: int(got.Wasted), Outcome: string(got.Outcome),
	})
	// The truth counts from answer to answer, the question from answer to request.
	require.InDelta(t, want.EarlyRetries, got.EarlyRetries, 0.05*float64(want.EarlyRetries))
	if want.Code != "" {
		require.Equal(t, []string{want.Code}, got.Codes)
	}
}

// requireWindow allows for what the truth counts otherwise: the response that closes the window, calls
// of the same second as its first rejection, and calls under way when a Retry-After arrived.
func requireWindow(t *testing.T, want simulate.LimitTruth, got LimitRow) {
	t.Helper()
	require.Equal(t, want.Vendor, got.Vendor)
	require.Equal(t, want.Service, got.Service)
	require.Equal(t, want.Credential, got.Credential)
	require.Equal(t, want.Start, got.Start.Time)
	require.Equal(t, want.End, got.End.Time)
	require.EqualValues(t, want.Rejected, got.Rejected)
	require.InDelta(t, want.Admitted, got.Admitted, 8) // a second has some six calls
	require.InDelta(t, want.Early, got.EarlyRetries, 0.05*float64(want.Early)+1)
	require.Equal(t, []string{want.Service}, got.TopServices)
	if want.Limit == 0 {
		require.Nil(t, got.Limit)
		require.Equal(t, LimitSourceNone, got.LimitSource)
		return
	}
	require.EqualValues(t, want.Limit, *got.Limit)
	require.EqualValues(t, want.WindowS, *got.WindowS)
	require.Equal(t, LimitSourceHeader, got.LimitSource)
}
