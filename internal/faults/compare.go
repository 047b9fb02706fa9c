package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// difference is how a table differs from what should be in it.
type difference struct {
	missing []position // no row, and no gap says so
	surplus []position // more than one row
	foreign []position // a row, but no such record
	altered []position // another checksum
	excused int        // no row, but a gap says so
}

func compare(want records, have table) difference {
	var d difference
	for at, sum := range want {
		rows := have.rows[at]
		switch {
		case len(rows) == 0 && have.gapAt(at):
			d.excused++
		case len(rows) == 0:
			d.missing = append(d.missing, at)
		case len(rows) > 1 || rows[0].copies > 1:
			d.surplus = append(d.surplus, at)
		case rows[0].checksum != sum:
			d.altered = append(d.altered, at)
		}
	}
	for at := range have.rows {
		if _, ok := want[at]; !ok {
			d.foreign = append(d.foreign, at)
		}
	}
	return d
}

func (t table) gapAt(at position) bool {
	return slices.ContainsFunc(t.gaps, func(g gap) bool {
		return g.partition == at.partition && g.from <= at.offset && at.offset < g.to
	})
}

// errRows is what is wrong with a table that does not hold every record as one row.
var errRows = errors.New("the table is wrong")

// err is nil if every record is one row.
func (d difference) err() error {
	found := errors.Join(
		offences("missing", d.missing), offences("more than once", d.surplus),
		offences("of no record", d.foreign), offences("with another checksum", d.altered))
	if found == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errRows, found)
}

// listed is how many positions a failure names.
const listed = 20

func offences(what string, at []position) error {
	if len(at) == 0 {
		return nil
	}
	slices.SortFunc(at, func(a, b position) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.offset, b.offset))
	})
	more := ""
	if len(at) > listed {
		more = fmt.Sprintf(" … %v", at[len(at)-1])
	}
	return fmt.Errorf("rows %s: %d: %v%s", what, len(at), at[:min(listed, len(at))], more)
}
