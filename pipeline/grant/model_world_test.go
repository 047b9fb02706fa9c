package grant

import (
	"hash/maphash"
	"unsafe"
)

// The model: two ingesters, two partitions, one table, everything that can be under way between them. A
// world is one state of all that, in bytes, so that it can be hashed and compared as it lies in memory.
const (
	partitions = 2
	members    = 2
	slots      = 6  // blocks that anybody can still remember; more is a panic
	deadline   = 50 // of every grant; whether it has passed is block.expired
)

// stage is how far the INSERT of a block has come.
type stage uint8

const (
	unused     stage = iota
	planned          // its grants are being asked for, or are given, and nothing was sent
	travelling       // sent, and not read by the server
	running          // admitted by the guard; rows land one by one
	over             // it writes no more, or was never sent and never will be
)

// part is what a block has of one partition.
type part struct {
	start, end uint8
	rest       uint8 // rows that it is still to write, a bit for each offset
	granted    uint8 // Kafka has taken the grant
}

// block is one INSERT with the grants of its partitions. Blocks lie in the order of their making.
type block struct {
	stage   stage
	expired uint8 // the deadline of the grants has passed on the server
	fresh   uint8 // rule GrantDeadline removed: sent later, with a deadline of its own
	parts   [partitions]part
}

// seat is a member's State of one partition. block is a slot + 1; 0 = none.
type seat struct {
	phase, next, block uint8
	held               uint8 // offsets that the table has, as read back
}

// member is an ingester. A member that is alive and not current is a zombie: it was paused, or has not
// heard yet, and acts under an old generation.
type member struct {
	alive, current uint8
	seats          [partitions]seat
}

// stray is a commit that is on its way although nobody waits for the answer.
type stray struct{ sent, offset, block uint8 }

// budget is how many faults of each kind may still happen.
type budget struct {
	rebalances, crashes, restarts, lost, refused, failed, regress uint8
}

type world struct {
	rows    [partitions]uint8 // of each offset: two bits, 0 to 2
	commit  [partitions]uint8 // Kafka: the committed offset
	note    [partitions]uint8 // Kafka: the block whose grant stands in the note, as a slot + 1; 0 = none
	owner   [partitions]uint8
	blocks  [slots]block
	members [members]member
	strays  [members][partitions]stray
	left    budget
}

// model is what does not change during a search.
type model struct {
	without  Rule
	offsets  uint8 // records of each partition
	anyEnd   bool  // ranges end anywhere; otherwise each takes all there is
	anyOrder bool  // rows of a partition land in any order; otherwise from the first on
	budget   budget

	reckless       bool // the committed offset may be moved back while an insert is under way
	sameGeneration bool // who joins anew after an unanswered commit may come back under the same number
	blind          bool // what lies beyond the committed offset is not read back on acquisition
}

// begin is a group of two that owns nothing yet: both have to learn of the first generation.
func (mo *model) begin() world {
	w := world{left: mo.budget}
	for m := range w.members {
		w.members[m].alive = 1
	}
	w.owner[1] = 1
	return w
}

var seed = maphash.MakeSeed()

func (w *world) hash() uint64 {
	return maphash.Bytes(seed, unsafe.Slice((*byte)(unsafe.Pointer(w)), unsafe.Sizeof(*w)))
}

func (w *world) rowsAt(p int, offset uint8) uint8 { return w.rows[p] >> (2 * offset) & 3 }

// present is which offsets from next on have rows, a bit for each.
func (w *world) present(p int, next uint8) (mask uint8) {
	for o := next; o < 4; o++ {
		if w.rowsAt(p, o) > 0 {
			mask |= 1 << o
		}
	}
	return mask
}

func span(start, end uint8) uint8 { return 1<<end - 1<<start }

// grant is what a note, or a member, knows of a block's part.
func (w *world) grant(slot uint8, p int) Grant {
	part := w.blocks[slot-1].parts[p]
	return Grant{
		Start: int64(part.start), End: int64(part.end), Count: int64(part.end - part.start),
		Insert: "id", Deadline: deadline,
	}
}

func (w *world) noteOf(p int) Note {
	if w.note[p] == 0 {
		return Note{}
	}
	return Note{Grant: w.grant(w.note[p], p), Open: true}
}

func (w *world) state(mo *model, m, p int) State {
	s := w.members[m].seats[p]
	st := State{Phase: Phase(s.phase), Next: int64(s.next), Without: mo.without}
	if s.block != 0 {
		st.Grant = w.grant(s.block, p)
	}
	return st
}

