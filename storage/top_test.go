package storage

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/migrations"
	"github.com/errata-dev/errata/parsers"
)

// randomRows are three hours of hostile traffic: instants on and beside the boundaries of hours, errors without code,
// message or vendor, operations that come again, dead letters.
func randomRows(r *rand.Rand, n int) []*parsers.Row {
	pick := func(values ...string) []byte { return []byte(values[r.IntN(len(values))]) }
	rows := make([]*parsers.Row, 0, n)
	for i := range n {
		row := &parsers.Row{
			Source: "src", Topic: "topic", Offset: int64(i), RetryAfterMS: parsers.Absent, RateLimit: noQuota(), Status: 200,
			Vendor: pick("acme", "beta", "acme", ""), Service: pick("payments", "ledger"), Environment: pick("production", "sandbox"),
			Method: pick("GET", "POST", ""), Route: pick("/a", "/a/{id}", "/b"), Operation: uint64(r.IntN(n / 3)),
		}
		row.Time = caseDay().Add(10 * time.Hour).UnixMilli()
		row.Time += []int64{r.Int64N(3 * 3_600_000), r.Int64N(4) * 3_600_000, r.Int64N(4)*3_600_000 - 1}[r.IntN(3)]
		switch r.IntN(8) {
		case 0:
			row.Kind = parsers.KindDeadLetter
		case 1, 2, 3:
			row.Kind = parsers.KindSuccess
		default:
			row.Kind = parsers.KindError
			row.Status = []uint16{0, 429, 500, 503}[r.IntN(4)]
			row.Code, row.Message = pick("", "down", "slow"), pick("", "It broke", "It is late")
			row.Category = []parsers.Category{parsers.CategoryServer, parsers.CategoryRateLimit}[r.IntN(2)]
			row.Retry = []parsers.Retry{parsers.RetryYes, parsers.RetryNo}[r.IntN(2)]
			row.Fingerprint = hashOf(fmt.Sprintf("%s %d %s %s", row.Vendor, row.Status, row.Code, row.Message))
		}
		rows = append(rows, row)
	}
	return rows
}

// tally is what top must say of one group.
type tally struct {
	count, services, endpoints, operations, previous uint64
	first, last                                      int64
	trend                                            [24]uint64
	message                                          string
	rate                                             float64
}

// naive counts what top should find, row by row.
func naive(rows []*parsers.Row, f Filter, by []string) map[string]tally {
	from, to := f.From.UnixMilli(), f.To.UnixMilli()
	groups, sets, traffic := map[string]tally{}, map[string]map[string]bool{}, map[string]uint64{}
	messageAt := map[string]string{}
	for _, row := range rows {
		if row.Kind == parsers.KindDeadLetter || !isCaller(f, row) || row.Time >= to {
			continue
		}
		if row.Time >= from {
			traffic[population(by, row)]++
		}
		if row.Kind != parsers.KindError || !isFailure(f, row) || row.Time < from-(to-from) {
			continue
		}
		key := groupOf(by, row)
		g := groups[key]
		if row.Time < from {
			g.previous++
			groups[key] = g
			continue
		}
		if g.count == 0 || row.Time < g.first {
			g.first = row.Time
		}
		g.count, g.last = g.count+1, max(g.last, row.Time)
		g.trend[(row.Time-from)*24/(to-from)]++
		if at := fmt.Sprintf("%d %s", row.Time, row.Message); len(row.Message) > 0 && at > messageAt[key] {
			messageAt[key], g.message = at, string(row.Message)
		}
		if sets[key] == nil {
			sets[key] = map[string]bool{}
		}
		for _, member := range []string{"s" + string(row.Service), "e" + string(row.Method) + " " + string(row.Route), "o" + strconv.FormatUint(row.Operation, 10)} {
			sets[key][member] = true
		}
		groups[key] = g
	}
	return finishNaive(rows, groups, sets, traffic, by)
}

func finishNaive(rows []*parsers.Row, groups map[string]tally, sets map[string]map[string]bool, traffic map[string]uint64, by []string) map[string]tally {
	for _, row := range rows { // any row of the group knows its vendor
		key := groupOf(by, row)
		if g, found := groups[key]; found && row.Kind == parsers.KindError && g.count > 0 {
			g.rate = float64(g.count) / float64(traffic[population(by, row)])
			groups[key] = g
		}
	}
	for key, g := range groups {
		if g.count == 0 {
			delete(groups, key)
			continue
		}
		for member := range sets[key] {
			switch member[0] {
			case 's':
				g.services++
			case 'e':
				g.endpoints++
			case 'o':
				g.operations++
			}
		}
		groups[key] = g
	}
	return groups
}

