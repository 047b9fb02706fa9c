package storage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// insertOffsets stores one row for each offset, of one topic and partition.
func insertOffsets(t testing.TB, o Options, topic string, partition int32, offsets ...int64) {
	t.Helper()
	b := NewBlock()
	row := fullRow()
	row.Topic, row.Partition = topic, partition
	for _, offset := range offsets {
		row.Offset = offset
		b.Append(row)
	}
	insertBlock(t, o, b)
}

func sequence(from, to int64) []int64 {
	var list []int64
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

func TestPresentReturnsRuns(t *testing.T) {
	db, o := openMigrated(t)
	insertOffsets(t, o, "a", 0, sequence(0, 100)...)
	insertOffsets(t, o, "a", 0, sequence(100, 300)...)
	insertOffsets(t, o, "a", 0, 400, 402, 403)
	insertOffsets(t, o, "a", 1, sequence(65_000, 66_000)...) // across two stretches
	insertOffsets(t, o, "a", 2, 1<<40, 1<<40+1)
	insertOffsets(t, o, "b", 0, sequence(0, 10)...)
	insertOffsets(t, o, "b", 0, 3, 3) // duplicates

	got, err := db.Present(context.Background(), "cluster-1", []Position{{"b", 0, 0}, {"a", 0, 50}, {"a", 1, 0}, {"a", 2, 1<<40 + 1}, {"a", 9, 0}, {"none", 0, 0}})
	require.NoError(t, err)
	require.Equal(t, []Range{
		{Topic: "a", Partition: 0, Start: 50, End: 300},
		{Topic: "a", Partition: 0, Start: 400, End: 401},
		{Topic: "a", Partition: 0, Start: 402, End: 404},
		{Topic: "a", Partition: 1, Start: 65_000, End: 66_000},
		{Topic: "a", Partition: 2, Start: 1<<40 + 1, End: 1<<40 + 2},
		{Topic: "b", Partition: 0, Start: 0, End: 10, Surplus: 2},
	}, got)

	got, err = db.Present(context.Background(), "another cluster", []Position{{"a", 0, 0}})
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = db.Present(context.Background(), "cluster-1", nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestNewestRows(t *testing.T) {
	db, o := openMigrated(t)
	insertOffsets(t, o, "a", 0, 1, 5, 9)
	insertOffsets(t, o, "a", 1, 7)
	insertOffsets(t, o, "b", 0, 3)
	newest := func(source string, below ...Position) []Position {
		got, err := db.Newest(t.Context(), source, below)
		require.NoError(t, err)
		return got
	}
	require.ElementsMatch(t, []Position{{"a", 0, 5}, {"b", 0, 3}}, newest("cluster-1", Position{"b", 0, 100}, Position{"a", 0, 9}, Position{"a", 1, 7}))
	require.Empty(t, newest("another", Position{"a", 0, 9}))
	require.Empty(t, newest("cluster-1"))
}

// A replay moves rows from one generation of a source to the next: for its live group they are there. The
// replay itself asks for its own generation.
func TestPresentSeesAllGenerations(t *testing.T) {
	db, o := openMigrated(t)
	insertAs(t, o, "s", 1, 2)
	insertAs(t, o, "s~2", 2, 3)
	insertAs(t, o, "s~x", 9)
	present := func(source string) []Range {
		got, err := db.Present(t.Context(), source, []Position{{"a", 0, 0}})
		require.NoError(t, err)
		return got
	}
	require.Equal(t, []Range{{"a", 0, 1, 4, 1}}, present("s"))
	require.Equal(t, []Range{{"a", 0, 2, 4, 0}}, present("s~2"))
}

func TestPresentOfManyPartitions(t *testing.T) {
	db, o := openMigrated(t)
	b, row := NewBlock(), fullRow()
	var from []Position
	for p := range int32(3 * positionsPerQuery / 2) {
		row.Partition, row.Offset = p, int64(p)
		b.Append(row)
		from = append(from, Position{row.Topic, p, int64(p)})
	}
	insertBlock(t, o, b)
	got, err := db.Present(context.Background(), row.Source, from)
	require.NoError(t, err)
	require.Len(t, got, len(from))
}

// Hostile topic names reach the server as parameters.
func TestPresentOfHostileTopics(t *testing.T) {
	db, o := openMigrated(t)
	for _, topic := range hostile {
		insertOffsets(t, o, topic, 0, 7)
		got, err := db.Present(context.Background(), "cluster-1", []Position{{topic, 0, 0}})
		require.NoError(t, err, "%q", topic)
		require.Equal(t, []Range{{Topic: topic, Start: 7, End: 8}}, got)
	}
}

// Whatever offsets a stretch holds, the runs cover exactly those.
func TestStretchesBecomeRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offsets := rapid.SliceOfNDistinct(rapid.Int64Range(65_530, 65_560), 1, 20, rapid.ID[int64]).Draw(t, "offsets")
		want := map[int64]bool{}
		for _, offset := range offsets {
			want[offset] = true
		}
		var found []Range
		for _, s := range stretchesOf(want) {
			found = s.appendTo(found)
		}
		got := map[int64]bool{}
		for i, r := range found {
			require.Less(t, r.Start, r.End)
			require.True(t, i == 0 || found[i-1].End < r.Start, "runs that touch are one")
			for offset := r.Start; offset < r.End; offset++ {
				got[offset] = true
			}
		}
		require.Equal(t, want, got)
	})
}

