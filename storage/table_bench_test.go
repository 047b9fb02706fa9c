package storage

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/migrations"
)

//go:embed testdata/table/rows.sql
var tableRowsSQL string

// variants of the table that docs/decisions/001-table.md compares: what is replaced in the migration.
var variants = []struct {
	name    string
	replace [][2]string
	codecs  *regexp.Regexp // removed
}{
	{name: "as-decided"},
	{name: "order-by-time", replace: [][2]string{{"partition, offset)\nTTL", "time)\nTTL"}}},
	{name: "order-by-hour", replace: [][2]string{{"partition, offset)\nTTL", "toStartOfHour(time), partition, offset)\nTTL"}}},
	{name: "order-by-topic", replace: [][2]string{{"partition, offset)\nTTL", "topic, partition, offset)\nTTL"}}},
	{name: "lz4-everywhere", codecs: regexp.MustCompile(` CODEC\((Delta, )?(ZSTD\(1\)|NONE|T64, LZ4)\)`)},
	{name: "lz4-texts", codecs: regexp.MustCompile(`(?:path|facts) +String( CODEC\(ZSTD\(1\)\))`)},
	{name: "with-statistics", replace: [][2]string{{", auto_statistics_types = ''", ""}}},
	{name: "horizontal-merge", replace: [][2]string{{"SETTINGS ", "SETTINGS enable_vertical_merge_algorithm = 0, "}}},
	{name: "no-indexes", replace: [][2]string{{",\n\n    INDEX position_minmax (partition, offset) TYPE minmax GRANULARITY 1,\n    INDEX time_minmax time TYPE minmax GRANULARITY 1", ""}}},
	{name: "projection-vendor-hour", replace: projection("kind, vendor, toStartOfHour(time)")},
	{name: "projection-vendor-minute", replace: projection("kind, vendor, toStartOfMinute(time)")},
	{name: "projection-code-hour", replace: projection("kind, vendor, code, status, category, toStartOfHour(time)")},
	{name: "projection-code-minute", replace: projection("kind, vendor, code, status, category, toStartOfMinute(time)")},
	{name: "projection-caller-hour", replace: projection("kind, vendor, service, environment, toStartOfHour(time)")},
	{name: "no-ttl", replace: [][2]string{{"TTL block_date + INTERVAL 14 DAY DELETE WHERE kind = 'success',\n    block_date + INTERVAL 180 DAY DELETE\n", ""}}},
}

// projection adds an aggregate projection with these keys.
func projection(keys string) [][2]string {
	const before = "INDEX time_minmax time TYPE minmax GRANULARITY 1\n)"
	return [][2]string{{before, fmt.Sprintf("%s,\n    PROJECTION traffic (SELECT %s, count(), min(time), max(time) GROUP BY %[2]s))", strings.TrimSuffix(before, "\n)"), keys)}}
}

// BenchmarkTable measures the table and its variants on an engine of its own: CPU of inserts and of one
// merge of everything, bytes a row, and latencies. Run it as
//
//	go test ./storage -run '^$' -bench Table -benchtime 1x -timeout 30m
//
// ERRATA_BENCH_ROWS sets the number of rows (default 1,000,000).
func BenchmarkTable(b *testing.B) {
	ctx := context.Background()
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Skipf("needs ClickHouse: %v", err)
	}
	b.Cleanup(func() { require.NoError(b, engine.Close()) })
	m := tableMeter{db: openAt(b, engine.URL()), pid: engine.Pid(), rows: 1_000_000}
	if text := os.Getenv("ERRATA_BENCH_ROWS"); text != "" {
		m.rows, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	require.NoError(b, m.db.Migrate(ctx, nil)) // the read-back looks at more than one table
	for _, errors := range []int{5, 100} {
		m.exec(b, "DROP TABLE IF EXISTS rows SYNC")
		m.exec(b, tableRowsSQL, clickhouse.Named("rows", m.rows), clickhouse.Named("errors", errors))
		for _, v := range variants {
			ddl := variantDDL(b, v.replace, v.codecs)
			b.Run(fmt.Sprintf("errors=%d%%/%s", errors, v.name), func(b *testing.B) {
				for b.Loop() {
					m.measure(b, ddl)
				}
			})
		}
	}
}

func variantDDL(b *testing.B, replace [][2]string, codecs *regexp.Regexp) string {
	text, err := migrations.FS.ReadFile("0002_create_responses.sql")
	require.NoError(b, err)
	_, ddl, _ := strings.Cut(string(text), "-- +goose StatementBegin")
	ddl, _, _ = strings.Cut(ddl, "-- +goose StatementEnd")
	// Nothing may be merged before the one merge that is measured.
	ddl = strings.TrimSpace(ddl) + ", auto_statistics_types = '', max_bytes_to_merge_at_max_space_in_pool = 1"
	for _, r := range replace {
		require.Contains(b, ddl, r[0])
		ddl = strings.Replace(ddl, r[0], r[1], 1)
	}
	if codecs != nil {
		require.Regexp(b, codecs, ddl)
		ddl = codecs.ReplaceAllStringFunc(ddl, func(m string) string {
			before, _, _ := strings.Cut(m, " CODEC")
			return before
		})
	}
	return ddl
}

