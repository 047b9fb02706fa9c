package simulate

import (
	"math"
	"math/rand/v2"
)

// rng is one seeded stream. Every source of records has its own, so that an event more or less
// leaves the rest of the log as it was.
type rng struct {
	*rand.Rand
}

func newRNG(seed, stream uint64) *rng {
	return &rng{rand.New(rand.NewPCG(seed, mix(stream)))}
}

// logNormal draws with the given median; sigma 0.5 puts nine in ten between 0.44 and 2.3 medians.
func (r *rng) logNormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*r.NormFloat64())
}

func (r *rng) chance(p float64) bool { return r.Float64() < p }

// around returns d stretched or shrunk evenly by up to the share jitter, never below 1 ms.
func (r *rng) around(ms, jitter float64) int64 {
	return max(1, int64(ms*(1+jitter*(2*r.Float64()-1))+0.5))
}

// mix is the finalizer of splitmix64: nearby inputs give unrelated outputs.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// ids derives the ids of one operation from its seed, so that a retry repeats them without storing them.
type ids struct{ state uint64 }

func (s *ids) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	return mix(s.state)
}
