package storage

import "math"

// Backoff is the schedule of a storm's retries.
type Backoff string

// The schedules. BackoffFixed is every schedule that is none of the others.
const (
	BackoffRetryAfter  Backoff = "retry_after" // as the vendor asked
	BackoffExponential Backoff = "exponential"
	BackoffNone        Backoff = "none" // at once
	BackoffFixed       Backoff = "fixed"
)

const (
	obeyedShare     = 0.8  // of the gaps that have to keep to the advertised wait
	obeyedSlack     = 1.25 // times the advertised wait that still keeps to it
	exponentialBase = 1.4
	immediateMS     = 250
	jitterShare     = 0.1
)

// classifyBackoff names the schedule of the gaps of runs, and says whether the gaps stray from it by
// more than a tenth (median absolute deviation).
func classifyBackoff(runs [][]attempt) (schedule Backoff, jitter bool) {
	var all, growth []float64
	for _, run := range runs {
		g := gaps(run)
		all = append(all, g...)
		growth = append(growth, ratios(g)...)
	}
	if obeyed, strays := obedience(runs, sent); obeys(obeyed, len(all)) {
		return BackoffRetryAfter, median(strays) > jitterShare
	}
	if obeyed, strays := obedience(runs, arrived); obeys(obeyed, len(all)) {
		return BackoffRetryAfter, median(strays) > jitterShare
	}
	if base := median(growth); base >= exponentialBase {
		return BackoffExponential, deviation(growth, base) > jitterShare
	}
	middle := median(all)
	jitter = deviation(all, middle) > jitterShare
	if middle < immediateMS {
		return BackoffNone, jitter
	}
	return BackoffFixed, jitter
}

// ratios returns how the gaps of one run grow from one to the next. Times are whole milliseconds, so a
// gap of 0 counts as 1.
func ratios(g []float64) []float64 {
	var list []float64
	for i := 1; i < len(g); i++ {
		list = append(list, math.Max(g[i], 1)/math.Max(g[i-1], 1))
	}
	return list
}

// The pause before an attempt ends when it is sent. Logs that state the time of the request leave it to
// end when, by their times and durations, the attempt has arrived.
func sent(a, before *attempt) int64    { return a.started - before.at }
func arrived(a, before *attempt) int64 { return a.at - before.at }

// obedience counts the pauses that keep to the advertised wait, and returns how far each pause after an
// advertised wait strays from it, as a share of the wait.
func obedience(runs [][]attempt, pause func(a, before *attempt) int64) (obeyed int, strays []float64) {
	for _, run := range runs {
		for i := 1; i < len(run); i++ {
			wait := float64(run[i-1].wait)
			if wait <= 0 {
				continue
			}
			waited := float64(pause(&run[i], &run[i-1]))
			if wait <= waited && waited <= obeyedSlack*wait {
				obeyed++
			}
			strays = append(strays, math.Abs(waited-wait)/wait)
		}
	}
	return obeyed, strays
}

func obeys(obeyed, gaps int) bool { return gaps > 0 && float64(obeyed) >= obeyedShare*float64(gaps) }

// earlyRetries counts the attempts that were sent before the Retry-After of the one before had elapsed.
// Clients that keep to the wait by the times of the log are taken at their word.
func earlyRetries(runs [][]attempt) (early uint64) {
	pause, all := sent, 0
	for _, run := range runs {
		all += len(run) - 1
	}
	if obeyed, _ := obedience(runs, arrived); obeys(obeyed, all) {
		pause = arrived
	}
	for _, run := range runs {
		for i := 1; i < len(run); i++ {
			if wait := run[i-1].wait; wait > 0 && pause(&run[i], &run[i-1]) < wait {
				early++
			}
		}
	}
	return early
}

// deviation returns the median absolute deviation of values from a center, as a share of the center.
func deviation(values []float64, center float64) float64 {
	if center == 0 {
		return 0
	}
	strays := make([]float64, len(values))
	for i, v := range values {
		strays[i] = math.Abs(v-center) / center
	}
	return median(strays)
}
