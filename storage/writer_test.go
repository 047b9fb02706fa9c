package storage

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/stretchr/testify/require"
)

// blockOf returns a block of n rows whose offsets start at offset.
func blockOf(offset int64, n int) *Block {
	b := NewBlock()
	row := fullRow()
	for i := range n {
		row.Offset = offset + int64(i)
		b.Append(row)
	}
	return b
}

func countRows(t testing.TB, db *DB) int {
	t.Helper()
	var n uint64
	require.NoError(t, db.conn.QueryRow(context.Background(), "SELECT count() FROM responses").Scan(&n))
	return int(n)
}

func insertErrorOf(t testing.TB, err error) *InsertError {
	t.Helper()
	var e *InsertError
	require.ErrorAs(t, err, &e)
	return e
}

func TestOneInsertIsOnePart(t *testing.T) {
	db, o := openMigrated(t)
	insertBlock(t, o, blockOf(0, 150_000)) // above the server's usual 65,536 rows a block
	var parts uint64
	require.NoError(t, db.conn.QueryRow(context.Background(), "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'responses' AND level = 0").Scan(&parts))
	require.EqualValues(t, 1, parts)
	require.Equal(t, 150_000, countRows(t, db))
}

func TestSameBlockTwiceIsStoredTwice(t *testing.T) {
	db, o := openMigrated(t)
	b := blockOf(0, 10)
	insertBlock(t, o, b)
	insertBlock(t, o, b)
	require.Equal(t, 20, countRows(t, db), "the server must not deduplicate: that is how acknowledged inserts get lost")
}

func TestStaleWriteIsRejected(t *testing.T) {
	db, o := openMigrated(t)
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	for _, deadline := range []time.Time{time.Now().Add(-time.Second), {}, time.Unix(1<<32+1, 0)} {
		g := testGrant(t)
		g.Deadline = deadline
		e := insertErrorOf(t, w.Insert(context.Background(), blockOf(0, 10), g))
		require.True(t, e.Stale)
		require.Equal(t, Later, e.Class)
		require.EqualValues(t, 395, e.Code)
	}
	require.Zero(t, countRows(t, db))
	require.NoError(t, w.Insert(context.Background(), blockOf(0, 10), testGrant(t)), "the writer must work on after an error")
}

func TestInsertWithoutDeadlineIsRejected(t *testing.T) {
	db, _ := openMigrated(t)
	err := db.conn.Exec(context.Background(), "INSERT INTO responses (kind, source, topic, partition, offset) VALUES ('error', 's', 't', 0, 0)")
	require.ErrorContains(t, err, staleText)
	require.Zero(t, countRows(t, db))
}

// An INSERT opened before the deadline whose rows arrive after it. With now() in place of nowInBlock()
// it would be let through.
func TestGuardIsJudgedWhenTheRowsArrive(t *testing.T) {
	db, o := openMigrated(t)
	client := dialDirectly(t, o)
	b := NewBlock()
	grant := Grant{Date: testDay, Deadline: time.Now().Add(time.Second)}
	sent := false
	err := client.Do(context.Background(), ch.Query{
		Body: b.input.Into("responses"), Input: b.input,
		OnInput: func(context.Context) error {
			if sent {
				return io.EOF
			}
			sent = true
			waitUntilPast(t, db, grant.Deadline)
			b.Append(fullRow())
			b.fillGuard(grant)
			return nil
		},
	})
	require.ErrorContains(t, err, staleText)
	require.Zero(t, countRows(t, db))
}

// Two data blocks under one INSERT, one in time and one late: the guard is computed for each of them,
// and the late one takes the first one with it.
func TestGuardIsJudgedForEveryBlock(t *testing.T) {
	db, o := openMigrated(t)
	client := dialDirectly(t, o)
	b := blockOf(0, 10)
	grant := Grant{Date: testDay, Deadline: time.Now().Add(2 * time.Second)}
	b.fillGuard(grant)
	err := client.Do(context.Background(), ch.Query{
		Body: b.input.Into("responses"), Input: b.input,
		OnInput: func(context.Context) error {
			waitUntilPast(t, db, grant.Deadline)
			return nil // the same rows once more
		},
	})
	require.ErrorContains(t, err, staleText)
	require.Zero(t, countRows(t, db))
}

// Settings that a server does not know must not fail the insert.
func TestUnknownSettingsAreIgnored(t *testing.T) {
	db, o := openMigrated(t)
	client := dialDirectly(t, o)
	b := blockOf(0, 1)
	b.fillGuard(testGrant(t))
	unknown := ch.Setting{Key: "setting_of_another_version", Value: "disable"}
	require.NoError(t, client.Do(context.Background(), ch.Query{Body: b.input.Into("responses"), Input: b.input, Settings: []ch.Setting{unknown}}))
	require.Equal(t, 1, countRows(t, db))
}

