package spike

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

const maxScore = 300

// tailP is the probability of count or more errors under a negative binomial distribution with this mean
// and variance mean + dispersion × mean².
func tailP(count, mean, dispersion float64) float64 {
	if count <= 0 {
		return 1
	}
	size := 1 / dispersion
	return mathext.RegIncBeta(count, size, mean/(mean+size))
}

// score is -log10 p, at most 300.
func score(p float64) float64 {
	if p <= 0 {
		return maxScore
	}
	return math.Max(0, math.Min(maxScore, -math.Log10(p)))
}
