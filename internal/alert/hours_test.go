package alert

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/storage"
)

// TestKeptHoursChangeNothing evaluates every twenty minutes through four hours, with the hours that are kept and without.
// Rows come late, by up to two days, and so do whole minutes.
func TestKeptHoursChangeNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("two evaluations of all rules, twelve times; nothing runs at once")
	}
	w := alerttest.New(t)
	start := ago(4 * hour)
	w.Insert(alerttest.Calls{From: ago(3 * day), To: start, N: 6}, trouble(ago(3*day), start, 1),
		alerttest.Calls{From: ago(3 * day), To: ago(2 * hour), N: 6, Vendor: "globex"})
	file := rules(t, `rules:
  - {name: spike, kind: spike}
  - {name: new, kind: new_code, min_count: 3}
  - {name: rate, kind: rate, above: 20%, min_volume: 20, by: [vendor, service]}
  - {name: count, kind: count, above: 40, code: ["down", "odd"]}
  - {name: silent, kind: silent, min_volume: 20}
  - {name: storm, kind: storm}
  - {name: limit, kind: limit}
  - {name: unparsed, kind: unparsed, min_volume: 5}
known:
  - {vendor: acme, code: "known", until: `+ago(3*hour).Format(time.RFC3339)+`, reason: test}`)
	kept := Engine{DB: w.DB, Rules: file, Grace: DefaultGrace, Hours: &storage.Hours{}}
	anew := Engine{DB: w.DB, Rules: file, Grace: DefaultGrace}
	r := rand.New(rand.NewPCG(1, 1))
	states := map[State]int{}
	for at := start; at.Before(noon()); at = at.Add(20 * minute) {
		batch := []alerttest.Calls{{From: at.Add(-20 * minute), To: at, N: 6}, trouble(at.Add(-20*minute), at, 1)}
		switch n := r.IntN(6); n {
		case 0: // a spike that is told hours later, or now
			from := at.Add(-time.Duration(r.IntN(300)) * minute)
			batch = append(batch, trouble(from, from.Add(5*minute), 30))
		case 1:
			batch = append(batch, alerttest.Calls{From: at.Add(-3 * minute), To: at, N: 20, Status: 500, Code: []string{"known", "odd", "odder"}[r.IntN(3)]})
		case 2:
			from := at.Add(-time.Duration(r.IntN(48)) * hour)
			batch = append(batch, alerttest.Calls{From: from, To: from.Add(20 * minute), N: 3, Vendor: "initech"})
		}
		w.Insert(batch...)
		want, err := anew.Evaluate(t.Context(), at)
		require.NoError(t, err)
		got, err := kept.Evaluate(t.Context(), at)
		require.NoError(t, err)
		require.Equal(t, want, got, at)
		for i := range got.Alerts {
			states[got.Alerts[i].State]++
		}
	}
	require.Greater(t, states[Firing], 6, "there was something to tell")
	require.Greater(t, states[Resolved], 1)
}
