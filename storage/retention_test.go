package storage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// insertDaysAgo stores one row of each kind under a grant of that many days ago, with the age as offset.
func insertDaysAgo(t *testing.T, o Options, age int) {
	t.Helper()
	b := NewBlock()
	for _, kind := range []parsers.Kind{parsers.KindSuccess, parsers.KindError, parsers.KindDeadLetter} {
		row := fullRow()
		row.Kind, row.Offset = kind, int64(age)
		row.Time = 0 // a hostile sender's
		b.Append(row)
	}
	w, g := NewWriter(o), testGrant(t)
	g.Date = time.Now().UTC().AddDate(0, 0, -age)
	require.NoError(t, w.Insert(t.Context(), b, g))
	require.NoError(t, w.Close())
}

// ages lists the ages of what is left of each kind: success, error, dead letter.
func ages(t *testing.T, db *DB) [][]int64 {
	t.Helper()
	var left []struct {
		Kind string  `ch:"kind"`
		Ages []int64 `ch:"ages"`
	}
	require.NoError(t, db.conn.Select(t.Context(), &left, "SELECT kind, arraySort(groupArray(offset)) AS ages FROM responses GROUP BY kind ORDER BY kind"))
	require.Len(t, left, 3)
	return [][]int64{left[0].Ages, left[1].Ages, left[2].Ages}
}

// Rows expire by the day of their grant, never by the time they claim: successes after 14 days, errors
// and dead letters after 180.
func TestRetentionCountsFromTheGrant(t *testing.T) {
	db, o := openMigrated(t)
	for _, age := range []int{0, 10, 20, 170, 190} {
		insertDaysAgo(t, o, age)
	}
	require.NoError(t, db.conn.Exec(t.Context(), "OPTIMIZE TABLE responses FINAL"))
	require.Equal(t, [][]int64{{0, 10}, {0, 10, 20, 170}, {0, 10, 20, 170}}, ages(t, db))
}

func TestRetentionIsWhatTheTableSays(t *testing.T) {
	db, o := openMigrated(t)
	ctx := t.Context()
	have, err := db.Retention(ctx)
	require.NoError(t, err)
	require.Equal(t, Retention{14, 180}, have)

	set := func(want, then Retention) {
		t.Helper()
		got, _, err := db.SetRetention(ctx, want)
		require.NoError(t, err)
		require.Equal(t, then, got)
		have, err := db.Retention(ctx)
		require.NoError(t, err)
		require.Equal(t, then, have)
	}
	set(Retention{}, Retention{14, 180})
	set(Retention{Successes: 5}, Retention{5, 180})
	set(Retention{Errors: 15}, Retention{5, 15})
	set(Retention{7, 7}, Retention{7, 7})
	for _, wrong := range []Retention{{Successes: 8}, {Errors: 6}, {20, 10}} {
		got, _, err := db.SetRetention(ctx, wrong)
		require.ErrorContains(t, err, "retain-successes: cannot use", "%v", wrong)
		require.Equal(t, Retention{7, 7}, got)
	}

	for _, age := range []int{0, 3, 10} {
		insertDaysAgo(t, o, age)
	}
	set(Retention{2, 7}, Retention{2, 7})
	require.NoError(t, db.conn.Exec(ctx, "OPTIMIZE TABLE responses FINAL"))
	require.Equal(t, [][]int64{{0}, {0, 3}, {0, 3}}, ages(t, db))
	note, err := newTestQuestion(t, db).successesExpired(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, note, "answers know the new retention")
}

// newTestQuestion asks about all times.
func newTestQuestion(t *testing.T, db *DB) *question {
	t.Helper()
	q, err := newQuestion(db.conn, Filter{From: time.Unix(0, 0), To: time.Now()})
	require.NoError(t, err)
	return q
}

