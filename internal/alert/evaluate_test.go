package alert

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/parsers"
)

// noon of yesterday is when cases play: everything before it is in the table, and complete.
func noon() time.Time { return time.Now().UTC().Truncate(day).Add(-day / 2) }

func ago(d time.Duration) time.Time { return noon().Add(-d) }

const (
	minute = time.Minute
	hour   = time.Hour
)

// ordinary is a day of one vendor's traffic with few errors.
func ordinary() alerttest.Calls { return alerttest.Calls{From: ago(26 * hour), To: noon(), N: 10} }

// spentEachHour are calls of whom those of the last five minutes of each hour are rejected.
func spentEachHour() (list []alerttest.Calls) {
	for at := ago(6 * hour); at.Before(noon()); at = at.Add(hour) {
		list = append(list, alerttest.Calls{From: at, To: at.Add(55 * minute), N: 10, Limit: 550, WindowS: 3600},
			alerttest.Calls{From: at.Add(55 * minute), To: at.Add(hour), N: 10, Status: 429, Code: "slow", Limit: 550, WindowS: 3600})
	}
	return list
}

// strays are calls, as irregular as calls are, of whom some are rejected in each minute by no quota.
func strays() (list []alerttest.Calls) {
	r := rand.New(rand.NewPCG(1, 1))
	for at := ago(6 * hour); at.Before(ago(minute)); at = at.Add(minute) {
		from := at.Add(time.Duration(r.IntN(20)) * time.Second)
		list = append(list, alerttest.Calls{From: at, To: at.Add(minute), N: 20 + r.IntN(60)},
			alerttest.Calls{From: from, To: from.Add(minute), N: 1 + r.IntN(3), Status: 429, Code: "slow"})
	}
	return list
}

