package storage

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// stored is a row as the table gives it back, members in facts included.
type stored struct {
	Kind            string           `ch:"kind"`
	Source          string           `ch:"source"`
	Topic           string           `ch:"topic"`
	Partition       int32            `ch:"partition"`
	Offset          int64            `ch:"offset"`
	BlockDate       time.Time        `ch:"block_date"`
	LogTime         time.Time        `ch:"log_time"`
	Checksum        uint32           `ch:"checksum"`
	Time            time.Time        `ch:"time"`
	Vendor          string           `ch:"vendor"`
	Service         string           `ch:"service"`
	Environment     string           `ch:"environment"`
	Credential      string           `ch:"credential"`
	Method          string           `ch:"method"`
	Host            string           `ch:"host"`
	Route           string           `ch:"route"`
	Endpoint        string           `ch:"endpoint"`
	Path            string           `ch:"path"`
	Operation       uint64           `ch:"operation"`
	OperationKey    string           `ch:"operation_key"`
	Attempt         uint16           `ch:"attempt"`
	Status          uint16           `ch:"status"`
	DurationMS      float32          `ch:"duration_ms"`
	Code            string           `ch:"code"`
	Category        string           `ch:"category"`
	Retry           string           `ch:"retry"`
	RetryAfterMS    int32            `ch:"retry_after_ms"`
	Title           string           `ch:"title"`
	Message         string           `ch:"message"`
	MessageTemplate string           `ch:"message_template"`
	Fingerprint     uint64           `ch:"fingerprint"`
	Type            string           `ch:"type"`
	Instance        string           `ch:"instance"`
	TraceID         string           `ch:"trace_id"`
	RequestID       string           `ch:"request_id"`
	VendorRequestID string           `ch:"vendor_request_id"`
	Details         []map[string]any `ch:"details"`
	RateLimit       map[string]any   `ch:"rate_limit"`
	Format          string           `ch:"format"`
	Parse           string           `ch:"parse"`
	Body            string           `ch:"body"`
	Reason          string           `ch:"reason"`
	Redaction       uint16           `ch:"redaction_version"`
	Facts           string           `ch:"facts"`
}

const selectStored = `SELECT kind, source, topic, partition, offset, block_date, log_time, checksum, time, vendor, service, environment,
	credential, method, host, route, endpoint, path, operation, operation_key, attempt, status, duration_ms, code, category, retry,
	retry_after_ms, title, message, message_template, fingerprint, type, instance, trace_id, request_id, vendor_request_id, details,
	rate_limit, format, parse, body, reason, redaction_version, facts
	FROM responses ORDER BY offset`

// insertRowsOf writes rows as one block and returns them as stored, in order of their offsets.
func insertRowsOf(t testing.TB, rows ...*parsers.Row) []stored {
	t.Helper()
	db, o := openMigrated(t)
	b := NewBlock()
	for _, r := range rows {
		b.Append(r)
	}
	insertBlock(t, o, b)
	var got []stored
	require.NoError(t, db.conn.Select(context.Background(), &got, selectStored))
	for i := range got {
		got[i].BlockDate = got[i].BlockDate.UTC() // a Date comes back in the server's zone
	}
	return got
}

func insertBlock(t testing.TB, o Options, b *Block) {
	t.Helper()
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	require.NoError(t, w.Insert(context.Background(), b, testGrant(t)))
}

// testDay is today: rows of an earlier day may expire at any moment.
var testDay = time.Now().UTC().Truncate(24 * time.Hour)

// testGrant is open for a minute, as this machine's clock has it; the test engine shares that clock.
func testGrant(t testing.TB) Grant {
	t.Helper()
	return Grant{ID: t.Name() + "-" + time.Now().Format(time.RFC3339Nano), Date: testDay.Add(13 * time.Hour), Deadline: time.Now().Add(time.Minute)}
}

// noQuota is a rate limit of which nothing is stated.
func noQuota() parsers.RateLimit {
	return parsers.RateLimit{Limit: parsers.Absent, Remaining: parsers.Absent, ResetAt: parsers.Absent, WindowS: parsers.Absent}
}

