package storage

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// The rows of a test case are lines such as
//
//	10:00:00.000 error POST /payments/{id} status=503 code=down op=a ms=120 x=5 every=2s
//
// a time of the case's day ("-1/23:59:00" is the day before), a kind, an endpoint, and members. x repeats
// the line, every so often; each repetition is an operation of its own unless op names one. A line
// "default …" sets members of the lines after it. Values with blanks are quoted as in Go.

// caseDay is the day on which cases play: recent, so that nothing has expired.
func caseDay() time.Time { return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1) }

// parseRows reads the rows of a case.
func parseRows(t testing.TB, text string) []*parsers.Row {
	t.Helper()
	defaults := map[string]string{"vendor": "acme", "service": "payments", "env": "production", "source": "src", "x": "1", "every": "1s"}
	var rows []*parsers.Row
	for line := range strings.Lines(text) {
		fields := splitFields(t, line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case fields[0] == "default":
			for _, field := range fields[1:] {
				name, value, _ := strings.Cut(field, "=")
				defaults[name] = value
			}
		default:
			rows = append(rows, expandRow(t, fields, defaults, len(rows))...)
		}
	}
	return rows
}

// splitFields splits at blanks outside quotes, and undoes the quotes.
func splitFields(t testing.TB, line string) []string {
	t.Helper()
	var fields []string
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " ") {
		end := strings.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		if quote := strings.IndexByte(rest[:end], '"'); quote >= 0 {
			quoted, err := strconv.QuotedPrefix(rest[quote:])
			require.NoError(t, err, line)
			value, err := strconv.Unquote(quoted)
			require.NoError(t, err, line)
			fields = append(fields, rest[:quote]+value)
			rest = rest[quote+len(quoted):]
			continue
		}
		fields = append(fields, rest[:end])
		rest = rest[end:]
	}
	return fields
}

func expandRow(t testing.TB, fields []string, defaults map[string]string, offset int) []*parsers.Row {
	t.Helper()
	members := map[string]string{}
	for name, value := range defaults {
		members[name] = value
	}
	rest := fields[2:]
	if len(rest) >= 2 && strings.HasPrefix(rest[1], "/") {
		members["method"], members["route"] = rest[0], rest[1]
		rest = rest[2:]
	}
	for _, field := range rest {
		name, value, found := strings.Cut(field, "=")
		require.True(t, found, "member %q", field)
		members[name] = value
	}
	every, err := time.ParseDuration(members["every"])
	require.NoError(t, err)
	var rows []*parsers.Row
	for i := range int(number(t, members["x"])) {
		row := newRow(t, fields[1], members, offset+i)
		row.Time = parseCaseTime(t, fields[0]).Add(time.Duration(i) * every).UnixMilli()
		rows = append(rows, row)
	}
	return rows
}

func parseCaseTime(t testing.TB, text string) time.Time {
	t.Helper()
	days := 0
	if before, after, found := strings.Cut(text, "/"); found {
		days = int(number(t, before))
		text = after
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if clock, err := time.Parse(layout, text); err == nil {
			return caseDay().AddDate(0, 0, days).Add(clock.Sub(clock.Truncate(24 * time.Hour)))
		}
	}
	require.Fail(t, "bad time", text)
	return time.Time{}
}

func number(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

func newRow(t testing.TB, kind string, members map[string]string, offset int) *parsers.Row {
	t.Helper()
	row := &parsers.Row{
		Source: members["source"], Topic: "topic", Offset: int64(offset), RetryAfterMS: parsers.Absent, RateLimit: noQuota(),
		Kind: enum(t, kind, parsers.KindSuccess, parsers.KindError, parsers.KindDeadLetter),
	}
	text := func(name string) []byte { return []byte(members[name]) }
	row.Vendor, row.Service, row.Environment, row.Credential = text("vendor"), text("service"), text("env"), text("cred")
	row.Method, row.Route, row.Host = text("method"), text("route"), []byte("api.example.com")
	row.Code, row.Message, row.MessageTemplate = text("code"), text("msg"), text("msg")
	row.RateLimit.Policy = text("policy")
	row.Operation = hashOf(fmt.Sprint("operation ", offset))
	if members["op"] != "" {
		row.Operation = hashOf(members["op"])
	}
	row.OperationKey = parsers.OperationKeyPath
	row.Status = 200
	if row.Kind == parsers.KindError {
		row.Status, row.Category, row.Retry = 503, parsers.CategoryUpstream, parsers.RetryYes
	}
	for name, set := range numbersOf(t, row) {
		if value := members[name]; value != "" {
			set(value)
		}
	}
	row.Fingerprint = hashOf(string(row.Vendor) + strconv.Itoa(int(row.Status)) + string(row.Code))
	return row
}

func hashOf(text string) uint64 {
	h := fnv.New64a()
	_, err := h.Write([]byte(text))
	if err != nil {
		panic(err) // a hash never fails
	}
	return h.Sum64()
}

// numbersOf returns the members that are not plain texts, and how each is set.
func numbersOf(t testing.TB, row *parsers.Row) map[string]func(string) {
	return map[string]func(string){
		"status":  func(v string) { row.Status = uint16(number(t, v)) },
		"attempt": func(v string) { row.Attempt = uint16(number(t, v)) },
		"ms":      func(v string) { row.DurationMS = float32(number(t, v)) },
		"ra":      func(v string) { row.RetryAfterMS = number(t, v) },
		"limit":   func(v string) { row.RateLimit.Limit = number(t, v) },
		"window":  func(v string) { row.RateLimit.WindowS = number(t, v) },
		"key": func(v string) {
			row.OperationKey = enum(t, v, parsers.OperationKeyNone, parsers.OperationKeyIdempotency, parsers.OperationKeyTrace, parsers.OperationKeyPath)
		},
		"cat": func(v string) {
			if row.Kind == parsers.KindError {
				row.Category = enum(t, v, parsers.CategoryAuth, parsers.CategoryValidation, parsers.CategoryNotFound, parsers.CategoryRateLimit, parsers.CategoryUpstream, parsers.CategoryServer, parsers.CategoryNetwork)
			}
		},
		"retry": func(v string) { row.Retry = enum(t, v, parsers.RetryYes, parsers.RetryNo, parsers.RetryAfter) },
	}
}

func enum[E fmt.Stringer](t testing.TB, name string, values ...E) E {
	t.Helper()
	i := slices.IndexFunc(values, func(v E) bool { return v.String() == name })
	require.GreaterOrEqual(t, i, 0, "unknown value %q", name)
	return values[i]
}

// insertCase writes rows, as one block.
func insertCase(t testing.TB, o Options, rows []*parsers.Row) {
	t.Helper()
	insertCaseOn(t, o, rows, time.Now())
}

// insertCaseOn inserts rows as if they had been granted on another day.
func insertCaseOn(t testing.TB, o Options, rows []*parsers.Row, day time.Time) {
	t.Helper()
	b := NewBlock()
	for _, r := range rows {
		b.Append(r)
	}
	insertOn(t, o, b, day)
}

// insertToday inserts a block under a grant of today, so that none of it has expired.
func insertToday(t testing.TB, o Options, b *Block) {
	t.Helper()
	insertOn(t, o, b, time.Now())
}

func insertOn(t testing.TB, o Options, b *Block, day time.Time) {
	t.Helper()
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	grant := testGrant(t)
	grant.Date = day.UTC()
	require.NoError(t, w.Insert(t.Context(), b, grant))
}
