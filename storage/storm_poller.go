package storage

import (
	"math"
	"slices"
	"time"
)

const (
	pollerShare     = 0.8 // of its ordinary gap, from which on a run is mere polling
	ordinaryCalls   = 20  // last successes that say how often an operation is ordinarily called
	minOrdinary     = 3   // fewer successes than this say nothing
	steadyAttempts  = 5
	steadyDeviation = 0.2
	chanceRuns      = 0.01 // runs that chance may make of an operation's ordinary calls
	oldPoller       = time.Hour
)

// history is what is known of one operation: its calls in order, and which of them belong to storms.
type history struct {
	calls  []attempt
	stormy []bool
	chains int   // of enough attempts for a run
	begins int64 // where the data begins
}

// polls says whether calls[start:end] are no faster than the operation is ordinarily called.
func (h *history) polls(start, end int) bool {
	run := h.calls[start:end]
	pace := median(gaps(run))
	for _, ordinary := range []float64{h.steadyGap(start), h.lifelongGap()} {
		if ordinary > 0 && pace >= pollerShare*ordinary {
			return true
		}
	}
	ordinary := h.ordinaryGaps(start)
	return len(ordinary) > 0 && (pace >= pollerShare*median(ordinary) || !steady(ordinary) && h.chance(run, ordinary))
}

// ordinaryGaps returns how long after each of the last successes within a day the next call came,
// whatever became of that. Between successes alone, a call that often fails would seem a rare one.
func (h *history) ordinaryGaps(start int) []float64 {
	var list []float64
	successes := 0
	since := h.calls[start].at - ordinaryMargin.Milliseconds()
	for i := start - 1; i >= 0 && h.calls[i].at >= since && successes < ordinaryCalls; i-- {
		if h.calls[i].failed == 1 || h.stormy[i] {
			continue
		}
		successes++
		if i+1 < start {
			list = append(list, float64(h.calls[i+1].at-h.calls[i].at))
		}
	}
	if successes < minOrdinary {
		return nil
	}
	return list
}

// steadyGap returns the median gap of the last attempts if they came at a steady pace up to a run's
// first, else 0. The attempts of a storm are no ordinary pace.
func (h *history) steadyGap(start int) float64 {
	if start < steadyAttempts || slices.Contains(h.stormy[start-steadyAttempts:start], true) {
		return 0
	}
	list := gaps(h.calls[start-steadyAttempts : start+1])
	if !steady(list) {
		return 0
	}
	return median(list)
}

// lifelongGap returns the gap of an operation that was called at a steady pace when the data begins,
// and for an hour and more: it may have failed ever since, but nothing shows that it once was slower.
func (h *history) lifelongGap() float64 {
	if len(h.calls) <= steadyAttempts {
		return 0
	}
	first, last := h.calls[0].at, h.calls[len(h.calls)-1].at
	list := gaps(h.calls[:steadyAttempts+1])
	if last-first < oldPoller.Milliseconds() || float64(first-h.begins) > slices.Max(list) || !steady(list) {
		return 0
	}
	return median(list)
}

// steady says whether gaps differ by less than a fifth.
func steady(list []float64) bool {
	low, high := slices.Min(list), slices.Max(list)
	return high-low < steadyDeviation*high
}

// chance says whether calls that come at random, as often as they ordinarily do, would come as close
// together as in the run now and then. Where every second call fails, some fail in a row.
func (h *history) chance(run []attempt, ordinary []float64) bool {
	sum := 0.0
	for _, gap := range ordinary {
		sum += gap
	}
	expected := float64(run[len(run)-1].at-run[0].at) / (sum / float64(len(ordinary)))
	return poissonTail(len(run)-1, expected)*float64(h.chains) >= chanceRuns
}

// poissonTail returns the probability of n events or more where so many are expected.
func poissonTail(n int, expected float64) float64 {
	if float64(n) <= expected {
		return 1 // half of it, or more
	}
	factorial, _ := math.Lgamma(float64(n) + 1)
	term := math.Exp(float64(n)*math.Log(expected) - expected - factorial)
	sum := 0.0
	for i := n + 1; term > sum*1e-9; i++ {
		sum += term
		term *= expected / float64(i)
	}
	return sum
}
