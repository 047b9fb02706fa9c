package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/storage"
)

// TestKeptHoursChangeNothing evaluates every forty minutes, with the hours that are kept and without. Rows come late, by
// up to a day, and so do whole minutes.
func TestKeptHoursChangeNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("ten evaluations of all rules; nothing runs at once")
	}
	w := alerttest.New(t)
	start := ago(2*hour + 40*minute)
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
	late := func(d, lasting time.Duration, n int, code string) alerttest.Calls {
		return alerttest.Calls{From: ago(d), To: ago(d - lasting), N: n, Status: 500, Code: code}
	}
	states := map[State]int{}
	for i, news := range [][]alerttest.Calls{
		{late(3*hour, 3*minute, 20, "known"), late(160*minute, 5*minute, 30, "odd")},
		{late(4*hour, 5*minute, 30, "down"), late(125*minute, 5*minute, 30, "odder")}, // hours late, and now
		{{From: ago(21 * hour), To: ago(20 * hour), N: 3, Vendor: "initech"}},
		{late(45*minute, 5*minute, 30, "down"), late(100*minute, 30*minute, 2, "odd")},
		{late(130*minute, 5*minute, 30, "known")},
	} {
		at := start.Add(time.Duration(i) * 40 * minute)
		batch := append(news, alerttest.Calls{From: at.Add(-40 * minute), To: at, N: 6}, trouble(at.Add(-40*minute), at, 1))
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
