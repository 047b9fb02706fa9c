package spike

import "math"

// detector walks the minutes of one kind. Minutes count from the start of what was read.
type detector struct {
	options   Options
	kind      Kind
	from      int64
	n         int
	counts    []uint64 // of all sources
	total     []uint64 // prefix sums of counts
	observed  []bool   // by any source of the kind
	parts     []*part
	firstSeen int64
	hours     *hours
	resume    int // after the last spike; windows do not reach back before it
}

func newDetector(in Input, masks map[string][]bool, group []Series, o Options) *detector {
	n := int(in.To - in.From)
	d := &detector{options: o, kind: group[0].Kind, from: in.From, n: n, counts: make([]uint64, n), total: make([]uint64, n+1), observed: make([]bool, n)}
	for _, s := range group {
		p := newPart(in, s, masks[s.Source])
		d.parts = append(d.parts, p)
		for m := range n {
			d.counts[m] += p.counts[m]
			d.observed[m] = d.observed[m] || p.observed[m]
		}
	}
	for m, count := range d.counts {
		d.total[m+1] = d.total[m] + count
	}
	d.hours = newHours(d)
	return d
}

func (d *detector) run() []Spike {
	var found []Spike
	for m := 0; m < d.n; {
		b, starts := d.startsAt(m)
		if !starts {
			d.keep(m, m+1)
			m++
			continue
		}
		start, end := d.widen(b, m, d.follow(b, m))
		// Chance lifts single minutes of a level that is a little above the ordinary one: as a whole, that
		// is no spike; nor is a single full minute. And a level that has lasted is the ordinary one of those after it.
		lifted := d.lifted(b, start, end) && (end-start > 1 || b.isNew || b.unproven)
		if lifted {
			found = append(found, d.describe(b, start, end))
		}
		if lifted && end-start < passingMinutes {
			d.skip(start, end)
		} else {
			d.keep(start, end)
		}
		m, d.resume = end, end
	}
	return found
}

// keep makes minutes part of the baseline of later ones; skip leaves them out.
func (d *detector) keep(from, to int) {
	for _, p := range d.parts {
		for m := from; m < to; m++ {
			p.keep(m)
		}
	}
}

func (d *detector) skip(from, to int) {
	for _, p := range d.parts {
		for m := from; m < to; m++ {
			p.skip(m)
		}
	}
}

func (d *detector) startsAt(m int) (*baseline, bool) {
	if !d.reachesFloor(m) {
		return nil, false
	}
	b := d.baseline(m)
	return b, d.starts(b, m)
}

// windows calls visit for the stretches of five minutes that contain a minute, until it returns true.
func (d *detector) windows(m int, visit func(from, to int) bool) bool {
	for from := m - windowMinutes + 1; from <= m; from++ {
		if visit(max(from, d.resume), min(from+windowMinutes, d.n)) {
			return true
		}
	}
	return false
}

func (d *detector) sum(from, to int) uint64 { return d.total[to] - d.total[from] }

func (d *detector) reachesFloor(m int) bool {
	return d.counts[m] > 0 && d.windows(m, func(from, to int) bool { return d.sum(from, to) >= uint64(d.options.Floor) })
}

// starts says whether a spike begins with a minute: it passes, and so does one of the next two.
func (d *detector) starts(b *baseline, m int) bool {
	if !d.passes(b, m) {
		return false
	}
	if b.isNew || b.unproven {
		return true // the floor alone, or floor and lift, decide
	}
	for next, seen := m+1, 0; next < d.n && seen < 2; next++ {
		if !d.observed[next] {
			continue
		}
		if d.passes(b, next) {
			return true
		}
		seen++
	}
	return false
}

// passes says whether a minute is lifted, and lies in five minutes that reach the floor, are lifted and
// improbable.
func (d *detector) passes(b *baseline, m int) bool {
	count := float64(d.counts[m])
	if count == 0 {
		return false
	}
	if !b.isNew {
		expected := b.expected(m, m+1)
		if count < d.options.Lift*expected || !b.unproven && b.p(count, expected, m, m+1) > ownPValue {
			return false
		}
	}
	return d.windows(m, func(from, to int) bool { return d.improbable(b, from, to) })
}

