package storage

import (
	"math"
	"slices"
)

// A limit that nobody states is inferred by replaying limiters of the usual kinds and window lengths over
// the calls as they were admitted and rejected. The right one is full whenever it rejects and never
// overdrawn; what it held at the rejections is its limit.

// call is one rejection, or some calls admitted at one time. Times are Unix milliseconds.
type call struct {
	at       int64
	admitted uint64 // 0 = rejected
	until    int64  // of a rejection, when it says that calls will be admitted again; 0 = it does not say
}

// inference is a limit found in traffic.
type inference struct {
	limit      int64 // 0 = none found
	windowS    int64
	explained  int // rejections that this limiter makes too
	rejections int
	overdrawn  int // calls that it would not have admitted
}

// share is how many of the rejections, its own ones and the real ones, are both.
func (i inference) share() float64 {
	return float64(i.explained) / float64(i.rejections+i.overdrawn)
}

const (
	leastShare = 0.8  // of an inference that is told
	oddShare   = 0.9  // the same, of a limit that is not round
	betterBy   = 0.02 // the share by which a less usual limiter must be better
	// Rejections in one go show that calls were rejected, not yet at which count: very few say nothing,
	// and with few only a round limit is believed. So it is of long windows, of which the calls show few; those of more
	// than an hour need support of their own.
	fewRejections     = 10
	veryFewRejections = 5
	longWindowS       = 900
	longestWindowS    = 3600
	maxReplayed       = 40_000 // calls
)

// usualWindows are the lengths, in seconds, that vendors give their quotas.
func usualWindows() []int64 {
	return []int64{1, 10, 30, 60, 300, 600, 900, 1800, 3600, 21_600, 86_400}
}

// inferLimit returns the limiter that explains the calls best, the shorter and more usual of equals.
// Calls come by time. A stated limit, unless 0, is believed.
func inferLimit(calls []call, lengths []int64, stated int64) inference {
	var best inference
	for _, seconds := range lengths {
		length := seconds * 1000
		for _, used := range replays(calls, length) {
			for _, limit := range limitsAt(calls, used, stated) {
				best = better(best, judge(calls, used, limit, seconds))
			}
		}
		for _, limit := range refillLimits(calls, length, stated) {
			best = better(best, judge(calls, leak(calls, length, limit), limit, seconds))
		}
	}
	if best.limit < 2 || best.share() < leastShare || stated == 0 && !best.isLikely(calls) {
		return inference{}
	}
	return best
}

// isLikely says whether a limit is more than what calls happened to count when they began to be rejected.
func (i inference) isLikely(calls []call) bool {
	once := episodes(calls) == 1
	if isRound(i.limit) {
		return !once || i.rejections >= veryFewRejections
	}
	isShown := i.windowS < longWindowS || i.windowS > longestWindowS || longestWait(calls) > i.windowS*1000/2
	return i.share() >= oddShare && (!once || i.rejections >= fewRejections && isShown)
}

// longestWait is how long rejections said at most, in milliseconds, that calls would be rejected.
func longestWait(calls []call) (longest int64) {
	for _, c := range calls {
		longest = max(longest, c.until-c.at)
	}
	return longest
}

// longestByClock returns the longest window by the clock that explains the calls as well as what was found: few calls of a
// day fit some hours too.
func longestByClock(calls []call, lengths []int64, stated int64, found inference) inference {
	for _, seconds := range lengths {
		used := byClock(calls, seconds*1000, 0)
		for _, limit := range limitsAt(calls, used, stated) {
			next := judge(calls, used, limit, seconds)
			if found.limit > 0 && seconds > found.windowS && next.share() > found.share()-betterBy {
				found = next
			}
		}
	}
	return found
}

// better returns the inference that explains more, of equals a round limit, else the former.
func better(best, next inference) inference {
	switch more := next.share() - best.share(); {
	case best.limit == 0, more > betterBy, more > -betterBy && isRound(next.limit) && !isRound(best.limit):
		return next
	}
	return best
}

