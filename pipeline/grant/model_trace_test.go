package grant

import (
	"fmt"
	"strings"
)

// trace tells how the finding comes about, a sentence for each step.
func (s *search) trace() []string {
	t := teller{model: &s.model}
	w := s.model.begin()
	for _, choice := range s.path() {
		n := 0
		k := walk{mo: &s.model, from: &w, visit: func(st *step) {
			if n++; n-1 == choice {
				t.tell(st)
				t.after = st.world
			}
		}}
		k.all()
		w = t.after
	}
	return append(t.lines, s.found.what+": "+t.table(&w))
}

// teller gives the blocks names, because their slots change.
type teller struct {
	model *model
	names [slots]int
	count int
	lines []string
	after world
}

func (t *teller) tell(st *step) {
	if st.event.kind == cut {
		t.count++
		t.names[st.event.b-1] = t.count
	}
	t.lines = append(t.lines, t.sentence(st))
	old := t.names
	t.names = [slots]int{}
	for i, to := range st.moved {
		if to != 0 {
			t.names[to-1] = old[i]
		}
	}
}

func (t *teller) table(w *world) string {
	var b strings.Builder
	for p := range partitions {
		fmt.Fprintf(&b, "p%d has rows", p)
		for o := range t.model.offsets {
			fmt.Fprintf(&b, " %d", w.rowsAt(p, o))
		}
		fmt.Fprintf(&b, ", committed %d. ", w.commit[p])
	}
	return strings.TrimSpace(b.String())
}

func (t *teller) insert(e event) string {
	if e.b == 0 {
		return "a plain commit"
	}
	return fmt.Sprintf("insert %d", t.names[e.b-1])
}

func (t *teller) sentence(st *step) string {
	e := st.event
	who := string(rune('A' + e.m))
	insert := t.insert(e)
	switch e.kind {
	case learn:
		return who + " hears of the new generation and acquires" + t.seats(st, e.m)
	case takeOver:
		return "the session of the dead member times out; " + owners(e.x)
	case rejoin:
		return who + " joins anew; " + owners(e.x)
	case restart:
		return who + " is started again and joins; " + owners(e.x)
	case rebalance:
		return "the group rebalances; " + owners(e.x)
	case commitAnswered:
		return t.commitSentence(e, who, insert)
	case send:
		return who + " sends " + insert
	case arrive:
		if st.world.blocks[e.b-1].stage == running || st.moved[e.b-1] != 0 && st.world.blocks[st.moved[e.b-1]-1].stage == running {
			return "the server admits " + insert
		}
		return "the server refuses " + insert + ": too late"
	case land:
		return fmt.Sprintf("%s: the row of p%d offset %d lands", insert, e.p, e.x)
	case find:
		return fmt.Sprintf("%s reads back p%d of %s: %d offsets there%s", who, e.p, insert, e.x, t.seat(st))
	case clock:
		return fmt.Sprintf("%s sees that the deadline of %s has passed%s", who, insert, t.seat(st))
	case ran:
		return fmt.Sprintf("%s sees that %s does not run%s", who, insert, t.seat(st))
	case expire:
		return "the deadline of " + insert + " passes"
	case cut:
		return fmt.Sprintf("%s cuts %s%s", who, insert, t.parts(e))
	case acknowledge:
		return fmt.Sprintf("%s commits p%d at %d without a grant", who, e.p, st.world.members[e.m].seats[e.p].next)
	}
	return t.faultSentence(st, who, insert)
}

func (t *teller) faultSentence(st *step, who, insert string) string {
	e := st.event
	switch e.kind {
	case strayApplied:
		return fmt.Sprintf("Kafka applies the late commit of %s for p%d: now at %d", insert, e.p, st.world.commit[e.p])
	case crash:
		return who + " is killed"
	case unsent:
		return who + " cannot send " + insert
	case ackLost:
		return who + " loses the connection before the answer to " + insert
	case insertFails:
		return insert + " fails on the server"
	case tableRestarts:
		return "the table's server is killed and started again"
	case commitMovedBack:
		return fmt.Sprintf("the committed offset of p%d is moved back to %d", e.p, st.world.commit[e.p])
	}
	return fmt.Sprint(e)
}

func owners(x uint8) string {
	return fmt.Sprintf("p0 to %c, p1 to %c", 'A'+rune(x&1), 'A'+rune(x>>1))
}

func (t *teller) parts(e event) string {
	text := ""
	for p, end := range []uint8{e.x, e.y} {
		if end > 0 {
			text += fmt.Sprintf(" p%d up to %d", p, end)
		}
	}
	return text
}

func (t *teller) commitSentence(e event, who, insert string) string {
	text := "Kafka answers " + who + "'s commit for " + insert
	if e.x == accepted {
		return text
	}
	where := fmt.Sprintf("p%d", e.p)
	if e.p == everyone {
		where = "all"
	}
	return text + ", but for " + where + " it " + [...]string{"", "refuses", "applies it and the answer is lost", "applies it later, and there is no answer"}[e.x]
}

// seat says what became of the partition that was asked about.
func (t *teller) seat(st *step) string {
	return ", now " + Phase(st.world.members[st.event.m].seats[st.event.p].phase).String()
}

func (t *teller) seats(st *step, m uint8) string {
	text := ""
	for p, s := range st.world.members[m].seats {
		if Phase(s.phase) != Unowned {
			text += fmt.Sprintf(" p%d (%s at %d)", p, Phase(s.phase), s.next)
		}
	}
	return text
}
