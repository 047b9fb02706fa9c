package grant

// inserts moves on every INSERT: from its sender, over the wire, past the guard, row by row into the table.
func (k *walk) inserts() {
	for i := range k.from.blocks {
		b := &k.from.blocks[i]
		switch b.stage {
		case planned:
			k.send(i)
		case travelling:
			k.arrive(i)
		case running:
			k.land(i)
		}
	}
}

// sender is the member that may send block i, or waits for its outcome; all answers to its commit are in.
func (w *world) sender(i int) (m int, found bool) {
	for m := range w.members {
		for _, s := range w.members[m].seats {
			if int(s.block) == i+1 && Phase(s.phase) == Granting {
				return 0, false
			}
			found = found || int(s.block) == i+1 && Phase(s.phase) == Inserting
		}
		if found {
			return m, true
		}
	}
	return 0, false
}

func (k *walk) send(i int) {
	m, permitted := k.from.sender(i)
	if !permitted {
		return
	}
	w := k.next(event{kind: send, m: uint8(m), b: uint8(i + 1)})
	b := &w.blocks[i]
	b.stage = travelling
	if k.mo.without == GrantDeadline {
		b.fresh = b.expired
	}
	for p, s := range w.members[m].seats {
		if int(s.block) != i+1 || Phase(s.phase) != Inserting {
			b.parts[p].rest = 0 // refused, or unanswered
		} else if b.parts[p].granted == 0 {
			k.step.wrong = "I4: an insert outside a committed grant"
		}
	}
	k.emit()
	if k.from.left.lost > 0 {
		w := k.next(event{kind: unsent, m: uint8(m), b: uint8(i + 1)})
		w.left.lost--
		k.hear(i, Unsent)
		k.emit()
	}
}

// admits reports whether the guard lets block i in.
func (w *world) admits(mo *model, i int) bool {
	b := &w.blocks[i]
	return b.expired == 0 || b.fresh == 1 || mo.without == Guard
}

func (k *walk) arrive(i int) {
	w := k.next(event{kind: arrive, b: uint8(i + 1)})
	if w.admits(k.mo, i) {
		w.blocks[i].stage = running
	} else {
		w.blocks[i].stage = over
		k.hear(i, Ended)
	}
	k.emit()
}

// land brings one row into the table. With the last one the insert ends, and is acknowledged.
func (k *walk) land(i int) {
	for p := range partitions {
		for o := range k.mo.offsets {
			if k.from.blocks[i].parts[p].rest>>o&1 == 0 {
				continue
			}
			w := k.next(event{kind: land, b: uint8(i + 1), p: uint8(p), x: o})
			b := &w.blocks[i]
			b.parts[p].rest &^= 1 << o
			if w.rowsAt(p, o) < 2 {
				w.rows[p] += 1 << (2 * o)
			}
			if b.parts[0].rest|b.parts[1].rest == 0 {
				b.stage = over
				k.hear(i, Acknowledged)
			}
			k.emit()
			if !k.mo.anyOrder {
				break
			}
		}
	}
}

// hear tells whoever waits for block i how it ended.
func (k *walk) hear(i int, o InsertOutcome) {
	w := &k.step.world
	for m := range w.members {
		for p, s := range w.members[m].seats {
			if int(s.block) == i+1 && Phase(s.phase) == Inserting {
				st, effect := w.state(k.mo, m, p).Inserted(o)
				w.store(k.mo, m, p, st, effect)
			}
		}
	}
}

// questions are what a member asks the table and its server about a partition in doubt.
func (k *walk) questions(m, p int) {
	s := k.from.members[m].seats[p]
	switch Phase(s.phase) {
	case Doubt:
		k.find(m, p)
		if k.from.blocks[s.block-1].expired == 1 {
			k.ask(event{kind: clock, m: uint8(m), p: uint8(p), b: s.block}, func(st State) (State, Effect) { return st.Clock(deadline + 1) })
		}
	case Expired:
		if k.from.blocks[s.block-1].stage != running {
			k.ask(event{kind: ran, m: uint8(m), p: uint8(p), b: s.block}, func(st State) (State, Effect) { return st.Ran(false) })
		}
	case Settled:
		k.find(m, p)
	}
}

func (k *walk) find(m, p int) {
	b := k.from.members[m].seats[p].block
	part := k.from.blocks[b-1].parts[p]
	var found, surplus int64
	for o := part.start; o < part.end; o++ {
		if n := int64(k.from.rowsAt(p, o)); n > 0 {
			found, surplus = found+1, surplus+n-1
		}
	}
	e := event{kind: find, m: uint8(m), p: uint8(p), b: b, x: uint8(found), y: uint8(surplus)}
	k.ask(e, func(st State) (State, Effect) { return st.Found(found, surplus) })
}

// ask passes over answers that change nothing: the question is asked again.
func (k *walk) ask(e event, answer func(State) (State, Effect)) {
	w := k.next(e)
	st, effect := answer(w.state(k.mo, int(e.m), int(e.p)))
	w.store(k.mo, int(e.m), int(e.p), st, effect)
	if *w != *k.from {
		k.emit()
	}
}

// expiry lets the deadline of the oldest grants pass.
func (k *walk) expiry() {
	for i := range k.from.blocks {
		if b := &k.from.blocks[i]; b.stage != unused && b.expired == 0 {
			w := k.next(event{kind: expire, b: uint8(i + 1)})
			w.blocks[i].expired = 1
			k.emit()
			return
		}
	}
}

func (k *walk) tableFaults() {
	busy := false
	for i := range k.from.blocks {
		b := &k.from.blocks[i]
		busy = busy || b.stage == running
		if b.stage == running && k.from.left.failed > 0 {
			w := k.next(event{kind: insertFails, b: uint8(i + 1)})
			w.left.failed--
			w.blocks[i].stage = over
			k.hear(i, Ended)
			k.emit()
		}
		if b.stage == travelling || b.stage == running {
			k.loseAnswer(i)
		}
	}
	if busy && k.from.left.restarts > 0 {
		w := k.next(event{kind: tableRestarts})
		w.left.restarts--
		for i := range w.blocks {
			if w.blocks[i].stage == running {
				w.blocks[i].stage = over
				k.hear(i, Ambiguous)
			}
		}
		k.emit()
	}
}

// loseAnswer breaks the connection of a sender that waits. What it has sent goes on.
func (k *walk) loseAnswer(i int) {
	m, waits := k.from.sender(i)
	if !waits || k.from.left.lost == 0 {
		return
	}
	w := k.next(event{kind: ackLost, m: uint8(m), b: uint8(i + 1)})
	w.left.lost--
	k.hear(i, Ambiguous)
	k.emit()
}

// writes reports whether block i may still bring a row of an offset.
func (w *world) writes(i, p int, o uint8) bool {
	b := &w.blocks[i]
	if b.parts[p].rest>>o&1 == 0 {
		return false
	}
	switch b.stage {
	case running:
		return true
	case travelling:
		return b.expired == 0 || b.fresh == 1
	case planned:
		return b.expired == 0 && w.permitted(i, p)
	}
	return false
}

func (w *world) permitted(i, p int) bool {
	for m := range w.members {
		if s := w.members[m].seats[p]; int(s.block) == i+1 && Phase(s.phase) == Inserting {
			return true
		}
	}
	return false
}
