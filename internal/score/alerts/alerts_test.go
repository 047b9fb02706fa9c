package main

import (
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

func defaultRules(t *testing.T) *alert.File {
	t.Helper()
	rules, err := alert.Decode("default rules", alert.DefaultFile)
	require.NoError(t, err)
	return rules
}

// skipUnderRace leaves out what takes minutes under the race detector and has no goroutines of its own.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("weeks of traffic")
	}
}

// TestShortFormOfWeeks: eight days of ordinary traffic, with a weekend and the Monday after it, page nobody.
func TestShortFormOfWeeks(t *testing.T) {
	skipUnderRace(t)
	url := embedded.TestClickHouse(t)
	for _, v := range []volume{volumes[0], {"middle", 4, 0.4}} {
		r, err := measureQuiet(t.Context(), url, defaultRules(t), v, 8, 3, nil)
		require.NoError(t, err)
		require.Greater(t, r.rows, 20_000)
		require.Zero(t, r.count(), "%v", r.pages)
	}
}

// TestShortFormOfSpikes: rows appear as time passes; each spike pages within three minutes of being visible.
func TestShortFormOfSpikes(t *testing.T) {
	skipUnderRace(t)
	plans := []plan{
		{"new code", 0, 12, 400, 0}, {"almost never", 0.02, 20, 504, 0}, {"sometimes", 0.5, 10, 404, 0.3}, {"often", 3, 27, 404, 0.3},
	}
	outcomes, err := measureSpikes(t.Context(), embedded.TestClickHouse(t), defaultRules(t), plans, 5)
	require.NoError(t, err)
	require.NoError(t, verdict(nil, outcomes))
	for _, o := range outcomes {
		require.False(t, o.visible.IsZero(), o.plan.name)
		require.False(t, o.spiked.IsZero(), "%s: other rules paged, error-spike did not", o.plan.name)
	}
}

// TestErrorsAreCalls: errors stray with the calls of their service, and no less than if they strayed on their own.
func TestErrorsAreCalls(t *testing.T) {
	w, week := newWriter(1), 7*24*time.Hour
	traffic := failing(&stream{vendor: "acme", perMinute: 14, burst: callsStray}, 1.2)
	w.ordinary(traffic, quietStart, quietStart.Add(week))
	counts := fives(w, week)
	for _, f := range traffic.fails {
		n := counts[f]
		mean, variance := stat.MeanVariance(n, nil)
		alone := 1 + mean*(math.Exp(f.burst*f.burst)-1)
		t.Logf("%s: %.1f in five minutes, index of dispersion %.2f, %.2f on its own", f.code, mean, variance/mean, alone)
		require.Greater(t, variance/mean, 0.9*alone)
	}
	all := slices.Clone(counts[traffic.calls])
	for _, f := range traffic.fails {
		floats.Add(all, counts[f])
	}
	require.Greater(t, stat.Correlation(all, counts[traffic.fails[0]], nil), 0.6)
	mean, variance := stat.MeanVariance(all, nil)
	t.Logf("calls: %.1f in five minutes, index of dispersion %.2f", mean, variance/mean)
	require.Greater(t, variance/mean, 2.0)
}

// fives are the counts of five minutes, by stream.
func fives(w *writer, length time.Duration) map[*stream][]float64 {
	counts := map[*stream][]float64{}
	for _, r := range w.rows {
		i := int(time.UnixMilli(r.at).Sub(quietStart) / (5 * time.Minute))
		if counts[r.stream] == nil {
			counts[r.stream] = make([]float64, length/(5*time.Minute))
		}
		if i < len(counts[r.stream]) {
			counts[r.stream][i]++
		}
	}
	return counts
}

func TestVerdict(t *testing.T) {
	at := quietStart
	good := outcome{start: at, visible: at.Add(time.Minute), paged: at.Add(2 * time.Minute)}
	require.NoError(t, verdict([]quietResult{{}}, []outcome{good}))
	late, missed, early := good, good, good
	late.paged, missed.paged, early.false = at.Add(5*time.Minute), time.Time{}, true
	for _, bad := range []outcome{late, missed, early} {
		require.Error(t, verdict(nil, []outcome{good, bad}))
	}
	page := alert.Life{Episodes: []alert.Episode{{}}}
	require.Error(t, verdict([]quietResult{{pages: []alert.Life{page}}}, nil))
}