func (d *detector) improbable(b *baseline, from, to int) bool {
	count := d.sum(from, to)
	if count < uint64(d.options.Floor) {
		return false
	}
	if b.isNew {
		return true
	}
	expected := b.expected(from, to)
	if float64(count) < d.options.Lift*expected {
		return false
	}
	return b.unproven || b.p(float64(count), expected, from, to) < d.options.PValue && b.sudden(float64(count), 1, suddenPValue, from, to)
}

// follow returns the end of the spike that starts with a minute.
func (d *detector) follow(b *baseline, start int) int {
	end := start + 1
	for m, seen := end, 0; m < min(d.n, start+maxMinutes, end+longestGap) && seen < lookahead; m++ {
		if !d.observed[m] {
			continue
		}
		seen++
		if d.passes(b, m) {
			if !d.goesOn(b, start, end, m) {
				break
			}
			end, seen = m+1, 0
		}
	}
	return end
}

// goesOn says whether the pause [end, next) and the minute after it belong to a spike: there is no pause, the
// spike begins anew after a short one, or the counts are likelier at its level than at that of the baseline.
func (d *detector) goesOn(b *baseline, start, end, next int) bool {
	pause := 0
	for m := end; m < next; m++ {
		if d.observed[m] {
			pause++
		}
	}
	return pause == 0 || pause <= pauseMinutes && d.starts(b, next) || d.evidence(b, d.ratio(b, start, end), end, next+1) > 0
}

// ratio is how far the minutes of a spike lie above the baseline.
func (d *detector) ratio(b *baseline, from, to int) float64 {
	return float64(d.sum(from, to)) / b.cautious(from, to)
}

// evidence is how much likelier the counts of some minutes are at a ratio to the baseline than at the
// baseline itself: the logarithm of the ratio of their probabilities.
func (d *detector) evidence(b *baseline, ratio float64, from, to int) float64 {
	count, expected, noise := float64(d.sum(from, to)), b.cautious(from, to), b.noise(from, to)
	wider := math.Log((1 + noise*ratio*expected) / (1 + noise*expected))
	return count*(math.Log(ratio)-wider) - wider/noise
}

// widen moves the ends of a spike over minutes next to it that do not pass by themselves, but are likelier
// a part of it: of a spike little above the lift, chance keeps many minutes below.
func (d *detector) widen(b *baseline, start, end int) (from, to int) {
	ratio := d.ratio(b, start, end)
	from, best, sum := start, leastEvidence, 0.0
	for m := start - 1; m >= max(d.resume, start-windowMinutes); m-- {
		if sum += d.evidence(b, ratio, m, m+1); sum > best {
			from, best = m, sum
		}
	}
	to, best, sum = end, leastEvidence, 0
	for m := end; m < min(d.n, end+windowMinutes); m++ {
		if sum += d.evidence(b, ratio, m, m+1); sum > best {
			to, best = m+1, sum
		}
	}
	return from, to
}

// lifted says whether the whole of a spike reaches the lift, and shows it: that so many errors are improbable
// even at a level of two thirds of the lift, or half of it above the last two hours.
func (d *detector) lifted(b *baseline, from, to int) bool {
	count, expected, lift := float64(d.sum(from, to)), b.expected(from, to), d.options.Lift
	if b.isNew || count < lift*expected {
		return b.isNew
	}
	return b.unproven || d.options.Barely || b.p(count, lift*shownShare*expected, from, to) < shownPValue && b.sudden(count, lift*suddenShare, shownPValue, from, to)
}

func (d *detector) describe(b *baseline, start, end int) Spike {
	s := Spike{
		Kind: d.kind, Start: d.from + int64(start), End: d.from + int64(end),
		Count: d.sum(start, end), Expected: b.expected(start, end), New: b.isNew, Unproven: b.unproven,
	}
	for from := start; from == start || from+windowMinutes <= end; from++ {
		to := min(from+windowMinutes, d.n)
		s.Score = max(s.Score, score(b.p(float64(d.sum(from, to)), b.expected(from, to), from, to)))
	}
	return s
}
