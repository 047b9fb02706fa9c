package storage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/simulate"
	"github.com/errata-dev/errata/storage/spike"
)

// heartbeat keeps a source observed: a success a minute from midnight to 13:00.
const heartbeat = "00:00:00 success GET /ping service=pinger x=780 every=1m\n"

// askSpikes loads the rows of a case and asks about 10:00 to 12:00, unless the filter says otherwise.
func askSpikes(t *testing.T, f Filter, o SpikeOptions, rows ...string) Answer[SpikeRow] {
	t.Helper()
	db, options := openMigrated(t)
	for _, text := range rows {
		insertCase(t, options, parseRows(t, text))
	}
	if f.From.IsZero() {
		f.From, f.To = parseCaseTime(t, "10:00"), parseCaseTime(t, "12:00")
	}
	a, err := db.Spikes(t.Context(), f, o)
	require.NoError(t, err)
	return a
}

// told is what a test says about a spike: kind and clock times.
func told(a Answer[SpikeRow]) (list []string) {
	for _, r := range a.Rows {
		name := r.Vendor + " " + r.Code
		if r.New {
			name += " new"
		}
		list = append(list, name+" "+r.Start.Format("15:04")+" "+r.End.Format("15:04")+" "+string(r.Severity))
	}
	return list
}

func TestSpikeRow(t *testing.T) {
	a := askSpikes(t, Filter{}, SpikeOptions{Advice: func(vendor string, status int, code string) string { return vendor + " " + code }}, heartbeat, `
		00:30:00 error GET /a code=down msg=earlier x=60 every=10m
		10:30:10 error GET /a code=down msg=sorry x=60 every=5s
		10:00:00 success GET /a x=600 every=12s`)
	require.Len(t, a.Rows, 1)
	r := a.Rows[0]
	require.Equal(t, []string{"acme down 10:30 10:36 critical"}, told(a))
	require.EqualValues(t, 503, r.Status)
	require.EqualValues(t, 60, r.Count)
	require.InDelta(t, 6*60/630.0, r.Expected, 0.06)
	require.InDelta(t, float64(r.Count)/r.Expected, *r.Ratio, 1e-9)
	require.Greater(t, r.Score, 30.0)
	require.Equal(t, "acme@"+caseDay().Format("2006-01-02")+"T10:30Z", r.Incident)
	require.Equal(t, "acme down", r.Advice)
	require.Equal(t, "sorry", r.Message)
	require.Len(t, r.Trend, trendBuckets)
	require.Len(t, a.Notes, 1) // the data begins ten hours before
}

func TestSpikeSeverity(t *testing.T) {
	f := func(want string, successes string) {
		t.Helper()
		a := askSpikes(t, Filter{}, SpikeOptions{}, heartbeat, `
			00:00:00 error GET /a code=down x=1260 every=30s
			10:30:00 error GET /a code=down x=80 every=5s`+"\n"+successes)
		require.Equal(t, []string{"acme down 10:30 10:37 " + want}, told(a))
	}
	f("critical", "")
	f("critical", "10:30:00 success GET /a x=70 every=6s")  // 94 of 171
	f("warning", "10:30:00 success GET /a x=210 every=2s")  // 94 of 311
	f("critical", "10:40:00 success GET /a x=210 every=2s") // after it
	// Beside another spike of the same minutes, too.
	a := askSpikes(t, Filter{}, SpikeOptions{}, heartbeat, `
		00:00:00 error GET /a code=down x=1260 every=30s
		00:00:00 error GET /a vendor=other code=slow x=1260 every=30s
		10:30:00 error GET /a code=down x=80 every=5s
		10:30:00 error GET /a vendor=other code=slow x=80 every=5s`)
	require.Equal(t, []string{"acme down 10:30 10:37 critical", "other slow 10:30 10:37 critical"}, told(a))
}

