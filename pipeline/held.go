package pipeline

import (
	"slices"
	"sort"

	"github.com/errata-dev/errata/storage"
)

// offsets is a set of offsets of one partition, as sorted disjoint spans that do not touch.
type offsets []span

// newOffsets builds a set from spans in any order, which may overlap.
func newOffsets(spans []span) offsets {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	set := offsets{}
	for _, s := range sorted {
		if s.To <= s.From {
			continue
		}
		if n := len(set); n > 0 && s.From <= set[n-1].To {
			set[n-1].To = max(set[n-1].To, s.To)
			continue
		}
		set = append(set, s)
	}
	return set
}

// at returns the index of the first span that ends after offset.
func (o offsets) at(offset int64) int {
	return sort.Search(len(o), func(i int) bool { return o[i].To > offset })
}

// end returns the offset after the last one in the set; 0 = the set is empty.
func (o offsets) end() int64 {
	if len(o) == 0 {
		return 0
	}
	return o[len(o)-1].To
}

// contains reports whether offset is in the set.
func (o offsets) contains(offset int64) bool {
	i := o.at(offset)
	return i < len(o) && o[i].From <= offset
}

// covers reports whether all offsets of s are in the set.
func (o offsets) covers(s span) bool {
	if s.Len() <= 0 {
		return true
	}
	i := o.at(s.From)
	return i < len(o) && o[i].From <= s.From && s.To <= o[i].To
}

// count returns how many offsets of s are in the set.
func (o offsets) count(s span) int64 {
	var n int64
	for i := o.at(s.From); i < len(o) && o[i].From < s.To; i++ {
		n += max(0, min(o[i].To, s.To)-max(o[i].From, s.From))
	}
	return n
}

// holdings are what the table holds of one partition, from where it was asked on.
type holdings struct {
	held    offsets
	surplus []storage.Range // runs with more than one row for an offset
}

// surplusIn returns how many rows too many there are in runs that touch s.
func (h *holdings) surplusIn(s span) int64 {
	var n int64
	for _, r := range h.surplus {
		if r.Start < s.To && s.From < r.End {
			n += r.Surplus
		}
	}
	return n
}
