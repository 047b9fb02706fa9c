package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenerations(t *testing.T) {
	db, o := openMigrated(t)
	newest := func() uint32 {
		n, err := db.Generation(t.Context(), "s")
		require.NoError(t, err)
		return n
	}
	require.EqualValues(t, 1, newest())
	insertAs(t, o, "s", 1)
	insertAs(t, o, "s2~9", 1)
	require.EqualValues(t, 1, newest())
	insertAs(t, o, GenerationName("s", 2), 1)
	insertAs(t, o, GenerationName("s", 10), 1)
	require.EqualValues(t, 10, newest())
}

func TestReplayIsRemembered(t *testing.T) {
	db, _ := openMigrated(t)
	last, err := db.LastReplay(t.Context(), "s")
	require.NoError(t, err)
	require.Nil(t, last)
	r := Replay{Generation: 2, Spans: []ReplaySpan{{"a", 0, 5, 9}}}
	require.NoError(t, db.RecordReplay(t.Context(), "s", r))
	require.NoError(t, db.RecordReplay(t.Context(), "other", Replay{Generation: 7}))
	last, err = db.LastReplay(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, &r, last)
	r.Done = true
	require.NoError(t, db.RecordReplay(t.Context(), "s", r))
	last, err = db.LastReplay(t.Context(), "s")
	require.NoError(t, err)
	require.True(t, last.Done)
}

func TestDeleteReplaced(t *testing.T) {
	db, o := openMigrated(t)
	insertAs(t, o, "s", 1, 2, 3, 4)
	insertAs(t, o, "s~2", 1, 2)
	insertAs(t, o, "s~3", 2, 3)
	insertAs(t, o, "other", 2)
	require.NoError(t, db.DeleteReplaced(t.Context(), Stream{"s", "a", 0}, 3, 0, 100))
	var left string
	require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT arrayStringConcat(arraySort(groupArray(source || toString(offset))), ' ') FROM responses").Scan(&left))
	require.Equal(t, "other2 s1 s4 s~21 s~32 s~33", left)
}
