package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// refused are statements that would do more than read errata's tables.
var refused = []string{
	"INSERT INTO gaps VALUES ('a','b',1,1,1,'x',now())",
	"INSERT INTO gaps SELECT 'a','b',1,1,1,'x',now()",
	"/* hi */ ALTER TABLE responses DELETE WHERE 1",
	"DROP TABLE responses", "TRUNCATE TABLE responses", "DELETE FROM responses WHERE 1", "UPDATE responses SET code='' WHERE 1",
	"CREATE TABLE x (a Int8) ENGINE=Memory", "CREATE TEMPORARY TABLE x (a Int8)", "OPTIMIZE TABLE responses",
	"SET max_memory_usage=1", "SET readonly=0", "USE system", "KILL QUERY WHERE 1", "SYSTEM FLUSH LOGS", "GRANT SELECT ON *.* TO default",
	"SELECT 1 SETTINGS max_memory_usage=100000000000", "SELECT 1 SETTINGS readonly=0", "SELECT * FROM (SELECT 1 SETTINGS max_execution_time=0)",
	"EXPLAIN indexes = 1 SELECT * FROM (SELECT 1 SETTINGS max_execution_time=0)",
	"SELECT file('/etc/passwd')", "SELECT `fil\\x65`('/etc/passwd')", `SELECT "file" ('/etc/passwd')`, "SELECT arrayMap(file, ['/etc/passwd'])",
	"SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", "SELECT * APPLY(x -> file(x)) FROM (SELECT '/etc/passwd')", "EXPLAIN SELECT file('/etc/passwd')",
	"WITH file('/etc/passwd') AS x SELECT x", "SELECT 1 LIMIT length(file('/etc/passwd'))", "SELECT * REPLACE(file('/etc/passwd') AS a) FROM (SELECT 1 AS a)",
	"SELECT * FROM file('/etc/passwd','LineAsString','l String')", "DESCRIBE TABLE file('/etc/passwd','CSV')",
	"SELECT * FROM url('http://127.0.0.1:1/','LineAsString','l String')", "SELECT * FROM URL('http://127.0.0.1:1/','LineAsString','l String')",
	"SELECT * FROM s3('http://127.0.0.1:1/bucket/x','LineAsString','l String')", "SELECT * FROM executable('id','LineAsString','l String')",
	"SELECT * FROM remote('127.0.0.1:1','system.one')", "SELECT * FROM mysql('127.0.0.1:1','a','b','c','d')", "SELECT * FROM sqlite('/etc/passwd','x')",
	"SELECT * FROM eval('SELECT 1')", "SELECT * FROM view(SELECT file('/etc/passwd'))", "SELECT * FROM loop(numbers(1)) LIMIT 2",
	"SELECT 1; SELECT 2", "SELECT 1; DROP TABLE responses", "SELECT 1 FORMAT CSV", "SELECT 1 INTO OUTFILE 'x'", "", " -- nothing",
}

func testSQLRefusals(t *testing.T, db *DB) {
	t.Helper()
	for _, text := range refused {
		a, err := db.SQL(t.Context(), text, SQLOptions{})
		var usage *SQLError
		require.ErrorAs(t, err, &usage, "%s: %v", text, a.Rows)
		require.NotContains(t, err.Error(), "root:")
	}
}

// TestSQLReadsOnly asks as the reader, who has readonly = 1, and as the owner, who may do all.
func TestSQLReadsOnly(t *testing.T) {
	engine, err := embedded.OpenClickHouse(t.Context(), embedded.Options{DataDir: t.TempDir()})
	if errors.Is(err, embedded.ErrUnavailable) && os.Getenv("ERRATA_REQUIRE_SERVERS") != "1" {
		t.Skipf("needs ClickHouse: %v", err)
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, engine.Close()) }()
	owner, reader := openAt(t, engine.URL()), openAt(t, engine.ReaderURL())
	require.NoError(t, owner.Migrate(t.Context(), nil))
	insertCase(t, owner.options, parseRows(t, "10:00:00 error GET /a x=9"))
	for name, db := range map[string]*DB{"reader": reader, "owner": owner} {
		t.Run(name, func(t *testing.T) {
			testSQLRefusals(t, db)
			a, err := db.SQL(t.Context(), "SELECT count() AS n FROM responses;", SQLOptions{})
			require.NoError(t, err)
			require.Equal(t, uint64(9), a.Rows[0].Values[0], "all rows are there still")
			_, err = db.SQL(t.Context(), "SELECT sleepEachRow(1) FROM numbers(3)", SQLOptions{Timeout: 50 * time.Millisecond})
			require.ErrorContains(t, err, "took longer than 50ms")
			testSQLSize(t, db)
		})
	}
	_, err = reader.SQL(t.Context(), "SELECT * FROM meta", SQLOptions{})
	require.ErrorIs(t, err, ErrAuthentication, "the key of the operation hash")
}

// testSQLSize asks for more than a result may hold.
func testSQLSize(t *testing.T, db *DB) {
	t.Helper()
	a, err := db.SQL(t.Context(), "SELECT repeat('x', 100000) FROM numbers(60000)", SQLOptions{})
	require.ErrorContains(t, err, "needs more than it may have", "%d", len(a.Rows))
	a, err = db.SQL(t.Context(), "SELECT number FROM numbers(1000000)", SQLOptions{Limit: 10})
	require.NoError(t, err)
	require.Len(t, a.Rows, 10)
	require.True(t, a.Truncated)
	require.Contains(t, a.Notes[0], "only the first 10 rows")
	a, err = db.SQL(t.Context(), "SELECT repeat('x', 1000) FROM numbers(60000)", SQLOptions{MaxBytes: 1 << 20})
	require.NoError(t, err)
	require.True(t, a.Truncated)
	require.Less(t, len(a.Rows), 60000)
}