// TestSpikeFilters narrows what is counted by callers, and what is shown by kind: incidents stay whole.
func TestSpikeFilters(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, heartbeat+`
		00:10:00 error GET /a code=down x=50 every=11m
		00:11:00 error GET /a code=slow status=504 x=50 every=11m
		00:12:00 error GET /a vendor=other code=down x=50 every=11m
		10:30:00 error GET /a code=down x=60 every=5s
		10:31:00 error GET /b code=slow status=504 service=books cat=server x=60 every=5s
		10:31:00 error GET /a vendor=other code=down x=60 every=5s`))
	f := func(filter Filter, want ...string) {
		t.Helper()
		filter.From, filter.To = parseCaseTime(t, "10:00"), parseCaseTime(t, "11:00")
		a, err := db.Spikes(t.Context(), filter, SpikeOptions{})
		require.NoError(t, err)
		var got []string
		for _, r := range a.Rows {
			got = append(got, r.Vendor+" "+r.Code+" in "+strings.Replace(r.Incident, caseDay().Format("@2006-01-02T"), "@", 1))
		}
		require.ElementsMatch(t, want, got)
	}
	f(Filter{}, "acme down in acme@10:30Z", "acme slow in acme@10:30Z", "other down in other@10:31Z")
	f(Filter{Codes: []string{"slow"}}, "acme slow in acme@10:30Z")
	f(Filter{Statuses: []string{"504"}}, "acme slow in acme@10:30Z")
	f(Filter{Categories: []string{"server"}}, "acme slow in acme@10:30Z")
	f(Filter{Vendors: []string{"other"}}, "other down in other@10:31Z")
	f(Filter{Services: []string{"books"}}, "acme slow in acme@10:31Z")
	f(Filter{Endpoints: []string{"/b"}}, "acme slow in acme@10:31Z")
	f(Filter{Sources: []string{"elsewhere"}})
	f(Filter{Environments: []string{"staging"}})
}

func TestSpikeRanges(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, heartbeat+`
		00:10:00 error GET /a code=down x=50 every=11m
		10:30:00 error GET /a code=down x=180 every=10s`)) // until 11:00
	f := func(from, to string, want ...string) {
		t.Helper()
		a, err := db.Spikes(t.Context(), Filter{From: parseCaseTime(t, from), To: parseCaseTime(t, to)}, SpikeOptions{})
		require.NoError(t, err)
		require.Equal(t, want, told(a))
		require.Equal(t, len(want) == 0, strings.Contains(strings.Join(a.Notes, "\n"), "no spikes between"))
	}
	whole := "acme down 10:30 11:00 critical"
	f("10:00", "12:00", whole)
	f("10:45", "12:00", whole)       // starts before
	f("10:00", "10:45", whole)       // ends after
	f("10:40:10", "10:40:20", whole) // longer than the range
	f("10:59:59", "12:00", whole)
	f("11:00", "12:00")
	f("09:00", "10:30")
	f("09:00", "10:30:00.001", whole)
	f("-20000/00:00", "90000/00:00", whole) // centuries
}

// TestSpikeNew judges a code that the vendor never sent by the floor alone; another status is no new code.
func TestSpikeNew(t *testing.T) {
	a := askSpikes(t, Filter{}, SpikeOptions{}, heartbeat, `
		00:10:00 error GET /a code=known x=3 every=11m
		10:30:00 error GET /a code=fresh x=25 every=2s
		10:50:00 error GET /a code=known x=25 every=2s
		11:10:00 error GET /a code=known status=504 x=25 every=5s
		11:30:00 error GET /a vendor=other code=known x=25 every=2s
		11:50:00 error GET /a code=few x=19 every=2s`)
	require.ElementsMatch(t, []string{
		"acme fresh new 10:30 10:31 critical",
		"acme known 11:10 11:13 critical",
		"other known new 11:30 11:31 critical",
	}, told(a))
}

// TestSpikeOldCode remembers a code for longer than the baseline.
func TestSpikeOldCode(t *testing.T) {
	a := askSpikes(t, Filter{}, SpikeOptions{}, heartbeat, `
		-30/10:00:00 error GET /a code=old
		10:30:00 error GET /a code=old x=60 every=3s
		10:50:00 error GET /a code=fresh x=60 every=3s`)
	require.ElementsMatch(t, []string{"acme old 10:30 10:33 critical", "acme fresh new 10:50 10:53 critical"}, told(a))
	require.Nil(t, a.Rows[0].Ratio)
	require.Nil(t, a.Rows[1].Ratio)
}

// TestSpikeGap treats minutes without any record as missing: by the day's mean there would be a spike after
// eight hours without ingestion.
func TestSpikeGap(t *testing.T) {
	rows := `
		00:00:00 success GET /ping x=60 every=1m
		00:00:00 error GET /a code=down x=300 every=12s
		09:00:00 success GET /ping x=240 every=1m
		09:00:00 error GET /a code=down x=900 every=12s`
	require.Empty(t, askSpikes(t, Filter{}, SpikeOptions{}, rows).Rows)
	require.Empty(t, askSpikes(t, Filter{From: caseDay(), To: caseDay().Add(day)}, SpikeOptions{}, rows).Rows)
	// The same errors with the source seen all the time are a spike.
	require.Len(t, askSpikes(t, Filter{From: parseCaseTime(t, "08:00"), To: parseCaseTime(t, "12:00")}, SpikeOptions{}, heartbeat+rows).Rows, 1)
	// A topic that was created anew goes on where the first ended; another source does not fill its gap.
	require.Empty(t, askSpikes(t, Filter{}, SpikeOptions{}, rows, "00:00:00 success GET /ping source=second x=780 every=1m").Rows)
	require.Len(t, askSpikes(t, Filter{From: parseCaseTime(t, "08:00"), To: parseCaseTime(t, "12:00")}, SpikeOptions{}, rows, "00:00:00 success GET /ping source=src~2 x=780 every=1m").Rows, 1)
}