func fullRow() *parsers.Row {
	at := time.Date(2026, 9, 20, 12, 3, 20, 123e6, time.UTC)
	return &parsers.Row{
		Kind: parsers.KindError, Source: "cluster-1", Topic: "api-responses", Partition: 7, Offset: 1 << 40,
		LogTime: at.Add(250 * time.Millisecond).UnixMilli(), Checksum: 0xdeadbeef, Time: at.UnixMilli(),
		Vendor: []byte("truelayer"), Service: []byte("payments-api"), Environment: []byte("production"), Credential: []byte("key-2"),
		Method: []byte("GET"), Host: []byte("api.truelayer.com"), Route: []byte("/data/v1/accounts/{id}"), Path: []byte("/data/v1/accounts/42"),
		Operation: 1<<63 + 5, OperationKey: parsers.OperationKeyTrace, Attempt: 3, Status: 429, DurationMS: 12.25,
		Code: []byte("provider_timeout"), Category: parsers.CategoryRateLimit, Retry: parsers.RetryAfter, RetryAfterMS: 30_000,
		Title: []byte("Too many"), Message: []byte("Wait 30 s"), MessageTemplate: []byte("Wait <n> s"), Fingerprint: 1<<63 + 9,
		Type: []byte("https://docs.truelayer.com/errors#x"), Instance: []byte("/i/1"),
		RequestID: []byte("req-1"), TraceID: []byte("0af7651916cd43dd8448eb211c80319c"), VendorRequestID: []byte("vr-1"),
		Details: []parsers.Detail{
			{Field: []byte("amount"), Code: []byte("too_big"), Message: []byte("is too big")},
			{Message: []byte("only a message")},
			{},
		},
		RateLimit: parsers.RateLimit{Limit: 300, Remaining: 0, ResetAt: at.Add(time.Minute).UnixMilli(), WindowS: 60, Policy: []byte("burst")},
		Format:    []byte("problem+json"), Parse: parsers.ParseVendor, Body: []byte(`{"a":1}`), Reason: parsers.ReasonTooLarge, RedactionVersion: 2,
	}
}

func TestEveryMemberComesBack(t *testing.T) {
	row := fullRow()
	got := insertRowsOf(t, row)
	require.Len(t, got, 1)
	limit, remaining, reset, window := int64(300), int64(0), row.RateLimit.ResetAt, int64(60)
	got[0].Facts = ""
	require.Equal(t, stored{
		Kind: "error", Source: "cluster-1", Topic: "api-responses", Partition: 7, Offset: 1 << 40,
		BlockDate: testDay, LogTime: time.UnixMilli(row.LogTime).UTC(), Checksum: 0xdeadbeef, Time: time.UnixMilli(row.Time).UTC(),
		Vendor: "truelayer", Service: "payments-api", Environment: "production", Credential: "key-2",
		Method: "GET", Host: "api.truelayer.com", Route: "/data/v1/accounts/{id}", Endpoint: "GET /data/v1/accounts/{id}", Path: "/data/v1/accounts/42",
		Operation: 1<<63 + 5, OperationKey: "trace", Attempt: 3, Status: 429, DurationMS: 12.25,
		Code: "provider_timeout", Category: "rate_limit", Retry: "after", RetryAfterMS: 30_000,
		Title: "Too many", Message: "Wait 30 s", MessageTemplate: "Wait <n> s", Fingerprint: 1<<63 + 9,
		Type: "https://docs.truelayer.com/errors#x", Instance: "/i/1",
		TraceID: "0af7651916cd43dd8448eb211c80319c", RequestID: "req-1", VendorRequestID: "vr-1",
		Details: []map[string]any{
			{"field": "amount", "code": "too_big", "message": "is too big"},
			{"field": "", "code": "", "message": "only a message"},
			{"field": "", "code": "", "message": ""},
		},
		RateLimit: map[string]any{"limit": &limit, "remaining": &remaining, "reset_at": &reset, "window_s": &window, "policy": "burst"},
		Format:    "problem+json", Parse: "vendor", Body: `{"a":1}`, Reason: "too_large", Redaction: 2,
	}, got[0])
}

func TestEmptyRowComesBackEmpty(t *testing.T) {
	got := insertRowsOf(t, &parsers.Row{Kind: parsers.KindDeadLetter, RetryAfterMS: parsers.Absent, RateLimit: noQuota()})
	require.Len(t, got, 1)
	var none *int64
	require.Equal(t, stored{
		Kind: "dead_letter", BlockDate: testDay, OperationKey: "none", RetryAfterMS: -1,
		LogTime: time.UnixMilli(0).UTC(), Time: time.UnixMilli(0).UTC(), Details: []map[string]any{},
		RateLimit: map[string]any{"limit": none, "remaining": none, "reset_at": none, "window_s": none, "policy": ""},
	}, got[0])
}