func dialDirectly(t *testing.T, o Options) *ch.Client {
	t.Helper()
	client, err := ch.Dial(context.Background(), ch.Options{Address: o.Addr[0], Database: o.Database, User: o.User, Password: o.Password, Settings: insertSettings()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func waitUntilPast(t *testing.T, db *DB, deadline time.Time) {
	require.Eventually(t, func() bool {
		now, err := db.ServerTime(context.Background())
		return err == nil && now.After(deadline)
	}, 10*time.Second, 20*time.Millisecond)
}

func TestGrantMustBeComplete(t *testing.T) {
	w := NewWriter(Options{Addr: []string{refusedAddr(t)}})
	good := testGrant(t)
	for _, change := range []func(*Grant){
		func(g *Grant) { g.ID = "" },
		func(g *Grant) { g.Date = time.Time{} },
		func(g *Grant) { g.Date = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		g := good
		change(&g)
		err := w.Insert(context.Background(), blockOf(0, 1), g)
		require.ErrorContains(t, err, "the grant")
		require.NotErrorIs(t, err, ErrUnreachable)
	}
}

func TestInsertErrors(t *testing.T) {
	_, o := openMigrated(t)
	insert := func(change func(*Options)) *InsertError {
		other := o
		change(&other)
		return insertErrorOf(t, NewWriter(other).Insert(context.Background(), blockOf(0, 1), testGrant(t)))
	}
	e := insert(func(o *Options) { o.Addr = []string{refusedAddr(t)} })
	require.ErrorIs(t, e, ErrUnreachable)
	require.Equal(t, Later, e.Class)

	e = insert(func(o *Options) { o.Password = "wrong-secret" })
	require.ErrorIs(t, e, ErrAuthentication)
	require.NotContains(t, e.Error(), "wrong-secret")
	require.Equal(t, Configuration, e.Class)

	e = insert(func(o *Options) { o.Database = "system" })
	require.ErrorIs(t, e, ErrNotMigrated)
	require.Equal(t, Configuration, e.Class)

	require.Error(t, NewWriter(o).Insert(context.Background(), NewBlock(), testGrant(t)))
}

func TestWriterTriesTheNextAddress(t *testing.T) {
	db, o := openMigrated(t)
	o.Addr = []string{refusedAddr(t), o.Addr[0]}
	insertBlock(t, o, blockOf(0, 1))
	require.Equal(t, 1, countRows(t, db))
}

// A connection that broke while it was idle is replaced before anything is sent over it.
func TestWriterReconnectsAfterAnIdleBreak(t *testing.T) {
	db, o := openMigrated(t)
	proxy := startProxy(t, o.Addr[0])
	o.Addr = []string{proxy.addr()}
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	require.NoError(t, w.Insert(context.Background(), blockOf(0, 1), testGrant(t)))
	proxy.cut()
	require.NoError(t, w.Insert(context.Background(), blockOf(1, 1), testGrant(t)))
	require.Equal(t, 2, countRows(t, db))
}

func TestInsertCutByItsContextIsAmbiguous(t *testing.T) {
	_, o := openMigrated(t)
	proxy := startProxy(t, o.Addr[0])
	o.Addr = []string{proxy.addr()}
	w := NewWriter(o)
	defer func() { require.NoError(t, w.Close()) }()
	require.NoError(t, w.Insert(context.Background(), blockOf(0, 1), testGrant(t)))
	ctx, cancel := context.WithCancelCause(context.Background())
	bound := errors.New("shutdown bound")
	proxy.onUpload(1<<16, func() { cancel(bound) })
	e := insertErrorOf(t, w.Insert(ctx, incompressible(20_000), testGrant(t)))
	require.Equal(t, Ambiguous, e.Class)
	require.ErrorIs(t, e, bound)
}

// incompressible rows, so that the block does not fit into the socket buffers at once.
func incompressible(n int) *Block {
	b := NewBlock()
	row := fullRow()
	for i := range n {
		row.Offset = int64(i)
		row.Operation = uint64(i) * 0x9e3779b97f4a7c15
		row.Checksum = uint32(row.Operation >> 32)
		b.Append(row)
	}
	return b
}

// refusedAddr is an address at which nobody listens.
func refusedAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

// TestBlocksAreStoredCompressedOrNot inserts the same rows as over a network and as on one machine.
func TestBlocksAreStoredCompressedOrNot(t *testing.T) {
	db, o := openMigrated(t)
	for i, compression := range []ch.Compression{ch.CompressionLZ4, ch.CompressionDisabled} {
		conn, err := o.dial(t.Context(), o.Addr[0])
		require.NoError(t, err)
		w := NewWriter(o)
		require.NoError(t, w.adopt(t.Context(), conn, compression))
		require.NoError(t, w.Insert(t.Context(), blockOf(int64(i), 1), testGrant(t)))
		require.NoError(t, w.Close())
	}
	var rows, kinds uint64
	require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT count(), uniqExact(* EXCEPT offset) FROM responses").Scan(&rows, &kinds))
	require.EqualValues(t, 2, rows)
	require.EqualValues(t, 1, kinds)
}

func TestOnlyWhatCrossesANetworkIsCompressed(t *testing.T) {
	for address, want := range map[string]ch.Compression{
		"127.0.0.1:9000": ch.CompressionDisabled, "[::1]:9000": ch.CompressionDisabled, "192.0.2.1:9000": ch.CompressionLZ4,
	} {
		peer, err := net.ResolveTCPAddr("tcp", address)
		require.NoError(t, err)
		require.Equal(t, want, compressionTo(peer), address)
	}
}
