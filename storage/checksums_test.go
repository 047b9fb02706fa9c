package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChecksumsOfSingleRows(t *testing.T) {
	db, o := openMigrated(t)
	insertOffsets(t, o, "topic", 0, 3, 4, 9)
	insertOffsets(t, o, "topic", 1, 7)
	sums, err := db.Checksums(t.Context(), "cluster-1", []Position{{"topic", 0, 4}, {"topic", 0, 5}, {"topic", 1, 7}})
	require.NoError(t, err)
	want := fullRow().Checksum
	require.ElementsMatch(t, []Checksum{{Position{"topic", 0, 4}, want}, {Position{"topic", 1, 7}, want}}, sums)
}
