package simulate

import (
	"maps"
	"slices"
)

// truth measures the attempts that were made, by the definitions of the query that looks for storms.
func (s *storm) truth() StormTruth {
	t := StormTruth{
		Vendor: s.Vendor, Service: s.Service, Method: s.client.endpoint.method, Endpoint: s.Endpoint,
		Status: s.problem.status, Code: s.problem.code, Operations: len(s.runs), Outcome: "gave_up",
	}
	first, last := int64(0), int64(0)
	perSecond := map[int64]int{}
	for _, run := range s.runs {
		t.Attempts += len(run)
		t.Wasted += wasted(run)
		if run[len(run)-1].failed == succeeded {
			t.Outcome = "recovered"
		}
		for _, a := range run {
			if first == 0 || a.at < first {
				first = a.at
			}
			last = max(last, a.at)
			perSecond[a.at/1000]++
		}
	}
	t.Start, t.End = utc(first), utc(last)
	t.Amplification = float64(t.Attempts) / float64(t.Operations)
	t.RetryShare = float64(t.Attempts-t.Operations) / float64(t.Attempts)
	t.PeakPerS = slices.Max(slices.Collect(maps.Values(perSecond)))
	s.measureGaps(&t)
	return t
}

// wasted counts the failed attempts after the first.
func wasted(run []attempt) int {
	n := 0
	for _, a := range run[1:] {
		if a.failed == failed {
			n++
		}
	}
	return n
}

func (s *storm) measureGaps(t *StormTruth) {
	var gaps, ratios []float64
	asAdvised := 0
	wait := float64(s.RetryAfter.Milliseconds())
	for _, run := range s.runs {
		previous := 0.0
		for i := 1; i < len(run); i++ {
			gap := float64(run[i].at - run[i-1].at)
			if previous > 0 {
				ratios = append(ratios, gap/previous)
			}
			if gap < wait {
				t.EarlyRetries++
			}
			if wait > 0 && gap >= wait && gap <= 1.25*wait {
				asAdvised++
			}
			gaps, previous = append(gaps, gap), gap
		}
	}
	t.MedianGapMS = median(gaps)
	t.Backoff = backoff(float64(asAdvised)/float64(max(1, len(gaps))), median(ratios), t.MedianGapMS)
}

// backoff names the schedule of the retries. asAdvised is the share of the gaps that follow the
// advertised wait, ratio the median of each gap over the one before.
func backoff(asAdvised, ratio, medianGapMS float64) string {
	switch {
	case asAdvised >= 0.8:
		return "retry_after"
	case ratio >= 1.4:
		return "exponential"
	case medianGapMS < 250:
		return "none"
	}
	return "fixed"
}

// median sorts the values; 0 for none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
