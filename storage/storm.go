package storage

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// storm is the runs of one unit that belong together.
type storm struct {
	unit unit
	runs [][]attempt // by start
	end  int64       // latest attempt of all runs

	// expected is, for weak keys, how many operations the unit would ordinarily have had; 0 = the
	// operations are told apart and counted.
	expected float64
	// recovered is, for weak keys, whether a success of the unit followed the last failure.
	recovered bool
}

// joinRuns joins the runs of one unit that overlap or follow within the gap, which is longer while a
// Retry-After is pending.
func joinRuns(runs [][]attempt, gap int64) []storm {
	slices.SortFunc(runs, func(a, b []attempt) int {
		return cmp.Or(a[0].unit.compare(b[0].unit), cmp.Compare(a[0].at, b[0].at))
	})
	var storms []storm
	pending := int64(0) // until when a run still joins the last storm
	for _, run := range runs {
		first, last := run[0], run[len(run)-1]
		n := len(storms)
		if n == 0 || storms[n-1].unit != first.unit || first.at >= pending {
			storms = append(storms, storm{unit: first.unit, end: last.at})
			pending, n = 0, n+1
		}
		found := &storms[n-1]
		found.runs = append(found.runs, run)
		found.end = max(found.end, last.at)
		pending = max(pending, last.at+last.patience(gap))
	}
	return storms
}

// each calls visit for every attempt of the storm.
func (s *storm) each(visit func(*attempt)) {
	for _, run := range s.runs {
		for i := range run {
			visit(&run[i])
		}
	}
}

func (s *storm) attempts() (n uint64) {
	for _, run := range s.runs {
		n += uint64(len(run))
	}
	return n
}

func (s *storm) operations() uint64 {
	if s.expected > 0 {
		return max(1, uint64(s.expected+0.5))
	}
	distinct := map[uint64]struct{}{}
	s.each(func(a *attempt) { distinct[a.operation] = struct{}{} })
	return uint64(len(distinct))
}

// amplification is the attempts per operation.
func (s *storm) amplification() float64 {
	if s.expected > 0 {
		return float64(s.attempts()) / s.expected
	}
	return float64(s.attempts()) / float64(s.operations())
}

// matches says whether any failure passes the filters.
func (s *storm) matches() bool {
	found := false
	s.each(func(a *attempt) { found = found || a.matches == 1 })
	return found
}

// describe returns the row of a storm. End is the end of the data and gap the longest pause of a run,
// in milliseconds.
func (s *storm) describe(end, gap int64) StormRow {
	attempts, operations := s.attempts(), s.operations()
	start := s.runs[0][0].at
	backoff, jitter := classifyBackoff(s.runs)
	return StormRow{
		Vendor: s.unit.vendor, Service: s.unit.service, Method: s.unit.method, Endpoint: s.unit.endpoint(),
		Start: millis(start), End: millis(s.end), DurationS: float64(s.end-start) / 1000,
		Codes: s.codes(), Statuses: s.statuses(),
		Attempts: attempts, Operations: operations,
		Amplification: float64(attempts) / float64(operations),
		RetryShare:    float64(attempts-min(attempts, operations)) / float64(attempts),
		PeakPerS:      s.peak(), MedianGapMS: median(s.gaps()), Backoff: backoff, Jitter: jitter,
		EarlyRetries: earlyRetries(s.runs), NonretryableRetries: s.hopeless(),
		Wasted: s.wasted(), Outcome: s.outcome(end, gap), ByRate: s.expected > 0,
	}
}

// codes returns the vendor codes of the failures, most frequent first.
func (s *storm) codes() []string {
	return byFrequency(s, func(a *attempt) (string, bool) { return a.code, a.failed == 1 && a.code != "" })
}

// statuses returns those of the failures without a code, most frequent first.
func (s *storm) statuses() []uint16 {
	return byFrequency(s, func(a *attempt) (uint16, bool) { return a.status, a.failed == 1 && a.code == "" })
}

// byFrequency orders what value returns of the attempts, unless it says false.
func byFrequency[V cmp.Ordered](s *storm, value func(*attempt) (V, bool)) []V {
	counts := map[V]int{}
	s.each(func(a *attempt) {
		if v, ok := value(a); ok {
			counts[v]++
		}
	})
	values := slices.AppendSeq([]V{}, maps.Keys(counts)) // never nil: it becomes a list in JSON
	slices.SortFunc(values, func(a, b V) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return values
}

// peak returns the most attempts of one calendar second.
func (s *storm) peak() uint64 {
	seconds := map[int64]uint64{}
	var peak uint64
	s.each(func(a *attempt) {
		second := a.at / time.Second.Milliseconds()
		seconds[second]++
		peak = max(peak, seconds[second])
	})
	return peak
}

func (s *storm) gaps() (all []float64) {
	for _, run := range s.runs {
		all = append(all, gaps(run)...)
	}
	return all
}

// hopeless counts the retries after an error that says that retrying is useless. Of weak keys nobody
// knows which call was a retry of which: the calls above what was expected share the errors.
func (s *storm) hopeless() (retries uint64) {
	for _, run := range s.runs {
		for i := range run[1:] {
			retries += uint64(run[i].hopeless)
		}
	}
	if s.expected > 0 {
		return uint64(float64(retries)*float64(s.wasted())/float64(s.attempts()-1) + 0.5)
	}
	return retries
}

// wasted counts the failed attempts after each operation's first; for weak keys, the failures above
// what was expected.
func (s *storm) wasted() uint64 {
	if s.expected > 0 {
		return s.attempts() - min(s.attempts(), s.operations())
	}
	var failed uint64
	distinct := map[uint64]struct{}{}
	s.each(func(a *attempt) {
		if a.failed == 1 {
			failed++
			distinct[a.operation] = struct{}{}
		}
	})
	return failed - uint64(len(distinct))
}

// outcome judges by the end: a failure that may still be retried means ongoing, else the run that
// ended last decides.
func (s *storm) outcome(end, gap int64) Outcome {
	if s.recovered {
		return OutcomeRecovered
	}
	outcome := OutcomeGaveUp
	for _, run := range s.runs {
		last := run[len(run)-1]
		if last.failed == 1 && end-last.at < last.patience(gap) {
			return OutcomeOngoing
		}
		if last.at == s.end && last.failed == 0 {
			outcome = OutcomeRecovered
		}
	}
	return outcome
}