// replays returns what limiters of one length had counted before each call: by the clock, by windows that
// begin when calls were admitted again, by windows that begin with a first call, and sliding.
func replays(calls []call, length int64) [][]float64 {
	ways := [][]float64{}
	for _, phase := range phases(calls, length) {
		ways = append(ways, byClock(calls, length, phase))
	}
	return append(ways, byFirstCall(calls, length), slide(calls, length))
}

// phases are where windows of a length may begin: at multiples of it, and just after the longest time, on
// the dial of one length, at which no call was admitted after rejections. A single call that overtook
// another on its way into the log looks like such a time: the plain ones are asked by themselves, too. So are the times
// that rejections name: the first call after a window may come long after its end.
func phases(calls []call, length int64) []int64 {
	var again, stated []int64
	for i, c := range calls {
		if c.until > 0 {
			stated = append(stated, c.until)
		}
		if i > 0 && c.admitted > 0 && calls[i-1].admitted == 0 {
			again = append(again, c.at)
		}
	}
	var several []int64
	for _, r := range resets(calls) {
		several = append(several, r.at)
	}
	list := []int64{0}
	for _, times := range [][]int64{again, several, stated} {
		if len(times) > 0 {
			list = append(list, afterLongestPause(times, length))
		}
	}
	return slices.Compact(list)
}

// afterLongestPause returns the time after the longest pause on the dial of one length.
func afterLongestPause(times []int64, length int64) int64 {
	dial := make([]int64, len(times))
	for i, at := range times {
		dial[i] = at % length
	}
	slices.Sort(dial)
	phase, longest := dial[0], dial[0]+length-dial[len(dial)-1]
	for i := 1; i < len(dial); i++ {
		if pause := dial[i] - dial[i-1]; pause > longest {
			phase, longest = dial[i], pause
		}
	}
	return phase
}

// byClock counts anew at every multiple of the length. How much the first window had before its first call is unknown.
func byClock(calls []call, length, phase int64) []float64 {
	used := make([]float64, len(calls))
	window, n := int64(-1), uint64(0)
	begun := 0 // calls of the first window
	for i, c := range calls {
		if w := (c.at - phase) / length; w != window {
			window, n = w, 0
			if begun == 0 {
				begun = i
			}
		}
		used[i] = float64(n)
		n += c.admitted
	}
	if episodes(calls[begun:]) > 0 {
		for i := range begun {
			used[i] = math.NaN()
		}
	}
	return used
}

// byFirstCall counts anew with the first call after a window. A call that is admitted after a rejection
// begins one even where it should not have been admitted: the windows before may have been missed.
func byFirstCall(calls []call, length int64) []float64 {
	used := make([]float64, len(calls))
	ends, n := int64(0), uint64(0)
	for i, c := range calls {
		if c.at >= ends {
			n = 0
		}
		used[i] = float64(n)
		if c.admitted == 0 {
			continue
		}
		if c.at >= ends || i > 0 && calls[i-1].admitted == 0 {
			ends, n = c.at+length, 0
		}
		n += c.admitted
	}
	return used
}

// slide counts the calls admitted within the length before each call.
func slide(calls []call, length int64) []float64 {
	used := make([]float64, len(calls))
	var n uint64
	oldest := 0
	for i, c := range calls {
		for ; calls[oldest].at <= c.at-length; oldest++ {
			n -= calls[oldest].admitted
		}
		used[i] = float64(n)
		n += c.admitted
	}
	return used
}

// leak fills a bucket that holds the limit and runs empty in one length, and says what it held at each
// call. It never holds much more than the limit, so that calls it cannot explain count once.
func leak(calls []call, length, limit int64) []float64 {
	used := make([]float64, len(calls))
	level, before := 0.0, int64(0)
	for i, c := range calls {
		level = max(0, level-float64(limit)/float64(length)*float64(c.at-before))
		before = c.at
		if used[i] = math.Floor(level); c.admitted == 0 {
			used[i] = math.Ceil(level)
		}
		level = min(level+float64(c.admitted), float64(limit)+stray(limit)+1)
	}
	return used
}

