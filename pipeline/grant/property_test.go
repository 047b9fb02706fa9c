package grant

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever happens, in whatever order: each record becomes one row, and stays one row.
func TestProtocolProperty(t *testing.T) {
	steps := flag.Lookup("rapid.steps")
	before := steps.Value.String()
	long := "200"
	if testing.Short() {
		long = "50"
	}
	require.NoError(t, steps.Value.Set(long))
	t.Cleanup(func() { require.NoError(t, steps.Value.Set(before)) })
	rapid.Check(t, history)
}

func history(t *rapid.T) {
	h := &player{sim: newSim(rapid.IntRange(1, 6).Draw(t, "partitions"), rapid.IntRange(1, 3).Draw(t, "members"))}
	h.t = t
	t.Repeat(map[string]func(*rapid.T){
		"":           h.check,
		"produce":    h.produce,
		"compact":    h.compact,
		"time":       h.pass,
		"act":        h.act,
		"act more":   h.act,
		"act most":   h.act,
		"table":      h.table,
		"table more": h.table,
		"rebalance":  h.rebalance,
		"kill":       h.kill,
		"kill table": h.killTable,
		"cut off":    h.cutOff,
		"late":       h.late,
		"move back":  h.moveBack,
	})
	h.t = t
	h.drain()
}

// player draws what happens next. t is that of the action that is under way.
type player struct {
	*sim
	t *rapid.T
}

func (h *player) pick(n int) int { return rapid.IntRange(0, n-1).Draw(h.t, "pick") }

// one has a chance of one in n.
func (h *player) one(n int) bool { return h.pick(n) == n-1 }

func (h *player) check(t *rapid.T) {
	require.Empty(t, h.wrong)
	for p, l := range h.logs {
		for o, n := range l.rows {
			require.Equal(t, 1, n, "I1: partition %d offset %d", p, o)
		}
		for o := range l.records {
			require.True(t, o >= l.commit || l.rows[o] == 1, "I2: partition %d offset %d is below %d", p, o, l.commit)
		}
		h.checkWriters(t, p)
	}
}

// checkWriters is I3: no offset can be written by two, nor by one when its row is there.
func (h *player) checkWriters(t *rapid.T, p int) {
	writers := map[int64]int{}
	for _, f := range h.flights {
		if f.running || h.now < f.deadline {
			for _, o := range f.rest[p] {
				writers[o]++
			}
		}
	}
	for _, m := range h.members {
		if seat := m.seats[p]; seat != nil && seat.Phase == Inserting && !seat.sent && h.now < seat.Grant.Deadline {
			for _, o := range h.rowsOf(p, seat) {
				writers[o]++
			}
		}
	}
	for o, n := range writers {
		require.LessOrEqual(t, n+h.logs[p].rows[o], 1, "I3: partition %d offset %d", p, o)
	}
}

func (h *player) produce(t *rapid.T) {
	h.t = t
	l := h.logs[h.pick(len(h.logs))]
	for range rapid.IntRange(1, 8).Draw(t, "records") {
		if !h.one(5) {
			l.records[l.end] = true
			if h.one(12) {
				l.poison[l.end] = true
			}
		}
		l.end++
	}
}

// compact deletes a record from the log, whether its row has been written or not.
func (h *player) compact(t *rapid.T) {
	h.t = t
	l := h.logs[h.pick(len(h.logs))]
	if l.end == 0 {
		t.Skip("an empty log")
	}
	o := rapid.Int64Range(0, l.end-1).Draw(t, "offset")
	if !h.beingRead(l, o) {
		delete(l.records, o)
	}
}

// beingRead reports whether a member has the record in memory: what it cut stays in its block.
func (h *player) beingRead(l *simLog, o int64) bool {
	for _, m := range h.members {
		for p, seat := range m.seats {
			if h.logs[p] == l && seat.Grant.Start <= o && o < seat.Grant.End {
				return true
			}
		}
	}
	return false
}

func (h *player) pass(t *rapid.T) { h.now += rapid.Int64Range(1, simTTL).Draw(t, "seconds") }

func (h *player) rebalance(t *rapid.T) {
	h.t = t
	h.join(h.pick)
}

// kill kills a member, or starts it again. Its commits and inserts may be under way still.
func (h *player) kill(t *rapid.T) {
	h.t = t
	m := h.members[h.pick(len(h.members))]
	if m.alive {
		h.forget(m)
		for p, seat := range m.seats {
			if seat.Phase == Granting || seat.Phase == Acking {
				h.sim.late = append(h.sim.late, lateCommit{m.generation, p, seat.Next, seat.Note().String()})
			}
		}
	}
	m.alive, m.generation, m.seats = !m.alive, 0, map[int]*simSeat{}
	if m.alive || h.one(2) {
		h.join(h.pick)
	}
}

// act lets a member do one thing, on what it believes.
func (h *player) act(t *rapid.T) {
	h.t = t
	m := h.pick(len(h.members))
	if !h.members[m].alive {
		t.Skip("dead")
	}
	h.turn(m)
}

