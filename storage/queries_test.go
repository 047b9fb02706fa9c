package storage

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/parsers"
)

var comment = regexp.MustCompile(`(?m)--.*$`)

func TestEveryQueryIsDocumented(t *testing.T) {
	files, err := fs.Glob(queryFiles, "queries/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "queries/"), ".sql")
		text, err := readQuery(name)
		require.NoError(t, err)
		require.NotContains(t, text, "include:", name)
		require.NotRegexp(t, regexp.MustCompile(`(?i)\bSETTINGS\b|;`), comment.ReplaceAllString(text, ""), name)
		if strings.HasPrefix(name, "change_") {
			require.Regexp(t, `\A-- Change: `, text, name)
			require.Contains(t, text, "\n-- Inputs: ", name)
			continue
		}
		if !strings.HasPrefix(name, "part_") && !strings.HasPrefix(name, "create_") {
			require.Regexp(t, `\A-- Question: `, text, name)
			require.Contains(t, text, "\n-- Inputs: ", name)
			require.Contains(t, text, "\n-- Columns: ", name)
		}
	}
}

func TestConditionalLines(t *testing.T) {
	const text = "always\nvendors -- if vendors\nnone -- if not vendors\nby code -- if by:code -- if not by:status\neither -- if codes or minutes"
	for want, parameters := range map[string]map[string]any{
		"always\nvendors":               {"vendors": []string{"acme"}, "by": []string{"code", "status"}, "codes": []string{}, "minutes": false},
		"always\nnone\nby code\neither": {"vendors": []string{}, "by": []string{"code"}, "codes": []string{}, "minutes": true},
		"always\nnone\neither":          {"vendors": []string{}, "by": []string{"status"}, "codes": []string{"down"}, "minutes": false},
	} {
		got, err := narrow(text, parameters)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, word := range []string{"vendor", "by:code", "number"} { // a filter that is misspelt must not be left out
		_, err := narrow("AND x -- if "+word, map[string]any{"vendors": []string{}, "number": 1})
		require.ErrorIs(t, err, errCondition, word)
	}
}

// TestPartsKeepTheConditionOfTheirInclude: all lines of a part that is included under a condition have it.
func TestPartsKeepTheConditionOfTheirInclude(t *testing.T) {
	text, err := readQuery("part_traffic")
	require.NoError(t, err)
	text, err = narrow(text, map[string]any{"hours": false, "minutes": false, "rest": true, "vendors": []string{}, "services": []string{}, "environments": []string{}, "endpoints": []string{}, "sources": []string{}, "shown_vendors": []string{}})
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(text, "SELECT"), text)
	require.NotContains(t, text, "UNION")
	require.NotContains(t, text, " if ")
}

