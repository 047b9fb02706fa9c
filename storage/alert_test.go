package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const alertCase = `
-1/08:00:00 success GET /pay
10:00:10 success GET /pay x=3 every=2s
10:00:20 error GET /pay status=503 code=down op=a
10:00:30 error GET /pay status=429 code=slow cat=rate_limit service=ledger msg="slow down" op=b
10:02:05 error GET /pay status=503 code=down op=c
10:02:06 dead_letter GET /pay
10:03:00 success GET /other vendor=globex
10:03:01 error GET /other vendor=globex status=500 code=boom op=d
`

func alertFilter() Filter {
	day := caseDay()
	return Filter{From: day.Add(10 * time.Hour), To: day.Add(11 * time.Hour)}
}

func TestMinutes(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, alertCase))
	ten := alertFilter().From.Unix() / 60

	for name, c := range map[string]struct {
		filter func(*Filter)
		o      MinutesOptions
		want   []MinuteCount
	}{
		"by vendor": {nil, MinutesOptions{By: []string{"vendor"}}, []MinuteCount{
			{ten, []string{"acme", "", "", "", "", "", ""}, 5, 2, 0},
			{ten + 2, []string{"acme", "", "", "", "", "", ""}, 1, 1, 0},
			{ten + 3, []string{"globex", "", "", "", "", "", ""}, 2, 1, 0},
		}},
		"a code narrows errors, not responses": {func(f *Filter) { f.Codes, f.Vendors = []string{"slow"}, []string{"acme"} }, MinutesOptions{By: []string{"vendor"}}, []MinuteCount{
			{ten, []string{"acme", "", "", "", "", "", ""}, 5, 1, 0},
			{ten + 2, []string{"acme", "", "", "", "", "", ""}, 1, 0, 0},
		}},
		"known errors do not count": {func(f *Filter) { f.Vendors = []string{"acme"} }, MinutesOptions{By: []string{"service"}, ErrorsOnly: true, Known: Known{Codes: [][2]string{{"acme", "down"}}}}, []MinuteCount{
			{ten, []string{"", "ledger", "", "", "", "", ""}, 0, 1, 0},
			{ten, []string{"", "payments", "", "", "", "", ""}, 0, 0, 0},
			{ten + 2, []string{"", "payments", "", "", "", "", ""}, 0, 0, 0},
		}},
		"every column": {func(f *Filter) { f.Vendors, f.Statuses = []string{"acme"}, []string{"429"} }, MinutesOptions{By: AlertColumns(), ErrorsOnly: true}, []MinuteCount{
			{ten, []string{"acme", "ledger", "production", "GET /pay", "429", "slow", "rate_limit"}, 0, 1, 0},
			{ten, []string{"acme", "payments", "production", "GET /pay", "503", "down", "upstream"}, 0, 0, 0},
			{ten + 2, []string{"acme", "payments", "production", "GET /pay", "503", "down", "upstream"}, 0, 0, 0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := alertFilter()
			if c.filter != nil {
				c.filter(&f)
			}
			got, err := db.Minutes(t.Context(), f, c.o)
			require.NoError(t, err)
			slices.SortFunc(got, func(a, b MinuteCount) int {
				if a.Minute != b.Minute {
					return int(a.Minute - b.Minute)
				}
				return slices.Compare(a.Key, b.Key)
			})
			require.Equal(t, c.want, got)
		})
	}

	observed, err := db.Observed(t.Context(), alertFilter())
	require.NoError(t, err)
	require.Equal(t, []int64{ten, ten + 2, ten + 3}, observed)
}

