package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func truthOf(t *testing.T, o Options) Truth {
	t.Helper()
	g := generate(t, o)
	each(g, func(_, _ []byte, _ Fact) {})
	return g.Truth()
}

func TestDefaultEvents(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		truth := truthOf(t, Options{Seed: seed, Records: 50_000})
		require.Len(t, truth.Storms, 2)
		require.Len(t, truth.Limits, 2)
		since := end().Add(-50 * time.Minute)
		for _, s := range truth.Storms {
			require.WithinRange(t, s.Start, since, end())
			require.WithinRange(t, s.End, s.Start, end())
		}
		for _, l := range truth.Limits {
			require.WithinRange(t, l.Start, since, end())
			require.WithinRange(t, l.End, l.Start, end())
		}
		causes := map[string]int{}
		for _, s := range truth.Spikes {
			require.WithinRange(t, s.Start, since, end())
			require.Greater(t, float64(s.Count), 3*s.Expected)
			causes[s.Cause]++
		}
		require.Equal(t, map[string]int{"spike": 1, "storm": 2, "limit": 2}, causes)
	}
}

func TestStormsAreOfDifferentShape(t *testing.T) {
	storms := truthOf(t, Options{Seed: 1, Records: 50_000}).Storms
	require.Len(t, storms, 2)
	tight, patient := storms[0], storms[1]
	require.Equal(t, "bics", tight.Vendor)
	require.Equal(t, "none", tight.Backoff)
	require.Equal(t, "gave_up", tight.Outcome)
	require.Equal(t, 30*40, tight.Attempts)
	require.Equal(t, 30*39, tight.Wasted)
	require.InDelta(t, 180, tight.MedianGapMS, 10)
	require.Equal(t, "truelayer", patient.Vendor)
	require.Equal(t, "exponential", patient.Backoff)
	require.Equal(t, "recovered", patient.Outcome)
	require.Equal(t, 24*8, patient.Attempts)
	require.Equal(t, 24*6, patient.Wasted)
	require.Greater(t, patient.EarlyRetries, 24*5)
}

// A storm needs runs of five attempts: ordinary retries, the spike and the outage must not have them,
// except for what polls at a steady pace.
func TestNothingElseIsAStorm(t *testing.T) {
	const gap = 60_000
	g := generate(t, Options{Seed: 2, Records: 200_000})
	type run struct {
		last     int64
		attempts int
	}
	runs := map[uint64]run{}
	each(g, func(_, _ []byte, f Fact) {
		_, storm := g.last.source.(*storm)
		_, steady := g.last.source.(*periodic)
		if f.Kind == "dead_letter" || storm || steady {
			return
		}
		r := runs[f.Operation]
		if f.TimeMS-r.last >= gap {
			r.attempts = 0
		}
		r.last = f.TimeMS
		r.attempts++
		require.LessOrEqual(t, r.attempts, 3, "%+v", f)
		if runs[f.Operation] = r; f.Kind == "success" {
			delete(runs, f.Operation)
		}
	})
}

func TestStray429sStayAlone(t *testing.T) {
	g := generate(t, Options{Seed: 2, Records: 200_000, Events: []Event{}})
	last, n := map[string]int64{}, 0
	each(g, func(_, _ []byte, f Fact) {
		if f.Category != "rate_limit" {
			return
		}
		n++
		require.Greater(t, f.TimeMS-last[f.Vendor], (9 * time.Minute).Milliseconds())
		last[f.Vendor] = f.TimeMS
	})
	require.Greater(t, n, 10)
	truth := g.Truth()
	require.Empty(t, truth.Limits)
	require.Empty(t, truth.Spikes)
	require.Empty(t, truth.Storms)
}

func TestLimitWindowAdvertisesItsQuota(t *testing.T) {
	truth := truthOf(t, Options{Seed: 3, Records: 50_000})
	require.Len(t, truth.Limits, 2)
	shared, perUser := truth.Limits[0], truth.Limits[1]
	require.Equal(t, 60, shared.Limit)
	require.Equal(t, 60, shared.WindowS)
	require.InDelta(t, 8*35, shared.Rejected, 60)
	require.GreaterOrEqual(t, shared.Admitted, int64(7*60))
	require.Positive(t, shared.Early)
	require.Zero(t, perUser.Limit)
	require.InDelta(t, 15*20*0.6, perUser.Rejected, 60)
	require.Zero(t, perUser.Early)
}

// The rejections of one window must not lie further apart than the gap that joins them.
func TestLimitWindowsHoldTogether(t *testing.T) {
	g := generate(t, Options{Seed: 4, Records: 50_000})
	last := map[*limit]int64{}
	each(g, func(_, _ []byte, f Fact) {
		l, ok := g.last.source.(*limit)
		if !ok || f.Category != "rate_limit" {
			return
		}
		if last[l] > 0 {
			require.Less(t, f.TimeMS-last[l], int64(60_000))
		}
		last[l] = f.TimeMS
	})
	require.Len(t, last, 2)
}

func TestSpikeIsNoStorm(t *testing.T) {
	truth := truthOf(t, Options{Seed: 5, Records: 50_000, Decoys: DecoysOff, Events: []Event{
		Spike{Vendor: "truv", Status: 400, Code: "validation_error", Start: end().Add(-time.Hour), Duration: 5 * time.Minute, PerMinute: 80},
	}})
	require.Empty(t, truth.Storms)
	require.Len(t, truth.Spikes, 1)
	require.Greater(t, truth.Spikes[0].Count, int64(5*70))
}

func TestMoreEvents(t *testing.T) {
	from := end().Add(-20 * time.Hour)
	events := MoreEvents(11, from, end(), 40)
	require.Len(t, events, 40)
	require.Equal(t, events, MoreEvents(11, from, end(), 40))
	truth := truthOf(t, Options{Seed: 11, Records: 100_000, Events: events})
	require.Greater(t, len(truth.Storms), 5)
	require.Greater(t, len(truth.Limits), 3)
	require.Equal(t, 40, len(truth.Storms)+len(truth.Limits)+countCause(truth.Spikes, "spike"))
	for _, s := range truth.Storms {
		require.GreaterOrEqual(t, s.Attempts, 5)
		require.GreaterOrEqual(t, s.Amplification, 3.0)
	}
}

func countCause(spikes []SpikeTruth, cause string) int {
	n := 0
	for _, s := range spikes {
		if s.Cause == cause {
			n++
		}
	}
	return n
}
