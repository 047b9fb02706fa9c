package storage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimeline(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
		10:00:00.000 error GET /a status=503 code=down cat=server x=30 every=1s
		10:00:59.999 error GET /a status=503 code=down cat=server
		10:01:00.000 error GET /a status=503 code=down cat=server
		10:02:00.000 error GET /b status=429 code=slow cat=rate_limit x=5 every=1s
		10:04:30.000 error GET /c status=400 code=bad cat=validation
		10:04:00.000 success GET /a status=200 x=10 every=1s
		09:59:59.999 error GET /a status=503 code=down cat=server
		10:05:00.000 error GET /a status=503 code=down cat=server
	`))
	at := caseDay().Add(10 * time.Hour)
	a, err := db.Timeline(t.Context(), Filter{From: at, To: at.Add(5 * time.Minute)}, TimelineOptions{Codes: 2, Step: time.Minute})
	require.NoError(t, err)
	require.EqualValues(t, 60, a.StepS)
	require.Len(t, a.Codes, 2)
	require.Equal(t, TimelineCode{Vendor: "acme", Status: 503, Code: "down", Category: "server", Count: 32, Counts: []uint64{31, 1, 0, 0, 0}}, a.Codes[0])
	require.Equal(t, []uint64{0, 0, 5, 0, 0}, a.Codes[1].Counts)
	require.Equal(t, 1, a.Cut, "the third code is left out")
	require.Len(t, a.Rows, 10)
	require.Equal(t, TimelineRow{Start: Time{at}, End: Time{at.Add(time.Minute)}, Vendor: "acme", Status: 503, Code: "down", Count: 31}, a.Rows[0])
	var errors, responses []uint64
	for _, b := range a.Buckets {
		errors, responses = append(errors, b.Errors), append(responses, *b.Responses)
	}
	require.Equal(t, []uint64{31, 1, 5, 0, 1}, errors)
	require.Equal(t, []uint64{31, 1, 5, 0, 11}, responses)
	require.Len(t, a.Marks, 2, "by their start")
	require.Equal(t, "spike", a.Marks[0].Kind)
	require.Equal(t, "down", a.Marks[0].Spike.Code)
	require.Equal(t, "limit", a.Marks[1].Kind)
	require.EqualValues(t, 5, a.Marks[1].Limit.Rejected)
	for _, note := range a.Notes {
		require.NotRegexp(t, "^no ", note, "that there are no storms is no note")
	}
}

// Buckets that begin before the server's first year are counted in their places too.
func TestTimelineOfCenturies(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, "10:00:00 error GET /a code=down"))
	f := Filter{From: time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	a, err := db.Timeline(t.Context(), f, TimelineOptions{Marks: []string{"none"}})
	require.NoError(t, err)
	at := caseDay().Add(10 * time.Hour)
	for i, b := range a.Buckets {
		holds := !at.Before(b.Start.Time) && at.Before(b.End.Time)
		require.Equal(t, holds, b.Errors == 1, "%s", b.Start)
		require.Equal(t, b.Errors, a.Codes[0].Counts[i])
	}
}

// The buckets hold what the filter lets through; the traffic beside them is that of the same callers.
func TestTimelineFilter(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
		10:00:00.000 error GET /a status=503 code=down service=one
		10:00:00.000 error GET /a status=500 code=other service=one
		10:00:00.000 success GET /a status=200 service=one x=3
		10:00:00.000 success GET /a status=200 service=two x=7
	`))
	at := caseDay().Add(10 * time.Hour)
	f := Filter{From: at, To: at.Add(time.Minute), Services: []string{"one"}, Codes: []string{"down"}}
	a, err := db.Timeline(t.Context(), f, TimelineOptions{Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, a.Codes, 1)
	require.EqualValues(t, 1, a.Buckets[0].Errors)
	require.EqualValues(t, 5, *a.Buckets[0].Responses)
}

func TestTimelineEmpty(t *testing.T) {
	db, _ := openMigrated(t)
	at := caseDay()
	a, err := db.Timeline(t.Context(), Filter{From: at, To: at.Add(time.Hour)}, TimelineOptions{})
	require.NoError(t, err)
	require.Empty(t, a.Rows)
	require.NotNil(t, a.Rows)
	require.Len(t, a.Notes, 1)
	require.Contains(t, a.Notes[0], "there is no data yet")
}

func TestTimelineOptions(t *testing.T) {
	at := caseDay()
	f := func(o TimelineOptions, field string) {
		t.Helper()
		db := &DB{}
		_, err := db.Timeline(t.Context(), Filter{From: at, To: at.Add(time.Hour)}, o)
		var usage *UsageError
		require.ErrorAs(t, err, &usage)
		require.Equal(t, field, usage.Field)
	}
	f(TimelineOptions{Step: time.Millisecond}, "step")
	f(TimelineOptions{Step: -time.Minute}, "step")
	f(TimelineOptions{Step: time.Second}, "step") // 3,600 buckets
	f(TimelineOptions{Codes: -1}, "limit")
	f(TimelineOptions{Marks: []string{"comets"}}, "marks")
}

