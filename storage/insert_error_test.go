package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

// broken is one way in which a server is not as an insert needs it.
type broken struct {
	name  string
	do    []string // statements that break it; {db} is the database, INSERT one more part
	block *Block   // nil = one row

	code     int32
	class    Class
	throttle bool
	written  uint64   // rows that a refused insert has written nevertheless
	mend     []string // statements that mend it; then the same insert must succeed. Empty = it is the rows
}

func breakages() []broken {
	return []broken{
		{
			name: "table dropped", do: []string{"RENAME TABLE responses TO elsewhere"},
			code: 60, class: Configuration, mend: []string{"RENAME TABLE elsewhere TO responses"},
		},
		{
			name: "column dropped", do: []string{"ALTER TABLE responses DROP COLUMN credential"},
			code: 16, class: Configuration, mend: []string{"ALTER TABLE responses ADD COLUMN credential LowCardinality(String)"},
		},
		{
			name: "column renamed", do: []string{"ALTER TABLE responses RENAME COLUMN credential TO key_name"},
			code: 16, class: Configuration, mend: []string{"ALTER TABLE responses RENAME COLUMN key_name TO credential"},
		},
		{
			name: "column of another type", do: []string{"ALTER TABLE responses MODIFY COLUMN credential Array(UInt8)"},
			code: 130, class: Configuration, mend: []string{"ALTER TABLE responses MODIFY COLUMN credential LowCardinality(String)"},
		},
		{
			name: "column of a type that does not cast", do: []string{"ALTER TABLE responses DROP COLUMN attempt", "ALTER TABLE responses ADD COLUMN attempt Array(UInt8)"},
			code: 53, class: Configuration, mend: []string{"ALTER TABLE responses DROP COLUMN attempt", "ALTER TABLE responses ADD COLUMN attempt UInt16"},
		},
		{
			name: "column computed", do: []string{"ALTER TABLE responses MODIFY COLUMN attempt UInt16 MATERIALIZED 1"},
			code: 44, class: Configuration, mend: []string{"ALTER TABLE responses MODIFY COLUMN attempt REMOVE MATERIALIZED"},
		},
		{
			name: "constraint", do: []string{"ALTER TABLE responses ADD CONSTRAINT few CHECK attempt < 1"},
			code: 469, class: Data, mend: []string{"ALTER TABLE responses DROP CONSTRAINT few"},
		},
		{
			name: "view that throws",
			do: []string{
				"CREATE TABLE copy (offset Int64) ENGINE = MergeTree ORDER BY offset",
				"CREATE MATERIALIZED VIEW copying TO copy AS SELECT offset + throwIf(attempt > 0, 'not one of ours') AS offset FROM responses",
			},
			code: 395, class: Data, written: 1, mend: []string{"DROP VIEW copying"},
		},
		{
			name: "too many partitions", block: blockOfPartitions(101),
			do: []string{
				"RENAME TABLE responses TO elsewhere",
				"CREATE TABLE responses AS elsewhere ENGINE = MergeTree PARTITION BY partition ORDER BY offset",
			},
			code: 252, class: Data,
		},
		{
			name: "too many parts", do: []string{"SYSTEM STOP MERGES {db}.responses", "INSERT", "INSERT", "ALTER TABLE responses MODIFY SETTING parts_to_throw_insert = 1"},
			code: 252, class: Later, throttle: true, mend: []string{"ALTER TABLE responses RESET SETTING parts_to_throw_insert"},
		},
		{
			name: "disk full", do: []string{"ALTER TABLE responses MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000"},
			code: 243, class: Later, mend: []string{"ALTER TABLE responses RESET SETTING min_free_disk_bytes_to_perform_insert"},
		},
	}
}

// Every class, from the server itself. Whatever broke, nothing is in the table, and the same writer goes
// on once it is mended.
func TestServerRefusesAnInsert(t *testing.T) {
	for _, b := range breakages() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db, o := openMigrated(t)
			w := NewWriter(o)
			defer func() { require.NoError(t, w.Close()) }()
			for _, statement := range b.do {
				execute(t, db, o, statement)
			}
			block := b.block
			if block == nil {
				block = blockOf(100, 1)
			}
			e := insertErrorOf(t, w.Insert(t.Context(), block, testGrant(t)))
			require.Equal(t, b.code, e.Code, "%v", e)
			require.Equal(t, b.class, e.Class, "%v", e)
			require.Equal(t, b.throttle, e.Throttle)
			require.True(t, e.Sent())
			require.False(t, e.Stale)
			if len(b.mend) == 0 {
				return
			}
			for _, statement := range b.mend {
				execute(t, db, o, statement)
			}
			var rows uint64
			require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT count() FROM responses WHERE offset >= 100").Scan(&rows))
			require.Equal(t, b.written, rows)
			require.NoError(t, w.Insert(t.Context(), block, testGrant(t)))
		})
	}
}