// store takes over what the State has become, and does what its effect asks of the driver at once: on
// Start, Retry and after a resolution it reads back which rows are there already.
func (w *world) store(mo *model, m, p int, st State, e Effect) {
	s := &w.members[m].seats[p]
	s.phase, s.next = uint8(st.Phase), uint8(st.Next)
	switch st.Phase {
	case Granting, Inserting, Doubt, Expired, Settled:
	default:
		s.block = 0
	}
	switch {
	case e != Start && e != Retry && e != Done:
		return
	case mo.without == ReadBack || mo.blind && e == Start:
		s.held = 0
	case e == Done:
		s.held &^= span(0, s.next)
	default:
		s.held = w.present(p, s.next)
	}
}

// bump begins a generation: commits of the one before are fenced from now on.
func (w *world) bump(mo *model, why kind, owner [partitions]uint8) {
	w.owner = owner
	for m := range w.members {
		w.members[m].current = 0
		if mo.without != Fence && (why != rejoin || !mo.sameGeneration) {
			w.strays[m] = [partitions]stray{}
		}
	}
}

// abandon forgets a member's seats. Commits that it has sent go on travelling.
func (w *world) abandon(mo *model, m int) {
	for p, s := range w.members[m].seats {
		if Phase(s.phase) == Granting || Phase(s.phase) == Acking {
			w.goAstray(mo, m, p)
		}
	}
	w.members[m].seats = [partitions]seat{}
}

func (w *world) goAstray(mo *model, m, p int) {
	s := w.members[m].seats[p]
	if w.members[m].current == 1 || mo.without == Fence {
		w.strays[m][p] = stray{1, s.next, s.block}
	}
}

// moves says to which slot each block went, as a slot + 1; 0 = it is forgotten.
type moves [slots]uint8

// tidy brings the world into the one form of all that mean the same: what makes no difference any more is
// dropped, and the blocks that are left move up.
func (w *world) tidy(mo *model) (moved moves) {
	if mo.without != Fence {
		w.silenceZombies()
	}
	var known [slots][partitions]bool
	var waited [slots]bool
	for p := range w.note {
		mark(&known, w.note[p], p)
		for m := range w.members {
			s := w.members[m].seats[p]
			mark(&known, s.block, p)
			mark(&known, w.strays[m][p].block, p)
			if ph := Phase(s.phase); s.block != 0 && (ph == Granting || ph == Inserting) {
				waited[s.block-1] = true
			}
		}
	}
	free := uint8(0)
	for i := range w.blocks {
		b := w.blocks[i]
		w.blocks[i] = block{}
		if b.clean(mo, known[i], waited[i]) {
			w.blocks[free] = b
			free++
			moved[i] = free
		}
	}
	w.rename(moved)
	return moved
}

// silenceZombies drops the seats of members whose commits are fenced. All that such a member can still do
// to others is to send an insert that it holds a grant for.
func (w *world) silenceZombies() {
	for m := range w.members {
		for p, s := range w.members[m].seats {
			if w.members[m].current == 0 && (Phase(s.phase) != Inserting || w.blocks[s.block-1].stage != planned) {
				w.members[m].seats[p] = seat{}
			}
		}
	}
}

func mark(known *[slots][partitions]bool, slot uint8, p int) {
	if slot != 0 {
		known[slot-1][p] = true
	}
}

// clean removes from a block what makes no difference any more. It reports whether anything is left.
// Of a block that writes no more the deadline may pass at once: those who wait for it lose nothing by it.
func (b *block) clean(mo *model, known [partitions]bool, waited bool) bool {
	refused := b.stage == travelling && b.expired == 1 && b.fresh == 0 && mo.without != Guard
	if !waited && (b.stage == planned || refused) {
		b.stage = over
	}
	writes, some := uint8(0), false
	for p := range b.parts {
		if b.stage == over {
			b.parts[p].rest = 0
		}
		writes |= b.parts[p].rest
		some = some || known[p]
		if !known[p] {
			b.parts[p] = part{rest: b.parts[p].rest}
		}
	}
	if b.stage == over {
		b.fresh, b.expired = 0, 1
	}
	return b.stage != unused && (some || b.stage != over && writes != 0)
}

func (w *world) rename(moved moves) {
	to := func(slot *uint8) {
		if *slot != 0 {
			*slot = moved[*slot-1]
		}
	}
	for p := range w.note {
		to(&w.note[p])
		for m := range w.members {
			to(&w.members[m].seats[p].block)
			to(&w.strays[m][p].block)
		}
	}
}