func TestSuccessKeepsOnlyWhatAnswersNeed(t *testing.T) {
	row := fullRow()
	row.Kind, row.Code, row.Message, row.RateLimit.Remaining = parsers.KindSuccess, nil, nil, 299
	low := fullRow()
	low.Kind, low.Offset, low.RateLimit.Remaining = parsers.KindSuccess, row.Offset+1, 30
	got := insertRowsOf(t, row, low)
	require.Len(t, got, 2)
	require.Equal(t, "success", got[0].Kind)
	require.Equal(t, "payments-api", got[0].Service)
	require.EqualValues(t, uint64(1<<63+5), got[0].Operation)
	require.Empty(t, got[0].Facts)
	require.Empty(t, got[0].Path+got[0].Message+got[0].TraceID+got[0].RequestID)
	require.Equal(t, time.UnixMilli(0).UTC(), got[0].LogTime)
	require.Contains(t, got[1].Facts, `{"rate_limit":{"limit":300,"remaining":30,`)
}

// hostile texts must come back unchanged, where they are valid UTF-8, from plain columns and from facts.
var hostile = []string{
	"\x00", "a\x00b", "\x1b[31mred\x1b[0m", `"`, `\`, `\"`, `'; DROP TABLE responses; --`, "\n\r\t\b\f", "{}", `{"log_time":1}`, "null", "\x7f\u0085\u2028\u2029",
	"é", "日本語", "👾", "\ufeffbom", "{{id}}", "%s%n", " ", "</script>", "\\u0000", "\\N",
}

func TestHostileTextsComeBack(t *testing.T) {
	var rows []*parsers.Row
	for i, text := range hostile {
		row, v := fullRow(), []byte(text)
		row.Offset = int64(i)
		row.Vendor, row.Code, row.Service, row.Route, row.Path, row.Message, row.Source, row.Topic = v, v, v, v, v, v, text, text
		row.Title, row.MessageTemplate, row.TraceID, row.Body, row.RateLimit.Policy = v, append([]byte("t"), v...), v, v, v
		row.Details = []parsers.Detail{{Field: v, Code: v, Message: v}}
		rows = append(rows, row)
	}
	got := insertRowsOf(t, rows...)
	require.Len(t, got, len(hostile))
	for i, want := range hostile {
		g := got[i]
		for _, have := range []string{g.Vendor, g.Code, g.Service, g.Route, g.Path, g.Message, g.Source, g.Topic, g.Title, g.TraceID, g.Body} {
			require.Equal(t, want, have)
		}
		require.Equal(t, "t"+want, g.MessageTemplate)
		require.Equal(t, want, g.RateLimit["policy"])
		require.Equal(t, []map[string]any{{"field": want, "code": want, "message": want}}, g.Details)
	}
}

func TestTraceIDsOfAnyFormComeBack(t *testing.T) {
	ids := []string{"0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C", "00000000000000000000000000000000", "0af7651916cd43dd", "1-67891233-abcdef012345678912345678", "0af7651916cd43dd8448eb211c80319g", ""}
	var rows []*parsers.Row
	for i, id := range ids {
		row := fullRow()
		row.Offset, row.TraceID = int64(i), []byte(id)
		rows = append(rows, row)
	}
	for i, g := range insertRowsOf(t, rows...) {
		require.Equal(t, ids[i], g.TraceID)
	}
}

func TestRequestIDsOfAnyFormComeBack(t *testing.T) {
	ids := []string{
		"", "req_3687d586a339dcf7", "9963634b04596afe", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
		"0af7651916cd43dd8448eb211c80319c", "f81d4fae-7dec-11d0-a765-00a0c91e6bf", "f81d4fae+7dec-11d0-a765-00a0c91e6bf6", "00000000", "1234567", "123456789",
		"abc_12345678", "abc_123456789", "1-67891233-abcdef012345678912345678", "0123456789abcdef0123456789abcdef01", "req_011CSHoEeqs5C35K2UUqR7Fy",
		"a_prefix_that_is_too_long_3687d586a339dcf7", `"\_3687d586a339dcf7`, "é3687d586a339dcf7", "3687d586a339dcf7_req", "req_3687D586A339DCF7", "-",
	}
	var rows []*parsers.Row
	for i := range len(ids) * len(ids) {
		row := fullRow()
		row.Offset, row.RequestID, row.VendorRequestID = int64(i), []byte(ids[i/len(ids)]), []byte(ids[i%len(ids)])
		rows = append(rows, row)
	}
	for i, g := range insertRowsOf(t, rows...) {
		require.Equal(t, ids[i/len(ids)], g.RequestID)
		require.Equal(t, ids[i%len(ids)], g.VendorRequestID)
	}
}

