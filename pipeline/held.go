package pipeline

import (
	"slices"
	"sort"
)

// offsets is a set of offsets of one partition, as sorted disjoint spans that do not touch.
type offsets []span

// newOffsets builds a set from spans in any order, which may overlap.
func newOffsets(spans []span) offsets {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	set := offsets{}
	for _, s := range sorted {
		if s.to <= s.from {
			continue
		}
		if n := len(set); n > 0 && s.from <= set[n-1].to {
			set[n-1].to = max(set[n-1].to, s.to)
			continue
		}
		set = append(set, s)
	}
	return set
}

// at returns the index of the first span that ends after offset.
func (o offsets) at(offset int64) int {
	return sort.Search(len(o), func(i int) bool { return o[i].to > offset })
}

// end returns the offset after the last one in the set; 0 = the set is empty.
func (o offsets) end() int64 {
	if len(o) == 0 {
		return 0
	}
	return o[len(o)-1].to
}

// contains reports whether offset is in the set.
func (o offsets) contains(offset int64) bool {
	i := o.at(offset)
	return i < len(o) && o[i].from <= offset
}

// covers reports whether all offsets of s are in the set.
func (o offsets) covers(s span) bool {
	if s.len() <= 0 {
		return true
	}
	i := o.at(s.from)
	return i < len(o) && o[i].from <= s.from && s.to <= o[i].to
}
