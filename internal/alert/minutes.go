package alert

import (
	"time"
)

// lead is how many minutes before the span a rule has to know.
func (r *Rule) lead() int {
	lead := int(r.Window / time.Minute)
	if r.Kind == KindSilent {
		return lead + 2*int(day/time.Minute)
	}
	return lead
}

const day = 24 * time.Hour

// judge turns the counts of a group, which begin lead minutes before the span, into its track.
func (r *Rule) judge(s *series, sp span) Track {
	window, lead := int(r.Window/time.Minute), r.lead()
	responses, failed, unparsed := windows(s.responses, window), windows(s.errors, window), windows(s.unparsed, window)
	t := Track{From: sp.from, Verdicts: make([]Verdict, sp.minutes())}
	last := lastBefore(s.responses, lead)
	for i := range t.Verdicts {
		at, m := i+lead, sp.from+Minute(i)
		switch r.Kind {
		case KindCount:
			t.Verdicts[i] = sp.judged(m, float64(failed[at]) > r.Above)
		case KindRate:
			t.Verdicts[i] = sp.settled(m, responses[at] >= uint64(r.MinVolume) && exceeds(failed[at], responses[at], r.Above))
		case KindUnparsed:
			t.Verdicts[i] = sp.settled(m, failed[at] >= uint64(r.MinVolume) && exceeds(unparsed[at], failed[at], r.Above))
		case KindSilent:
			if s.responses[at] > 0 {
				last = at
			}
			t.Verdicts[i] = r.silent(responses, last, at, m, sp)
		}
	}
	return t
}

// exceeds tells whether part is more than the share of all.
func exceeds(part, all uint64, share float64) bool { return float64(part) > share*float64(all) }

// lastBefore is the last minute before end with any count, -1 if there is none.
func lastBefore(counts []uint64, end int) int {
	for i := end - 1; i >= 0; i-- {
		if counts[i] > 0 {
			return i
		}
	}
	return -1
}

// silent holds when a vendor has not answered for the whole window, had enough traffic up to then, and had it
// a day before, both now and when it fell silent: whoever sleeps at night or over the weekend is not silent,
// and of the first day nobody knows. A source that is not ingesting is no silence, but unknown.
func (r *Rule) silent(responses []uint64, last, at int, m Minute, sp span) Verdict {
	if m >= sp.complete || !sp.listened(m, int(r.Window/time.Minute)) {
		return Unknown
	}
	enough := func(i int) bool { return i >= 0 && responses[i] >= uint64(r.MinVolume) }
	const yesterday = int(day / time.Minute)
	if responses[at] == 0 && enough(last) && enough(at-yesterday) && enough(last+int(r.Window/time.Minute)-yesterday) {
		return Holds
	}
	return Fails
}