// blockOfPartitions returns one row for each of n Kafka partitions.
func blockOfPartitions(n int32) *Block {
	b, row := NewBlock(), fullRow()
	for row.Partition = range n {
		b.Append(row)
	}
	return b
}

// execute runs a statement of a breakage.
func execute(t *testing.T, db *DB, o Options, statement string) {
	t.Helper()
	if statement == "INSERT" {
		insertBlock(t, o, blockOf(0, 1))
		return
	}
	statement = strings.ReplaceAll(statement, "{db}", o.Database)
	require.NoError(t, db.conn.Exec(t.Context(), statement), statement)
}

// users are an operator's, each with something amiss.
const users = `<clickhouse>
    <profiles>
        <readonly><readonly>1</readonly></readonly>
        <small><max_memory_usage>1000000</max_memory_usage></small>
    </profiles>
    <quotas>
        <one><interval><duration>3600</duration><query_inserts>1</query_inserts></interval></one>
    </quotas>
    <users>
        <reads><password>sesame</password><profile>default</profile><quota>default</quota><grants><query>GRANT SELECT ON errata.*</query></grants></reads>
        <readonly><password>sesame</password><profile>readonly</profile><quota>default</quota></readonly>
        <small><password>sesame</password><profile>small</profile><quota>default</quota></small>
        <one><password>sesame</password><profile>default</profile><quota>one</quota></one>
    </users>
</clickhouse>`

// openEngine starts an engine of the test's own, which may be killed, and knows users.
func openEngine(t *testing.T) (*embedded.Engine, *DB, Options) {
	t.Helper()
	_ = embedded.TestClickHouse(t) // skips where there is none
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "engine", "users.d"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "engine", "users.d", "users.xml"), []byte(users), 0o600))
	engine, err := embedded.OpenClickHouse(t.Context(), embedded.Options{DataDir: dir, IdleTimeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	o, err := ParseURL(engine.URL())
	require.NoError(t, err)
	db, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context(), nil))
	return engine, db, o
}

func TestServerKilledInMidInsert(t *testing.T) {
	engine, db, o := openEngine(t)
	proxy := startProxy(t, o.Addr[0])
	o.Addr = []string{proxy.addr()}
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	require.NoError(t, w.Insert(t.Context(), blockOf(0, 1), testGrant(t)))
	proxy.onUpload(1<<16, func() { assert.NoError(t, syscall.Kill(engine.Pid(), syscall.SIGKILL)) })
	e := insertErrorOf(t, w.Insert(t.Context(), incompressible(20_000), testGrant(t)))
	require.Equal(t, Ambiguous, e.Class)
	require.True(t, e.Sent())

	require.Eventually(t, func() bool {
		e := insertErrorOf(t, w.Insert(t.Context(), blockOf(1, 1), testGrant(t)))
		return !e.Sent() && e.Class == Later
	}, 10*time.Second, 10*time.Millisecond, "while it is down nothing is sent")
	proxy.limit.Store(0)
	require.NoError(t, engine.Ensure(t.Context()))
	require.Equal(t, 1, countRows(t, db))
	require.NoError(t, w.Insert(t.Context(), blockOf(1, 1), testGrant(t)))
}

func TestServerRefusesAUser(t *testing.T) {
	_, db, o := openEngine(t)
	o.Password = "sesame"
	f := func(user string, rows int, code int32, class Class) {
		t.Helper()
		o.User = user
		w := NewWriter(o)
		defer func() { require.NoError(t, w.Close()) }()
		e := insertErrorOf(t, w.Insert(t.Context(), blockOf(100, rows), testGrant(t)))
		require.Equal(t, code, e.Code, "%v", e)
		require.Equal(t, class, e.Class, "%v", e)
		require.False(t, e.Throttle)
		require.Zero(t, countRows(t, db))
	}
	f("reads", 1, 497, Configuration)
	f("readonly", 1, 164, Configuration)
	f("small", 100_000, 241, Later)

	o.User = "one"
	insertBlock(t, o, blockOf(0, 1))
	require.NoError(t, db.conn.Exec(t.Context(), "TRUNCATE TABLE responses"))
	f("one", 1, 201, Later)
}

