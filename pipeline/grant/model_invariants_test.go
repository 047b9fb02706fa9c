package grant

// broken names the invariant that w breaks; "" = none. Unless strict it looks at the rows alone: what a
// mutant is to be caught by is a row that is lost or there twice, not a rule of book-keeping.
func (mo *model) broken(w *world, strict bool) string {
	for p := range partitions {
		for o := range mo.offsets {
			switch n := w.rowsAt(p, o); {
			case n > 1:
				return "I1: a row is there twice"
			case n == 0 && o < w.commit[p]:
				return "I2: a row below the committed offset is missing"
			}
		}
	}
	if !strict {
		return ""
	}
	for p := range partitions {
		if what := mo.unsafe(w, p); what != "" {
			return what
		}
		for m := range w.members {
			if what := w.misplaced(m, p); what != "" {
				return what
			}
		}
	}
	return ""
}

// unsafe looks for offsets that can be written although they have a row, or by two inserts.
func (mo *model) unsafe(w *world, p int) string {
	for o := range mo.offsets {
		n := w.rowsAt(p, o)
		for i := range w.blocks {
			if w.writes(i, p, o) {
				n++
			}
		}
		if n > 1 {
			return "I3: two grants may write one offset"
		}
	}
	return ""
}

// misplaced judges where a member stands.
func (w *world) misplaced(m, p int) string {
	s := w.members[m].seats[p]
	switch Phase(s.phase) {
	case Unowned, Lost:
		return ""
	case Halted:
		return "a partition halts"
	}
	for o := range s.next {
		if w.rowsAt(p, o) != 1 {
			return "I6: read past a row that is not there"
		}
	}
	if w.members[m].current == 1 && s.next < w.commit[p] {
		return "I6: reading below the committed offset"
	}
	return ""
}

// done is the end that everything has to come to.
func (mo *model) done(w *world) bool {
	for p := range partitions {
		if w.commit[p] != mo.offsets {
			return false
		}
		for o := range mo.offsets {
			if w.rowsAt(p, o) != 1 {
				return false
			}
		}
	}
	return true
}

// drains shows that w comes to its end when nothing fails any more, by going there.
func (mo *model) drains(w world) string {
	for range 100 {
		if mo.done(&w) {
			return ""
		}
		var first *world
		k := walk{mo: mo, from: &w, visit: func(st *step) {
			if first == nil && !st.event.kind.fault() {
				next := st.world
				first = &next
			}
		}}
		k.all()
		if first == nil {
			break
		}
		w = *first
	}
	return "without further faults it does not come to its end"
}