type tableMeter struct {
	db   *DB
	pid  int
	rows int
}

func (m tableMeter) exec(b *testing.B, query string, args ...any) {
	require.NoError(b, m.db.conn.Exec(context.Background(), query, args...))
}

// cpu is what the engine has used so far.
func (m tableMeter) cpu(b *testing.B) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	if err != nil {
		b.Skipf("needs /proc: %v", err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	const ticksPerSecond = 100 // of every Linux
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

// spend runs the statement and returns the engine's CPU time and the time it took.
func (m tableMeter) spend(b *testing.B, query string) (cpu, elapsed time.Duration) {
	before, began := m.cpu(b), time.Now()
	m.exec(b, query)
	return m.cpu(b) - before, time.Since(began)
}

const (
	loadRows = `INSERT INTO responses (kind, vendor, code, source, topic, partition, offset, checksum, time, service, environment, credential, method, host, route,
    path, operation, operation_key, attempt, status, duration_ms, category, retry, retry_after_ms, message, fingerprint, parse, trace, facts, granted, deadline)
SELECT *, today(), now() + 3600 FROM rows
SETTINGS async_insert = 0, max_threads = 1, max_insert_threads = 1, max_block_size = 50000, min_insert_block_size_rows = 100000, min_insert_block_size_bytes = 0`
	readRows   = `SELECT * FROM rows FORMAT Null SETTINGS max_threads = 1`
	tableBytes = `SELECT toInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'responses'`
)

// The questions, as answers ask them.
var tableQuestions = []struct{ name, sql string }{
	{"top24h", `SELECT vendor, status, code, count(), uniq(service), uniq(method, route), uniq(operation), min(time), max(time), any(message)
FROM responses WHERE kind = 'error' AND time >= '2026-03-10 00:00:00' AND time < '2026-03-11 00:00:00' GROUP BY ALL ORDER BY 4 DESC LIMIT 20 FORMAT Null`},
	{"top1h", `SELECT vendor, status, code, count(), uniq(service), uniq(method, route), uniq(operation), min(time), max(time), any(message)
FROM responses WHERE kind = 'error' AND time >= '2026-03-10 17:00:00' AND time < '2026-03-10 18:00:00' GROUP BY ALL ORDER BY 4 DESC LIMIT 20 FORMAT Null`},
	{"storms1h", `SELECT vendor, service, route, operation, count() AS attempts, groupArray(time), groupArray(status)
FROM responses WHERE kind != 'dead_letter' AND time >= '2026-03-10 17:00:00' AND time < '2026-03-10 18:00:00' GROUP BY vendor, service, route, operation HAVING attempts >= 3 FORMAT Null`},
}

func (m tableMeter) measure(b *testing.B, ddl string) {
	m.exec(b, "DROP TABLE IF EXISTS responses SYNC")
	m.exec(b, ddl)
	read, _ := m.spend(b, readRows)
	insert, _ := m.spend(b, loadRows)
	merge, _ := m.spend(b, "OPTIMIZE TABLE responses FINAL")
	var bytes int64
	require.NoError(b, m.db.conn.QueryRow(context.Background(), tableBytes).Scan(&bytes))
	perRow := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(m.rows) }
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(perRow(insert-read), "insert-µs/row")
	b.ReportMetric(perRow(merge), "merge-µs/row")
	b.ReportMetric(float64(bytes)/float64(m.rows), "B/row")
	for _, q := range tableQuestions {
		m.time(b, q.name, func() { m.exec(b, q.sql) })
	}
	m.time(b, "readback", func() { m.readBack(b) })
}

// time reports the shortest of ten runs and their mean CPU time, in milliseconds.
func (m tableMeter) time(b *testing.B, name string, run func()) {
	const runs = 10
	best, before := time.Hour, m.cpu(b)
	for range runs {
		began := time.Now()
		run()
		best = min(best, time.Since(began))
	}
	b.ReportMetric(float64(best.Microseconds())/1000, name+"-ms")
	b.ReportMetric(float64((m.cpu(b)-before).Microseconds())/1000/runs, name+"-cpu-ms")
}

// readBack asks for the last fiftieth of every partition, whose offsets lie far apart.
func (m tableMeter) readBack(b *testing.B) {
	var from []Position
	for p := range int32(10) {
		from = append(from, Position{"api-responses", p, int64(p)*31_337_007 + int64(m.rows)/10*49/50})
	}
	found, err := m.db.Present(context.Background(), "Kafka-cluster-MkU3OEVBNTcwNTJENDM2Qg", from)
	require.NoError(b, err)
	require.Len(b, found, 10)
}
