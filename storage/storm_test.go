package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// chain makes failing attempts of one operation with the given gaps in milliseconds.
func chain(gaps ...int64) []attempt {
	list := []attempt{{operation: 1, at: 1_000_000, failed: 1, wait: -1}}
	for _, gap := range gaps {
		next := list[len(list)-1]
		next.at += gap
		list = append(list, next)
	}
	for i := range list {
		list[i].started = list[i].at
	}
	return list
}

// advised sets the Retry-After of all attempts.
func advised(wait int64, list []attempt) []attempt {
	for i := range list {
		list[i].wait = wait
	}
	return list
}

func TestBackoff(t *testing.T) {
	f := func(want Backoff, jitter bool, runs ...[]attempt) {
		t.Helper()
		got, gotJitter := classifyBackoff(runs)
		require.Equal(t, want, got)
		require.Equal(t, jitter, gotJitter)
	}
	f(BackoffNone, false, chain(0, 0, 0, 0))
	f(BackoffNone, false, chain(249, 249, 249))
	f(BackoffNone, true, chain(200, 50, 100, 240, 100))
	f(BackoffFixed, false, chain(250, 250, 250))
	f(BackoffFixed, false, chain(1000, 1050, 950, 1000, 1099))
	f(BackoffFixed, true, chain(1000, 500, 1500, 700, 1300))
	f(BackoffFixed, true, chain(1000, 1390, 1932, 2686)) // grows by less than 1.4
	f(BackoffExponential, false, chain(1000, 1400, 1960, 2744))
	f(BackoffExponential, false, chain(100, 200, 400, 800), chain(100, 200, 400))
	f(BackoffExponential, true, chain(1000, 3000, 4000, 9000, 17000))
	f(BackoffRetryAfter, false, advised(2000, chain(2000, 2100, 2010, 2050, 100)))
	f(BackoffRetryAfter, true, advised(2000, chain(2400, 2450, 2300, 2480)))
	f(BackoffFixed, false, advised(2000, chain(2000, 2000, 2000, 2600, 2600))) // only 60 % obey
	f(BackoffFixed, false, advised(0, chain(1000, 1000, 1000)))                // a wait of 0 advises nothing
	f(BackoffNone, false)
	f(BackoffNone, false, chain())
}

func TestObedienceWhateverTheTimeMeans(t *testing.T) {
	slow := advised(1000, chain(1900, 1900, 1900, 1900)) // waited 1000 ms, the calls took 900 ms
	for i := range slow {
		slow[i].started = slow[i].at - 900
	}
	got, jitter := classifyBackoff([][]attempt{slow})
	require.Equal(t, BackoffRetryAfter, got)
	require.False(t, jitter)
}

func TestRunsAreMaximalChains(t *testing.T) {
	o, err := StormOptions{}.withDefaults()
	require.NoError(t, err)
	f := func(want []int, attempts []attempt) {
		t.Helper()
		var got []int
		for _, run := range findRuns(attempts, 0, o) {
			got = append(got, len(run))
		}
		require.Equal(t, want, got)
	}
	f(nil, nil)
	f(nil, chain(1, 1, 1))
	f([]int{5}, chain(59_999, 59_999, 59_999, 59_999))
	f(nil, chain(59_999, 59_999, 60_000, 59_999))
	f([]int{5, 5}, chain(1, 1, 1, 1, 60_000, 1, 1, 1, 1))
	f([]int{5}, advised(100_000, chain(100_000, 124_999, 100_000, 1)))
	f(nil, advised(100_000, chain(100_000, 125_000, 100_000, 1)))
	succeeded := chain(1, 1, 1, 1, 1, 1)
	succeeded[4].failed = 0 // the fifth ends the run; the two after it are another
	f([]int{5}, succeeded)
	other := chain(1, 1, 1, 1)
	for i := range other {
		other[i].operation = 2
	}
	f([]int{5, 5}, slices.Concat(other, chain(1, 1, 1, 1)))
}