func isCaller(f Filter, row *parsers.Row) bool {
	return (len(f.Vendors) == 0 || slices.Contains(f.Vendors, string(row.Vendor))) &&
		(len(f.Services) == 0 || slices.Contains(f.Services, string(row.Service))) &&
		(len(f.Endpoints) == 0 || slices.Contains(f.Endpoints, string(row.Method)+" "+string(row.Route)))
}

func isFailure(f Filter, row *parsers.Row) bool {
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, strconv.Itoa(int(row.Status)))) &&
		(len(f.Codes) == 0 || slices.Contains(f.Codes, string(row.Code)))
}

// population names what a row's group is compared with: all responses of the vendor, or of all vendors.
func population(by []string, row *parsers.Row) string {
	if slices.Contains(by, "vendor") {
		return string(row.Vendor)
	}
	return ""
}

// groupOf is the key that rowKey gives to the row's group, and the template where there is no code.
func groupOf(by []string, row *parsers.Row) string {
	var parts []string
	for _, column := range by {
		switch column {
		case "vendor":
			parts = append(parts, string(row.Vendor))
		case "service":
			parts = append(parts, string(row.Service))
		case "environment":
			parts = append(parts, string(row.Environment))
		case "endpoint":
			parts = append(parts, strings.TrimSpace(string(row.Method)+" "+string(row.Route)))
		case "status":
			parts = append(parts, strconv.Itoa(int(row.Status)))
		case "code":
			parts = append(parts, string(row.Code))
			if len(row.Code) == 0 {
				parts = append(parts, hex64(row.Fingerprint))
			}
		case "category":
			parts = append(parts, row.Category.String())
		case "retry":
			parts = append(parts, row.Retry.String())
		case "fingerprint":
			parts = append(parts, hex64(row.Fingerprint))
		}
	}
	return strings.Join(parts, "|")
}

// figures are what an answer says, in the form of the naive counts. Groups without a code have a template that no member
// tells: they are compared as a sorted list, all of them.
func figures(rows []TopRow) []tally {
	list := make([]tally, 0, len(rows))
	for _, row := range rows {
		c := tally{row.Count, row.Services, row.Endpoints, row.Operations, row.PreviousCount, row.FirstSeen.UnixMilli(), row.LastSeen.UnixMilli(), [24]uint64(row.Trend), row.Message, *row.ErrorRate}
		list = append(list, c)
	}
	return inOrder(list)
}

