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
	status    uint16
	unit      unit
	code      string

	calledSince int64 // first attempt of the operation within a day, whether it was read or not; 0 = not known
}

// targets are the columns that all statements on attempts share, but the unit and the code.
func (a *attempt) targets() []any {
	return []any{&a.operation, &a.at, &a.started, &a.failed, &a.matches, &a.wait, &a.hopeless, &a.status}
}

// unitTargets are the columns of statements on the attempts of several units.
func (a *attempt) unitTargets() []any {
	return append(a.targets(), &a.unit.vendor, &a.unit.service, &a.unit.method, &a.unit.route, &a.code)
}

// patience is how long after a failed attempt the next one still belongs to the same run. A client that
// waits as it is told comes a little later than the Retry-After.
func (a *attempt) patience(gap int64) int64 { return max(gap, a.wait+a.wait/4) }

// continues says whether an attempt of the same operation belongs to the run of the one before it.
func (a *attempt) continues(before *attempt, gap int64) bool {
	return before.failed == 1 && a.started-before.at < before.patience(gap)
}

// findRuns splits attempts, in any order, into runs of at least MinAttempts of one operation each,
// leaving out pollers. Begins is where the data begins, in Unix milliseconds.
func findRuns(attempts []attempt, begins int64, o StormOptions) [][]attempt {
	slices.SortFunc(attempts, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.at, b.at), cmp.Compare(b.failed, a.failed))
	})
	var runs [][]attempt
	for first, i := 0, 1; i <= len(attempts); i++ {
		if i == len(attempts) || attempts[i].operation != attempts[first].operation {
			runs = append(runs, runsOf(attempts[first:i], begins, o)...)
			first = i
		}
	}
	return runs
}

// runsOf finds the runs among the attempts of one operation.
func runsOf(calls []attempt, begins int64, o StormOptions) (runs [][]attempt) {
	chains := findChains(calls, o)
	known := history{calls: calls, stormy: make([]bool, len(calls)), chains: len(chains), begins: begins}
	for _, c := range chains {
		if isFanOut(calls[c.start:c.end]) || known.polls(c.start, c.end) {
			continue
		}
		for i := c.start; i < c.end; i++ {
			known.stormy[i] = true
		}
		runs = append(runs, calls[c.start:c.end])
	}
	return runs
}

// links are calls[start:end].
type links struct{ start, end int }

// findChains finds the longest stretches in which each attempt continues the one before.
func findChains(calls []attempt, o StormOptions) (chains []links) {
	start := 0
	for i := 1; i <= len(calls); i++ {
		if i < len(calls) && calls[i].continues(&calls[i-1], o.Gap.Milliseconds()) {
			continue
		}
		if i-start >= o.MinAttempts {
			chains = append(chains, links{start, i})
		}
		start = i
	}
	return chains
}

// isFanOut says whether the calls of a chain were made side by side: hardly any was sent after an answer
// had come. Not all have to be, because some logs state durations that do not fit their times.
func isFanOut(chain []attempt) bool {
	retries := 0
	for _, a := range chain[1:] {
		if a.started >= chain[0].at {
			retries++
		}
	}
	return 4*retries < len(chain)-1
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
