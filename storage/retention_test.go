package storage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// Rows expire by the day of their grant, never by the time they claim: successes after 14 days, errors
// and dead letters after 180.
func TestRetentionCountsFromTheGrant(t *testing.T) {
	db, o := openMigrated(t)
	ctx := context.Background()
	for _, age := range []int{0, 10, 20, 170, 190} {
		b := NewBlock()
		for _, kind := range []parsers.Kind{parsers.KindSuccess, parsers.KindError, parsers.KindDeadLetter} {
			row := fullRow()
			row.Kind, row.Offset = kind, int64(age)
			row.Time = 0 // a hostile sender's
			b.Append(row)
		}
		w, g := NewWriter(o), testGrant(t)
		g.Date = time.Now().AddDate(0, 0, -age)
		require.NoError(t, w.Insert(ctx, b, g))
		require.NoError(t, w.Close())
	}
	require.NoError(t, db.conn.Exec(ctx, "OPTIMIZE TABLE responses FINAL"))
	var left []struct {
		Kind string  `ch:"kind"`
		Ages []int64 `ch:"ages"`
	}
	require.NoError(t, db.conn.Select(ctx, &left, "SELECT kind, arraySort(groupArray(offset)) AS ages FROM responses GROUP BY kind ORDER BY kind"))
	require.Len(t, left, 3)
	require.Equal(t, []int64{0, 10}, left[0].Ages, left[0].Kind)
	require.Equal(t, []int64{0, 10, 20, 170}, left[1].Ages, left[1].Kind)
	require.Equal(t, []int64{0, 10, 20, 170}, left[2].Ages, left[2].Kind)
}
