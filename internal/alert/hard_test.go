package alert

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert/alerttest"
	"github.com/errata-dev/errata/storage"
)

// defaultEngine evaluates the rules that a new user gets.
func defaultEngine(t *testing.T, w *alerttest.World) *Engine {
	t.Helper()
	rules, err := Decode("default rules", DefaultFile)
	require.NoError(t, err)
	return &Engine{DB: w.DB, Rules: rules, Grace: DefaultGrace}
}

// firing lists the rules that fire at an instant.
func firing(t *testing.T, e *Engine, at time.Time) []string {
	t.Helper()
	result, err := e.Evaluate(t.Context(), at)
	require.NoError(t, err)
	var names []string
	for i := range result.Alerts {
		if result.Alerts[i].State == Firing {
			names = append(names, result.Alerts[i].Rule.Name)
		}
	}
	return names
}

func requireQuiet(t *testing.T, e *Engine, from, to time.Time) {
	t.Helper()
	lives, err := e.Backtest(t.Context(), from, to)
	require.NoError(t, err)
	require.Empty(t, lives)
}

// trouble are failing calls; the vendor's ordinary ones are beside them.
func trouble(from, to time.Time, perMinute int) alerttest.Calls {
	return alerttest.Calls{From: from, To: to, N: perMinute, Status: 503, Code: "down"}
}

func TestNothingAtAll(t *testing.T) {
	e := defaultEngine(t, alerttest.New(t))
	require.Empty(t, firing(t, e, noon()))
	requireQuiet(t, e, ago(day), noon())
}

func TestLowCounts(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(30 * hour), To: ago(2 * minute), N: 1}, trouble(ago(2*minute), ago(minute), 3), alerttest.Calls{From: ago(2 * minute), To: ago(minute), N: 1})
	require.Empty(t, firing(t, defaultEngine(t, w), noon()), "3 errors of 4 calls")
}

// TestEmptyBaseline: of a vendor that is known for minutes nobody knows what is ordinary.
func TestEmptyBaseline(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(20 * minute), To: noon(), N: 20}, trouble(ago(20*minute), noon(), 3))
	e := defaultEngine(t, w)
	require.Empty(t, firing(t, e, noon()), "a code that was there from the first minute on, below three a minute")
	w.Insert(trouble(ago(4*minute), noon(), 60))
	require.Contains(t, firing(t, e, noon()), "error-spike")
}

// TestFirstMinutes: whoever tries it on the first quarter of an hour of data sees a gross spike page, and a mild one not.
func TestFirstMinutes(t *testing.T) {
	for perMinute, pages := range map[int]bool{5: false, 10: true} {
		w := alerttest.New(t)
		at := ago(7 * minute) // within the hour in which the data begins
		w.Insert(alerttest.Calls{From: at.Add(-13 * minute), To: noon(), N: 100}, trouble(at.Add(-13*minute), noon(), 1), trouble(at, at.Add(5*minute), perMinute))
		require.Equal(t, pages, slices.Contains(firing(t, defaultEngine(t, w), at.Add(5*minute)), "error-spike"), perMinute)
	}
}

// TestSlowRamp: four times the mean of the day before, and six times what it was. But that took five hours, and what came in
// the hours before knows.
func TestSlowRamp(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(40 * hour), To: noon(), N: 100}, trouble(ago(40*hour), ago(5*hour), 3))
	for i := range 15 {
		from := ago(5*hour - time.Duration(i)*20*minute)
		w.Insert(trouble(from, from.Add(20*minute), 4+i))
	}
	e := defaultEngine(t, w)
	requireQuiet(t, e, ago(8*hour), noon())
	for at := ago(5 * hour); !at.After(noon()); at = at.Add(50 * minute) {
		require.Empty(t, firing(t, e, at))
	}
}

// TestGap: nothing is known of the time in which nothing was ingested, neither silence nor an end.
func TestGap(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(50 * hour), To: ago(90 * minute), N: 20}, trouble(ago(50*hour), ago(90*minute), 2),
		alerttest.Calls{From: ago(30 * minute), To: noon(), N: 20}, trouble(ago(30*minute), noon(), 2))
	e := defaultEngine(t, w)
	for _, at := range []time.Time{ago(85 * minute), ago(31 * minute), ago(29 * minute), ago(20 * minute), noon()} {
		require.Empty(t, firing(t, e, at), at)
	}
	requireQuiet(t, e, ago(3*hour), noon())
}