// TestMinutesOnce: what was written twice counts once, what is repeated or has other bytes does not.
func TestMinutesOnce(t *testing.T) {
	db, o := openMigrated(t)
	errors := parseRows(t, "10:00:10 error GET /pay status=503 code=down op=a\n10:00:20 error GET /pay status=503 code=down op=a\n10:00:20 success GET /pay op=a")
	other := parseRows(t, "10:00:10 error GET /pay status=503 code=down op=a")
	other[0].Checksum++
	insertCase(t, o, slices.Concat(errors, other, errors))
	ten := alertFilter().From.Unix() / 60
	for once, want := range map[bool]uint64{false: 5, true: 3} {
		got, err := db.Minutes(t.Context(), alertFilter(), MinutesOptions{ErrorsOnly: true, Once: once})
		require.NoError(t, err)
		require.Equal(t, []MinuteCount{{ten, make([]string, 7), 0, want, 0}}, got, once)
	}
}

func TestNewCodes(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, alertCase+"09:00 error GET /pay status=429 code=slow cat=rate_limit\n"))
	f := alertFilter()
	codes, err := db.NewCodes(t.Context(), f, 24*time.Hour, Known{})
	require.NoError(t, err)
	require.Equal(t, []NewCode{{"acme", "down", f.From.Add(20 * time.Second)}}, codes,
		"slow was there an hour before, and globex is itself new")
	codes, err = db.NewCodes(t.Context(), f, 24*time.Hour, Known{Vendors: []string{"acme"}})
	require.NoError(t, err)
	require.Empty(t, codes)
}

// TestCourse: what an alert is compared with, by the hour and by the minute.
func TestCourse(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, alertCase+`
07:00 success GET /pay x=4 every=1m
07:10 error GET /pay status=503 code=down op=e
08:00 success GET /pay x=2 every=1m
08:30 error GET /pay status=503 code=down op=f
08:40 error GET /pay status=503 code=other op=g
09:00 error GET /pay status=503 code=down op=h
09:10 success GET /pay x=4 every=1m service=ledger
`))
	f := alertFilter()
	f.Vendors, f.Statuses, f.Codes = []string{"acme"}, []string{"503"}, []string{"down"}
	seven := f.From.Unix()/3600 - 3
	hours, err := db.Hours(t.Context(), f, f.From.Add(-150*time.Minute), f.From)
	require.NoError(t, err)
	require.Equal(t, []HourCount{{seven, 1, 4}, {seven + 1, 1, 2}, {seven + 2, 1, 4}}, hours)
	f.Services = []string{"ledger"}
	hours, err = db.Hours(t.Context(), f, f.From.Add(-3*time.Hour), f.From)
	require.NoError(t, err)
	require.Equal(t, []HourCount{{seven + 2, 0, 4}}, hours)
	f.Services = nil
	ten := f.From.Unix() / 60
	course := map[int64]uint64{}
	require.NoError(t, db.Course(t.Context(), f, f.From.Add(-time.Hour), f.To, nil, course))
	require.Equal(t, map[int64]uint64{ten - 60: 1, ten: 1, ten + 2: 1}, course)
	course = map[int64]uint64{}
	require.NoError(t, db.Course(t.Context(), f, f.From.Add(-time.Hour), f.To, []int64{ten - 60, ten - 59, ten, ten + 1}, course))
	require.Equal(t, map[int64]uint64{ten - 60: 1, ten: 1}, course)
	again := parseRows(t, "10:02:05 error GET /pay status=503 code=down op=c\n10:02:05 error GET /pay status=503 code=down op=c")
	again[1].Checksum++
	insertCase(t, o, again)
	course = map[int64]uint64{}
	require.NoError(t, db.Course(t.Context(), f, f.From, f.To, nil, course))
	require.Equal(t, map[int64]uint64{ten: 1, ten + 2: 2}, course, "what was written twice is one, what has other bytes is another")
	successes, err := db.Successes(t.Context(), f)
	require.NoError(t, err)
	require.EqualValues(t, 3, successes)
	during, before, err := db.SuccessesBeside(t.Context(), f, f.From.Add(-3*time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, []uint64{3, 6}, []uint64{during, before}, "the service ledger has no such error")
}