func TestPoller(t *testing.T) {
	successes := func(gaps ...int64) []attempt {
		list := chain(gaps...)
		for i := range list {
			list[i].failed = 0
		}
		return list
	}
	f := func(want bool, gap, pause int64, earlier []attempt) {
		t.Helper()
		run := chain(gap, gap, gap, gap)
		calls := slices.Clone(earlier)
		if len(earlier) > 0 {
			for i := range run {
				run[i].at += earlier[len(earlier)-1].at - 1_000_000 + pause
			}
		}
		calls = append(calls, run...)
		known := history{calls: calls, stormy: make([]bool, len(calls)), chains: 1}
		require.Equal(t, want, known.polls(len(earlier), len(calls)))
	}
	f(false, 1000, 0, nil)
	f(true, 800, 9000, successes(1000, 1000))
	f(false, 799, 9000, successes(1000, 1000))
	f(false, 30_000, 9000, successes(30_000))           // two successes say nothing
	f(true, 1000, 1000, chain(1000, 1100, 1000, 1050))  // steady, if failing
	f(false, 1000, 1000, chain(1000, 1300, 1000, 1050)) // not steady
	f(false, 1000, 9000, chain(1000, 1100, 1000, 1050)) // a burst of its own, not a pace
	f(false, 1000, 1000, chain(1000, 1000, 1000))       // four are too few
}

func TestStormsJoinWithinTheGap(t *testing.T) {
	const gap = 60_000
	late := func(by int64, run []attempt) []attempt {
		for i := range run {
			run[i].at += by
			run[i].operation = uint64(by)
		}
		return run
	}
	count := func(runs ...[]attempt) int { return len(joinRuns(runs, gap)) }
	require.Equal(t, 1, count(chain(10_000), late(69_999, chain(10))))
	require.Equal(t, 2, count(chain(10_000), late(70_000, chain(10))))
	require.Equal(t, 1, count(late(5_000, chain(10)), chain(100_000), late(150_000, chain(10))))
	elsewhere := late(1, chain(10))
	for i := range elsewhere {
		elsewhere[i].unit.service = "other"
	}
	require.Equal(t, 2, count(chain(10_000), elsewhere))
}

func TestOutcome(t *testing.T) {
	failing, recovering := chain(10, 10), chain(10, 10)
	recovering[2].failed = 0
	f := func(want Outcome, end int64, runs ...[]attempt) {
		t.Helper()
		found := joinRuns(runs, 60_000)
		require.Len(t, found, 1)
		require.Equal(t, want, found[0].outcome(end, 60_000))
	}
	last := failing[2].at
	f(OutcomeOngoing, last+59_999, failing)
	f(OutcomeGaveUp, last+60_000, failing)
	f(OutcomeRecovered, last+1, recovering)
	f(OutcomeRecovered, last+60_000, failing, recovering)
	f(OutcomeOngoing, last+60_000, advised(60_000, chain(10, 10)))
	f(OutcomeGaveUp, last+75_000, advised(60_000, chain(10, 10)))
}

func TestSurges(t *testing.T) {
	o, err := StormOptions{}.withDefaults()
	require.NoError(t, err)
	const start = 3_600_000
	minutes := func(calls, failing uint64, from, to int64) (list []minuteCount) {
		for m := from; m < to; m++ {
			list = append(list, minuteCount{minute: start + m*minuteS, calls: calls, failing: failing})
		}
		return list
	}
	f := func(want []surge, history int64, parts ...[]minuteCount) {
		t.Helper()
		got := findSurges(unit{}, slices.Concat(parts...), start+history*minuteS, o)
		for i := range got {
			got[i].calls, got[i].failing = 0, 0
		}
		require.Equal(t, want, got)
	}
	f(nil, -60, minutes(10, 0, -60, 0), minutes(29, 29, 0, 5))
	f([]surge{{start: start, end: start + 5*minuteS, expected: 50}}, -60, minutes(10, 0, -60, 0), minutes(30, 30, 0, 5))
	// An outage at the usual rate is no surge, nor are failures that were always there.
	f(nil, -60, minutes(10, 0, -60, 0), minutes(10, 10, 0, 20))
	f(nil, -60, minutes(40, 40, -60, 20))
	// Of a unit that never called before, one call a minute is expected.
	f([]surge{{start: start, end: start + 2*minuteS, expected: 2}}, -60, minutes(3, 3, 0, 2))
	// Ten minutes of history are needed.
	f(nil, -9, minutes(30, 30, 0, 1))
	f([]surge{{start: start, end: start + minuteS, expected: 1}}, -10, minutes(30, 30, 0, 1))
	// A surge of an hour and more does not become its own measure.
	f([]surge{{start: start, end: start + 90*minuteS, expected: 900}}, -60, minutes(10, 0, -60, 0), minutes(50, 50, 0, 90))
	// A minute in between does not separate, two do.
	f([]surge{{start: start, end: start + 4*minuteS, expected: 30}}, -60, minutes(10, 0, -60, 0), minutes(50, 50, 0, 2), minutes(10, 0, 2, 3), minutes(50, 50, 3, 4))
	f([]surge{{start: start, end: start + minuteS, expected: 10}, {start: start + 3*minuteS, end: start + 4*minuteS, expected: 10}}, -60,
		minutes(10, 0, -60, 0), minutes(50, 50, 0, 1), minutes(50, 50, 3, 4))
}