func TestSpikeOptions(t *testing.T) {
	rows := heartbeat + `
		00:10:00 error GET /a code=down x=50 every=11m
		10:30:00 error GET /a code=down x=60 every=5s
		10:40:00 error GET /b code=slow x=30 every=5s`
	require.Len(t, askSpikes(t, Filter{}, SpikeOptions{}, rows).Rows, 2)
	require.Len(t, askSpikes(t, Filter{}, SpikeOptions{Floor: 40}, rows).Rows, 1)
	require.Empty(t, askSpikes(t, Filter{}, SpikeOptions{Floor: 90}, rows).Rows)
	require.Len(t, askSpikes(t, Filter{}, SpikeOptions{Lift: 1000}, rows).Rows, 1) // the new code
	cut := askSpikes(t, Filter{}, SpikeOptions{Limit: 1}, rows)
	require.Equal(t, []string{"acme down 10:30 10:35 critical"}, told(cut)) // the one with the most errors
	require.Equal(t, 1, cut.Cut)
	for name, o := range map[string]SpikeOptions{"floor": {Floor: -1}, "lift": {Lift: -1}, "p-value": {PValue: -1}, "limit": {Limit: -1}} {
		var usage *UsageError
		_, err := spikes(t.Context(), nil, Filter{From: caseDay(), To: caseDay().Add(time.Hour)}, o)
		require.ErrorAs(t, err, &usage)
		require.Equal(t, name, usage.Field)
	}
}

func TestSpikeNotes(t *testing.T) {
	a := askSpikes(t, Filter{}, SpikeOptions{}, `
		10:10:00 success GET /ping x=60 every=1m
		10:20:00 error GET /a code=down x=60 every=5s`)
	require.Equal(t, []string{"acme down new 10:20 10:25 critical"}, told(a))
	require.Len(t, a.Notes, 2)
	require.Contains(t, a.Notes[0], "1 of 1 spikes had less than half an hour of history")
	require.Contains(t, a.Notes[1], "the data begins at")
}

// TestSpikesOfSimulation finds what a simulated day is known to contain, and nothing else.
func TestSpikesOfSimulation(t *testing.T) {
	db, o := openMigrated(t)
	end := time.Now().UTC().Truncate(time.Minute)
	truth := loadSimulation(t, o, simulate.Options{Seed: 1, End: end, Records: 60_000})
	a, err := db.Spikes(t.Context(), Filter{From: end.AddDate(0, 0, -1), To: end}, SpikeOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, truth.Spikes)
	got := map[spike.Kind]SpikeRow{}
	for _, r := range a.Rows {
		got[spike.Kind{Vendor: r.Vendor, Status: r.Status, Code: r.Code}] = r
	}
	require.Len(t, a.Rows, len(truth.Spikes))
	for _, want := range truth.Spikes {
		r, ok := got[spike.Kind{Vendor: want.Vendor, Status: uint16(want.Status), Code: want.Code}]
		require.True(t, ok, want)
		require.WithinDuration(t, want.Start, r.Start.Time, time.Minute)
		require.WithinDuration(t, want.End, r.End.Time, time.Minute)
		require.InEpsilon(t, want.Count, r.Count, 0.02)
		require.InDelta(t, want.Expected, r.Expected, 0.2)
	}
}

// A long time of data has fewer kinds: both together take the memory.
func TestSpikesOfFewerKinds(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, heartbeat))
	kinds := func(from, to string) int {
		t.Helper()
		q, err := newQuestion(db.conn, Filter{From: parseCaseTime(t, from), To: parseCaseTime(t, to)})
		require.NoError(t, err)
		s := &spikeQuestion{question: q}
		require.NoError(t, s.boundKinds(t.Context()))
		return s.maxKinds
	}
	require.Equal(t, maxSpikeKinds, kinds("-1/10:00", "10:00"))
	require.Equal(t, maxSpikeKinds, kinds("-300/10:00", "10:00"), "of a long range without data")
	insertCase(t, o, parseRows(t, "-99/00:00:00 error GET /a"))
	require.InDelta(t, maxSpikeCounts/(99.5*24*60), kinds("-300/10:00", "10:00"), 2)
}
