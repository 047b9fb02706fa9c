package traffic

import "math"

// noise is the ordinary traffic of a target: by the hour of the day, in bursts, with a share of errors
// of which some are retried once or twice.
type noise struct {
	target    *Target
	from, to  int64
	perMinute float64
	errors    float64
	failures  []*Failure
	burst     float64 // spread of the rate from one five minutes to the next
	flat      bool
}

// dayCurve is the share of the mean rate at a time of day.
func dayCurve(ms int64) float64 {
	hour := math.Mod(float64(ms)/3_600_000, 24)
	return 1 + 0.55*math.Sin((hour-8)*math.Pi/12)
}

func (b *builder) noise(n noise) {
	const block = 5 * 60_000
	for from := n.from; from < n.to; from += block {
		rate := n.perMinute / 60_000
		if !n.flat {
			rate *= dayCurve(from)
		}
		rate *= math.Exp(n.burst*b.NormFloat64() - n.burst*n.burst/2)
		end := min(from+block, n.to)
		for at := float64(from) + b.exp(1/rate); at < float64(end); at += b.exp(1 / rate) {
			b.ordinary(n, int64(at))
		}
	}
}

func (b *builder) ordinary(n noise, at int64) {
	op := b.operation(n.target)
	if len(n.failures) == 0 || !b.chance(n.errors) {
		b.add(b.success(n.target, at, op))
		return
	}
	f := pick(b, n.failures)
	b.add(b.failure(n.target, at, op, f))
	for i, odds := range []float64{0.4, 0.2} {
		if f.Retry == "no" || !b.chance(odds) {
			return
		}
		at += 800 + int64(b.exp(1500*float64(i+1)))
		if b.chance(0.7) {
			b.add(b.success(n.target, at, op))
			return
		}
		b.add(b.failure(n.target, at, op, f))
	}
}