// TestGapOfAllIsNoSilence: an ingester that says that it has read everything changes nothing about that.
func TestGapOfAllIsNoSilence(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(50 * hour), To: ago(90 * minute), N: 20}, alerttest.Calls{From: ago(30 * minute), To: noon(), N: 20})
	require.NoError(t, w.DB.RecordWatermarks(t.Context(), []storage.Watermark{{Source: "src", Topic: "t", LogTime: noon()}}))
	e := defaultEngine(t, w)
	for _, at := range []time.Time{ago(70 * minute), ago(31 * minute), noon()} {
		require.Empty(t, firing(t, e, at), at)
	}
	requireQuiet(t, e, ago(3*hour), noon())
	w.Insert(alerttest.Calls{From: ago(90 * minute), To: ago(30 * minute), N: 1, Vendor: "globex"})
	require.Equal(t, []string{"vendor-silent"}, firing(t, e, ago(31*minute)), "somebody was recorded")
}

// TestDuplicatedDay: a day's records are written into the topic once more: other offsets, the bytes and times of the first.
// What was complete then has twice as many of everything, and what follows has not. A few errors at once stay few.
func TestDuplicatedDay(t *testing.T) {
	w := alerttest.New(t)
	for _, day := range []struct {
		from, to time.Time
		twice    bool
	}{{ago(80 * hour), ago(50 * hour), false}, {ago(50 * hour), ago(26 * hour), true}, {ago(26 * hour), noon(), false}} {
		failing := trouble(day.from, day.to, 3)
		failing.Twice = day.twice
		w.Insert(alerttest.Calls{From: day.from, To: day.to, N: 20, Twice: day.twice}, failing)
	}
	few := alerttest.Calls{From: ago(40 * hour), To: ago(40*hour - 4*minute), N: 4, Status: 400, Code: "rare", Twice: true}
	w.Insert(few, alerttest.Calls{From: ago(79 * hour), To: ago(79*hour - minute), N: 1, Status: 400, Code: "rare"})
	e := defaultEngine(t, w)
	answer, err := e.DB.Spikes(t.Context(), storage.Filter{From: few.From.Add(-hour), To: few.To.Add(hour)}, storage.SpikeOptions{})
	require.NoError(t, err)
	require.Len(t, answer.Rows, 1, "an answer counts rows")
	requireQuiet(t, e, ago(3*day), noon())
	for _, at := range []time.Time{ago(50*hour - 4*minute), ago(49 * hour), few.To, ago(26*hour + minute), ago(25 * hour)} {
		require.Empty(t, firing(t, e, at), at)
	}
	w.Insert(trouble(ago(5*minute), noon(), 60))
	require.Contains(t, firing(t, e, noon()), "error-spike", "and it still pages")
}

// TestDuplicatedRetries: where each call is tried thrice in an outage and the records are written twice, nobody repeats
// without mercy. Who tries six times does, however often that was written.
func TestDuplicatedRetries(t *testing.T) {
	for attempts, storms := range map[int][]string{3: nil, 6: {"storm"}} {
		w := alerttest.New(t)
		outage := trouble(ago(20*minute), ago(10*minute), 4)
		outage.Attempts, outage.Twice = attempts, true
		w.Insert(ordinary(), outage)
		e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: storm, kind: storm, min_count: 50, keep_firing_for: 30m}]"), Grace: DefaultGrace}
		answer, err := e.DB.Storms(t.Context(), storage.Filter{From: ago(hour), To: noon()}, storage.StormOptions{})
		require.NoError(t, err)
		require.Len(t, answer.Rows, 1, "an answer counts rows")
		require.Equal(t, storms, firing(t, &e, noon()), attempts)
	}
}