// stretchesOf does what the SQL does.
func stretchesOf(offsets map[int64]bool) []stretch {
	var list []stretch
	for high := int64(0); high < 3; high++ {
		s := stretch{high: high, first: -1}
		for offset := high << 16; offset < (high+1)<<16; offset++ {
			if !offsets[offset] {
				continue
			}
			if s.first < 0 {
				s.first = offset
			}
			s.last = offset
			s.rows++
			s.low = append(s.low, uint32(offset&0xffff))
		}
		if s.distinct = s.rows; s.rows == 0 {
			continue
		}
		if s.last-s.first+1 == s.rows {
			s.low = nil
		}
		list = append(list, s)
	}
	return list
}

func TestServerTimeIsOurs(t *testing.T) {
	db, _ := openEmpty(t)
	now, err := db.ServerTime(context.Background())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), now, 10*time.Second)
}

func TestMarksAreStored(t *testing.T) {
	db, _ := openMigrated(t)
	ctx := context.Background()
	at := time.Date(2026, 9, 20, 12, 0, 0, 5e6, time.UTC)
	require.NoError(t, db.RecordWatermarks(ctx, nil))
	require.NoError(t, db.RecordWatermarks(ctx, []Watermark{{Source: "s", Topic: "t", Partition: 1, Offset: 10, LogTime: at, Lag: 5}, {Source: "s", Topic: "t", Partition: 2}}))
	require.NoError(t, db.RecordWatermarks(ctx, []Watermark{{Source: "s", Topic: "t", Partition: 1, Offset: 20, LogTime: at, Closed: true}}))
	require.NoError(t, db.RecordGaps(ctx, []Gap{{Source: "s", Topic: "t", Partition: 1, From: 3, To: 9, Kind: "retention"}}))

	var offset, lag int64
	var closed bool
	var logTime time.Time
	newest := db.conn.QueryRow(ctx, "SELECT argMax(offset, at), argMax(lag, at), argMax(closed, at), argMax(log_time, at) FROM watermarks WHERE partition = 1")
	require.NoError(t, newest.Scan(&offset, &lag, &closed, &logTime))
	require.EqualValues(t, 20, offset)
	require.Zero(t, lag)
	require.True(t, closed)
	require.Equal(t, at, logTime.UTC())

	var from, to int64
	var kind string
	require.NoError(t, db.conn.QueryRow(ctx, "SELECT `from`, `to`, kind FROM gaps").Scan(&from, &to, &kind))
	require.Equal(t, []any{int64(3), int64(9), "retention"}, []any{from, to, kind})
}
