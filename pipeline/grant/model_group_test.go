package grant

// kind is what happens between one world and the next.
type kind uint8

const (
	learn kind = iota
	takeOver
	rejoin
	restart
	commitAnswered
	send
	arrive
	land
	find
	clock
	ran
	expire
	cut
	acknowledge
	// Faults, and what need not happen for the system to come to its end.
	strayApplied
	rebalance
	crash
	unsent
	ackLost
	insertFails
	tableRestarts
	commitMovedBack
)

func (k kind) fault() bool { return k >= strayApplied }

// how a commit ends for a partition.
const (
	accepted uint8 = iota
	refused
	appliedUnanswered
	delayedUnanswered
)

const everyone = partitions // event.p, when a fault hits all partitions of a request

// event names what happened: member, partition, block as a slot + 1, and what else it takes.
type event struct {
	kind          kind
	m, p, b, x, y uint8
}

// step is one transition. wrong is a rule of the protocol that it breaks by itself.
type step struct {
	event event
	world world
	moved moves
	wrong string
}

// walk visits every world that may follow w. Those without a fault come first, in an order that, always
// taking the first, leads to the end.
type walk struct {
	mo    *model
	from  *world
	visit func(*step)
	step  step
}

func (k *walk) all() {
	for m := range k.from.members {
		k.membership(uint8(m))
	}
	for m := range k.from.members {
		k.commits(m)
	}
	k.inserts()
	for m := range k.from.members {
		for p := range partitions {
			k.questions(m, p)
		}
	}
	k.expiry()
	for m := range k.from.members {
		k.reading(m)
	}
	k.groupFaults()
	k.tableFaults()
}

// next begins a step from a copy of the world.
func (k *walk) next(e event) *world {
	k.step.event, k.step.world, k.step.wrong = e, *k.from, ""
	return &k.step.world
}

func (k *walk) emit() {
	k.step.moved = k.step.world.tidy(k.mo)
	k.visit(&k.step)
}

func (k *walk) membership(m uint8) {
	me := &k.from.members[m]
	if me.alive == 0 {
		k.generations(restart, m)
		return
	}
	if me.current == 0 {
		k.learn(int(m))
		return
	}
	lost := false
	for p := range partitions {
		lost = lost || Phase(me.seats[p].phase) == Lost
	}
	if lost {
		k.generations(rejoin, m)
	}
}

// learn makes m a member of the present generation: it forgets all it knew, and acquires.
func (k *walk) learn(m int) {
	w := k.next(event{kind: learn, m: uint8(m)})
	w.abandon(k.mo, m)
	w.members[m].current = 1
	for p := range w.owner {
		if int(w.owner[p]) != m {
			continue
		}
		st, effect := w.state(k.mo, m, p).Acquire(int64(w.commit[p]), w.noteOf(p))
		if effect == AskTable {
			w.members[m].seats[p].block = w.note[p]
			effect = Start // to read back what lies beyond the grant
		}
		w.store(k.mo, m, p, st, effect)
	}
	k.emit()
}

// generations tries every assignment of the partitions to those that live. by has caused it.
func (k *walk) generations(why kind, by uint8) {
	for owners := range uint8(1 << partitions) {
		w := k.next(event{kind: why, m: by, x: owners})
		switch why {
		case restart:
			w.members[by].alive = 1
		case rebalance:
			w.left.rebalances--
		}
		owner := [partitions]uint8{owners & 1, owners >> 1}
		if w.members[owner[0]].alive == 1 && w.members[owner[1]].alive == 1 {
			w.bump(k.mo, why, owner)
			k.emit()
		}
	}
}

// commits answers the requests that m waits for: one for each block, and one for each plain commit.
func (k *walk) commits(m int) {
	me := &k.from.members[m]
	for b := range uint8(slots) {
		parts := uint8(0)
		for p, s := range me.seats {
			if Phase(s.phase) == Granting && s.block == b+1 {
				parts |= 1 << p
			}
		}
		k.request(m, b+1, parts)
	}
	for p, s := range me.seats {
		if Phase(s.phase) == Acking {
			k.request(m, 0, 1<<p)
		}
	}
}

func (k *walk) request(m int, b, parts uint8) {
	if parts == 0 {
		return
	}
	e := event{kind: commitAnswered, m: uint8(m), b: b, y: parts}
	k.answer(e)
	if k.from.members[m].current == 0 && k.mo.without != Fence {
		return
	}
	for e.p = range uint8(partitions + 1) {
		if e.p < everyone && parts>>e.p&1 == 0 || e.p == everyone && parts != 3 {
			continue
		}
		for _, e.x = range []uint8{refused, appliedUnanswered, delayedUnanswered} {
			k.answer(e)
		}
	}
}

