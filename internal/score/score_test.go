package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/internal/score/traffic"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	os.Exit(m.Run())
}

// measureShort asks one small log everything.
func measureShort(t *testing.T, log *traffic.Log, questions string) *result {
	t.Helper()
	if testing.Short() {
		t.Skip("some tens of thousands of records through everything: minutes under the race detector")
	}
	url := embedded.TestClickHouse(t)
	db, o, err := open(t.Context(), url, "")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, load(t.Context(), o, log))
	r := newResult()
	require.NoError(t, settings{only: questions}.ask(t.Context(), db, log, r))
	return r
}

func requireScore(t *testing.T, r *result, question string, precision, recall float64) {
	t.Helper()
	events, p, c := r.score(question)
	require.Greater(t, events.events, 25, "%s: the log holds too few events", question)
	require.GreaterOrEqual(t, p, precision, "precision of %s\n%v", question, r.notes)
	require.GreaterOrEqual(t, c, recall, "recall of %s\n%v", question, r.notes)
}

func TestShortFormOfADay(t *testing.T) {
	r := measureShort(t, traffic.Day(1, 0.05), "top,storms,limits")
	requireScore(t, r, "top", 1, 1)
	requireScore(t, r, "limits", 1, 1)
	requireScore(t, r, "storms", 0.95, 1)
	for _, member := range []string{"count", "share", "error_rate", "operations", "previous_count", "trend", "other", "total", "sum"} {
		require.InDelta(t, 1, r.exact("top", member), 0, "top %s\n%v", member, r.notes)
	}
	for _, member := range []string{"start", "end", "peak_per_s", "codes", "attempts", "wasted"} {
		require.GreaterOrEqual(t, r.exact("storms", member), 0.93, "storms %s\n%v", member, r.notes)
	}
	for _, member := range []string{"start", "end", "rejected", "admitted", "scope", "limit, stated"} {
		require.GreaterOrEqual(t, r.exact("limits", member), 0.97, "limits %s\n%v", member, r.notes)
	}
}

func TestShortFormOfAWeek(t *testing.T) {
	r := measureShort(t, traffic.Week(1, 0.05), "spikes")
	requireScore(t, r, "spikes", 0.9, 0.9)
	for _, member := range []string{"start", "new", "incident"} {
		require.GreaterOrEqual(t, r.exact("spikes", member), 0.9, "spikes %s\n%v", member, r.notes)
	}
}

func TestFloors(t *testing.T) {
	r := newResult()
	*r.kind("top", "groups") = tally{events: 1000, found: 1000}
	*r.kind("spikes", "a spike") = tally{events: 100, found: 96, missed: 4, wrong: 5}
	*r.kind("spikes, a quarter", "a spike") = tally{events: 54, found: 54, wrong: 5}
	require.NoError(t, r.check(0.95))
	r.kind("spikes", "decoy").wrong = 1
	require.ErrorContains(t, r.check(0.95), "spikes: precision 0.941 and recall 0.960, want 0.95")
	r.kind("top", "groups").missed++
	r.kind("top", "groups").events++
	require.ErrorContains(t, r.check(0.5), "top: ")
}
