package storage

import (
	"math"
	"slices"
	"time"
)

const (
	pollerShare     = 0.8 // of its ordinary gap, from which on a run is mere polling
	minOrdinary     = 3   // fewer successes than this say nothing
	callsBefore     = 120 // that are looked at before a run; storm_attempts.sql returns no more
	callsAfter      = 40  // and after it
	steadyAttempts  = 5
	steadyDeviation = 0.2
	chanceRuns      = 0.01 // runs that chance may make of an operation's ordinary calls
	oldPoller       = time.Hour
	oldCalls        = 20
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
	ordinary := h.gapsBetween(start-callsBefore, start)
	if len(ordinary) < minOrdinary-1 { // n successes have n-1 gaps between them
		ordinary = append(ordinary, h.gapsBetween(end, end+callsAfter)...)
	}
	return len(ordinary) >= minOrdinary-1 && h.isOrdinary(run, ordinary) ||
		h.isOrdinary(run, h.steadyGaps(start)) || h.isOrdinary(run, h.earliestGaps())
}

// gapsBetween returns how long after each success in calls[start:end], less than a day from the run,
// the next call came, whatever became of that. Between successes alone, a call that often fails would
// seem a rare one.
func (h *history) gapsBetween(start, end int) (list []float64) {
	start, end = max(start, 0), min(end, len(h.calls))
	for i := start; i < end-1; i++ {
		recent := h.calls[end-1].at-h.calls[i].at <= ordinaryMargin.Milliseconds()
		if h.calls[i].failed == 0 && !h.stormy[i] && recent {
			list = append(list, float64(h.calls[i+1].at-h.calls[i].at))
		}
	}
	return list
}

// steadyGaps returns the gaps of the last attempts if they came at a steady pace up to a run's first.
// The attempts of a storm are no ordinary pace.
func (h *history) steadyGaps(start int) []float64 {
	if start < steadyAttempts || slices.Contains(h.stormy[start-steadyAttempts:start], true) {
		return nil
	}
	list := gaps(h.calls[start-steadyAttempts : start+1])
	if !steady(list) {
		return nil
	}
	return list
}

// earliestGaps returns the first gaps of an operation that was being called when the data begins, or the day
// that is looked at, and for an hour and more. It may have failed ever since, but nothing shows that it was
// ever called less.
func (h *history) earliestGaps() []float64 {
	if len(h.calls) <= steadyAttempts {
		return nil
	}
	first, last := h.calls[0].at, h.calls[len(h.calls)-1].at
	if since := h.calls[0].calledSince; since > 0 {
		first = since
	}
	list := gaps(h.calls[:min(len(h.calls), oldCalls+1)])
	if last-first < oldPoller.Milliseconds() || float64(first-h.begins) > slices.Max(list) {
		return nil
	}
	return list
}

// isOrdinary compares the pace of a run with ordinary gaps.
func (h *history) isOrdinary(run []attempt, ordinary []float64) bool {
	if len(ordinary) == 0 {
		return false
	}
	return median(gaps(run)) >= pollerShare*median(ordinary) || !steady(ordinary) && h.chance(run, ordinary)
}

// steady says whether gaps differ by less than a fifth.
func steady(list []float64) bool {
	low, high := slices.Min(list), slices.Max(list)
	return high-low < steadyDeviation*high
}

// chance says whether calls that come at random, as often as they ordinarily do, would come as close
// together as in the run now and then. Where every second call fails, some fail in a row.
func (h *history) chance(run []attempt, ordinary []float64) bool {
	span := 0.0
	for _, gap := range ordinary {
		span += gap
	}
	lasted := float64(run[len(run)-1].at-run[0].at) / pollerShare
	return surplus(len(run)-1, lasted, len(ordinary), span)*float64(h.chains) >= chanceRuns
}

// surplus returns the probability of n or more random events within a time, if so many were seen within
// another (the negative binomial distribution).
func surplus(n int, lasted float64, seen int, span float64) float64 {
	p := lasted / (lasted + span)
	if float64(n)*span <= float64(seen)*lasted {
		return 1 // half of it, or more
	}
	top, _ := math.Lgamma(float64(n + seen))
	left, _ := math.Lgamma(float64(n + 1))
	right, _ := math.Lgamma(float64(seen))
	term := math.Exp(top - left - right + float64(n)*math.Log(p) + float64(seen)*math.Log1p(-p))
	sum := 0.0
	for k := n; term > sum*1e-9; k++ {
		sum += term
		term *= p * float64(k+seen) / float64(k+1)
	}
	return sum
}
