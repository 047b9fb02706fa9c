package spike

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

const (
	hoursOfDay = 24
	leastDays  = 3
	mostDays   = 7
	leastCurve = 1e-4 // the variance of the factors, where the hours differ by no more than chance
)

// hours are the counts of a kind by the hour, spikes included, and how many of its minutes were observed.
type hours struct {
	from    int64 // the minute since 1970 that is minute 0
	counts  []float64
	minutes []float64
	cached  *factors
	at      int // the hour of the cached factors
}

func newHours(d *detector) *hours {
	h := &hours{from: d.from, at: -1}
	n := h.index(d.n) + 1
	h.counts, h.minutes = make([]float64, n), make([]float64, n)
	for m := range d.n {
		if d.observed[m] {
			h.counts[h.index(m)] += float64(d.counts[m])
			h.minutes[h.index(m)]++
		}
	}
	return h
}

func (h *hours) index(m int) int         { return int((h.from+int64(m))/60 - h.from/60) }
func (h *hours) minuteOfDay(m int) int   { return int((h.from + int64(m)) % (hoursOfDay * 60)) }
func (h *hours) ofDay(m int) int         { return h.minuteOfDay(m) / 60 }
func (h *hours) nextHour(m int) int      { return m + 60 - int((h.from+int64(m))%60) }
func (h *hours) ofDayAt(index int) int   { return int((h.from/60 + int64(index)) % hoursOfDay) }
func (h *hours) observed(index int) bool { return index >= 0 && h.minutes[index] >= leastBaseline }

func (h *hours) factorsAt(m int) *factors {
	if index := h.index(m); index != h.at {
		h.cached, h.at = h.compute(index), index
	}
	return h.cached
}

// factors say how the hours of the day differ; their mean is about 1.
type factors [hoursOfDay]float64

func (f *factors) of(hour int) float64 { return f[hour] }

// between goes in straight lines from the middle of one hour to that of the next.
func (f *factors) between(minute int) float64 {
	shifted := minute + hoursOfDay*60 - 30
	hour, share := shifted/60, float64(shifted%60)/60
	return f[hour%hoursOfDay]*(1-share) + f[(hour+1)%hoursOfDay]*share
}

// compute looks at the whole days that end at an hour; nil means that they are less than three.
func (h *hours) compute(index int) *factors {
	var means []float64
	for end := index; end >= hoursOfDay && len(means) < mostDays; end -= hoursOfDay {
		means = append(means, h.mean(end))
	}
	if len(means) < leastDays {
		return nil
	}
	var counts, expected [hoursOfDay]float64
	for back := 1; back <= hoursOfDay; back++ {
		hour := h.ofDayAt(index - back + hoursOfDay)
		counts[hour], expected[hour] = h.sameHour(index-back, means)
	}
	return newFactors(counts, expected)
}

// newFactors are the counts of the hours against what is expected of them when all are alike. How much the
// latter weighs follows from how far the counts stray beyond chance: where there is no curve, no hour gets a
// factor from its noise, and of a strong curve the quiet hours are not lifted.
func newFactors(counts, expected [hoursOfDay]float64) *factors {
	if floats.Sum(counts[:]) == 0 {
		return nil
	}
	alike := floats.Sum(expected[:]) / floats.Sum(counts[:])
	beyond, squares := 0.0, 0.0
	for hour := range counts {
		counts[hour] *= alike
		off := counts[hour] - expected[hour]
		beyond += off*off - expected[hour]*alike
		squares += expected[hour] * expected[hour]
	}
	prior := squares / max(beyond, squares*leastCurve)
	var f factors
	for hour := range f {
		f[hour] = (counts[hour] + prior) / (expected[hour] + prior)
	}
	return &f
}

// mean is the rate of the day that ends before an hour.
func (h *hours) mean(end int) float64 {
	counts, minutes := 0.0, 0.0
	for i := max(0, end-hoursOfDay); i < end; i++ {
		counts += h.counts[i]
		minutes += h.minutes[i]
	}
	return counts / max(1, minutes)
}

// sameHour adds up an hour and the same of the days before it, and what they would have by the means of
// their days. Days that stray from the middle one more than chance explains are left out: no single event
// makes an hour a busy one, and of a level that rises today the hours to come are not quiet ones.
func (h *hours) sameHour(index int, means []float64) (counts, expected float64) {
	type hour struct{ counts, expected float64 }
	var days []hour
	for day, mean := range means {
		if i := index - day*hoursOfDay; h.observed(i) && mean > 0 {
			days = append(days, hour{h.counts[i], mean * h.minutes[i]})
		}
	}
	if len(days) < 2 {
		return 0, 0
	}
	slices.SortFunc(days, func(a, b hour) int { return cmp.Compare(a.counts*b.expected, b.counts*a.expected) })
	middle := days[(len(days)-1)/2]
	for _, one := range days {
		ordinary := one.expected * middle.counts / middle.expected
		if math.Abs(one.counts-ordinary) <= 2*math.Sqrt(1+ordinary+leastDispersion*ordinary*ordinary) {
			counts += one.counts
			expected += one.expected
		}
	}
	return counts, expected
}