// TestDaylightSaving: a batch that fails as it always does runs at a fixed time of a town that changes its clocks, in
// both directions: by UTC an hour sooner or later than on the days before.
func TestDaylightSaving(t *testing.T) {
	for _, shift := range []time.Duration{hour, -hour} {
		w := alerttest.New(t)
		w.Insert(alerttest.Calls{From: ago(7 * day), To: noon(), N: 2, Vendor: "globex"}, alerttest.Calls{From: ago(7 * day), To: noon(), N: 2})
		for days := time.Duration(6); days >= 1; days-- {
			at := ago(days*day + 6*hour)
			w.Insert(trouble(at, at.Add(5*minute), 12))
		}
		today := ago(6*hour + shift)
		w.Insert(trouble(today, today.Add(5*minute), 12))
		e := defaultEngine(t, w)
		requireQuiet(t, e, ago(4*day), noon())
		require.Empty(t, firing(t, e, today.Add(6*minute)))
		w.Insert(trouble(today, today.Add(5*minute), 50))
		require.Contains(t, firing(t, e, today.Add(6*minute)), "error-spike", "five times as much is no habit")
	}
}

// TestClocksOfOthers: records with times that are hours off, from a host whose clock is wrong, page nobody.
func TestClocksOfOthers(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(50 * hour), To: noon(), N: 20}, trouble(noon().Add(5*hour), noon().Add(5*hour+5*minute), 100), trouble(ago(7*hour), ago(7*hour-5*minute), 100))
	require.Empty(t, firing(t, defaultEngine(t, w), noon()))
}

// TestOwnClockStepsBack: when the evaluating clock is set back or forward, across hours and alerts, an evaluation that keeps
// hours says what one says that was not there before: it knows nothing of what is still to come, and the same alert again.
func TestOwnClockStepsBack(t *testing.T) {
	w := alerttest.New(t)
	w.Insert(alerttest.Calls{From: ago(26 * hour), To: ago(-20 * minute), N: 10}, trouble(ago(20*minute), ago(-10*minute), 30))
	file := rules(t, "rules: [{name: spike, kind: spike}, {name: count, kind: count, above: 50}, {name: rate, kind: rate, above: 50%}]")
	kept := Engine{DB: w.DB, Rules: file, Grace: DefaultGrace, Hours: &storage.Hours{}}
	since := map[string]time.Time{"spike": ago(20 * minute), "count": ago(19 * minute), "rate": ago(19 * minute)}
	for _, step := range []struct {
		at     time.Time
		firing int
	}{{ago(-6 * minute), 3}, {ago(12 * minute), 3}, {ago(21 * minute), 0}, {ago(11 * minute), 3}, {ago(3 * hour), 0}, {ago(-6 * minute), 3}} {
		anew := Engine{DB: w.DB, Rules: file, Grace: DefaultGrace}
		want, err := anew.Evaluate(t.Context(), step.at)
		require.NoError(t, err)
		got, err := kept.Evaluate(t.Context(), step.at)
		require.NoError(t, err)
		require.Equal(t, want, got, step.at)
		require.Len(t, got.Alerts, step.firing, step.at)
		for _, a := range got.Alerts {
			require.Equal(t, Firing, a.State)
			require.Equal(t, since[a.Rule.Name], a.Episode.Since, a.Rule.Name)
		}
	}
}

// TestDayOfDuplicates: a day in which every record came twice has twice the errors and twice the calls.
func TestDayOfDuplicates(t *testing.T) {
	w := alerttest.New(t)
	failing := trouble(ago(12*hour), noon(), 4)
	failing.Twice = true
	w.Insert(alerttest.Calls{From: ago(60 * hour), To: ago(12 * hour), N: 30}, trouble(ago(60*hour), ago(12*hour), 4),
		alerttest.Calls{From: ago(12 * hour), To: noon(), N: 30, Twice: true}, failing)
	e := defaultEngine(t, w)
	requireQuiet(t, e, ago(13*hour), noon())
	for _, at := range []time.Time{ago(12*hour - 4*minute), ago(11 * hour), noon()} {
		require.Empty(t, firing(t, e, at))
	}
	counted := Engine{DB: w.DB, Rules: rules(t, `rules:
- {name: share, kind: rate, above: 15%, min_volume: 50}
- {name: bodies, kind: unparsed, above: 15%, min_volume: 10}
- {name: count, kind: count, above: 30}`), Grace: DefaultGrace}
	require.Empty(t, firing(t, &counted, noon()), "20 in five minutes, in 40 rows")
	requireQuiet(t, &counted, ago(13*hour), noon())
	w.Insert(trouble(ago(5*minute), noon(), 3))
	require.Equal(t, []string{"count"}, firing(t, &counted, noon()), "35, in 55 rows")
}

