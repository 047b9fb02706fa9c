package main

import "slices"

// summary is what is said about the values of several runs.
type summary struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

// summarize returns zeros for no values. The median of an even number is the mean of the middle two.
func summarize(values []float64) summary {
	if len(values) == 0 {
		return summary{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return summary{Min: sorted[0], Median: median, Max: sorted[len(sorted)-1]}
}

// results are the values measured so far, in the order in which they were first seen.
type results struct {
	list  []*result
	known map[key]*result
}

// key names a measured quantity.
type key struct {
	Part   string `json:"part"`
	Stream string `json:"stream"`
	What   string `json:"what"`
	Unit   unit   `json:"unit"`
}

type result struct {
	key
	summary
	Values []float64 `json:"values"` // one per run
}

func (r *results) add(k key, value float64) {
	if r.known == nil {
		r.known = map[key]*result{}
	}
	one := r.known[k]
	if one == nil {
		one = &result{key: k}
		r.known[k] = one
		r.list = append(r.list, one)
	}
	one.Values = append(one.Values, value)
	one.summary = summarize(one.Values)
}

// last returns the value of the latest run, or 0.
func (r *results) last(part, stream, what string) float64 {
	one := r.known[key{part, stream, what, unitMicroseconds}]
	if one == nil {
		return 0
	}
	return one.Values[len(one.Values)-1]
}