func TestSQLValues(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, parseRows(t, "10:00:00 error GET /a code=down"))
	f := func(expression, want string) {
		t.Helper()
		a, err := db.SQL(t.Context(), "SELECT "+expression+" AS x", SQLOptions{Parameters: map[string]string{"p": "a\tb'\\ \"", "n": "7"}})
		require.NoError(t, err, expression)
		text, err := json.Marshal(a.Rows)
		require.NoError(t, err, expression)
		require.Equal(t, `[{"x":`+want+`}]`, string(text), expression)
	}
	f("NULL", "null")
	f("1/0", "null")
	f("nan", "null")
	f("18446744073709551615", "18446744073709551615")
	f("toInt256('-57896044618658097711785492504343953926634992332820282019728792003956564819968')", `"-57896044618658097711785492504343953926634992332820282019728792003956564819968"`)
	f("toDecimal64('1.50', 2)", `"1.5"`)
	f("true", "true")
	f("toDate('2026-03-14')", `"2026-03-14"`)
	f("toDateTime('2026-03-14 12:00:00', 'UTC')", `"2026-03-14T12:00:00.000Z"`)
	f("toDateTime64('2026-03-14 12:00:00.123456', 6, 'UTC')", `"2026-03-14T12:00:00.123456Z"`)
	f("toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", `"61f0c404-5cb3-11e7-907b-a6006ad3dba0"`)
	f("toIPv4('10.0.0.1')", `"10.0.0.1"`)
	f("[1, 2]", "[1,2]")
	f("[NULL, 'a']", `[null,"a"]`)
	f("map('k', 1)", `{"k":1}`)
	f("('a', 1)", `["a",1]`)
	f("CAST(tuple('a'), 'Tuple(k String)')", `{"k":"a"}`)
	f("[(1, 'a')]", `[[1,"a"]]`)
	f("toFixedString('ab', 4)", `"ab\u0000\u0000"`)
	f("CAST('error', 'Enum8(\\'error\\' = 1)')", `"error"`)
	f("toIntervalDay(3)", `"3 Days"`)
	f("'a\\x1b[31m'", `"a\u001b[31m"`)
	f("{p:String}", `"a\tb'\\ \""`)
	f("{n:UInt8} + 1", "8")
	f("(SELECT any(kind) FROM responses)", `"error"`)
	f("'{\"a\":1}'::JSON", `{"a":1}`)
	f("1::Variant(String, UInt8)", "1")
	f("'x'::Dynamic", `"x"`)

	a, err := db.SQL(t.Context(), "SELECT time, details, rate_limit, trace FROM responses", SQLOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"time", "details", "rate_limit", "trace"}, []string{a.Columns[0].Name, a.Columns[1].Name, a.Columns[2].Name, a.Columns[3].Name})
	require.Equal(t, "DateTime64(3, 'UTC')", a.Columns[0].Type)

	a, err = db.SQL(t.Context(), "EXPLAIN indexes = 1 SELECT vendor FROM responses WHERE time > 0", SQLOptions{})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(a.Rows), "time_minmax")

	a, err = db.SQL(t.Context(), "SELECT vendor FROM responses WHERE 0", SQLOptions{})
	require.NoError(t, err)
	require.Empty(t, a.Rows)
	require.Len(t, a.Columns, 1, "an empty result has its columns")
}

func TestSQLErrors(t *testing.T) {
	db, _ := openMigrated(t)
	f := func(text, want string) {
		t.Helper()
		_, err := db.SQL(t.Context(), text, SQLOptions{})
		var usage *SQLError
		require.ErrorAs(t, err, &usage, text)
		require.Contains(t, err.Error(), want, text)
	}
	f("SELECT vendor,\n  FROM responses WHERE", "syntax error at line 2, column ")
	f("SELECT vendor\nFROM responses\nGROUPP BY 1 2", "syntax error at line 3, column ")
	f("SELECT 1; SELECT 2", "one statement at a time")
	f("SELECT vendr FROM responses", `there is no column "vendr" (did you mean vendor?)`)
	f("SELECT countt() FROM responses", `there is no function "countt" (did you mean count?)`)
	f("SELECT 1 FROM response", `there is no table "response" (did you mean `)
	f("SELECT 1 FROM missing", `there is no table "missing"`)
	f("SELECT 1 FROM system.missing", `there is no table "system.missing"`)
	f("SELECT {x:String}", `Substitution "x" is not set: give it with --param`)
	f("SELECT 1 FORMAT JSON", "give -o json")
	f("DROP TABLE responses", "DROP is refused")
	f("SELECT throwIf(1, 'my words')", "my words")

	_, err := db.SQL(t.Context(), "SELECT é FROM (SELECT 1 AS é) WHERE (", SQLOptions{})
	line := strings.Split(err.Error(), "\n")
	require.Len(t, line, 3)
	require.Equal(t, "  SELECT é FROM (SELECT 1 AS é) WHERE (", line[1])
	require.Regexp(t, `^ +\^$`, line[2])

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = db.SQL(ctx, "SELECT 1", SQLOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