// Buckets begin at round times of the zone, cover the range without a hole, and are as many as fit.
func TestRuler(t *testing.T) {
	kathmandu, err := time.LoadLocation("Asia/Kathmandu") // 5:45 before UTC
	require.NoError(t, err)
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	require.NoError(t, err)
	f := func(from time.Time, length time.Duration, columns int, zone *time.Location, wantStep time.Duration, wantOrigin string) {
		t.Helper()
		o, err := TimelineOptions{Columns: columns, Zone: zone}.withDefaults()
		require.NoError(t, err)
		r, err := measure(Filter{From: from, To: from.Add(length)}, o)
		require.NoError(t, err)
		require.Equal(t, wantStep, r.step)
		require.Equal(t, wantOrigin, r.origin.In(o.Zone).Format("2006-01-02 15:04:05"))
		require.LessOrEqual(t, r.count, columns)
		buckets := r.buckets(from, from.Add(length))
		require.True(t, buckets[0].Start.Equal(from))
		require.True(t, buckets[len(buckets)-1].End.Equal(from.Add(length)))
		for i := range buckets[1:] {
			require.True(t, buckets[i].End.Equal(buckets[i+1].Start.Time))
			require.True(t, buckets[i].Start.Before(buckets[i].End.Time))
		}
	}
	at := time.Date(2026, 11, 20, 10, 0, 7, 0, time.UTC)
	f(at, time.Hour, 61, nil, time.Minute, "2026-11-20 10:00:00")
	f(at, time.Hour, 60, nil, 90*time.Second, "2026-11-20 10:00:00") // ragged ends take a bucket more
	f(at, 24*time.Hour, 60, nil, 30*time.Minute, "2026-11-20 10:00:00")
	f(at, 24*time.Hour, 60, kathmandu, 30*time.Minute, "2026-11-20 15:30:00")
	f(at, 30*24*time.Hour, 60, nil, 24*time.Hour, "2026-11-20 00:00:00")
	f(at, 100*365*24*time.Hour, 120, nil, 364*24*time.Hour, "2026-11-20 00:00:00")
	f(at, time.Millisecond, 60, nil, time.Second, "2026-11-20 10:00:07")
	f(time.Date(2026, 3, 29, 0, 0, 0, 0, copenhagen), 23*time.Hour, 24, copenhagen, time.Hour, "2026-03-29 00:00:00")
	f(time.Date(2026, 10, 25, 0, 0, 0, 0, copenhagen), 25*time.Hour, 25, copenhagen, time.Hour, "2026-10-25 00:00:00")
}

func TestUnknownValues(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
		10:00:00.000 error GET /a/{id} status=503 code=down service=one
		10:00:00.000 success POST /b status=200 service=two vendor=other
	`))
	at := caseDay().Add(10 * time.Hour)
	f := func(filter Filter, want ...UnknownValue) {
		t.Helper()
		filter.From, filter.To = at, at.Add(time.Hour)
		a, err := db.Top(t.Context(), filter, TopOptions{})
		require.NoError(t, err)
		require.Equal(t, want, a.Unknown)
	}
	f(Filter{})
	f(Filter{Vendors: []string{"acme"}})
	f(Filter{Vendors: []string{"other"}}) // it has no errors, but is there
	f(Filter{Vendors: []string{"acme", "acne"}}, UnknownValue{"vendor", "acne", []string{"acme", "other"}})
	f(Filter{Services: []string{"on"}, Codes: []string{"dwon"}}, UnknownValue{"service", "on", []string{"one", "two"}}, UnknownValue{"code", "dwon", []string{"down"}})
	f(Filter{Endpoints: []string{"get /a/{id}", "/b", "DELETE /b"}}, UnknownValue{"endpoint", "DELETE /b", []string{"GET /a/{id}", "POST /b"}})
	f(Filter{Sources: []string{"src"}, Vendors: []string{"acme"}, Statuses: []string{"400"}})
}

// A range of centuries reaches before what the table can hold.
func TestHugeRange(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, "10:00:00.000 error GET /a status=503 code=down"))
	f := Filter{From: time.Unix(0, 0), To: time.Date(2290, 1, 1, 0, 0, 0, 0, time.UTC)}
	a, err := db.Top(t.Context(), f, TopOptions{})
	require.NoError(t, err)
	require.Len(t, a.Rows, 1)
	require.Zero(t, a.Rows[0].PreviousCount)
	_, err = db.Storms(t.Context(), f, StormOptions{})
	require.NoError(t, err)
	_, err = db.Limits(t.Context(), f, LimitOptions{})
	require.NoError(t, err)
	line, err := db.Timeline(t.Context(), f, TimelineOptions{})
	require.NoError(t, err)
	require.Len(t, line.Codes, 1)
}