// Before anything has been sent there is nothing to wait for.
func TestNothingWasSent(t *testing.T) {
	db, o := openMigrated(t)
	insert := func(change func(*Options)) *InsertError {
		other := o
		change(&other)
		w := NewWriter(other)
		defer func() { require.NoError(t, w.Close()) }()
		e := insertErrorOf(t, w.Insert(t.Context(), blockOf(0, 1), testGrant(t)))
		require.False(t, e.Sent(), "%v", e)
		return e
	}
	e := insert(func(o *Options) { o.Addr = []string{refusedAddr(t)} })
	require.Equal(t, Later, e.Class)
	require.ErrorIs(t, e, ErrUnreachable)

	e = insert(func(o *Options) { o.Addr = []string{startListener(t, "")}; o.DialTimeout = 300 * time.Millisecond })
	require.Equal(t, Later, e.Class, "a server that accepts and says nothing")

	e = insert(func(o *Options) { o.Password = "wrong" })
	require.Equal(t, Configuration, e.Class)
	require.EqualValues(t, 516, e.Code)
	require.ErrorIs(t, e, ErrAuthentication)

	e = insert(func(o *Options) { o.User = "nobody" })
	require.Equal(t, Configuration, e.Class)

	e = insert(func(o *Options) { o.Database = "absent" })
	require.Equal(t, Configuration, e.Class)
	require.EqualValues(t, 81, e.Code)
	require.ErrorIs(t, e, ErrNotMigrated)
	require.Zero(t, countRows(t, db))
}

// The database goes while the writer is connected.
func TestDatabaseDropped(t *testing.T) {
	db, o := openMigrated(t)
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	require.NoError(t, w.Insert(t.Context(), blockOf(0, 1), testGrant(t)))
	require.NoError(t, db.conn.Exec(t.Context(), "DROP DATABASE "+o.Database+" SYNC"))
	e := insertErrorOf(t, w.Insert(t.Context(), blockOf(1, 1), testGrant(t)))
	require.Equal(t, Configuration, e.Class)
	require.EqualValues(t, 81, e.Code)
	require.True(t, e.Sent())
}

func TestClassesOfExceptions(t *testing.T) {
	classify := func(code int32, message string) InsertError {
		var e InsertError
		e.classify(&ch.Exception{Code: proto.Error(code), Message: message})
		return e
	}
	require.Equal(t, InsertError{Class: Later, Stale: true}, classify(395, "stale write: the grant has expired"))
	require.Equal(t, InsertError{Class: Data}, classify(395, "another check"))
	require.Equal(t, InsertError{Class: Configuration}, classify(691, "Unknown element 'x': while converting column `kind` from type A to type B"))
	require.Equal(t, InsertError{Class: Data}, classify(691, "Unknown element 'x'"))
	require.Equal(t, InsertError{Class: Data}, classify(252, "Too many partitions for single INSERT block"))
	require.Equal(t, InsertError{Class: Later, Throttle: true}, classify(252, "Too many parts (3000)"))
	for _, code := range []int32{159, 209, 210, 216, 236, 319, 394, 999, 123456} {
		require.Equal(t, InsertError{Class: Ambiguous}, classify(code, ""), "what is not known to be over may still be running")
	}
	var e InsertError
	e.classify(errors.New("connection reset"))
	require.Equal(t, Ambiguous, e.Class)
}

// A code has one meaning.
func TestClassesAreDisjoint(t *testing.T) {
	seen := map[int32]Class{}
	for class, codes := range classCodes {
		for _, code := range codes {
			other, twice := seen[code]
			require.False(t, twice, "%d is %s and %s", code, class, other)
			seen[code] = class
		}
	}
	require.Equal(t, []string{"ambiguous", "later", "data", "configuration"},
		[]string{Ambiguous.String(), Later.String(), Data.String(), Configuration.String()})
}