// TestSurge: the calls of one service treble for ten minutes, an hour after more of them have begun to fail. For each call there are
// fewer errors than just before, whatever other services do; where the calls stay the same it pages.
func TestSurge(t *testing.T) {
	for times, fires := range map[int][]string{3: nil, 1: {"spike"}} {
		w := alerttest.New(t)
		w.Insert(alerttest.Calls{From: ago(50 * hour), To: noon(), N: 60, Service: "ledger"}, alerttest.Calls{From: ago(50 * hour), To: ago(10 * minute), N: 20},
			trouble(ago(50*hour), ago(90*minute), 1), trouble(ago(90*minute), ago(10*minute), 4),
			alerttest.Calls{From: ago(10 * minute), To: noon(), N: 20 * times}, trouble(ago(10*minute), noon(), 24))
		e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: spike, kind: spike}]"), Grace: DefaultGrace}
		require.Equal(t, fires, firing(t, &e, noon()), times)
	}
}

// TestSuccessesAreLate: rows are stored as time passes, the successes fifteen seconds late. When a job begins that calls thirty
// times as often, all that is seen of it at first are errors.
func TestSuccessesAreLate(t *testing.T) {
	w := alerttest.New(t)
	start := ago(80 * time.Second)
	w.Insert(alerttest.Calls{From: ago(26 * hour), To: start, N: 12}, trouble(ago(26*hour), start, 4))
	e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: spike, kind: spike}]"), Grace: DefaultGrace}
	const step, late = 5 * time.Second, 15 * time.Second
	for at := start; at.Before(noon()); at = at.Add(step) {
		require.Empty(t, firing(t, &e, at), at)
		rows := []alerttest.Calls{}
		for i := range time.Duration(30) {
			within := at.Add(i * step / 30)
			if i%3 == 0 {
				rows = append(rows, trouble(within, within.Add(1), 1))
			}
			if !within.Add(-late).Before(start) {
				rows = append(rows, alerttest.Calls{From: within.Add(-late), To: within.Add(1 - late), N: 1})
			}
		}
		w.Insert(rows...)
	}
}

// TestWholeSeconds: where the log knows whole seconds only, and all calls are of one path, records that differ in nothing but
// their bytes were not written twice.
func TestWholeSeconds(t *testing.T) {
	w := alerttest.New(t)
	usual, down := trouble(ago(26*hour), noon(), 30), trouble(ago(5*minute), noon(), 300)
	usual.Coarse, down.Coarse = true, true
	w.Insert(ordinary(), usual)
	e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: spike, kind: spike}]"), Grace: DefaultGrace}
	require.Empty(t, firing(t, &e, noon()))
	w.Insert(down)
	require.Equal(t, []string{"spike"}, firing(t, &e, noon()))
}

// TestRetriedCalls: a dozen calls that failed are no spike because each was tried three times; two dozen are. What no
// key tells apart may be calls.
func TestRetriedCalls(t *testing.T) {
	for _, c := range []struct {
		perMinute int
		keyed     bool
		fires     []string
	}{{3, true, nil}, {3, false, []string{"spike"}}, {6, true, []string{"spike"}}} {
		w := alerttest.New(t)
		retried := trouble(ago(4*minute), noon(), c.perMinute)
		retried.Attempts, retried.Keyed = 3, c.keyed
		w.Insert(ordinary(), retried)
		e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: spike, kind: spike}]"), Grace: DefaultGrace}
		require.Equal(t, c.fires, firing(t, &e, noon()), c)
	}
}

