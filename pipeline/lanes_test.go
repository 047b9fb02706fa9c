package pipeline

import (
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// Lanes share the memory of the process, and what they have done is one sum.
func TestLanesShareAndSumUp(t *testing.T) {
	o := Options{Brokers: []string{"localhost:1"}, Topics: []string{"t"}}
	i, err := NewSharded(o, fakeParser{}, []Shard{{Name: "1"}, {Name: "2"}}, func(_ string, p int32) int { return int(p) % 2 }, zerolog.Nop())
	require.NoError(t, err)
	for _, lane := range i.lanes {
		lane.shareMemory(i.options, 2)
		require.EqualValues(t, 128_000_000, lane.options.Memory)
		require.Equal(t, 10_666_666, lane.options.MaxBlockBytes, "a twelfth")
		lane.shareMemory(i.options, 1)
		require.Equal(t, i.options.MaxBlockBytes, lane.options.MaxBlockBytes, "of the whole, not of the share before")
	}
	for n, lane := range i.lanes {
		lane.counters.count(&tally{bytes: int64(10 + n), skipped: 1})
		lane.counters.block(5)
	}
	sum := i.Stats()
	require.EqualValues(t, 21, sum.Bytes)
	require.EqualValues(t, 2, sum.Skipped)
	require.EqualValues(t, 2, sum.Blocks)
}
