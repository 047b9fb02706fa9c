package spike

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// noise makes the ordinary counts of one kind: n minutes with this mean.
type noise struct {
	name string
	make func(r *rand.Rand, n int, mean float64) []float64 // rates; the counts are drawn from them
}

// noises are the shapes of ordinary traffic that the detector is measured on.
func noises() []noise {
	return []noise{
		{"steady", func(_ *rand.Rand, n int, mean float64) []float64 {
			return shaped(n, func(int) float64 { return mean })
		}},
		// Each minute strays by half on its own.
		{"rough", func(r *rand.Rand, n int, mean float64) []float64 {
			gamma := distuv.Gamma{Alpha: 4, Beta: 4, Src: r}
			return shaped(n, func(int) float64 { return mean * gamma.Rand() })
		}},
		// The level wanders by a third, over twenty minutes or so.
		{"wandering", func(r *rand.Rand, n int, mean float64) []float64 {
			state, keep := 0.0, math.Exp(-1.0/20)
			return shaped(n, func(int) float64 {
				state = state*keep + 0.35*math.Sqrt(1-keep*keep)*r.NormFloat64()
				return mean * math.Exp(state)
			})
		}},
		{"daily", func(_ *rand.Rand, n int, mean float64) []float64 {
			return shaped(n, func(m int) float64 { return mean * (1 + 0.8*math.Sin(float64(m)/1440*2*math.Pi)) })
		}},
		// Nights with a twentieth of the day, which begins within half an hour.
		{"office", func(_ *rand.Rand, n int, mean float64) []float64 {
			return shaped(n, func(m int) float64 {
				hour := float64(m%1440) / 60
				return mean * 2.4 * math.Max(0.05, math.Min(1, math.Min((hour-8)*2, (18-hour)*2)))
			})
		}},
		// Once in two hours or so, twenty times as much for one minute.
		{"bursts", func(r *rand.Rand, n int, mean float64) []float64 {
			return shaped(n, func(int) float64 {
				if r.Float64() < 1.0/120 {
					return 20 * mean
				}
				return mean
			})
		}},
	}
}

func shaped(n int, rate func(m int) float64) []float64 {
	rates := make([]float64, n)
	for m := range rates {
		rates[m] = rate(m)
	}
	return rates
}

// draw makes counts of rates.
func draw(r *rand.Rand, rates []float64) []uint64 {
	counts := make([]uint64, len(rates))
	for m, rate := range rates {
		if rate > 0 {
			counts[m] = uint64(distuv.Poisson{Lambda: rate, Src: r}.Rand())
		}
	}
	return counts
}

// epoch is a midnight, in minutes since 1970.
const epoch = 20_600 * 1440

// inputOf is the counts of one kind, from the epoch on, all of them observed.
func inputOf(counts []uint64) Input {
	in := Input{From: epoch, To: epoch + int64(len(counts)), Observed: map[string][]int64{"src": make([]int64, len(counts))}}
	for m := range counts {
		in.Observed["src"][m] = epoch + int64(m)
	}
	in.Series = []Series{seriesOf(Kind{"acme", 503, "down"}, counts)}
	return in
}

func seriesOf(kind Kind, counts []uint64) Series {
	s := Series{Kind: kind, Source: "src"}
	for m, count := range counts {
		if count > 0 {
			s.Minutes, s.Counts = append(s.Minutes, epoch+int64(m)), append(s.Counts, count)
		}
	}
	return s
}
