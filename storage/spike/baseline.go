package spike

import (
	"math"
	"slices"
)

// part is what one source says about a kind.
type part struct {
	kind     Kind
	counts   []uint64
	observed []bool
	// Prefix sums over the ordinary minutes: observed, and not of a spike.
	sums    []uint64
	minutes []int32
}

func newPart(in Input, s Series, mask []bool) *part {
	n := int(in.To - in.From)
	p := &part{kind: s.Kind, counts: make([]uint64, n), observed: make([]bool, n), sums: make([]uint64, n+1), minutes: make([]int32, n+1)}
	copy(p.observed, mask)
	for i, m := range s.Minutes {
		if at := m - in.From; at >= 0 && at < int64(n) {
			p.counts[at] += s.Counts[i]
			p.observed[at] = true
		}
	}
	return p
}

func (p *part) commit(from, to int, ordinary bool) {
	for m := from; m < to; m++ {
		p.sums[m+1], p.minutes[m+1] = p.sums[m], p.minutes[m]
		if ordinary && p.observed[m] {
			p.sums[m+1] += p.counts[m]
			p.minutes[m+1]++
		}
	}
}

// baseline is what a kind did in the 24 hours before a minute.
type baseline struct {
	rates      []rate // by part
	parts      []*part
	dispersion float64 // variance = mean + dispersion × mean²
	least      float64 // expected errors a minute, at least, when none was seen
	isNew      bool
	unproven   bool
}

type rate float64

func (d *detector) baseline(m int) *baseline {
	b := &baseline{parts: d.parts, unproven: true}
	from := max(0, m-baselineMinutes)
	var sum uint64
	var minutes int32
	for _, p := range d.parts {
		n, count := p.minutes[m]-p.minutes[from], p.sums[m]-p.sums[from]
		if n < leastBaseline {
			b.rates = append(b.rates, rate(p.firstLevel(from)))
			continue
		}
		b.unproven = false
		b.rates = append(b.rates, rate(float64(count)/float64(n)))
		sum += count
		minutes += n
	}
	b.isNew = !b.unproven && sum == 0 && d.firstSeen >= int64(m-windowMinutes)
	b.least = 0.5 / float64(max(minutes, leastBaseline))
	b.dispersion = 0.1 + 1/(float64(sum)+0.5)
	return b
}

// firstLevel is what a minute is compared with before there is a baseline: one, or what the first two hours
// turn out to have ordinarily.
func (p *part) firstLevel(from int) float64 {
	var counts []float64
	for m := from; m < len(p.counts) && len(counts) < 120; m++ {
		if p.observed[m] {
			counts = append(counts, float64(p.counts[m]))
		}
	}
	if len(counts) < leastBaseline {
		return 1
	}
	slices.Sort(counts)
	return math.Max(1, counts[len(counts)/2])
}

// expected is how many errors the minutes [from, to) would have ordinarily.
func (b *baseline) expected(from, to int) float64 {
	sum := 0.0
	for i, p := range b.parts {
		for m := from; m < to; m++ {
			if p.observed[m] {
				sum += float64(b.rates[i])
			}
		}
	}
	return sum
}

// cautious is an expected count that is not zero.
func (b *baseline) cautious(expected float64) float64 { return math.Max(expected, b.least) }
