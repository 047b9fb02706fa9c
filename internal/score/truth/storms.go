package truth

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/errata-dev/errata/internal/score/traffic"
)

// Storm is what a row of `query storms` should say.
type Storm struct {
	Kind                              string
	Event                             *traffic.Event // nil = caused by the way
	Vendor, Service, Method, Endpoint string
	Start, End                        int64
	Codes                             []string
	Attempts, Operations              int
	Amplification, RetryShare         float64
	PeakPerS                          int
	MedianGapMS                       float64
	Backoff                           string
	Jitter                            bool
	Early, Nonretryable, Wasted       int
	Outcome                           string // "" = some recovered and some did not
	Weak                              bool
}

// run is a chain of attempts of one operation.
type run struct {
	calls []*traffic.Call
}

func (r run) start() int64 { return r.calls[0].At }
func (r run) end() int64   { return r.calls[len(r.calls)-1].At }

func (r run) gaps() []float64 {
	var list []float64
	for i, c := range r.calls[1:] {
		list = append(list, float64(c.At-r.calls[i].At))
	}
	return list
}

const (
	stormGap   = minute
	minRun     = 5
	minAmplify = 3
)

// patience is how long after a failure the next attempt still belongs to it.
func patience(c *traffic.Call) int64 { return max(stormGap, c.WaitMS+c.WaitMS/4) }

// Storms judges the calls of a log.
func Storms(log *traffic.Log) []Storm {
	type unit struct{ vendor, service, endpoint string }
	runs := map[unit][]run{}
	keys, byOperation := groups(log.Calls, operation)
	weak := map[string]bool{}
	for _, key := range keys {
		calls := byOperation[key]
		if weak[key] = isWeak(calls); weak[key] {
			continue
		}
		for _, r := range runsOf(calls) {
			c := r.calls[0]
			runs[unit{c.Vendor, c.Service, c.Endpoint()}] = append(runs[unit{c.Vendor, c.Service, c.Endpoint()}], r)
		}
	}
	var storms []Storm
	for _, list := range runs {
		for _, joined := range join(list) {
			s := judge(log, joined)
			// What was put there as a decoy is one, though it should keep to the letter of the definition.
			decoy := s.Event == nil && s.Kind != Noise
			if !decoy && s.Amplification >= minAmplify && s.End >= log.From && s.Start < log.To {
				storms = append(storms, s)
			}
		}
	}
	storms = append(storms, weakStorms(log, weak)...)
	slices.SortFunc(storms, func(a, b Storm) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	return storms
}

func isWeak(calls []*traffic.Call) bool {
	c := calls[0]
	return !c.Idempotent() && c.Key == traffic.KeyNone &&
		!slices.ContainsFunc(calls, func(c *traffic.Call) bool { return c.StatesAttempt && c.Attempt > 1 })
}

// operation tells calls apart as the definition does; where only their counters could, by what the callers
// meant.
func operation(c *traffic.Call) string {
	if separate(c) {
		return c.Operation() + "#" + strconv.Itoa(c.Intent)
	}
	return c.Operation()
}

// separate reports that only their counters tell the operations of the calls apart.
func separate(c *traffic.Call) bool {
	return c.StatesAttempt && c.Key == traffic.KeyNone && !c.Idempotent()
}

// runsOf finds the chains of an operation's calls.
func runsOf(calls []*traffic.Call) []run {
	var runs []run
	for _, chain := range chains(calls) {
		if len(chain.calls) >= minRun && !polls(chain, calls) {
			runs = append(runs, chain)
		}
	}
	return runs
}

// chains goes through the calls as they were sent. A call continues a chain when the last answer that its
// caller had seen was a failure, not too long ago.
func chains(calls []*traffic.Call) []run {
	sent, answered := slices.Clone(calls), slices.Clone(calls)
	sortBy(sent, (*traffic.Call).Sent)
	sortBy(answered, func(c *traffic.Call) int64 { return c.At })
	runOf := map[*traffic.Call]*run{}
	var all []*run
	for _, c := range sent {
		if before := predecessor(answered, c); before != nil {
			runOf[c] = runOf[before]
		} else {
			runOf[c] = &run{}
			all = append(all, runOf[c])
		}
		runOf[c].calls = append(runOf[c].calls, c)
	}
	list := make([]run, len(all))
	for i, r := range all {
		sortBy(r.calls, func(c *traffic.Call) int64 { return c.At })
		list[i] = *r
	}
	return list
}

// predecessor returns the failure that a call retries, nil if it is a first attempt.
func predecessor(answered []*traffic.Call, c *traffic.Call) *traffic.Call {
	i, _ := slices.BinarySearchFunc(answered, c.Sent()+1, func(a *traffic.Call, at int64) int { return cmp.Compare(a.At, at) })
	if i > 0 && answered[i-1] == c {
		i-- // it took no time
	}
	if i == 0 {
		return nil
	}
	seen := answered[i-1]
	if seen.Failure == nil || c.Sent()-seen.At >= patience(seen) {
		return nil
	}
	return seen
}

// polls reports a run at the pace of the operation's ordinary calls: those that follow a success.
func polls(r run, calls []*traffic.Call) bool {
	pace := median(r.gaps())
	before := slices.DeleteFunc(slices.Clone(calls), func(c *traffic.Call) bool { return c.At >= r.start() })
	sortBy(before, func(c *traffic.Call) int64 { return c.At })
	var ordinary []float64
	for i, c := range before {
		next := r.start()
		if i+1 < len(before) {
			next = before[i+1].At
		}
		if c.Failure == nil && c.At >= r.start()-24*hour {
			ordinary = append(ordinary, float64(next-c.At))
		}
	}
	if len(ordinary) >= 3 {
		return pace >= 0.8*median(ordinary[max(0, len(ordinary)-20):])
	}
	var times []int64
	for _, c := range before[max(0, len(before)-6):] {
		times = append(times, c.At)
	}
	gaps := differences(times)
	return len(gaps) >= 5 && slices.Max(gaps) < 1.2*slices.Min(gaps) && pace >= 0.8*median(gaps)
}

func differences(times []int64) []float64 {
	var gaps []float64
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, float64(times[i]-times[i-1]))
	}
	return gaps
}