// TestServerKeepsAllThatMatters stores random attempts. What the statements return of them must make the
// same storms as all of them do.
func TestServerKeepsAllThatMatters(t *testing.T) {
	db, o := openMigrated(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []*parsers.Row
	var all []attempt
	begin := parseCaseTime(t, "10:00").UnixMilli()
	for operation := range uint64(120) {
		at := begin - rng.Int64N(3_000_000)
		pace := []int64{100, 2_000, 30_000, 55_000}[rng.IntN(4)]
		for range rng.IntN(60) {
			at += pace/2 + rng.Int64N(pace)
			row := newRow(t, "error", map[string]string{"vendor": "acme", "service": "s" + string('a'+rune(operation%5)), "method": "GET", "route": "/a"}, len(rows))
			row.Time, row.Operation, row.DurationMS = at, operation, float32(rng.IntN(300))
			if rng.IntN(12) == 0 {
				row.Kind, row.Status, row.Category, row.Retry = parsers.KindSuccess, 200, parsers.CategoryNone, parsers.RetryNone
			} else if rng.IntN(3) == 0 {
				row.RetryAfterMS = rng.Int64N(90_000)
			}
			rows = append(rows, row)
			all = append(all, attemptOf(row))
		}
	}
	insertCase(t, o, rows)
	f := Filter{From: time.UnixMilli(begin), To: time.UnixMilli(begin).Add(time.Hour)}
	got, err := db.Storms(t.Context(), f, StormOptions{})
	require.NoError(t, err)
	require.Greater(t, len(got.Rows), 5)

	options, err := StormOptions{}.withDefaults()
	require.NoError(t, err)
	want := stormQuestion{question: &question{filter: f}, options: options}
	for _, a := range all {
		want.end = max(want.end, a.at)
	}
	for _, found := range joinRuns(findRuns(all, 0, options), options.Gap.Milliseconds()) {
		want.add(found)
	}
	slices.SortFunc(want.answer.Rows, compareStorms)
	require.Equal(t, want.answer.Rows, got.Rows)
}

func attemptOf(row *parsers.Row) attempt {
	a := attempt{
		operation: row.Operation, at: row.Time, started: row.Time - int64(row.DurationMS), wait: row.RetryAfterMS,
		unit: unit{string(row.Vendor), string(row.Service), string(row.Method), string(row.Route)}, code: string(row.Code), status: row.Status,
	}
	if row.Kind == parsers.KindError {
		a.failed, a.matches = 1, 1
	}
	return a
}

// TestLongStorms asks for an hour in which storms of many hours begin: they are told whole, up to a day after the range.
func TestLongStorms(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
08:00:00 success GET /before op=before
10:30:00 error GET /hours/{id} op=hours code=down x=601 every=30s
10:30:00 error GET /days/{id} op=days code=down x=3600 every=30s`))
	answer, err := db.Storms(t.Context(), Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")}, StormOptions{})
	require.NoError(t, err)
	require.Len(t, answer.Rows, 2)
	days, hours := answer.Rows[0], answer.Rows[1]
	require.EqualValues(t, 601, hours.Attempts)
	require.Equal(t, OutcomeGaveUp, hours.Outcome)
	require.Equal(t, OutcomeOngoing, days.Outcome, "25 hours after the range it was")
	require.Contains(t, answer.Notes, "storms are followed for a day after the range; one of them goes on beyond that")
}
