package storage

import "sort"

// admissions says when how many calls were admitted: parallel lists, by time. A slot is a second, given
// by its first millisecond, or an instant in a second that saw a rejection.
type admissions struct {
	slots  []int64
	counts []uint64
}

// inference is a limit found in traffic.
type inference struct {
	limit      int64 // 0 = none found
	windowS    int64
	explained  int // rejections before which the limit had been used up
	rejections int
}

const (
	usedUp         = 0.9 // of the limit, admitted before a rejection, that explains it
	overdrawn      = 1.1 // times the limit, admitted before an admission, that speaks against it
	explainedShare = 0.9 // of the rejections that a limit has to explain
	lawfulShare    = 0.8 // of the admissions, while there were rejections, that it has to allow
)

// usualWindows are the lengths, in seconds, that vendors give their quotas.
func usualWindows() []int64 { return []int64{1, 10, 60, 300, 600, 900, 3600, 86400} }

// infer sets what the traffic says about the limit; a stated window length is believed.
func (w *window) infer(traffic admissions, rejections []int64) {
	lengths := usualWindows()
	if stated := w.windowS(); stated > 0 {
		lengths = []int64{stated}
	}
	w.inferred = inferLimit(traffic, rejections, lengths)
}

// inferLimit returns the shortest window that explains nearly all rejections and allows most
// admissions. The limit of a window length is the largest number admitted in any stretch of that length
// without a rejection. Vendors count in sliding windows, or anew by the clock, or anew from the first
// call: a limit has to fit one of the three. Both lists are by time.
func inferLimit(traffic admissions, rejections, lengths []int64) inference {
	if len(rejections) == 0 || len(traffic.slots) == 0 {
		return inference{}
	}
	sums := cumulate(traffic.counts)
	for _, seconds := range lengths {
		length := seconds * 1000
		limit := largestClean(traffic, sums, rejections, length)
		for _, opening := range openings(traffic, rejections[0], length) {
			spent := func(at int64) uint64 { return traffic.between(sums, opening(at), at-1) }
			explained := 0
			for _, at := range rejections {
				if float64(spent(at)) >= usedUp*float64(limit) {
					explained++
				}
			}
			found := inference{limit: limit, windowS: seconds, explained: explained, rejections: len(rejections)}
			if limit > 0 && float64(explained) >= explainedShare*float64(len(rejections)) && traffic.allows(limit, spent, rejections) {
				return found
			}
		}
	}
	return inference{}
}

// openings are the ways to tell when the quota that was running at some time had begun.
func openings(traffic admissions, firstRejection, length int64) []func(at int64) int64 {
	aligned := func(phase int64) func(int64) int64 {
		return func(at int64) int64 { return at - (at-phase)%length - 1 }
	}
	ways := []func(int64) int64{func(at int64) int64 { return at - length }, aligned(0)}
	if i := traffic.after(firstRejection); i < len(traffic.slots) {
		ways = append(ways, aligned(traffic.slots[i]%length))
	}
	return ways
}

// allows says whether most of the calls that were admitted while others were rejected came before the
// limit was used up.
func (a admissions) allows(limit int64, spent func(int64) uint64, rejections []int64) bool {
	var lawful, all uint64
	for i := a.after(rejections[0]); i < a.after(rejections[len(rejections)-1]); i++ {
		all += a.counts[i]
		if float64(spent(a.slots[i])) < overdrawn*float64(limit) {
			lawful += a.counts[i]
		}
	}
	return float64(lawful) >= lawfulShare*float64(all)
}

// largestClean returns the most calls admitted in a stretch of length ms, ending with an admission, in
// which nothing was rejected.
func largestClean(traffic admissions, sums []uint64, rejections []int64, length int64) int64 {
	var most uint64
	for _, slot := range traffic.slots {
		before := sort.Search(len(rejections), func(i int) bool { return rejections[i] > slot })
		if before > 0 && rejections[before-1] > slot-length {
			continue
		}
		most = max(most, traffic.between(sums, slot-length, slot))
	}
	return int64(most)
}

// after returns the index of the first slot after an instant.
func (a admissions) after(at int64) int {
	return sort.Search(len(a.slots), func(i int) bool { return a.slots[i] > at })
}

// between counts the calls admitted in (after, until].
func (a admissions) between(sums []uint64, after, until int64) uint64 {
	return sums[max(a.after(after), a.after(until))] - sums[a.after(after)]
}

// cumulate returns the sums of all prefixes.
func cumulate(counts []uint64) []uint64 {
	sums := make([]uint64, len(counts)+1)
	for i, n := range counts {
		sums[i+1] = sums[i] + n
	}
	return sums
}
