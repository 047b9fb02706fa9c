package alert

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
func ordinary() calls { return calls{from: ago(26 * hour), to: noon(), n: 10} }

func TestEvaluate(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		rows []calls
		want map[string]State // by what the alert is about
	}{
		"count": {
			"{name: r, kind: count, above: 20}",
			[]calls{ordinary(), {from: ago(5 * minute), to: noon(), n: 5, status: 500, code: "down"}},
			map[string]State{"acme": Firing},
		},
		"count, not more than": {
			"{name: r, kind: count, above: 25}",
			[]calls{ordinary(), {from: ago(5 * minute), to: noon(), n: 5, status: 500, code: "down"}},
			nil,
		},
		"count of one code by service": {
			`{name: r, kind: count, above: 10, by: [service], code: "down"}`,
			[]calls{
				{from: ago(5 * minute), to: noon(), n: 5, status: 500, code: "down", service: "ledger"},
				{from: ago(5 * minute), to: noon(), n: 5, status: 500, code: "other"},
			},
			map[string]State{"ledger": Firing},
		},
		"rate": {
			"{name: r, kind: rate, above: 20%, min_volume: 50}",
			[]calls{ordinary(), {from: ago(10 * minute), to: noon(), n: 5, status: 500, code: "down"}},
			map[string]State{"acme": Firing},
		},
		"rate, pending": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, for: 30m}",
			[]calls{ordinary(), {from: ago(10 * minute), to: noon(), n: 5, status: 500, code: "down"}},
			map[string]State{"acme": Pending},
		},
		"rate, resolved a moment ago": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]calls{ordinary(), {from: ago(20 * minute), to: ago(10 * minute), n: 5, status: 500, code: "down"}},
			map[string]State{"acme": Resolved},
		},
		"rate, over for long": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]calls{ordinary(), {from: ago(60 * minute), to: ago(50 * minute), n: 5, status: 500, code: "down"}},
			nil,
		},
		"3 errors of 4 calls are no rate": {
			"{name: r, kind: rate, above: 20%}",
			[]calls{{from: ago(minute * 2), to: ago(minute), n: 3, status: 500, code: "down"}, {from: ago(minute * 2), to: ago(minute), n: 1}},
			nil,
		},
		"spike": {
			"{name: r, kind: spike}",
			[]calls{ordinary(), {from: ago(4 * minute), to: noon(), n: 30, status: 504, code: "slow"}, {from: ago(25 * hour), to: ago(24*hour + 50*minute), n: 1, status: 504, code: "slow"}},
			map[string]State{"acme": Firing},
		},
		"a spike is not a spike at 3 errors of 4 calls": {
			"{name: r, kind: spike}",
			[]calls{{from: ago(2 * minute), to: ago(minute), n: 3, status: 500, code: "down"}, {from: ago(2 * minute), to: ago(minute), n: 1}},
			nil,
		},
		"two codes of a vendor are one page": {
			"{name: r, kind: spike}",
			[]calls{
				ordinary(), {from: ago(4 * minute), to: noon(), n: 30, status: 504, code: "slow"},
				{from: ago(4 * minute), to: noon(), n: 30, status: 500, code: "down", route: "/refund"},
			},
			map[string]State{"acme": Firing},
		},
		"new code": {
			"{name: r, kind: new_code, min_count: 3}",
			[]calls{ordinary(), {from: ago(4 * minute), to: noon(), n: 1, status: 400, code: "odd"}},
			map[string]State{"acme odd": Firing},
		},
		"a new code, too few yet": {
			"{name: r, kind: new_code, min_count: 5}",
			[]calls{ordinary(), {from: ago(4 * minute), to: noon(), n: 1, status: 400, code: "odd"}},
			nil,
		},
		"of a new vendor no code is new": {
			"{name: r, kind: new_code, min_count: 3}",
			[]calls{{from: ago(hour), to: noon(), n: 10}, {from: ago(4 * minute), to: noon(), n: 1, status: 400, code: "odd"}},
			nil,
		},
		"silent": {
			"{name: r, kind: silent, min_volume: 50}",
			[]calls{{from: ago(26 * hour), to: ago(20 * minute), n: 10}, {from: ago(26 * hour), to: noon(), n: 1, vendor: "globex"}},
			map[string]State{"acme": Firing},
		},
		"silent at this time every day": {
			"{name: r, kind: silent, min_volume: 50}",
			[]calls{{from: ago(26 * hour), to: ago(24*hour + 20*minute), n: 10}, {from: ago(23 * hour), to: ago(20 * minute), n: 10}},
			nil,
		},
		"a vendor with little traffic is not silent": {
			"{name: r, kind: silent, min_volume: 500}",
			[]calls{{from: ago(26 * hour), to: ago(20 * minute), n: 10}},
			nil,
		},
		"unparsed": {
			"{name: r, kind: unparsed, min_volume: 20}",
			[]calls{ordinary(), {from: ago(5 * minute), to: noon(), n: 5, status: 500, parse: parsers.ParseUnparsed}},
			map[string]State{"acme": Firing},
		},
		"parsed": {
			"{name: r, kind: unparsed, min_volume: 20}",
			[]calls{ordinary(), {from: ago(5 * minute), to: noon(), n: 5, status: 500, parse: parsers.ParseGeneric}},
			nil,
		},
		"a gap in ingestion resolves nothing": {
			"{name: r, kind: rate, above: 20%, min_volume: 50, keep_firing_for: 0}",
			[]calls{{from: ago(2 * hour), to: ago(30 * minute), n: 10}, {from: ago(40 * minute), to: ago(30 * minute), n: 10, status: 500, code: "down"}},
			map[string]State{"acme": Firing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.insert(c.rows...)
			e := Engine{DB: w.db, Rules: rules(t, "rules: ["+c.rule+"]"), Grace: DefaultGrace}
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
	w := newWorld(t)
	w.insert(ordinary(), calls{from: ago(5 * minute), to: noon(), n: 30, status: 500, code: "down"})
	text := `rules: [{name: s, kind: spike}, {name: c, kind: count, above: 20}, {name: r, kind: rate, above: 20%, min_volume: 10}]
known: [{vendor: acme, code: "down", reason: migration, until: `
	for until, want := range map[string]int{noon().Add(hour).Format(time.RFC3339): 0, ago(hour).Format(time.RFC3339): 3} {
		e := Engine{DB: w.db, Rules: rules(t, text+until+"}]"), Grace: DefaultGrace}
		result, err := e.Evaluate(t.Context(), noon())
		require.NoError(t, err)
		require.Len(t, result.Alerts, want, until)
	}
}

func TestEvidence(t *testing.T) {
	w := newWorld(t)
	w.insert(ordinary(), calls{from: ago(4 * minute), to: noon(), n: 30, status: 504, code: "slow"})
	e := Engine{DB: w.db, Rules: rules(t, `rules: [{name: s, kind: spike, annotations: {note: "{{ .Count }} of {{ .Labels.vendor }}"}}]`), Grace: DefaultGrace,
		Advice: func(vendor string, status int, code string) string { return vendor + code }}
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
	require.Contains(t, ev.Query, "query spikes --vendor acme --code slow --from ")
	require.Equal(t, "120 of acme", a.Annotations(ev)["note"])
}

// TestBacktestIsTheSameWalk: what a backtest says of an instant is what a check at that instant said.
func TestBacktestIsTheSameWalk(t *testing.T) {
	w := newWorld(t)
	w.insert(ordinary(), calls{from: ago(60 * minute), to: ago(50 * minute), n: 30, status: 504, code: "slow"},
		calls{from: ago(20 * minute), to: ago(10 * minute), n: 30, status: 504, code: "slow"})
	e := Engine{DB: w.db, Rules: rules(t, `rules: [{name: s, kind: spike}, {name: r, kind: rate, above: 50%, min_volume: 50}]`), Grace: DefaultGrace}
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