// TestFailedCalls: only an idempotency key tells that attempts are of one call.
func TestFailedCalls(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
10:00:00 error POST /pay code=down key=idempotency op=keyed x=3 every=1s
10:00:10 error POST /pay code=down key=idempotency op=another
10:01:00 error POST /pay code=down key=idempotency op=keyed
10:02:00 error POST /pay code=down key=trace op=traced x=3 every=1s
10:03:00 error GET /pay code=down key=path op=get x=3 every=1s`))
	f := alertFilter()
	calls, err := db.FailedCalls(t.Context(), f)
	require.NoError(t, err)
	ten := f.From.Unix() / 60
	require.Equal(t, map[int64]uint64{ten: 2, ten + 1: 1, ten + 2: 3, ten + 3: 3}, calls)
	course := map[int64]uint64{}
	require.NoError(t, db.Course(t.Context(), f, f.From, f.To, nil, course))
	require.Equal(t, map[int64]uint64{ten: 4, ten + 1: 1, ten + 2: 3, ten + 3: 3}, course, "records count")
}

// TestNewCodeCalls: a call that is repeated within a minute counts once. Calls that nothing tells apart, as a POST without
// any key, have one operation; each counts unless it says that it is a repetition.
func TestNewCodeCalls(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, `
10:00:10 error GET /pay code=down op=a x=5 every=1s
10:00:30 error GET /pay code=down op=b
10:02:00 error GET /pay code=down op=a
10:02:00 error GET /pay code=other op=a
10:03:00 error POST /pay code=down key=none op=post x=5 every=1s
10:03:05 error GET /pay code=down key=none op=get x=5 every=1s
10:04:00 error POST /pay code=down key=none op=post attempt=1
10:04:01 error POST /pay code=down key=none op=post attempt=2 x=3 every=1s
10:04:05 error POST /pay code=down key=trace op=traced x=3 every=1s`))
	f := alertFilter()
	ten := f.From.Unix() / 60
	counts, err := db.NewCodeCalls(t.Context(), f, []NewCode{{Vendor: "acme", Code: "down"}})
	require.NoError(t, err)
	require.Equal(t, []CallCount{{"acme", "down", ten, 2}, {"acme", "down", ten + 2, 1}, {"acme", "down", ten + 3, 6}, {"acme", "down", ten + 4, 3}}, counts)
}

func TestAlertEvidence(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, alertCase))
	f := alertFilter()
	f.Vendors = []string{"acme"}
	e, err := db.AlertEvidence(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, AlertEvidence{
		Count: 3, Codes: []string{"503 down", "429 slow"}, Services: []string{"payments", "ledger"}, Endpoints: []string{"GET /pay"},
		Message: "slow down", TraceIDs: []string{}, Offsets: []string{"topic/0@6", "topic/0@5", "topic/0@4"},
		Commonest: ErrorKind{"acme", 503, "down"},
	}, e)

	// The newest are the newest, however many there are and in whatever order they were stored.
	rows := parseRows(t, `
10:59:00 error GET /pay code=late
10:10:00 error GET /pay code=many x=300 every=1s
10:58:00 error GET /pay code=late`)
	for i, row := range rows {
		row.TraceID = fmt.Appendf(nil, "%032x", 1000+i)
	}
	insertCase(t, o, rows)
	e, err = db.AlertEvidence(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, []string{fmt.Sprintf("%032x", 1000), fmt.Sprintf("%032x", 1301), fmt.Sprintf("%032x", 1300)}, e.TraceIDs)
	require.Len(t, e.Offsets, 3)
	newest, err := db.Errors(t.Context(), f, ErrorsOptions{Limit: 3})
	require.NoError(t, err)
	for i, row := range newest.Rows {
		require.Equal(t, fmt.Sprintf("%s/%d@%d", row.Topic, row.Partition, row.Offset), e.Offsets[i])
	}

	none, err := db.AlertEvidence(t.Context(), Filter{From: f.To, To: f.To.Add(time.Hour)})
	require.NoError(t, err)
	require.Zero(t, none.Count)
}