// join puts runs together that overlap or lie within the gap.
func join(runs []run) [][]run {
	sortBy(runs, run.start)
	var storms [][]run
	var end int64
	for _, r := range runs {
		if len(storms) == 0 || r.start() > end+stormGap {
			storms = append(storms, nil)
			end = 0
		}
		storms[len(storms)-1] = append(storms[len(storms)-1], r)
		end = max(end, r.end())
	}
	return storms
}

func judge(log *traffic.Log, runs []run) Storm {
	s := storm(log, runs)
	operations, recovered, succeeded := map[string]bool{}, 0, false
	var gaps []float64
	for _, r := range runs {
		operations[r.calls[0].Operation()] = true
		gaps = append(gaps, r.gaps()...)
		failed := 0
		for i, c := range r.calls {
			if c.Failure != nil {
				failed++
			}
			if i > 0 {
				before := r.calls[i-1]
				if before.WaitMS >= 0 && c.Sent() < before.At+before.WaitMS {
					s.Early++
				}
				if before.Failure != nil && before.Retry() == "no" {
					s.Nonretryable++
				}
			}
		}
		if r.calls[0].Failure != nil {
			failed--
		}
		s.Wasted += failed
		if succeeded = r.calls[len(r.calls)-1].Failure == nil; succeeded {
			recovered++
		}
	}
	s.Operations = len(operations)
	if separate(runs[0].calls[0]) {
		s.Operations = len(runs)
	}
	s.Amplification = float64(s.Attempts) / float64(s.Operations)
	s.RetryShare = float64(s.Attempts-s.Operations) / float64(s.Attempts)
	s.MedianGapMS = median(gaps)
	s.Backoff, s.Jitter = backoff(runs)
	switch {
	case recovered == len(runs):
		s.Outcome = "recovered"
	case recovered > 0:
	case log.To-s.End < stormGap:
		s.Outcome = "ongoing"
	default:
		s.Outcome = "gave_up"
	}
	return s
}

// storm fills what weak and strong storms have in common.
func storm(log *traffic.Log, runs []run) Storm {
	var calls []*traffic.Call
	for _, r := range runs {
		calls = append(calls, r.calls...)
	}
	first := calls[0]
	s := Storm{Vendor: first.Vendor, Service: first.Service, Method: first.Method, Endpoint: first.Endpoint(), Start: first.At, Attempts: len(calls)}
	s.Kind, s.Event = kindOf(log, calls)
	perSecond, codes := map[int64]int{}, map[string]int{}
	for _, c := range calls {
		s.Start, s.End = min(s.Start, c.At), max(s.End, c.At)
		perSecond[c.At/1000]++
		s.PeakPerS = max(s.PeakPerS, perSecond[c.At/1000])
		if c.Failure != nil && c.Failure.Code != "" {
			codes[c.Failure.Code]++
		}
	}
	for code := range codes {
		s.Codes = append(s.Codes, code)
	}
	slices.Sort(s.Codes)
	return s
}

