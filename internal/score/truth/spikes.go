package truth

import (
	"cmp"
	"slices"

	"github.com/errata-dev/errata/internal/score/traffic"
)

// Spike is what a row of `query spikes` should say.
type Spike struct {
	Kind            string
	Event           *traffic.Event
	Vendor, Code    string
	Status          int
	Start, End      int64 // whole minutes
	Count           int
	Expected, Ratio float64
	New             bool
	Severity        string
	Clear           bool // the severity is far enough from its thresholds
	Group           int
	Required        bool // false = so close to a threshold that either answer will do
}

const (
	spikeFloor = 20
	spikeLift  = 3
)

// Spikes lists the spikes of a log. What was expected is known, not estimated: the rate that the noise was
// drawn from.
func Spikes(log *traffic.Log) []Spike {
	var list []Spike
	for _, e := range log.Events {
		if e.Question != "spikes" || len(e.Calls) == 0 || e.To < log.From {
			continue
		}
		list = append(list, spikeOf(log, e))
	}
	slices.SortFunc(list, func(a, b Spike) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Code, b.Code)) })
	return list
}

func spikeOf(log *traffic.Log, e *traffic.Event) Spike {
	s := Spike{
		Kind: e.Kind, Event: e, Vendor: e.Vendor, Status: e.Status, Code: e.Code, New: e.New, Group: e.Group,
		Start: e.From / minute * minute, End: e.To/minute*minute + minute, Severity: "warning",
	}
	perMinute, responses := map[int64]int{}, 0
	for _, c := range log.Calls {
		if c.Vendor != s.Vendor || c.At < s.Start || c.At >= s.End {
			continue
		}
		responses++
		if c.Failure != nil && c.Failure.Status == s.Status && c.Failure.Code == s.Code {
			s.Count++
			perMinute[c.At/minute]++
		}
	}
	observed := observedMinutes(log, s.Start, s.End)
	for _, m := range observed {
		s.Expected += rate(log, &s, m*minute)
	}
	if s.Expected > 0 {
		s.Ratio = float64(s.Count) / s.Expected
	}
	rate := float64(s.Count) / float64(responses)
	if s.Expected == 0 || s.Ratio >= 10 || rate >= 0.5 {
		s.Severity = "critical"
	}
	s.Clear = s.Ratio > 13 || (s.Ratio < 7.5 && (rate < 0.4 || rate > 0.6))
	s.Required = clear(&s, perMinute, observed)
	return s
}

// rate is the ordinary rate of the spike's kind of error at a time.
func rate(log *traffic.Log, s *Spike, at int64) float64 {
	sum := 0.0
	for _, r := range log.Rates {
		if r.Vendor == s.Vendor && r.Failure.Code == s.Code && r.Failure.Status == s.Status {
			sum += r.Rate(at)
		}
	}
	return sum
}

// observedMinutes are those in which anything was logged.
func observedMinutes(log *traffic.Log, from, to int64) []int64 {
	var list []int64
	for _, c := range log.Calls {
		if m := c.At / minute; c.At >= from && c.At < to && (len(list) == 0 || list[len(list)-1] != m) {
			list = append(list, m)
		}
	}
	return list
}

// clear reports that the spike passes the floor, and the lift with a tenth to spare, in some five minutes.
func clear(s *Spike, perMinute map[int64]int, observed []int64) bool {
	for i := range observed {
		five := observed[i:min(i+5, len(observed))]
		count := 0
		for _, m := range five {
			count += perMinute[m]
		}
		expected := s.Expected / float64(len(observed)) * float64(len(five))
		if count >= spikeFloor+4 && float64(count) >= 1.1*spikeLift*expected {
			return true
		}
	}
	return false
}