// TestTightLoop: nor were the retries of one call, forty in every third second.
func TestTightLoop(t *testing.T) {
	w := alerttest.New(t)
	loop := trouble(ago(3*minute), ago(2*minute), 20)
	loop.Coarse = true
	w.Insert(slices.Repeat([]alerttest.Calls{loop}, 40)...)
	e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: storm, kind: storm, min_count: 100}]"), Grace: DefaultGrace}
	require.Equal(t, []string{"storm"}, firing(t, &e, noon()))
}

// TestGapOnTheFirstDay: where the hour before was not ingested, the calls have not just begun.
func TestGapOnTheFirstDay(t *testing.T) {
	w := alerttest.New(t)
	for _, ingested := range [][2]time.Time{{ago(10 * hour), ago(2 * hour)}, {ago(hour), noon()}} {
		w.Insert(alerttest.Calls{From: ingested[0], To: ingested[1], N: 100}, trouble(ingested[0], ingested[1], 2))
	}
	w.Insert(trouble(ago(5*minute), noon(), 80))
	require.Contains(t, firing(t, defaultEngine(t, w), noon()), "error-spike")
}

// TestLateDataDoesNotFlap: rows arrive as time passes, the successes fifteen seconds late. A minute that is
// judged before they are all there would show nothing but errors.
func TestLateDataDoesNotFlap(t *testing.T) {
	w := alerttest.New(t)
	start := ago(10 * minute)
	w.Insert(alerttest.Calls{From: ago(2 * hour), To: start, N: 12}, trouble(ago(2*hour), start, 4))
	e := Engine{DB: w.DB, Rules: rules(t, "rules: [{name: low, kind: rate, above: 20%, window: 1m, min_volume: 4, keep_firing_for: 0}, {name: high, kind: rate, above: 35%, window: 1m, min_volume: 4}]"), Grace: DefaultGrace}
	const late = 15 * time.Second
	for at := start; at.Before(start.Add(4 * minute)); at = at.Add(5 * time.Second) {
		require.Equal(t, []string{"low"}, firing(t, &e, at), "at %s", at.Format(time.TimeOnly))
		// A success every five seconds, an error every fifteen.
		w.Insert(alerttest.Calls{From: at.Add(-late), To: at.Add(-late + 1), N: 1})
		if at.Second()%15 == 0 {
			w.Insert(trouble(at, at.Add(1), 1))
		}
	}
}

// TestMondayMorning: errors come back with the calls after a weekend; for each call there are no more of them.
func TestMondayMorning(t *testing.T) {
	w := alerttest.New(t)
	for _, days := range []time.Duration{4, 3} {
		from := ago(days * day)
		w.Insert(alerttest.Calls{From: from, To: from.Add(9 * hour), N: 20}, trouble(from, from.Add(9*hour), 5))
	}
	w.Insert(alerttest.Calls{From: ago(96 * hour), To: noon(), N: 1, Vendor: "globex"}, // ingestion goes on
		alerttest.Calls{From: ago(30 * minute), To: noon(), N: 20}, trouble(ago(30*minute), noon(), 5))
	e := defaultEngine(t, w)
	answer, err := e.DB.Spikes(t.Context(), storage.Filter{From: ago(hour), To: noon()}, storage.SpikeOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, answer.Rows, "the detector tells a spike: the day before had none")
	require.Empty(t, firing(t, e, noon()))
	w.Insert(trouble(ago(5*minute), noon(), 80))
	require.Contains(t, firing(t, e, noon()), "error-spike")
}

// TestSilentWeekend: whoever has gone home on Friday is not silent on Saturday.
func TestSilentWeekend(t *testing.T) {
	w := alerttest.New(t)
	for _, days := range []time.Duration{3, 2, 1} {
		from := ago(days*day + 4*hour)
		w.Insert(alerttest.Calls{From: from, To: from.Add(9 * hour), N: 20})
	}
	w.Insert(alerttest.Calls{From: ago(80 * hour), To: noon(), N: 1, Vendor: "globex"})
	e := defaultEngine(t, w)
	require.Empty(t, firing(t, e, noon()))
	requireQuiet(t, e, ago(2*day), noon())
}
