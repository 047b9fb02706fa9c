package storage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// personal is what erased rows must not hold any more.
const personal = "4512345678"

// insertPersonal stores an error, a success and a dead letter that speak of a person, at offsets 1, 2, 3,
// and another row at 4.
func insertPersonal(t *testing.T, o Options) {
	t.Helper()
	b := NewBlock()
	for i, kind := range []parsers.Kind{parsers.KindError, parsers.KindSuccess, parsers.KindDeadLetter, parsers.KindError} {
		row := fullRow()
		row.Source, row.Topic, row.Partition, row.Offset, row.Kind = "s", "a", 0, int64(i)+1, kind
		row.Checksum = uint32(row.Offset * 7)
		if i < 3 {
			row.Message, row.Path, row.Body = []byte("no such number "+personal), []byte("/numbers/"+personal), []byte(personal)
			row.Credential, row.Route, row.Title, row.RequestID = []byte(personal), []byte("/"+personal), []byte(personal), []byte(personal)
		}
		b.Append(row)
	}
	insertBlock(t, o, b)
}

func TestErase(t *testing.T) {
	db, o := openMigrated(t)
	insertPersonal(t, o)
	ctx := t.Context()
	const condition = "message LIKE '%" + personal + "' OR request_id = '" + personal + "' OR path = '/numbers/" + personal + "' OR body = '" + personal + "' OR credential = '" + personal + "'"
	before, err := db.Buckets(ctx, Stream{"s", "a", 0}, 0, 100)
	require.NoError(t, err)

	e, err := db.PreviewErasure(ctx, condition)
	require.NoError(t, err)
	require.EqualValues(t, 1, e.Errors)
	require.EqualValues(t, e.Rows, e.Errors+e.Successes+e.DeadLetters)
	require.Len(t, e.Days, 1)
	require.NotNil(t, e.First)
	matched := e.Rows

	require.NoError(t, db.Erase(ctx, condition, func(parts int64) { require.GreaterOrEqual(t, parts, int64(0)) }))
	e, err = db.PreviewErasure(ctx, condition)
	require.NoError(t, err)
	require.Zero(t, e.Rows)

	var text string
	require.NoError(t, db.conn.QueryRow(ctx, "SELECT toString(groupArray(tuple(*, details, title, body, request_id, trace_id))) FROM responses WHERE offset < 4").Scan(&text))
	require.NotContains(t, text, personal)
	var reason, other string
	require.NoError(t, db.conn.QueryRow(ctx, "SELECT maxIf(reason, kind = 'dead_letter'), maxIf(message, offset = 4) FROM responses").Scan(&reason, &other))
	require.Equal(t, fullRow().Reason.String(), reason, "why a record was a dead letter says nothing of a person")
	require.Equal(t, string(fullRow().Message), other, "what was not selected stays")

	after, err := db.Buckets(ctx, Stream{"s", "a", 0}, 0, 100)
	require.NoError(t, err)
	require.Equal(t, before, after, "verify sees no difference")

	var meta string
	require.NoError(t, db.conn.QueryRow(ctx, "SELECT value FROM meta WHERE key = 'erasure'").Scan(&meta))
	require.Contains(t, meta, "condition_sha256")
	for _, query := range []string{"SELECT toString(groupArray(tuple(*))) FROM meta", "SELECT toString(groupArray(tuple(*))) FROM erasures", "SELECT toString(groupArray(command)) FROM system.mutations"} {
		require.NoError(t, db.conn.QueryRow(ctx, query).Scan(&text))
		require.NotContains(t, text, personal, query)
	}
	var remembered uint64
	require.NoError(t, db.conn.QueryRow(ctx, "SELECT count() FROM erasures").Scan(&remembered))
	require.Equal(t, matched, remembered)
}

// A replay finds erased offsets present, although its own generation has no rows of them.
func TestErasedRowsAreNotIngestedAgain(t *testing.T) {
	db, o := openMigrated(t)
	insertPersonal(t, o)
	require.NoError(t, db.Erase(t.Context(), "offset IN (1, 3)", nil))
	insertAs(t, o, "s~2", 2)
	present := func(source string) []Range {
		got, err := db.Present(t.Context(), source, []Position{{"a", 0, 0}})
		require.NoError(t, err)
		return got
	}
	require.Equal(t, []Range{{"a", 0, 1, 4, 0}}, present("s~2"))
	require.Equal(t, []Range{{"a", 0, 1, 2, 0}, {"a", 0, 3, 4, 0}}, present("s~3"))
	require.Equal(t, []Range{{"a", 0, 1, 5, 1}}, present("s"), "only offset 2 is there twice")
	require.NoError(t, db.conn.Exec(t.Context(), "TRUNCATE TABLE responses"))
	require.Equal(t, []Range{{"a", 0, 1, 2, 0}, {"a", 0, 3, 4, 0}}, present("s"), "also when retention has deleted the rows")
}

func TestExpressionsThatAreNone(t *testing.T) {
	db, o := openMigrated(t)
	insertPersonal(t, o)
	for _, condition := range []string{
		"", " ", "nonsense", "message = ", "1) SETTINGS readonly = 0 --", "1); DROP TABLE responses --", "1) OR (", "1 /*", "message",
		"offset IN (SELECT offset FROM remote('127.0.0.1', system.one))",
	} {
		_, err := db.PreviewErasure(t.Context(), condition)
		require.ErrorIs(t, err, errExpression, condition)
	}
	require.Equal(t, 4, countRows(t, db))
	e, err := db.PreviewErasure(t.Context(), "path = '/none' -- a comment")
	require.NoError(t, err)
	require.Zero(t, e.Rows)
	require.Nil(t, e.First)
}

// A reader whose profile is read-only may look.
func TestPreviewByAReader(t *testing.T) {
	_, db, o := openEngine(t)
	insertPersonal(t, o)
	o.User, o.Password = "readonly", "sesame"
	reader, err := Open(context.Background(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	e, err := reader.PreviewErasure(t.Context(), "offset = 1")
	require.NoError(t, err)
	require.EqualValues(t, 1, e.Rows)
	require.ErrorIs(t, reader.Erase(t.Context(), "offset = 1", nil), ErrAuthentication)
	require.Equal(t, 4, countRows(t, db))
}

// How far an erasure is can be seen while the server works on it, however long that takes.
func TestErasureIsWatched(t *testing.T) {
	db, o := openMigrated(t)
	insertPersonal(t, o)
	require.NoError(t, db.conn.Exec(t.Context(), "SYSTEM STOP MERGES responses"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, db.Erase(ctx, "offset = 1", func(parts int64) {
		require.Positive(t, parts)
		require.NoError(t, db.conn.Exec(ctx, "SYSTEM START MERGES responses"))
	}))
}
