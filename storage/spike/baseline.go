package spike

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// part is what one source says about a kind.
type part struct {
	counts   []uint64
	observed []bool
	// Prefix sums over the ordinary minutes: observed, and not of a spike.
	sums    []uint64
	minutes []int32
}

func newPart(in Input, s Series, mask []bool) *part {
	n := int(in.To - in.From)
	p := &part{counts: make([]uint64, n), observed: make([]bool, n), sums: make([]uint64, n+1), minutes: make([]int32, n+1)}
	copy(p.observed, mask)
	for i, m := range s.Minutes {
		if at := m - in.From; at >= 0 && at < int64(n) {
			p.counts[at] += s.Counts[i]
			p.observed[at] = true
		}
	}
	return p
}

// keep makes a minute part of the baseline of later ones.
func (p *part) keep(m int) {
	p.skip(m)
	if p.observed[m] {
		p.sums[m+1] += p.counts[m]
		p.minutes[m+1]++
	}
}

// skip leaves a minute out of the baseline.
func (p *part) skip(m int) { p.sums[m+1], p.minutes[m+1] = p.sums[m], p.minutes[m] }

// settled is what a source ordinarily has from a minute on: the mean of the quietest half hour of its
// first two hours, so that a spike at the beginning is not taken for ordinary. known is false when they are
// less than half an hour.
func (p *part) settled(from int) (level float64, known bool) {
	var counts []float64
	for m := from; m < len(p.counts) && len(counts) < settlingMinutes; m++ {
		if p.observed[m] {
			counts = append(counts, float64(p.counts[m]))
		}
	}
	if len(counts) < leastBaseline {
		return 0, false
	}
	level = math.Inf(1)
	for ; len(counts) >= leastBaseline; counts = counts[leastBaseline:] {
		level = min(level, stat.Mean(counts[:leastBaseline], nil))
	}
	return level, true
}

// baseline is what a kind ordinarily did, as seen from one minute: in the 24 hours before it.
type baseline struct {
	d          *detector
	from, at   int
	rates      []float64 // errors a minute, by part
	recent     []float64 // the same of the last two hours alone; nil = it has too few minutes
	factors    *factors  // of the hours of the day
	sum        uint64    // errors in all parts
	least      float64   // errors expected a minute, at least, where none was seen
	isNew      bool
	unproven   bool
	dispersion float64 // variance = mean + dispersion × mean²; NaN = not measured yet
}

func (d *detector) baseline(at int) *baseline {
	b := &baseline{d: d, from: max(0, at-baselineMinutes), at: at, factors: d.hours.factorsAt(at), unproven: true, dispersion: math.NaN()}
	var minutes int32 // of all parts
	for _, p := range d.parts {
		n := p.minutes[at] - p.minutes[b.from]
		b.unproven = b.unproven && n < leastBaseline
		b.sum += p.sums[at] - p.sums[b.from]
		minutes += n
	}
	for _, p := range d.parts {
		b.rates = append(b.rates, b.rate(p))
	}
	b.recent = b.recentRates()
	b.isNew = minutes >= windowMinutes && b.sum == 0 && d.firstSeen >= int64(at-windowMinutes)
	b.least = 0.5 / float64(max(minutes, leastBaseline))
	return b
}

// rate is how many errors a minute one part ordinarily has.
func (b *baseline) rate(p *part) float64 {
	if p.minutes[b.at]-p.minutes[b.from] >= leastBaseline {
		return b.mean(p, b.from)
	}
	// Before there is a baseline, what follows shows which level is ordinary.
	level, known := p.settled(b.from)
	if b.unproven {
		return math.Max(1, level)
	}
	if !known {
		return 0
	}
	return level
}

func (b *baseline) recentRates() []float64 {
	var rates []float64
	from := max(0, b.at-recentMinutes)
	for _, p := range b.d.parts {
		if p.minutes[b.at]-p.minutes[from] < leastBaseline {
			return nil
		}
		rates = append(rates, b.mean(p, from))
	}
	return rates
}

