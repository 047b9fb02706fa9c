package storage

import (
	"cmp"
	"slices"
)

// unit is one service calling one endpoint of a vendor.
type unit struct{ vendor, service, method, route string }

func (u unit) compare(v unit) int {
	return cmp.Or(cmp.Compare(u.vendor, v.vendor), cmp.Compare(u.service, v.service), cmp.Compare(u.method, v.method), cmp.Compare(u.route, v.route))
}

func (u unit) endpoint() string {
	if u.method == "" {
		return u.route
	}
	return u.method + " " + u.route
}

// attempt is one call of an operation. Times are Unix milliseconds.
type attempt struct {
	operation uint64
	at        int64 // of the response
	started   int64 // at minus the duration of the call
	wait      int64 // Retry-After of the response; -1 = none
	failed    uint8 // 1 = an error
	matches   uint8 // 1 = passes the filters on failures
	hopeless  uint8 // 1 = the error says: do not retry
	unit      unit
	code      string
}

// targets are the columns that all statements on attempts share.
func (a *attempt) targets() []any {
	return []any{&a.operation, &a.at, &a.started, &a.failed, &a.matches, &a.wait, &a.hopeless}
}

// patience is how long after a failed attempt the next one still belongs to the same run. A client that
// waits as it is told comes a little later than the Retry-After.
func (a *attempt) patience(gap int64) int64 { return max(gap, a.wait+a.wait/4) }

// continues says whether an attempt of the same operation belongs to the run of the one before it.
func (a *attempt) continues(before *attempt, gap int64) bool {
	return before.failed == 1 && a.started-before.at < before.patience(gap)
}

// findRuns splits attempts, in any order, into runs of at least MinAttempts of one operation each,
// leaving out pollers.
func findRuns(attempts []attempt, o StormOptions) [][]attempt {
	slices.SortFunc(attempts, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.at, b.at), cmp.Compare(b.failed, a.failed))
	})
	var runs [][]attempt
	first, start := 0, 0 // of the operation, of the run
	for i := 1; i <= len(attempts); i++ {
		sameOperation := i < len(attempts) && attempts[i].operation == attempts[first].operation
		if sameOperation && attempts[i].continues(&attempts[i-1], o.Gap.Milliseconds()) {
			continue
		}
		if run := attempts[start:i]; len(run) >= o.MinAttempts && !isPoller(run, attempts[first:start]) {
			runs = append(runs, run)
		}
		start = i
		if !sameOperation {
			first = i
		}
	}
	return runs
}

const (
	pollerShare     = 0.8 // of its ordinary gap, from which on a run is mere polling
	ordinaryCalls   = 20  // last successes that say how often an operation is ordinarily called
	minOrdinary     = 3   // fewer successes than this say nothing
	steadyAttempts  = 5
	steadyDeviation = 0.2
)

// isPoller says whether a run is no faster than the operation is ordinarily called. Earlier are the
// attempts before the run.
func isPoller(run, earlier []attempt) bool {
	ordinary := ordinaryGap(run[0], earlier)
	return ordinary > 0 && median(gaps(run)) >= pollerShare*ordinary
}

// ordinaryGap returns the median gap of the last successes within a day before a run, else of the last
// attempts if they came at a steady pace up to the run's first, else 0.
func ordinaryGap(first attempt, earlier []attempt) float64 {
	var successes []attempt
	for _, a := range earlier {
		if a.failed == 0 && a.at >= first.at-ordinaryMargin.Milliseconds() {
			successes = append(successes, a)
		}
	}
	if len(successes) >= minOrdinary {
		return median(gaps(successes[max(0, len(successes)-ordinaryCalls):]))
	}
	if len(earlier) < steadyAttempts {
		return 0
	}
	steady := gaps(append(slices.Clone(earlier[len(earlier)-steadyAttempts:]), first))
	if low, high := slices.Min(steady), slices.Max(steady); high-low >= steadyDeviation*high {
		return 0
	}
	return median(steady)
}

// gaps returns the times between successive attempts, in milliseconds.
func gaps(attempts []attempt) []float64 {
	var list []float64
	for i := 1; i < len(attempts); i++ {
		list = append(list, float64(attempts[i].at-attempts[i-1].at))
	}
	return list
}

// median returns the middle of values, the mean of the two middle ones, or 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	ordered := slices.Sorted(slices.Values(values))
	half := len(ordered) / 2
	if len(ordered)%2 == 1 {
		return ordered[half]
	}
	return (ordered[half-1] + ordered[half]) / 2
}
