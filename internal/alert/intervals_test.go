package alert

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFindingsThatWeaken: what more rows can take back says nothing of a minute that is not complete.
func TestFindingsThatWeaken(t *testing.T) {
	from := MinuteOf(noon())
	sp := span{from: from, to: from + 3, now: (from + 3).Time(), complete: from + 1, observed: map[Minute]bool{from: true, from + 1: true, from + 2: true}}
	f := finding{from: from.Time(), to: (from + 2).Time()}
	require.Equal(t, []Verdict{Holds, Holds, Unknown}, trackOfFindings([]finding{f}, sp).Verdicts)
	weak := f
	weak.weakens = true
	require.Equal(t, []Verdict{Holds, Unknown, Unknown}, trackOfFindings([]finding{weak}, sp).Verdicts)
	require.Equal(t, []Verdict{Holds, Holds, Unknown}, trackOfFindings([]finding{weak, f}, sp).Verdicts)
}
