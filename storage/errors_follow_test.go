package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// at places rows in a partition, from an offset on.
func at(rows []*parsers.Row, partition int32, offset int64) []*parsers.Row {
	for i, r := range rows {
		r.Partition, r.Offset = partition, offset+int64(i)
	}
	return rows
}

func places(rows []ErrorRow) []string {
	list := []string{}
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%d/%d", r.Partition, r.Offset))
	}
	return list
}

func TestFollowErrors(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, at(parseRows(t, "10:00:00 error GET /a x=3\n10:00:10 success GET /a"), 0, 100))
	f := Filter{From: parseCaseTime(t, "09:00"), To: parseCaseTime(t, "11:00")}
	w, first, err := db.FollowErrors(t.Context(), f, ErrorsOptions{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"0/102", "0/101"}, places(first.Rows))

	next := func(want ...string) {
		t.Helper()
		rows, more, err := w.Next(t.Context())
		require.NoError(t, err)
		require.False(t, more)
		require.ElementsMatch(t, want, places(rows))
	}
	next()
	// A late one, a new partition, a partition below the offsets of others, another day's time, an older grant.
	insertCase(t, o, at(parseRows(t, "-1/03:00:00 error GET /late"), 0, 104))
	insertCase(t, o, at(parseRows(t, "10:30:00 error GET /new x=2"), 7, 0))
	insertCaseOn(t, o, at(parseRows(t, "23:00:00 error GET /future"), 1, 5), time.Now().AddDate(0, 0, -2))
	next("0/104", "7/0", "7/1", "1/5")
	next()
	insertCase(t, o, at(parseRows(t, "10:30:00 success GET /a x=2\n10:31:00 error GET /b"), 7, 2))
	next("7/4")
	next()
}

func TestFollowFiltersAndPages(t *testing.T) {
	db, o := openMigrated(t)
	f := Filter{From: parseCaseTime(t, "09:00"), To: parseCaseTime(t, "11:00"), Vendors: []string{"acme"}, Statuses: []string{"5xx"}}
	w, first, err := db.FollowErrors(t.Context(), f, ErrorsOptions{})
	require.NoError(t, err)
	require.Empty(t, first.Rows)

	rows := parseRows(t, fmt.Sprintf("10:00:00 error GET /a x=%d every=1ms\n10:10:00 error GET /b vendor=other x=5\n10:11:00 error GET /c status=429 cat=rate_limit\n10:12:00 error GET /d", maxFollowed+1))
	insertCase(t, o, at(rows, 0, 0))
	list, more, err := w.Next(t.Context())
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, list, maxFollowed)
	require.True(t, timeOf(list[0]).Before(timeOf(list[1])), "the oldest first")
	list, more, err = w.Next(t.Context())
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, []string{fmt.Sprintf("0/%d", maxFollowed), fmt.Sprintf("0/%d", len(rows)-1)}, places(list))

	// What does not pass a rare filter is looked at once.
	insertCase(t, o, at(parseRows(t, "10:13:00 error GET /b vendor=other x=9"), 0, int64(len(rows))))
	list, _, err = w.Next(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	for _, p := range w.streams {
		require.EqualValues(t, len(rows)+9, p.next)
	}

	var usage *UsageError
	_, _, err = db.FollowErrors(t.Context(), f, ErrorsOptions{Kind: "all"})
	require.ErrorAs(t, err, &usage)
}
