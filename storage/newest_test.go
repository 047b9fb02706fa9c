package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewestAndChecksums(t *testing.T) {
	db, o := openMigrated(t)
	insertOffsets(t, o, "topic", 0, 3, 4, 9)
	insertOffsets(t, o, "topic", 1, 7)
	below := func(offset int64, partitions ...int32) (at []Position) {
		for _, p := range partitions {
			at = append(at, Position{"topic", p, offset})
		}
		return at
	}
	newest, err := db.Newest(t.Context(), testSource, below(9, 0, 1, 2))
	require.NoError(t, err)
	require.ElementsMatch(t, []Position{{"topic", 0, 4}, {"topic", 1, 7}}, newest)
	newest, err = db.Newest(t.Context(), testSource, below(3, 0, 1))
	require.NoError(t, err)
	require.Empty(t, newest)

	sums, err := db.Checksums(t.Context(), testSource, []Position{{"topic", 0, 4}, {"topic", 0, 5}, {"topic", 1, 7}})
	require.NoError(t, err)
	require.Len(t, sums, 2, "no row at offset 5")
}