// answer lets the coordinator treat a request: e.x is what is special about the partition e.p.
func (k *walk) answer(e event) {
	w := k.next(e)
	m := int(e.m)
	switch e.x {
	case accepted:
	case refused:
		if w.left.refused == 0 {
			return
		}
		w.left.refused--
	default:
		if w.left.lost == 0 {
			return
		}
		w.left.lost--
	}
	for p := range partitions {
		if e.y>>p&1 == 0 {
			continue
		}
		special := accepted
		if int(e.p) == p || e.p == everyone {
			special = e.x
		}
		st, effect := w.state(k.mo, m, p).Committed(k.commit(m, p, special))
		w.store(k.mo, m, p, st, effect)
	}
	k.emit()
}

// commit does to Kafka what the request asks for one partition, and tells what the member hears.
func (k *walk) commit(m, p int, how uint8) CommitOutcome {
	w := &k.step.world
	s := w.members[m].seats[p]
	if w.members[m].current == 0 && k.mo.without != Fence {
		return Fenced
	}
	switch how {
	case refused:
		return Refused
	case delayedUnanswered:
		w.strays[m][p] = stray{1, s.next, s.block}
		return Unanswered
	}
	k.apply(p, s.next, s.block)
	if how == appliedUnanswered {
		return Unanswered
	}
	return Accepted
}

func (k *walk) apply(p int, offset, b uint8) {
	w := &k.step.world
	if offset < w.commit[p] {
		k.step.wrong = "I5: the committed offset goes back"
	}
	w.commit[p], w.note[p] = offset, b
	if b != 0 {
		w.blocks[b-1].parts[p].granted = 1
	}
}

// reading is what m does with its free partitions: cut them all into one block, or commit plainly.
func (k *walk) reading(m int) {
	n := k.mo.offsets
	k.ends(m, 0, func(first uint8) {
		k.ends(m, 1, func(second uint8) {
			if first+second > 0 {
				k.cut(m, [partitions]uint8{first, second})
			}
		})
	})
	for p, s := range k.from.members[m].seats {
		due := k.from.commit[p] != s.next || k.from.note[p] != 0 || k.from.members[m].current == 0
		if Phase(s.phase) != Free || !due || !k.mo.anyEnd && s.next < n {
			continue
		}
		w := k.next(event{kind: acknowledge, m: uint8(m), p: uint8(p)})
		st, effect := w.state(k.mo, m, p).Acknowledge()
		w.store(k.mo, m, p, st, effect)
		k.emit()
	}
}

// ends tries where the range of p may end, the furthest first; 0 = it is not cut.
func (k *walk) ends(m, p int, try func(end uint8)) {
	s := k.from.members[m].seats[p]
	if Phase(s.phase) == Free {
		for end := k.mo.offsets; end > s.next; end-- {
			try(end)
			if !k.mo.anyEnd {
				return
			}
		}
	}
	try(0)
}

func (k *walk) cut(m int, ends [partitions]uint8) {
	w := k.next(event{kind: cut, m: uint8(m), x: ends[0], y: ends[1]})
	slot := uint8(1)
	for w.blocks[slot-1].stage != unused {
		slot++
	}
	b := &w.blocks[slot-1]
	b.stage, k.step.event.b = planned, slot
	for p, end := range ends {
		s := &w.members[m].seats[p]
		if end == 0 {
			continue
		}
		rest := span(s.next, end) &^ s.held
		if rest == 0 {
			st, effect := w.state(k.mo, m, p).Skip(int64(end), Mark{})
			w.store(k.mo, m, p, st, effect)
			s.held &^= span(0, end)
			continue
		}
		b.parts[p] = part{start: s.next, end: end, rest: rest}
		st, effect := w.state(k.mo, m, p).Cut(w.grant(slot, p))
		s.block = slot
		w.store(k.mo, m, p, st, effect)
	}
	k.emit()
}

func (k *walk) groupFaults() {
	w := k.from
	for m := range w.members {
		k.memberFaults(m)
	}
	if w.left.rebalances > 0 {
		k.generations(rebalance, 0)
	}
	if w.members[w.owner[0]].alive == 0 || w.members[w.owner[1]].alive == 0 {
		k.generations(takeOver, 0)
	}
	for p := range partitions {
		if w.left.regress > 0 && (w.commit[p] > 0 || w.note[p] > 0) && (k.mo.reckless || !w.writable(p)) {
			w := k.next(event{kind: commitMovedBack, p: uint8(p)})
			w.left.regress--
			w.commit[p], w.note[p] = 0, 0
			k.emit()
		}
	}
}

func (k *walk) memberFaults(m int) {
	for p := range partitions {
		if s := k.from.strays[m][p]; s.sent == 1 {
			w := k.next(event{kind: strayApplied, m: uint8(m), p: uint8(p), b: s.block})
			w.strays[m][p] = stray{}
			k.apply(p, s.offset, s.block)
			k.emit()
		}
	}
	if k.from.members[m].alive == 1 && k.from.left.crashes > 0 {
		w := k.next(event{kind: crash, m: uint8(m)})
		w.left.crashes--
		w.abandon(k.mo, m)
		w.members[m] = member{}
		k.emit()
	}
}

// writable reports whether an insert that is known may still bring rows of p.
func (w *world) writable(p int) bool {
	for i := range w.blocks {
		for o := range uint8(4) {
			if w.writes(i, p, o) {
				return true
			}
		}
	}
	return false
}