func TestEvaluate(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		rows []alerttest.Calls
		want map[string]State // by what the alert is about
	}{
		"count": {
			"{name: r, kind: count, above: 20}",
			[]alerttest.Calls{ordinary(), {From: ago(5 * minute), To: noon(), N: 5, Status: 500, Code: "down"}},
			map[string]State{"acme": Firing},
		},
		"count, not more than": {
			"{name: r, kind: count, above: 25}",
			[]alerttest.Calls{ordinary(), {From: ago(5 * minute), To: noon(), N: 5, Status: 500, Code: "down"}},
			nil,
		},
		"count of one code by service": {
			`{name: r, kind: count, above: 10, by: [service], code: "down"}`,
			[]alerttest.Calls{
				{From: ago(5 * minute), To: noon(), N: 5, Status: 500, Code: "down", Service: "ledger"},
				{From: ago(5 * minute), To: noon(), N: 5, Status: 500, Code: "other"},
			},
			map[string]State{"ledger": Firing},
		},
		"rate": {
			"{name: r, kind: rate, above: 20%, min_volume: 50}",
			[]alerttest.Calls{ordinary(), {From: ago(10 * minute), To: noon(), N: 5, Status: 500, Code: "down"}},
			map[string]State{"acme": Firing},
		},
		"rate, pending": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, for: 30m}",
			[]alerttest.Calls{ordinary(), {From: ago(10 * minute), To: noon(), N: 5, Status: 500, Code: "down"}},
			map[string]State{"acme": Pending},
		},
		"rate, resolved a moment ago": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]alerttest.Calls{ordinary(), {From: ago(20 * minute), To: ago(10 * minute), N: 5, Status: 500, Code: "down"}},
			map[string]State{"acme": Resolved},
		},
		"rate, over for long": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]alerttest.Calls{ordinary(), {From: ago(60 * minute), To: ago(50 * minute), N: 5, Status: 500, Code: "down"}},
			nil,
		},
		"3 errors of 4 calls are no rate": {
			"{name: r, kind: rate, above: 20%}",
			[]alerttest.Calls{{From: ago(minute * 2), To: ago(minute), N: 3, Status: 500, Code: "down"}, {From: ago(minute * 2), To: ago(minute), N: 1}},
			nil,
		},
		"spike": {
			"{name: r, kind: spike}",
			[]alerttest.Calls{ordinary(), {From: ago(4 * minute), To: noon(), N: 30, Status: 504, Code: "slow"}, {From: ago(25 * hour), To: ago(24*hour + 50*minute), N: 1, Status: 504, Code: "slow"}},
			map[string]State{"acme": Firing},
		},
		"a spike is not a spike at 3 errors of 4 calls": {
			"{name: r, kind: spike}",
			[]alerttest.Calls{{From: ago(2 * minute), To: ago(minute), N: 3, Status: 500, Code: "down"}, {From: ago(2 * minute), To: ago(minute), N: 1}},
			nil,
		},
		"two codes of a vendor are one page": {
			"{name: r, kind: spike}",
			[]alerttest.Calls{
				ordinary(),
				{From: ago(4 * minute), To: noon(), N: 30, Status: 504, Code: "slow"},
				{From: ago(4 * minute), To: noon(), N: 30, Status: 500, Code: "down", Route: "/refund"},
			},
			map[string]State{"acme": Firing},
		},
		"new code": {
			"{name: r, kind: new_code, min_count: 3}",
			[]alerttest.Calls{ordinary(), {From: ago(4 * minute), To: noon(), N: 1, Status: 400, Code: "odd"}},
			map[string]State{"acme odd": Firing},
		},
		"a new code, too few yet": {
			"{name: r, kind: new_code, min_count: 5}",
			[]alerttest.Calls{ordinary(), {From: ago(4 * minute), To: noon(), N: 1, Status: 400, Code: "odd"}},
			nil,
		},
		"of a new vendor no code is new": {
			"{name: r, kind: new_code, min_count: 3}",
			[]alerttest.Calls{{From: ago(hour), To: noon(), N: 10}, {From: ago(4 * minute), To: noon(), N: 1, Status: 400, Code: "odd"}},
			nil,
		},
		"a quota that is spent each hour, for its last five minutes": {
			"{name: r, kind: limit, min_count: 20, above: 10%}", spentEachHour(),
			map[string]State{"acme": Firing},
		},
		"stray rejections of many calls": {
			"{name: r, kind: limit, min_count: 20, above: 10%}", strays(),
			nil,
		},
		"silent": {
			"{name: r, kind: silent, min_volume: 50}",
			[]alerttest.Calls{{From: ago(26 * hour), To: ago(20 * minute), N: 10}, {From: ago(26 * hour), To: noon(), N: 1, Vendor: "globex"}},
			map[string]State{"acme": Firing},
		},
		"silent at this time every day": {
			"{name: r, kind: silent, min_volume: 50}",
			[]alerttest.Calls{{From: ago(26 * hour), To: ago(24*hour + 20*minute), N: 10}, {From: ago(23 * hour), To: ago(20 * minute), N: 10}},
			nil,
		},
		"a vendor with little traffic is not silent": {
			"{name: r, kind: silent, min_volume: 500}",
			[]alerttest.Calls{{From: ago(26 * hour), To: ago(20 * minute), N: 10}},
			nil,
		},
		"unparsed": {
			"{name: r, kind: unparsed, min_volume: 20}",
			[]alerttest.Calls{ordinary(), {From: ago(5 * minute), To: noon(), N: 5, Status: 500, Parse: parsers.ParseUnparsed}},
			map[string]State{"acme": Firing},
		},
		"parsed": {
			"{name: r, kind: unparsed, min_volume: 20}",
			[]alerttest.Calls{ordinary(), {From: ago(5 * minute), To: noon(), N: 5, Status: 500, Parse: parsers.ParseGeneric}},
			nil,
		},
		"a gap in ingestion resolves nothing": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]alerttest.Calls{{From: ago(2 * hour), To: ago(30 * minute), N: 10}, {From: ago(40 * minute), To: ago(30 * minute), N: 10, Status: 500, Code: "down"}},
			map[string]State{"acme": Firing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := alerttest.New(t)
			w.Insert(c.rows...)
			e := Engine{DB: w.DB, Rules: rules(t, "rules: ["+c.rule+"]"), Grace: DefaultGrace}
			result, err := e.Evaluate(t.Context(), noon())
			require.NoError(t, err)
			var got map[string]State
			for _, a := range result.Alerts {
				if got == nil {
					got = map[string]State{}
				}
				got[a.about()] = a.State
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestKnownErrorsDoNotPage(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(ordinary(), alerttest.Calls{From: ago(5 * minute), To: noon(), N: 30, Status: 500, Code: "down"})
	text := `rules: [{name: s, kind: spike}, {name: c, kind: count, above: 20}, {name: r, kind: rate, above: 20%, min_volume: 10}]
known: [{vendor: acme, code: "down", reason: migration, until: `
	for until, want := range map[string]int{noon().Add(hour).Format(time.RFC3339): 0, ago(hour).Format(time.RFC3339): 3} {
		e := Engine{DB: w.DB, Rules: rules(t, text+until+"}]"), Grace: DefaultGrace}
		result, err := e.Evaluate(t.Context(), noon())
		require.NoError(t, err)
		require.Len(t, result.Alerts, want, until)
	}
}

func TestEvidence(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(ordinary(), alerttest.Calls{From: ago(4 * minute), To: noon(), N: 30, Status: 504, Code: "slow"},
		alerttest.Calls{From: ago(25 * hour), To: ago(24 * hour), N: 1, Status: 504, Code: "slow"}, // what is expected
		alerttest.Calls{From: ago(4 * minute), To: noon(), N: 1, Status: 400, Code: "other", Route: "/other"})
	e := Engine{
		DB: w.DB, Rules: rules(t, `rules: [{name: s, kind: spike, annotations: {note: "{{ .Count }} of {{ .Labels.vendor }}"}}]`), Grace: DefaultGrace,
		Advice: func(vendor string, status int, code string) string { return vendor + code },
	}
	result, err := e.Evaluate(t.Context(), noon())
	require.NoError(t, err)
	require.Len(t, result.Alerts, 1)
	a := result.Alerts[0]
	require.Equal(t, map[string]string{"alertname": "s", "severity": "warning", "vendor": "acme"}, a.Labels)
	ev, err := e.Evidence(t.Context(), &a, noon())
	require.NoError(t, err)
	require.EqualValues(t, 120, ev.Count)
	require.Equal(t, []string{"504 slow"}, ev.Codes)
	require.Equal(t, []string{"checkout"}, ev.Services)
	require.Equal(t, []string{"POST /pay"}, ev.Endpoints)
	require.Equal(t, "it is slow", ev.Message)
	require.Equal(t, "acmeslow", ev.Advice)
	require.Len(t, ev.Offsets, 3)
	require.Len(t, ev.TraceIDs, 3)
	require.Equal(t, ago(4*minute), ev.Since)
	require.Positive(t, ev.Expected)
	require.InDelta(t, 120/ev.Expected, ev.Ratio, 0.05)
	require.Equal(t, "query spikes --vendor acme --status 504 --code slow --from "+ago(4*minute).Format(time.RFC3339)+" --to "+noon().Add(time.Second).Format(time.RFC3339), ev.Query)
	require.Equal(t, "120 of acme", a.Annotations(ev)["note"])
}

// TestBacktestIsTheSameWalk: what a backtest says of an instant is what a check at that instant said.
func TestBacktestIsTheSameWalk(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(ordinary(), alerttest.Calls{From: ago(60 * minute), To: ago(50 * minute), N: 30, Status: 504, Code: "slow"},
		alerttest.Calls{From: ago(20 * minute), To: ago(10 * minute), N: 30, Status: 504, Code: "slow"})
	e := Engine{DB: w.DB, Rules: rules(t, `rules: [{name: s, kind: spike}, {name: r, kind: rate, above: 50%, min_volume: 50}]`), Grace: DefaultGrace}
	lives, err := e.Backtest(t.Context(), ago(3*hour), noon())
	require.NoError(t, err)
	require.Len(t, lives, 2)
	for at := ago(70 * minute); !at.After(noon()); at = at.Add(5 * minute) {
		result, err := e.Evaluate(t.Context(), at)
		require.NoError(t, err)
		firing := map[string]bool{}
		for _, a := range result.Alerts {
			firing[a.Rule.Name] = a.State == Firing
		}
		for _, life := range lives {
			want := false
			for _, episode := range life.Episodes {
				// The minute in which it ends has to be complete before anyone can know.
				want = want || !at.Before(episode.Fired) && (episode.Resolved.IsZero() || at.Before(episode.Resolved.Add(minute+DefaultGrace)))
			}
			require.Equal(t, want, firing[life.Rule.Name], "%s at %s", life.Rule.Name, at.Format(time.TimeOnly))
		}
	}
}