// TestErrorsOfManyKindsComeBack has more kinds in a block than its dictionary takes.
func TestErrorsOfManyKindsComeBack(t *testing.T) {
	var rows []*parsers.Row
	for i := range maxCommonFacts + 100 {
		row := fullRow()
		row.Offset, row.Title, row.RequestID = int64(i), fmt.Appendf(nil, "title %d", i), []byte("req_3687d586a339dcf7")
		rows = append(rows, row)
	}
	rows[5].Title = bytes.Repeat([]byte("long"), maxCommonFactsBytes)
	inDictionary := 0
	for i, g := range insertRowsOf(t, rows...) {
		require.Equal(t, string(rows[i].Title), g.Title)
		require.Equal(t, "Wait <n> s", g.MessageTemplate)
		require.Equal(t, "req_3687d586a339dcf7", g.RequestID)
		require.Equal(t, time.UnixMilli(rows[i].LogTime).UTC(), g.LogTime)
		require.EqualValues(t, 2, g.Redaction)
		if !strings.Contains(g.Facts, "title") {
			inDictionary++
		}
	}
	require.InDelta(t, maxCommonFacts, inDictionary, 1)
}

func TestPathsOfAnyFormComeBack(t *testing.T) {
	routes := []string{"", "/a", "/a/{id}", "/a/{id}/b", "/a/{userId}.pdf", "{id}", "/a/{id}/b/{id}", "/{id}/{id}/c", "{id}{id}", "/{id}/b/{id}/c/{id}", "}{", "/}a{id}", "/a/{id", "/é/{id}", "/a/:id"}
	values := []string{
		"", "1", "42", "007", "f", "e1f", "fed", "0af", "ff", "face", "12345678", "123456789012345", "0af7651916cd43dd8448eb211c8031", "0af7651916cd43dd8448eb211c80319", "0af7651916cd43dd8448eb211c80319c",
		"0af7651916cd43dd8448eb211c80319c0a", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "ff1d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "FF",
		"acc-12345", "fifteen_letters", "sixteen__letters", "cus_NffrFeUfNV2Hib", "é", "\xff", "a/b", "{id}", "1?from=2026-03-01", strings.Repeat("0af7651916cd43dd", 40), strings.Repeat("é", 300),
	}
	var rows []*parsers.Row
	add := func(route, path string) {
		row := fullRow()
		row.Offset, row.Route, row.Path = int64(len(rows)), []byte(route), []byte(path)
		rows = append(rows, row)
	}
	for _, route := range routes {
		for i, value := range values {
			path := strings.Replace(strings.Replace(route, "{id}", value, 1), "{userId}", value, 1)
			add(route, path)
			add(route, value)
			add(route, strings.Replace(path, "{id}", values[len(values)-1-i], 1))
			add(route, path+"?page=2")
		}
	}
	packed := 0
	for i, g := range insertRowsOf(t, rows...) {
		require.Equal(t, string(rows[i].Path), g.Path, "route %q", rows[i].Route)
		if _, ok := appendPathIDs(nil, rows[i].Route, rows[i].Path); ok {
			packed++
		}
	}
	require.Greater(t, packed, len(rows)/4)
}

func TestTimesOfLogsComeBack(t *testing.T) {
	at := fullRow().Time
	var rows []*parsers.Row
	for i, received := range []int64{at, at - 1, at + 1, at + math.MaxInt32 - 1, at + math.MaxInt32, at + math.MinInt32, at + math.MinInt32 - 1, 1, -5, minTimeMS, maxTimeMS, 0} {
		row := fullRow()
		row.Offset, row.LogTime = int64(i), received
		rows = append(rows, row)
	}
	for i, g := range insertRowsOf(t, rows...) {
		require.Equal(t, rows[i].LogTime, g.LogTime.UnixMilli())
	}
}