// backoff classifies the gaps of the runs, and says whether they stray from the schedule.
func backoff(runs []run) (kind string, jitter bool) {
	var gaps, ratios, waits []float64
	told := 0
	for _, r := range runs {
		own := r.gaps()
		var last float64
		for i, gap := range own {
			gaps = append(gaps, gap)
			if wait := float64(r.calls[i].WaitMS); wait > 0 {
				waits = append(waits, gap/wait)
				if gap >= wait && gap <= 1.25*wait {
					told++
				}
			}
			if i > 0 && last > 0 {
				ratios = append(ratios, gap/last)
			}
			last = gap
		}
	}
	switch {
	case len(gaps) > 0 && float64(told) >= 0.8*float64(len(gaps)):
		return "retry_after", straysFrom(waits, 1)
	case median(ratios) >= 1.4:
		return "exponential", strays(ratios)
	case median(gaps) < 250:
		return "none", strays(gaps)
	}
	return "fixed", strays(gaps)
}

// strays reports a median absolute deviation above a tenth of the median.
func strays(values []float64) bool { return straysFrom(values, median(values)) }

func straysFrom(values []float64, schedule float64) bool {
	var off []float64
	for _, v := range values {
		off = append(off, math.Abs(v-schedule))
	}
	return median(off) > 0.1*schedule
}

// weakStorms finds minutes of units with weak keys whose failures are many times all calls of the median
// minute of the hour before.
func weakStorms(log *traffic.Log, weak map[string]bool) []Storm {
	type unit struct{ vendor, service, endpoint string }
	var calls []*traffic.Call
	for _, c := range log.Calls {
		if !c.Idempotent() && c.Key == traffic.KeyNone && weak[operation(c)] {
			calls = append(calls, c)
		}
	}
	units, byUnit := groups(calls, func(c *traffic.Call) unit { return unit{c.Vendor, c.Service, c.Endpoint()} })
	var storms []Storm
	for _, u := range units {
		storms = append(storms, weakStormsOf(log, byUnit[u])...)
	}
	return storms
}

func backward(calls []*traffic.Call) []*traffic.Call {
	calls = slices.Clone(calls)
	slices.Reverse(calls)
	return calls
}

// mostAbove returns as many of the calls next to a time as exceed a rate a minute the most.
func mostAbove(calls []*traffic.Call, perMinute float64, from int64) []*traffic.Call {
	best, most := 0, 0.0
	for i, c := range calls {
		if above := float64(i+1) - perMinute*math.Abs(float64(c.At-from))/float64(minute); above > most {
			best, most = i+1, above
		}
	}
	return calls[:best]
}

func weakStormsOf(log *traffic.Log, calls []*traffic.Call) []Storm {
	all, failing := map[int64]int{}, map[int64][]*traffic.Call{}
	for _, c := range calls {
		all[c.At/minute]++
		if c.Failure != nil {
			failing[c.At/minute] = append(failing[c.At/minute], c)
		}
	}
	var storms []Storm
	for m := log.From / minute; m < log.To/minute; m++ {
		var before []float64
		for earlier := max(m-60, log.Start/minute); earlier < m; earlier++ {
			before = append(before, float64(all[earlier]))
		}
		usual := max(1, median(before))
		if float64(len(failing[m])) < minAmplify*usual {
			continue
		}
		var found run
		for ; float64(len(failing[m])) >= minAmplify*usual; m++ {
			found.calls = append(found.calls, failing[m]...)
		}
		if len(found.calls) < minRun {
			continue
		}
		end := found.calls[len(found.calls)-1].At/minute*minute + minute
		begin := found.calls[0].At / minute * minute
		head := mostAbove(backward(failing[begin/minute-1]), minAmplify*usual, begin)
		tail := mostAbove(failing[end/minute], minAmplify*usual, end)
		found.calls = slices.Concat(head, found.calls, tail)
		for _, c := range found.calls {
			begin, end = min(begin, c.At), max(end, c.At)
		}
		expected := usual * float64(end-begin) / float64(minute)
		s := storm(log, []run{found})
		s.Weak, s.Operations = true, int(math.Round(expected))
		s.Amplification = float64(s.Attempts) / float64(s.Operations)
		s.Wasted = s.Attempts - s.Operations
		s.RetryShare = float64(s.Wasted) / float64(s.Attempts)
		if s.Amplification >= minAmplify {
			storms = append(storms, s)
		}
	}
	return storms
}