// Nothing is rewritten at once, which would cost as much as the table is large.
func TestRetentionRewritesNothing(t *testing.T) {
	db, o := openMigrated(t)
	insertDaysAgo(t, o, 3)
	mutations := func() (count uint64) {
		require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT count() FROM system.mutations WHERE database = currentDatabase()").Scan(&count))
		return count
	}
	migrated := mutations()
	_, _, err := db.SetRetention(t.Context(), Retention{2, 2})
	require.NoError(t, err)
	require.Equal(t, migrated, mutations())
}

func TestRetentionOfOperators(t *testing.T) {
	db, _ := openMigrated(t)
	f := func(ttl string, want Retention) {
		t.Helper()
		require.NoError(t, db.conn.Exec(t.Context(), "ALTER TABLE responses "+ttl))
		have, err := db.Retention(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	f("MODIFY TTL block_date + INTERVAL 30 DAY", Retention{30, 30})
	f("MODIFY TTL block_date + toIntervalDay(3) DELETE WHERE kind = 'success'", Retention{3, 0})
	f("REMOVE TTL", Retention{})
	have, _, err := db.SetRetention(t.Context(), Retention{Successes: 9})
	require.NoError(t, err)
	require.Equal(t, Retention{9, 0}, have, "errors still for ever")
	have, err = db.Retention(t.Context())
	require.NoError(t, err)
	require.Equal(t, Retention{9, 0}, have)
	require.NoError(t, db.conn.Exec(t.Context(), "ALTER TABLE responses MODIFY TTL block_date + INTERVAL 1 MONTH"))
	_, err = db.Retention(t.Context())
	require.ErrorContains(t, err, "ingest migrate --retain-successes")
	_, _, err = db.SetRetention(t.Context(), Retention{Errors: 30})
	require.ErrorContains(t, err, "both, with --retain-errors")
	_, changed, err := db.SetRetention(t.Context(), Retention{})
	require.NoError(t, err, "whoever wants nothing changed is left in peace")
	require.False(t, changed)
	have, changed, err = db.SetRetention(t.Context(), Retention{30, 31})
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, Retention{30, 31}, have)
}

func TestShortestRetention(t *testing.T) {
	for _, c := range []struct {
		r    Retention
		want uint32
	}{{Retention{14, 180}, 14}, {Retention{0, 180}, 180}, {Retention{3, 0}, 3}, {Retention{}, 0}, {Retention{30, 20}, 20}} {
		require.Equal(t, c.want, c.r.Shortest(), "%v", c.r)
	}
}

func TestDropOldest(t *testing.T) {
	db, o := openMigrated(t)
	ctx := t.Context()
	for _, age := range []int{0, 1, 2, 5, 9} {
		insertDaysAgo(t, o, age)
	}
	days, droppable, err := db.days(ctx)
	require.NoError(t, err)
	require.Len(t, days, 5)
	require.Equal(t, 3, droppable)
	var total uint64
	for _, d := range days {
		require.NotZero(t, d.Bytes)
		require.EqualValues(t, 3, d.Rows)
		total += d.Bytes
	}
	until, err := db.DroppedUntil(ctx)
	require.NoError(t, err)
	require.True(t, until.IsZero())

	dropped, left, err := db.DropOldest(ctx, total)
	require.NoError(t, err)
	require.Empty(t, dropped, "at the limit")
	require.Equal(t, total, left)

	dropped, left, err = db.DropOldest(ctx, total-1)
	require.NoError(t, err)
	require.Equal(t, days[:1], dropped)
	require.Equal(t, total-days[0].Bytes, left)
	require.Equal(t, []int64{0, 1, 2, 5}, ages(t, db)[0])
	until, err = db.DroppedUntil(ctx)
	require.NoError(t, err)
	require.Equal(t, days[0].Date.String(), until.String())

	dropped, left, err = db.DropOldest(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, days[1:3], dropped)
	require.Equal(t, days[3].Bytes+days[4].Bytes, left, "today and yesterday stay, whatever the limit")
	require.Equal(t, []int64{0, 1}, ages(t, db)[0])
	until, err = db.DroppedUntil(ctx)
	require.NoError(t, err)
	require.Equal(t, days[2].Date.String(), until.String())
}