// TestRowsOfAnOlderTableComeBack migrates a table that has rows as the versions before migrations 0008 and 0011 wrote them.
func TestRowsOfAnOlderTableComeBack(t *testing.T) {
	db, o := openMigrated(t)
	insertBlock(t, o, blockOf(0, 1))
	var want []stored
	require.NoError(t, db.conn.Select(t.Context(), &want, selectStored))
	require.Len(t, want, 1)

	older, from := openEmpty(t)
	migrateTo(t, older, 10)
	all := appendAllFacts(nil, fullRow(), &rowIDs{})
	all = append(bytes.TrimSuffix(all, []byte("}")), fmt.Sprintf(`,"log_time":%d}`, fullRow().LogTime)...)
	const columns = "* EXCEPT (block_date, path_ids, whole_path, received_after, received, offset, facts, common_facts, ids), block_date, now() + 60, path"
	insert := func(what, values string, args ...any) {
		t.Helper()
		require.NoError(t, older.conn.Exec(t.Context(), "INSERT INTO "+quoteName(from.database())+".responses (* EXCEPT (block_date, path, "+what+"), granted, deadline, path, "+what+
			") SELECT "+columns+", "+values+" FROM "+quoteName(o.database())+".responses", args...))
	}
	insert("received, offset, facts, common_facts, ids", "log_time, 1, facts, common_facts, ids")
	require.NoError(t, older.conn.Exec(t.Context(), "ALTER TABLE responses MODIFY SETTING min_bytes_for_wide_part = 0"))
	insert("received, offset, facts, common_facts, ids", "toDateTime64(0, 3, 'UTC'), 2, @facts, '', ''", clickhouse.Named("facts", string(all)))
	same := func() {
		t.Helper()
		var got []stored
		require.NoError(t, older.conn.Select(t.Context(), &got, selectStored))
		require.Len(t, got, 2)
		for _, row := range got {
			row.Facts, row.Offset = want[0].Facts, want[0].Offset
			require.Equal(t, want[0], row)
		}
	}
	require.NoError(t, older.Migrate(t.Context(), nil))
	same()
	require.NoError(t, older.conn.Exec(t.Context(), "OPTIMIZE TABLE responses FINAL"))
	same()
}

func migrateTo(t *testing.T, db *DB, version int64) {
	t.Helper()
	require.NoError(t, db.createDatabase(t.Context(), func(string) {}))
	require.NoError(t, db.createVersionTable(t.Context()))
	pool := clickhouse.OpenDB(db.options.pool())
	defer func() { require.NoError(t, pool.Close()) }()
	provider, err := newProvider(pool, db.migrations(), goose.DialectClickHouse, goose.WithTableName(versionTable))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
}

func TestAbsurdNumbersAreStored(t *testing.T) {
	row := fullRow()
	row.Time, row.RetryAfterMS, row.Partition, row.Offset = 1<<62, 1<<62, 1<<31-1, 1<<62
	low := fullRow()
	low.Time, low.RetryAfterMS, low.Partition, low.Offset = -1<<62, -1<<62, 0, 0
	got := insertRowsOf(t, row, low)
	require.Equal(t, "2262-04-11T23:47:16.854Z", got[1].Time.UTC().Format("2006-01-02T15:04:05.999Z"))
	require.EqualValues(t, 604_800_000, got[1].RetryAfterMS)
	require.Equal(t, "1900-01-01T00:00:00Z", got[0].Time.UTC().Format(time.RFC3339))
	require.EqualValues(t, -1, got[0].RetryAfterMS)
}

func TestManyDistinctNamesAreStored(t *testing.T) {
	db, o := openMigrated(t)
	b := NewBlock()
	const distinct = 70_000 // beyond 16-bit indexes
	fillDistinct(b, distinct)
	insertBlock(t, o, b)
	b.Reset()
	fillDistinct(b, 3) // a dictionary that was given up must work again
	insertBlock(t, o, b)
	var rows, services uint64
	require.NoError(t, db.conn.QueryRow(context.Background(), "SELECT count(), uniqExact(service) FROM responses WHERE service = concat('s', toString(offset))").Scan(&rows, &services))
	require.EqualValues(t, distinct+3, rows)
	require.EqualValues(t, distinct, services)
}

func fillDistinct(b *Block, n int) {
	row := fullRow()
	for i := range n {
		row.Offset = int64(i)
		row.Service = strconv.AppendInt(append(row.Service[:0], 's'), int64(i), 10)
		b.Append(row)
	}
}