func (h *player) turn(m int) {
	member := h.members[m]
	if member.generation != h.generation && (member.generation == 0 || h.one(3)) {
		require.NoError(h.t, h.learn(m))
		return
	}
	if h.answerCommits(member) {
		return
	}
	if f := h.send(member); f != nil {
		if h.one(10) {
			f.rest = map[int][]int64{}
			h.drop(f)
			h.hear(f, Unsent)
		}
		return
	}
	for p := range h.logs {
		if seat := member.seats[p]; seat != nil {
			switch seat.Phase {
			case Doubt, Expired, Settled:
				h.ask(p, seat, h.one(2))
			case Lost:
				if member.generation == h.generation {
					h.join(h.pick)
					return
				}
			}
		}
	}
	if !h.cut(member) && h.one(2) {
		h.acknowledge(member)
	}
}

func (h *player) acknowledge(member *simMember) {
	for p := range h.logs {
		if seat := member.seats[p]; seat != nil && seat.Phase == Free {
			seat.State, _ = seat.Acknowledge()
		}
	}
}

// answerCommits answers all commits that a member waits for: they were one request.
func (h *player) answerCommits(m *simMember) (some bool) {
	for p := range h.logs {
		seat := m.seats[p]
		if seat == nil || seat.Phase != Granting && seat.Phase != Acking {
			continue
		}
		some = true
		outcome := CommitOutcome(rapid.SampledFrom([]CommitOutcome{Accepted, Accepted, Accepted, Accepted, Refused, Unanswered}).Draw(h.t, "commit"))
		switch note := seat.Note(); {
		case outcome == Unanswered && h.one(2):
			h.sim.late = append(h.sim.late, lateCommit{m.generation, p, seat.Next, note.String()})
		case outcome == Unanswered:
			h.apply(p, seat.Next, note, m.generation)
		case outcome == Accepted:
			outcome = h.apply(p, seat.Next, note, m.generation)
		}
		var effect Effect
		seat.State, effect = seat.Committed(outcome)
		h.follow(p, seat, effect)
	}
	return some
}

func (h *player) late(t *rapid.T) {
	h.t = t
	if len(h.sim.late) == 0 {
		t.Skip("nothing is late")
	}
	i := h.pick(len(h.sim.late))
	c := h.sim.late[i]
	h.sim.late = append(h.sim.late[:i], h.sim.late[i+1:]...)
	note, err := ParseNote(c.note)
	require.NoError(t, err)
	h.apply(c.p, c.offset, note, c.generation)
}

func (h *player) flight(t *rapid.T) *flight {
	h.t = t
	if len(h.flights) == 0 {
		t.Skip("nothing is on its way")
	}
	return h.flights[h.pick(len(h.flights))]
}

func (h *player) table(t *rapid.T) { h.progress(h.flight(t), h.pick) }

// cutOff breaks the connection of an insert; what was sent may arrive, now or later, or never.
func (h *player) cutOff(t *rapid.T) {
	f := h.flight(t)
	h.hear(f, Ambiguous)
	if h.one(3) {
		h.drop(f)
	}
}

func (h *player) killTable(t *rapid.T) {
	h.t = t
	for _, f := range append([]*flight(nil), h.flights...) {
		if f.running {
			h.drop(f)
			h.hear(f, Ambiguous)
		}
	}
}

// moveBack moves a committed offset back by hand, as it may be done: while nothing of the partition is under way.
func (h *player) moveBack(t *rapid.T) {
	h.t = t
	p := h.pick(len(h.logs))
	for _, f := range h.flights {
		if len(f.rest[p]) > 0 {
			t.Skip("an insert is under way")
		}
	}
	for _, m := range h.members {
		if seat := m.seats[p]; seat != nil && (seat.Phase == Inserting || seat.Phase == Granting) {
			t.Skip("an insert may come")
		}
	}
	l := h.logs[p]
	l.commit, l.note = rapid.Int64Range(0, l.commit).Draw(t, "back to"), "reset by hand"
	h.regressed = true
}

// drain shows that without further faults everything comes to its end.
func (h *player) drain() {
	for _, m := range h.members {
		m.alive = true
	}
	h.join(func(int) int { return 0 })
	for range 2000 {
		if h.finished() {
			return
		}
		h.now++
		for _, f := range append([]*flight(nil), h.flights...) {
			h.progress(f, func(int) int { return 0 })
		}
		h.calm(0)
	}
	require.Fail(h.t, "it does not come to its end")
}

// calm is a turn without faults.
func (h *player) calm(m int) {
	member := h.members[m]
	if member.generation != h.generation {
		require.NoError(h.t, h.learn(m))
	}
	for p := range h.logs {
		switch seat := member.seats[p]; seat.Phase {
		case Granting, Acking:
			seat.State, _ = seat.Committed(h.apply(p, seat.Next, seat.Note(), member.generation))
		case Doubt, Expired, Settled:
			h.ask(p, seat, h.now%2 == 0)
		}
	}
	if h.send(member) == nil && !h.cut(member) && h.now%5 == 0 {
		h.acknowledge(member)
	}
	h.check(h.t)
}

func (h *player) finished() bool {
	for _, l := range h.logs {
		if l.commit != l.end {
			return false
		}
	}
	return len(h.flights) == 0
}
