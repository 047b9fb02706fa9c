package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// insertAs stores rows of one partition under a source; checksums follow the offsets.
func insertAs(t testing.TB, o Options, source string, offsets ...int64) {
	t.Helper()
	b, row := NewBlock(), fullRow()
	row.Source, row.Topic, row.Partition = source, "a", 0
	for _, offset := range offsets {
		row.Offset, row.Checksum = offset, uint32(offset*7)
		b.Append(row)
	}
	insertBlock(t, o, b)
}

func digestOf(offsets ...int64) uint64 {
	var sum uint64
	for _, offset := range offsets {
		sum ^= DigestOf(offset, uint32(offset*7))
	}
	return sum
}

func TestBucketsSumUpWhatIsStored(t *testing.T) {
	db, o := openMigrated(t)
	s := Stream{"s", "a", 0}
	insertAs(t, o, "s", 5, 6, 7, BucketSize-1)
	insertAs(t, o, "s~2", 6, BucketSize) // a replay
	insertAs(t, o, "s", 7)               // a duplicate
	insertAs(t, o, "s~x", 8)
	insertAs(t, o, "s~", 8)
	insertAs(t, o, "s2", 8)
	insertAs(t, o, "s", 1<<40)

	got, err := db.Buckets(t.Context(), s, 0, 1<<41)
	require.NoError(t, err)
	require.Equal(t, []Bucket{
		{Number: 0, Rows: 6, Offsets: 4, Digest: digestOf(5, 6, 6, 7, 7, BucketSize-1), First: 5, Last: BucketSize - 1},
		{Number: 1, Rows: 1, Offsets: 1, Digest: digestOf(BucketSize), First: BucketSize, Last: BucketSize},
		{Number: 1 << 24, Rows: 1, Offsets: 1, Digest: digestOf(1 << 40), First: 1 << 40, Last: 1 << 40},
	}, got)

	got, err = db.Buckets(t.Context(), s, 6, 7)
	require.NoError(t, err)
	require.Equal(t, []Bucket{{Number: 0, Rows: 2, Offsets: 1, First: 6, Last: 6}}, got, "two copies cancel out, but count")
	got, err = db.Buckets(t.Context(), Stream{"s", "a", 1}, 0, 1<<41)
	require.NoError(t, err)
	require.Empty(t, got)

	stored, err := db.StoredOffsets(t.Context(), s, 6, BucketSize, nil)
	require.NoError(t, err)
	require.Equal(t, []StoredOffset{{6, 2, 42, 42}, {7, 2, 49, 49}, {BucketSize - 1, 1, 458745, 458745}}, stored)
	_, err = db.StoredOffsets(t.Context(), s, 0, BucketSize+1, nil)
	require.ErrorContains(t, err, "at most")
}

func TestDigestSeesSwappedRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(0, 1<<50).Draw(t, "a"), rapid.Int64Range(0, 1<<50).Draw(t, "b")
		x, y := rapid.Uint32().Draw(t, "x"), rapid.Uint32().Draw(t, "y")
		if a == b || x == y {
			return
		}
		require.NotEqual(t, DigestOf(a, x)^DigestOf(b, y), DigestOf(a, y)^DigestOf(b, x))
	})
}

func TestGapsAreRead(t *testing.T) {
	db, _ := openMigrated(t)
	gap := func(source string, from, to int64) Gap {
		return Gap{Source: source, Topic: "a", Partition: 0, From: from, To: to, Kind: "skipped"}
	}
	require.NoError(t, db.RecordGaps(t.Context(), []Gap{gap("s", 10, 20), gap("s", 10, 20), gap("s~2", 15, 30), gap("t", 0, 50), gap("s", 90, 99)}))
	got, err := db.Gaps(t.Context(), Stream{"s", "a", 0}, 19, 90)
	require.NoError(t, err)
	require.Len(t, got, 2, "what was recorded twice is one")
	require.Equal(t, []int64{10, 20, 15, 30}, []int64{got[0].From, got[0].To, got[1].From, got[1].To})
	require.Equal(t, "skipped", got[0].Kind)
	require.False(t, got[0].FoundAt.IsZero())
}