// mean is the errors a minute of a part from one minute on. Minutes count by the factor of their hour.
func (b *baseline) mean(p *part, from int) float64 {
	errors := float64(p.sums[b.at] - p.sums[from])
	if b.factors == nil {
		return errors / float64(p.minutes[b.at]-p.minutes[from])
	}
	weight := 0.0
	for m := from; m < b.at; {
		next := min(b.at, b.d.hours.nextHour(m))
		weight += float64(p.minutes[next]-p.minutes[m]) * b.factors.of(b.d.hours.ofDay(m))
		m = next
	}
	return errors / weight
}

// expected is how many errors the minutes [from, to) would have ordinarily.
func (b *baseline) expected(from, to int) float64 { return b.expectedBy(b.rates, from, to) }

func (b *baseline) expectedBy(rates []float64, from, to int) float64 {
	sum := 0.0
	for m := from; m < to; m++ {
		minute := 0.0
		for i, p := range b.d.parts {
			if p.observed[m] {
				minute += rates[i]
			}
		}
		sum += minute * b.factorAt(m)
	}
	return sum
}

// sudden says whether so many errors are improbable at a share of the lift above the last two hours, too. Before
// the hours of the day are known, a level that rose as in the morning is no spike because chance adds something to it.
func (b *baseline) sudden(count, times, p float64, from, to int) bool {
	return b.recent == nil || b.p(count, times*b.expectedBy(b.recent, from, to), from, to) < p
}

func (b *baseline) factorAt(m int) float64 {
	if b.factors == nil {
		return 1
	}
	return b.factors.between(b.d.hours.minuteOfDay(m))
}

// cautious is how many errors are expected of the minutes [from, to), and never zero.
func (b *baseline) cautious(from, to int) float64 {
	return math.Max(b.expected(from, to), b.least*float64(to-from))
}

// p is the probability of so many errors, or more, in the minutes [from, to), where so many are expected.
func (b *baseline) p(count, expected float64, from, to int) float64 {
	return tailP(count, math.Max(expected, b.least*float64(to-from)), b.noise(from, to)+1/(float64(b.sum)+0.5))
}

// noise is the dispersion of the counts of some minutes. From one five minutes to the next it evens out.
func (b *baseline) noise(from, to int) float64 {
	if math.IsNaN(b.dispersion) {
		b.dispersion = b.d.options.model(b)
	}
	return b.dispersion * windowMinutes / float64(max(windowMinutes, to-from))
}

// measureDispersion says how far the counts of five minutes stray from those of the hours around them. Slower
// changes are not noise, the lift allows for them; and single bursts, which are no spikes, do not hide one:
// of all stretches of the day the middle one counts.
func measureDispersion(b *baseline) float64 {
	var found []float64
	for to := b.at; to-stretchMinutes >= b.from; to -= stretchMinutes {
		if dispersion, ok := b.dispersionOf(to-stretchMinutes, to); ok {
			found = append(found, dispersion)
		}
	}
	if len(found) == 0 {
		return leastDispersion
	}
	slices.Sort(found)
	return math.Max(leastDispersion, trimmed*found[len(found)/2])
}

// dispersionOf measures one stretch; ok is false when too little of it is ordinary, or it has no errors.
func (b *baseline) dispersionOf(from, to int) (dispersion float64, ok bool) {
	var counts []float64
	for m := from; m < to; m += windowMinutes {
		if count, whole := b.ordinary(m, m+windowMinutes); whole {
			counts = append(counts, count)
		}
	}
	if len(counts) < stretchMinutes/windowMinutes/2 {
		return 0, false
	}
	slices.Sort(counts)
	mean, variance := stat.MeanVariance(counts[:len(counts)-1], nil) // a burst of a minute is no spike
	return (variance - mean) / (mean * mean), mean > 0
}

// ordinary counts the errors of some minutes; whole is false when one of them is missing or of a spike.
func (b *baseline) ordinary(from, to int) (count float64, whole bool) {
	var minutes int32
	for _, p := range b.d.parts {
		count += float64(p.sums[to] - p.sums[from])
		minutes = max(minutes, p.minutes[to]-p.minutes[from])
	}
	return count, int(minutes) == to-from
}
