package main

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// burn uses about so much CPU time, by the process's own account.
func burn(t *testing.T, d time.Duration) {
	t.Helper()
	from, err := ownCPU()
	require.NoError(t, err)
	for now := from; now-from < d; now, err = ownCPU() {
		require.NoError(t, err)
	}
}

func TestProcessCPUCountsWhatAProcessUses(t *testing.T) {
	const work, step = 200 * time.Millisecond, 40 * time.Millisecond // both times are stated in steps of 10 ms
	m, err := newMeter(os.Getpid())
	require.NoError(t, err)
	from, err := ownCPU()
	require.NoError(t, err)
	burn(t, work)
	seen, err := m.used()
	require.NoError(t, err)
	to, err := ownCPU()
	require.NoError(t, err)
	require.GreaterOrEqual(t, to-from, work)
	require.InDelta(t, to-from, seen, float64(step))
}

func TestProcessCPUOfNoProcess(t *testing.T) {
	_, err := processCPU(math.MaxInt32)
	require.Error(t, err)
}

func TestCostOfSeesWorkAndAllocations(t *testing.T) {
	const n = 1000
	kept := make([]*[64]byte, n)
	c, err := costOf(func() error {
		for i := range kept {
			kept[i] = new([64]byte)
		}
		burn(t, 20*time.Millisecond)
		return nil
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, c.cpu, 20*time.Millisecond)
	require.GreaterOrEqual(t, c.allocations, uint64(n))
	require.Less(t, c.allocations, uint64(2*n))

	_, err = costOf(func() error { return os.ErrClosed })
	require.ErrorIs(t, err, os.ErrClosed)
}

func TestWatchMemorySeesThisProcess(t *testing.T) {
	w := watchMemory(os.Getpid())
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	peak, err := w.end()
	require.NoError(t, err)
	require.Greater(t, peak, uint64(len(block)))
	require.Equal(t, byte(1), block[0])
}
