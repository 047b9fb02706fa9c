package storage

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClaimChange(t *testing.T) {
	db, _ := openMigrated(t)
	ctx := t.Context()
	firing := Change{Target: "hook", Alert: "a1", Status: "firing"}
	resolved := Change{Target: "hook", Alert: "a1", Status: "resolved"}
	claim := func(c Change, owner string) bool {
		t.Helper()
		won, err := db.ClaimChange(ctx, c, owner)
		require.NoError(t, err)
		return won
	}

	require.False(t, claim(resolved, "one"), "nobody was told that it fires")
	require.True(t, claim(firing, "one"))
	require.False(t, claim(firing, "two"), "one is about to tell")
	require.True(t, claim(firing, "one"), "its own claim, after an attempt that failed")
	require.NoError(t, db.FulfilChange(ctx, firing, "one"))
	require.False(t, claim(firing, "two"), "it has been told")
	require.False(t, claim(firing, "one"), "nor again after a restart")
	require.True(t, claim(Change{Target: "other", Alert: "a1", Status: "firing"}, "two"), "another target has not been told")
	require.True(t, claim(resolved, "two"))
	require.NoError(t, db.FulfilChange(ctx, resolved, "two"))
	require.False(t, claim(resolved, "one"))
	require.True(t, claim(firing, "one"), "it fires anew")
	require.NoError(t, db.FulfilChange(ctx, firing, "one"))
	require.False(t, claim(firing, "two"))
	firing.Since = time.Now().Add(2 * time.Millisecond) // the column of the parameter has milliseconds
	require.True(t, claim(firing, "two"), "another life: nobody was told that the last one ended")
}

// TestClaimChangeOnce: of many instances at the same moment one wins.
func TestClaimChangeOnce(t *testing.T) {
	db, _ := openMigrated(t)
	var winners atomic.Int32
	var wait sync.WaitGroup
	for _, owner := range []string{"a", "b", "c", "d", "e", "f"} {
		wait.Go(func() {
			won, err := db.ClaimChange(t.Context(), Change{Target: "hook", Alert: "a1", Status: "firing"}, owner)
			require.NoError(t, err)
			if won {
				winners.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, winners.Load())
}