func TestUnknownQuery(t *testing.T) {
	_, err := readQuery("nonsense")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// askEverything asks every question and returns all rows.
func askEverything(ctx context.Context, db *DB, f Filter) (rows int, statements []Statement, err error) {
	top, err1 := db.Top(ctx, f, TopOptions{By: GroupColumns()})
	storms, err2 := db.Storms(ctx, f, StormOptions{})
	limits, err3 := db.Limits(ctx, f, LimitOptions{})
	list, err4 := db.Errors(ctx, f, ErrorsOptions{})
	for _, a := range [][]Statement{top.Explain, storms.Explain, limits.Explain, list.Explain} {
		statements = append(statements, a...)
	}
	return len(top.Rows) + len(storms.Rows) + len(limits.Rows) + len(list.Rows), statements, errors.Join(err1, err2, err3, err4)
}

// TestHostileFilterValues stores hostile names, and asks for each of them and for none of them.
func TestHostileFilterValues(t *testing.T) {
	if testing.Short() {
		t.Skip("the server does the work; minutes under the race detector")
	}
	db, o := openMigrated(t)
	texts := append([]string{"it's", `back\slash`, `\\`, `'`, `\'`, "]", "[", "','", "{from:String}", "tab\there", "a,b", "GET /x'y"}, hostile...)
	b := NewBlock()
	for i, text := range texts {
		row := newRow(t, "error", map[string]string{"vendor": text, "service": text, "env": text, "code": text, "source": text, "method": "GET", "route": "/" + text}, i)
		row.Time = parseCaseTime(t, "10:00").UnixMilli()
		b.Append(row)
	}
	insertToday(t, o, b)
	f := Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")}
	for _, text := range texts {
		f.Vendors, f.Services, f.Environments = []string{text}, []string{text}, []string{text}
		f.Codes, f.Sources, f.Endpoints = []string{text}, []string{text}, []string{"GET /" + text, "none"}
		a, err := db.Top(t.Context(), f, TopOptions{By: []string{"vendor", "code", "endpoint"}})
		require.NoError(t, err, "%q", text)
		require.Len(t, a.Rows, 1, "%q", text)
		require.Equal(t, text, *a.Rows[0].Vendor)
		require.Equal(t, "GET /"+strings.TrimRight(text, " "), *a.Rows[0].Endpoint)
		list, err := db.Errors(t.Context(), f, ErrorsOptions{})
		require.NoError(t, err, "%q", text)
		require.Len(t, list.Rows, 1, "%q", text)
	}
	f = Filter{From: f.From, To: f.To, Vendors: []string{"x' OR 1=1 --", `x\`, "it''s"}, Codes: []string{"') OR ('1'='1"}}
	rows, _, err := askEverything(t.Context(), db, f)
	require.NoError(t, err)
	require.Zero(t, rows)
}

// TestValuesAreNotInTheSQL asks with telling values and finds them beside the text only.
func TestValuesAreNotInTheSQL(t *testing.T) {
	db, o := openMigrated(t)
	var rows []*parsers.Row
	rows = append(rows, parseRows(t, `
		10:00:00 error GET /needle op=needle vendor=needle service=needle status=429 cat=rate_limit code=needle env=needle source=needle x=20 every=1s
		10:00:00 error POST /needle vendor=needle service=needle key=none code=needle env=needle source=needle x=200 every=100ms
		08:00:00 success GET /needle vendor=needle service=needle env=needle source=needle
		10:01:00 success GET /needle vendor=needle service=needle env=needle source=needle`)...)
	insertCase(t, o, rows)
	needle := []string{"needle"}
	f := Filter{
		From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00"), Vendors: needle, Services: needle, Environments: needle,
		Endpoints: []string{"/needle"}, Codes: needle, Sources: needle,
	}
	found, statements, err := askEverything(t.Context(), db, f)
	require.NoError(t, err)
	require.Greater(t, found, 50)
	asked := map[string]bool{}
	for _, s := range statements {
		asked[s.Name] = true
		require.NotContains(t, s.SQL, "needle", s.Name)
		require.NotEmpty(t, s.Parameters, s.Name)
		require.Positive(t, s.Elapsed, s.Name)
	}
	for _, name := range []string{"top_groups", "storm_attempts", "storm_unit_calls", "limit_traffic", "limit_spent", "errors"} {
		require.True(t, asked[name], name)
	}
	require.Positive(t, statements[0].Rows)
	require.Positive(t, statements[0].Bytes)
}

// TestReaderMayAsk asks as a user with readonly=1, under a deadline, which the driver would turn into a
// setting that this user may not send.
func TestReaderMayAsk(t *testing.T) {
	engine, err := embedded.OpenClickHouse(t.Context(), embedded.Options{DataDir: t.TempDir()})
	if errors.Is(err, embedded.ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs ClickHouse: %v", err)
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, engine.Close()) }()
	admin := openAt(t, engine.URL())
	require.NoError(t, admin.Migrate(t.Context(), nil))
	insertCase(t, admin.options, parseRows(t, "10:00:00 error GET /a op=a status=429 cat=rate_limit x=9 every=1s\n10:00:00 error POST /b key=none x=200 every=100ms\n08:00:00 success GET /c"))

	reader := openAt(t, engine.ReaderURL())
	require.ErrorIs(t, reader.Clear(t.Context()), ErrAuthentication)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rows, _, err := askEverything(ctx, reader, Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")})
	require.NoError(t, err)
	require.Positive(t, rows)
}

func TestCancelledQuestion(t *testing.T) {
	db, _ := openMigrated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.Top(ctx, Filter{From: caseDay(), To: caseDay().Add(time.Hour)}, TopOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestUnusableQuestions(t *testing.T) {
	hour := Filter{From: caseDay(), To: caseDay().Add(time.Hour)}
	f := func(field string, change func(*Filter), ask func(Filter) error) {
		t.Helper()
		filter := hour
		change(&filter)
		var usage *UsageError
		require.ErrorAs(t, ask(filter), &usage)
		require.Equal(t, field, usage.Field)
		require.NotEmpty(t, usage.Valid)
		require.Contains(t, usage.Error(), field)
	}
	askTop := func(f Filter) error { _, err := top(t.Context(), nil, f, TopOptions{}); return err }
	none := func(*Filter) {}
	f("range", func(f *Filter) { f.To = f.From }, askTop)
	f("status", func(f *Filter) { f.Statuses = []string{"42"} }, askTop)
	f("status", func(f *Filter) { f.Statuses = []string{"6xx"} }, askTop)
	f("status", func(f *Filter) { f.Statuses = []string{"-1"} }, askTop)
	f("status", func(f *Filter) { f.Statuses = []string{""} }, askTop)
	f("category", func(f *Filter) { f.Categories = []string{"ratelimit"} }, askTop)
	f("by", none, func(f Filter) error { _, err := top(t.Context(), nil, f, TopOptions{By: []string{"host"}}); return err })
	f("limit", none, func(f Filter) error { _, err := top(t.Context(), nil, f, TopOptions{Limit: -1}); return err })
	f("limit", none, func(f Filter) error {
		_, err := top(t.Context(), nil, f, TopOptions{Limit: maxListed + 1})
		return err
	})
	f("limit", none, func(f Filter) error {
		_, err := listErrors(t.Context(), nil, f, ErrorsOptions{Limit: maxListed + 1})
		return err
	})
	f("shapes", none, func(f Filter) error {
		_, err := vendors(t.Context(), nil, f, VendorsOptions{Shapes: maxShapes + 1})
		return err
	})
	f("gap", none, func(f Filter) error { _, err := storms(t.Context(), nil, f, StormOptions{Gap: -1}); return err })
	f("attempts", none, func(f Filter) error { _, err := storms(t.Context(), nil, f, StormOptions{MinAttempts: 1}); return err })
	f("rejections", none, func(f Filter) error {
		_, err := limits(t.Context(), nil, f, LimitOptions{MinRejections: -1})
		return err
	})
	f("kind", none, func(f Filter) error {
		_, err := listErrors(t.Context(), nil, f, ErrorsOptions{Kind: "all"})
		return err
	})
}

func TestEmptyAnswerIsCompleteJSON(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("CET", 3600))
	text, err := json.Marshal(newAnswer[LimitRow](Filter{From: at, To: at.Add(time.Hour), Vendors: []string{"a"}}))
	require.NoError(t, err)
	require.Equal(t, `{"from":"2026-11-20T11:00:00.000Z","to":"2026-11-20T12:00:00.000Z","complete_until":null,"filters":{"vendor":["a"]},"rows":[],"cut":0,"notes":[]}`, string(text))
}

func TestLimitCutsRows(t *testing.T) {
	a := Answer[int]{Rows: []int{1, 2, 3}}
	a.cutTo(0)
	require.Equal(t, 0, a.Cut)
	a.cutTo(2)
	require.Equal(t, []int{1, 2}, a.Rows)
	require.Equal(t, 1, a.Cut)
}
