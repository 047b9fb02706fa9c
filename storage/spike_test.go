package storage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/simulate"
)

// TestSpikesOfSimulation finds the spike of a simulated day.
func TestSpikesOfSimulation(t *testing.T) {
	db, o := openMigrated(t)
	end := time.Now().UTC().Truncate(time.Minute)
	truth := loadSimulation(t, o, simulate.Options{Seed: 1, End: end, Records: 60_000})
	a, err := db.Spikes(t.Context(), Filter{From: end.AddDate(0, 0, -1), To: end}, SpikeOptions{})
	require.NoError(t, err)
	for _, w := range truth.Spikes {
		t.Logf("want %+v", w)
	}
	for _, r := range a.Rows {
		t.Logf("got %+v", r)
	}
	require.NotEmpty(t, a.Rows)
}