func inOrder(list []tally) []tally {
	slices.SortFunc(list, func(a, b tally) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

func TestTopIsWhatCountingFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	db, o := openMigrated(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rows := randomRows(r, 4000)
	insertCase(t, o, rows[:1500])
	insertCase(t, o, rows[1500:])
	for range 60 {
		f := Filter{From: caseDay().Add(10*time.Hour + time.Duration(r.IntN(7_200_000))*time.Millisecond)}
		f.To = f.From.Add(time.Duration(1+r.IntN([]int{30, 3_600_000, 9_000_000}[r.IntN(3)])) * time.Millisecond)
		if r.IntN(3) == 0 { // on the hour
			f.From, f.To = f.From.Truncate(time.Hour), f.To.Truncate(time.Hour).Add(time.Hour)
		}
		f.Vendors = [][]string{nil, {"acme"}, {"", "beta"}}[r.IntN(3)]
		f.Services = [][]string{nil, nil, {"ledger"}}[r.IntN(3)]
		f.Endpoints = [][]string{nil, nil, {"GET /a/{id}"}}[r.IntN(3)]
		f.Statuses = [][]string{nil, nil, {"429"}, {"0", "503"}}[r.IntN(4)]
		f.Codes = [][]string{nil, nil, {"down"}, {""}}[r.IntN(4)]
		setFor(t, &maxCountedErrors, uint64(r.IntN(2)*1000)) // with and without a sample, all groups too small for one
		by := GroupColumns()
		r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
		by = [][]string{{"vendor", "status", "code"}, by[:1], by[:2], by[:3]}[r.IntN(4)]
		got, err := db.Top(t.Context(), f, TopOptions{By: by, Limit: 10_000})
		require.NoError(t, err)
		want := []tally{}
		var total uint64
		for _, c := range naive(rows, f, by) {
			want, total = append(want, c), total+c.count
		}
		require.Equal(t, inOrder(want), figures(got.Rows), "%v %+v", by, f)
		require.Equal(t, total, got.Total.Count)
		require.Zero(t, got.Other.Count)
		checkLimit(t, db, f, by, got)
	}
}

// checkLimit asks for the largest group alone: it is the first of all, and the rest is summed.
func checkLimit(t *testing.T, db *DB, f Filter, by []string, all Answer[TopRow]) {
	t.Helper()
	if len(all.Rows) == 0 {
		return
	}
	one, err := db.Top(t.Context(), f, TopOptions{By: by, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, all.Rows[:1], one.Rows)
	require.Equal(t, all.Total.Count-one.Rows[0].Count, one.Other.Count)
	require.Equal(t, len(all.Rows)-1, one.Cut)
}

func TestTopEstimatesOperationsOfLargeGroups(t *testing.T) {
	db, o := openMigrated(t)
	r := rand.New(rand.NewPCG(1, 1))
	rows := randomRows(r, 20_000)
	for _, row := range rows {
		row.Operation = r.Uint64N(5_000) * 0x9e3779b97f4a7c15 // hashed, as operations are
	}
	insertCase(t, o, rows)
	setFor(t, &maxCountedErrors, 1000)
	setFor(t, &minSample, 100)
	f := Filter{From: caseDay().Add(10 * time.Hour), To: caseDay().Add(14 * time.Hour)}
	got, err := db.Top(t.Context(), f, TopOptions{By: []string{"vendor"}})
	require.NoError(t, err)
	require.Len(t, got.Notes, 1)
	for _, c := range naive(rows, f, []string{"vendor"}) {
		i := slices.IndexFunc(got.Rows, func(row TopRow) bool { return row.Count == c.count })
		require.GreaterOrEqual(t, i, 0)
		require.InEpsilon(t, c.operations, got.Rows[i].Operations, 0.3)
		require.NotEqual(t, c.operations, got.Rows[i].Operations, "an estimate that is right to the last one was none")
	}

	exact, err := db.Top(t.Context(), f, TopOptions{By: []string{"vendor"}, Exact: true})
	require.NoError(t, err)
	require.Empty(t, exact.Notes)
	for _, c := range naive(rows, f, []string{"vendor"}) {
		require.True(t, slices.ContainsFunc(exact.Rows, func(row TopRow) bool { return row.Count == c.count && row.Operations == c.operations }))
	}

	setFor(t, &maxExactErrors, 1000)
	exact, err = db.Top(t.Context(), f, TopOptions{By: []string{"vendor"}, Exact: true})
	require.NoError(t, err)
	require.Len(t, exact.Notes, 1)
	require.NotContains(t, exact.Notes[0], "--exact")
}

// setFor changes a bound until the test ends.
func setFor(t *testing.T, bound *uint64, value uint64) {
	t.Helper()
	before := *bound
	*bound = value
	t.Cleanup(func() { *bound = before })
}

// TestTopOfWholeDays: half of the rows lie in parts that were there before the projection.
func TestTopOfWholeDays(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	db, o := openMigrated(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	rows := rowsOfDays(r, 6000)
	insertCase(t, o, rows[:3000])
	require.NoError(t, db.conn.Exec(t.Context(), "ALTER TABLE responses DROP PROJECTION days SETTINGS mutations_sync = 1"))
	text, err := migrations.FS.ReadFile("0013_add_days.sql")
	require.NoError(t, err)
	up, _, _ := strings.Cut(string(text), "-- +goose StatementEnd")
	require.NoError(t, db.conn.Exec(t.Context(), up))
	insertCase(t, o, rows[3000:])
	compareWholeDays(t, db, r)
}

// TestTopOfWholeDaysOfShards: a group's days lie on both shards.
func TestTopOfWholeDaysOfShards(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	cluster := openCluster(t, 2)
	require.NoError(t, cluster.Migrate(t.Context(), ClusterMigration{}, func(string) {}))
	r := rand.New(rand.NewPCG(2, 1))
	rows := rowsOfDays(r, 6000)
	for i, shard := range cluster.Shards {
		insertCase(t, shard.Replicas[0], rows[i*3000:(i+1)*3000])
	}
	db, err := Open(t.Context(), cluster.AllShards())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	compareWholeDays(t, db, r)
}

// rowsOfDays are random rows over nine days.
func rowsOfDays(r *rand.Rand, n int) []*parsers.Row {
	rows := randomRows(r, n)
	for _, row := range rows {
		row.Time += int64(r.IntN(9*24)) * time.Hour.Milliseconds()
	}
	return rows
}

// compareWholeDays asks for whole days with the projection, and without it by a filter that lets everything through.
func compareWholeDays(t *testing.T, db *DB, r *rand.Rand) {
	t.Helper()
	setFor(t, &maxCountedErrors, 0)
	for range 30 {
		setFor(t, &minSample, uint64(r.IntN(2)*1000)) // all operations from the sample, or all counted
		f := Filter{From: caseDay().Add(time.Duration(24+r.IntN(96)) * time.Hour)}
		if r.IntN(2) == 0 {
			f.From = f.From.Truncate(day)
		}
		f.To = f.From.Add(time.Duration(2+r.IntN(3)) * day)
		f.Vendors = [][]string{nil, {"acme"}, {"", "beta"}}[r.IntN(3)]
		f.Statuses = [][]string{nil, nil, {"429"}, {"0", "5xx"}}[r.IntN(4)]
		f.Codes = [][]string{nil, nil, {"down"}, {""}}[r.IntN(4)]
		f.Categories = [][]string{nil, nil, {"server"}}[r.IntN(3)]
		by := []string{"vendor", "status", "code", "category", "retry"}
		r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
		by = [][]string{{"vendor", "status", "code"}, by[:1], by[:2], by[:3]}[r.IntN(4)]
		limit := []int{2, 1000}[r.IntN(2)]

		got, err := db.Top(t.Context(), f, TopOptions{By: by, Limit: limit})
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(got.Explain, func(s Statement) bool { return s.Name == "top_days" }))
		f.Environments = []string{"production", "sandbox"}
		want, err := db.Top(t.Context(), f, TopOptions{By: by, Limit: limit})
		require.NoError(t, err)
		require.False(t, slices.ContainsFunc(want.Explain, func(s Statement) bool { return s.Name == "top_days" }))
		require.Equal(t, withoutKeys(want.Rows), withoutKeys(got.Rows), "%v %+v", by, f)
		require.Equal(t, []any{want.Total, want.Other, want.Cut, want.Notes}, []any{got.Total, got.Other, got.Cut, got.Notes}, "%v %+v", by, f)
	}
}

// TestWholeDaysAreOnlyAskedForWhatTheyKnow: a part of the trend may not begin within an hour, nor may anything beside their columns be asked for.
func TestWholeDaysAreOnlyAskedForWhatTheyKnow(t *testing.T) {
	f := Filter{From: caseDay(), To: caseDay().Add(2 * day)}
	has := func(f Filter, by ...string) bool {
		return (&topQuestion{question: &question{filter: f}, options: TopOptions{By: by}}).hasDays()
	}
	require.True(t, has(f, "vendor", "status", "code", "category", "retry"))
	for _, column := range []string{"service", "environment", "endpoint", "fingerprint"} {
		require.False(t, has(f, column), column)
	}
	later := func(d time.Duration) Filter { return Filter{From: f.From.Add(d), To: f.To.Add(d)} }
	require.True(t, has(later(time.Hour), "code"))
	require.False(t, has(later(time.Minute), "code"))
	require.False(t, has(Filter{From: f.From, To: f.To.Add(time.Hour)}, "code"))
	require.False(t, has(Filter{From: f.From.Add(time.Hour), To: f.To.Add(-23 * time.Hour)}, "code"), "no whole day")
	for _, narrow := range []func(*Filter){
		func(f *Filter) { f.Services = []string{"x"} }, func(f *Filter) { f.Environments = []string{"x"} },
		func(f *Filter) { f.Endpoints = []string{"x"} }, func(f *Filter) { f.Sources = []string{"x"} },
	} {
		narrowed := f
		narrow(&narrowed)
		require.False(t, has(narrowed, "code"))
	}
}

// withoutKeys leaves out what differs from question to question.
func withoutKeys(rows []TopRow) []TopRow {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].group = group{}
	}
	return rows
}