// refillLimits are the limits to try of a bucket that runs empty in one length, by how many calls passed
// between rejections: as counted, and as a round number.
func refillLimits(calls []call, length, stated int64) []int64 {
	if stated > 0 {
		return []int64{stated}
	}
	var passed, between uint64
	var lasted int64
	last := int64(math.MinInt64 / 2)
	for _, c := range calls {
		if c.admitted > 0 {
			between += c.admitted
			continue
		}
		if c.at-last < length {
			passed += between
			lasted += c.at - last
		}
		last, between = c.at, 0
	}
	const fewest = 10
	if passed < fewest || lasted == 0 {
		return nil
	}
	limit := float64(passed) * float64(length) / float64(lasted)
	digit := math.Pow(10, max(0, math.Floor(math.Log10(limit))-1))
	return slices.Compact([]int64{int64(math.Round(limit)), int64(math.Round(limit/digit) * digit)})
}

// limitsAt returns the limits to try: what had been counted when calls began to be rejected, at most and
// most often.
func limitsAt(calls []call, used []float64, stated int64) []int64 {
	if stated > 0 {
		return []int64{stated}
	}
	var counts []float64
	often := map[float64]int{}
	for i, c := range calls {
		if c.admitted == 0 && i > 0 && calls[i-1].admitted > 0 && used[i] > 0 {
			counts = append(counts, used[i])
			often[used[i]]++
		}
	}
	if len(counts) == 0 {
		return nil
	}
	slices.Sort(counts)
	limit := counts[len(counts)/2]
	mode := counts[0]
	for _, n := range counts {
		if often[n] > often[mode] {
			mode = n
		}
	}
	list := slices.Compact([]int64{int64(limit), int64(mode)})
	for _, n := range list {
		if near, found := roundNear(n); found {
			list = append(list, near)
		}
	}
	return list
}

// roundNear returns the nearest round number that is no farther from a number, which is not, than counts may stray: a call
// overtook another, or is missing in the log.
func roundNear(n int64) (near int64, found bool) {
	for by := range max(1, int64(stray(n))) {
		for _, near := range []int64{n + by + 1, n - by - 1} {
			if !isRound(n) && isRound(near) {
				return near, true
			}
		}
	}
	return 0, false
}

// stray is how far counts may be from the limit: much less than the counts of calls that come by chance
// vary, else any traffic would look limited.
func stray(limit int64) float64 {
	return max(0.5, min(0.02*float64(limit), 0.25*math.Sqrt(float64(limit))))
}

// judge compares what a limiter would have done with what was done.
func judge(calls []call, used []float64, limit, seconds int64) inference {
	found := inference{limit: limit, windowS: seconds}
	full := float64(limit)
	stray := stray(limit)
	for i, c := range calls {
		if math.IsNaN(used[i]) {
			continue
		}
		if c.admitted == 0 {
			found.rejections++
			if used[i] >= full-stray {
				found.explained++
			}
			continue
		}
		if over := used[i] + float64(c.admitted) - full; over > stray {
			found.overdrawn += int(min(over, float64(c.admitted)))
		}
	}
	return found
}

// episodes counts how often rejections began.
func episodes(calls []call) (n int) {
	for i, c := range calls {
		if c.admitted == 0 && (i == 0 || calls[i-1].admitted > 0) {
			n++
		}
	}
	return n
}

// isRound says whether a number has at most two digits before its zeros, as limits do.
func isRound(n int64) bool {
	for n >= 100 {
		if n%10 != 0 {
			return false
		}
		n /= 10
	}
	return n < 20 || n%5 == 0
}
