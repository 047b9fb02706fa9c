// Package spike finds stretches of time in which one kind of error was far more frequent than its own
// baseline. It is pure: counts per minute in, spikes out; it reads no clock and keeps no state, so that a
// question about the past and an alert that looks every few seconds judge alike.
package spike

import (
	"cmp"
	"slices"
	"time"
)

// Kind is what is counted: one error of one vendor.
type Kind struct {
	Vendor string
	Status uint16
	Code   string
}

// Compare orders kinds by vendor, status and code.
func (k Kind) Compare(other Kind) int {
	return cmp.Or(cmp.Compare(k.Vendor, other.Vendor), cmp.Compare(k.Status, other.Status), cmp.Compare(k.Code, other.Code))
}

// VendorCode is what is new or not: a code, whatever status it came with.
type VendorCode struct{ Vendor, Code string }

// Series are the counts of one kind from one source. Minutes count from 1970, in any order; those that are
// not listed had no such error.
type Series struct {
	Kind
	Source  string
	Minutes []int64
	Counts  []uint64
}

// Input is what was read: the minutes [From, To). The last of them may be running still; its count is
// then compared with that of a whole minute.
type Input struct {
	From, To int64
	// Observed lists the minutes, in any order, that records of a source have as their time. The others
	// are missing: nobody knows how many errors they had.
	Observed map[string][]int64
	Series   []Series
	// FirstSeen holds the minute of the first error ever of a vendor and code. What is not listed has been
	// seen before.
	FirstSeen map[VendorCode]int64
}

// Options say what a spike is. The zero value means the defaults.
type Options struct {
	Floor  int     // least errors in five minutes; 0 = 20
	Lift   float64 // least ratio to the baseline; 0 = 3
	PValue float64 // how improbable the five minutes have to be; 0 = 1e-6
	Barely bool    // a spike need not show, beyond chance, that as a whole it reaches the lift

	model func(*baseline) float64 // measures the dispersion; nil = measureDispersion
}

// WithDefaults fills in what is not stated.
func (o Options) WithDefaults() Options {
	o.Floor = cmp.Or(o.Floor, 20)
	o.Lift = cmp.Or(o.Lift, 3)
	o.PValue = cmp.Or(o.PValue, 1e-6)
	if o.model == nil {
		o.model = measureDispersion
	}
	return o
}

// Spike is one stretch of minutes [Start, End), counted from 1970.
type Spike struct {
	Kind
	Start, End int64
	Count      uint64
	Expected   float64 // by the baseline, over the same minutes
	Score      float64 // -log10 p of its most improbable five minutes, at most 300
	New        bool    // no error of the vendor had this code before
	Unproven   bool    // with less than half an hour of baseline: measured against one a minute
	Incident   string  // the same for spikes that belong together
}

// Ratio is how many times the expected count there was; ok is false when none was expected.
func (s *Spike) Ratio() (ratio float64, ok bool) {
	if s.Expected <= 0 {
		return 0, false
	}
	return float64(s.Count) / s.Expected, true
}

const (
	windowMinutes   = 5
	baselineMinutes = 24 * 60
	leastBaseline   = 30      // observed minutes
	pauseMinutes    = 2       // that never end a spike
	lookahead       = 15      // observed minutes in which a spike has to go on
	longestGap      = 60      // minutes without a passing one, whether they were observed or not
	maxMinutes      = 24 * 60 // a level that has lasted for so long is the ordinary one
	passingMinutes  = 6 * 60  // so long a spike counts for the baseline of later ones
	stretchMinutes  = 2 * 60  // in which noise is told from slower changes
	trimmed         = 1.5     // what the variance of skewed counts loses with their largest
	leastEvidence   = 1.0     // logarithm of the odds that make a minute beside a spike a part of it
	recentMinutes   = 120
	suddenPValue    = 1e-4   // against those
	shownPValue     = 0.0025 // of the whole at this share of the lift: 3 has to be more than 2 and chance
	shownShare      = 2.0 / 3
	suddenShare     = 0.5
	settlingMinutes = 120  // that show what is ordinary where the data begins
	ownPValue       = 0.01 // of a single minute
	leastDispersion = 0.02 // as if counts strayed by 14 % at least, however many there are
)

// Detect returns all spikes of the minutes that were read, by start. Those in the first day have less of
// a baseline than could be had.
func Detect(in Input, o Options) []Spike {
	o = o.WithDefaults()
	masks := map[string][]bool{}
	for source, minutes := range in.Observed {
		masks[source] = in.mask(minutes)
	}
	var found []Spike
	for _, group := range byKind(in.Series) {
		first, known := in.FirstSeen[VendorCode{group[0].Vendor, group[0].Code}]
		if !known {
			first = in.From - baselineMinutes
		}
		d := newDetector(in, masks, group, o)
		d.firstSeen = first - in.From
		found = append(found, d.run()...)
	}
	slices.SortFunc(found, func(a, b Spike) int { return cmp.Or(cmp.Compare(a.Start, b.Start), a.Compare(b.Kind)) })
	fold(found)
	return found
}

func (in Input) mask(minutes []int64) []bool {
	mask := make([]bool, in.To-in.From)
	for _, m := range minutes {
		if m >= in.From && m < in.To {
			mask[m-in.From] = true
		}
	}
	return mask
}

// byKind puts the series of one kind together, whatever their source.
func byKind(series []Series) [][]Series {
	sorted := slices.SortedFunc(slices.Values(series), func(a, b Series) int {
		return cmp.Or(a.Compare(b.Kind), cmp.Compare(a.Source, b.Source))
	})
	var groups [][]Series
	for i, s := range sorted {
		if i == 0 || s.Kind != sorted[i-1].Kind {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], s)
	}
	return groups
}

// fold names the incidents: spikes of one vendor that overlap, or follow within a pause, are one. The
// spikes come by start.
func fold(spikes []Spike) {
	type incident struct {
		name string
		end  int64
	}
	running := map[string]*incident{}
	for i := range spikes {
		s := &spikes[i]
		current := running[s.Vendor]
		if current == nil || s.Start > current.end+pauseMinutes {
			current = &incident{name: s.Vendor + "@" + time.Unix(s.Start*60, 0).UTC().Format("2006-01-02T15:04Z")}
			running[s.Vendor] = current
		}
		s.Incident = current.name
		current.end = max(current.end, s.End)
	}
}
