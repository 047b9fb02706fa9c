package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSummarize(t *testing.T) {
	f := func(values []float64, want summary) {
		t.Helper()
		given := append([]float64{}, values...)
		require.Equal(t, want, summarize(values))
		require.Equal(t, given, append([]float64{}, values...), "the values stay in the order of the runs")
	}
	f(nil, summary{})
	f([]float64{7}, summary{Min: 7, Median: 7, Max: 7})
	f([]float64{9, 1}, summary{Min: 1, Median: 5, Max: 9})
	f([]float64{3, 100, 1}, summary{Min: 1, Median: 3, Max: 100})
	f([]float64{4, 1, 3, 2}, summary{Min: 1, Median: 2.5, Max: 4})
	f([]float64{-2, math.Inf(1), 0, 5, 5}, summary{Min: -2, Median: 5, Max: math.Inf(1)})
}

func TestResultsKeepQuantitiesApart(t *testing.T) {
	var r results
	first := key{"parse", "mix", "errata", unitMicroseconds}
	r.add(first, 2)
	for _, other := range []key{
		{"fetch", "mix", "errata", unitMicroseconds},
		{"parse", "errors", "errata", unitMicroseconds},
		{"parse", "mix", "reference", unitMicroseconds},
		{"parse", "mix", "errata", unitAllocations},
	} {
		r.add(other, 50)
	}
	r.add(first, 1)
	require.Len(t, r.list, 5)
	require.Equal(t, &result{key: first, summary: summary{Min: 1, Median: 1.5, Max: 2}, Values: []float64{2, 1}}, r.list[0])
}
