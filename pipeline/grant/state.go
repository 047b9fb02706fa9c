package grant

import "fmt"

// Phase is where a partition stands.
type Phase uint8

// The phases. Next to each: which events it takes.
const (
	Unowned   Phase = iota // Acquire
	Free                   // Cut, Acknowledge: nothing is open
	Acking                 // Committed: a plain commit is on its way
	Granting               // Committed: the commit of a grant is on its way
	Inserting              // Inserted: the insert is permitted, once
	Doubt                  // Found, Clock: rows may be there, and may arrive until the deadline
	Expired                // Ran: the deadline has passed, but the insert may still be at work
	Settled                // Found: nothing arrives any more, so the table's word is final
	Halted                 // nothing: an operator has to decide
	Lost                   // nothing: the group has moved on, or may have
)

func (p Phase) String() string {
	return [...]string{"unowned", "free", "acking", "granting", "inserting", "doubt", "expired", "settled", "halted", "lost"}[p]
}

// Effect is what the driver has to do next.
type Effect uint8

// The effects.
const (
	None       Effect = iota
	Start             // read records from Next on
	Commit            // commit Next with Note, fenced by the generation; report by Committed
	Insert            // insert the granted range once, under the grant; report by Inserted
	AskTable          // ask the table which rows of the grant's range it holds; report by Found
	AskClock          // ask the server's clock, later; report by Clock
	AskRunning        // ask whether the insert still runs; report by Ran
	Done              // the range is in the table, each record once
	Retry             // records of the range are missing: read back what is held, cut again from Next
	Halt              // rows are there more than once: stop and raise an alarm
	Rejoin            // leave the generation and join anew, so that a delayed commit is fenced
)

func (e Effect) String() string {
	return [...]string{"none", "start", "commit", "insert", "ask table", "ask clock", "ask running", "done", "retry", "halt", "rejoin"}[e]
}

// CommitOutcome is how a commit ended for one partition.
type CommitOutcome uint8

// Accepted: it is durable. Refused: it has not been applied and never will be. Fenced: the generation is
// over. Unanswered: it may have been applied, or may be later.
const (
	Accepted CommitOutcome = iota
	Refused
	Fenced
	Unanswered
)

// InsertOutcome is how an insert ended.
type InsertOutcome uint8

// Acknowledged: all rows are in the table. Unsent: not a byte of it went out. Ended: the server has refused
// it and is done with it. Ambiguous: rows may be there, or may still arrive.
const (
	Acknowledged InsertOutcome = iota
	Unsent
	Ended
	Ambiguous
)

// State is the protocol of one partition in one generation of the group. It is a value: every event returns
// the next state and what to do. The zero value owns nothing. An event that the phase does not take is a
// mistake in the driver and panics: a crash is safe at any point, going on would not be.
type State struct {
	Phase   Phase
	Next    int64 // every record below is in the table, exactly once
	Last    Mark  // the record before Next
	Grant   Grant // in force from Granting to Settled
	Attempt int   // that the range beginning at Next has had; 0 = none
	Without Rule  // AllRules in earnest
}

func (s State) in(phases ...Phase) {
	for _, p := range phases {
		if s.Phase == p {
			return
		}
	}
	panic(fmt.Sprintf("grant: event out of order in phase %s of %+v", s.Phase, s.Grant))
}

// Acquire begins with what the group has committed. A grant in the note may belong to an insert that is
// still on its way, whoever sent it.
func (s State) Acquire(committed int64, note Note) (State, Effect) {
	s.in(Unowned)
	s.Next, s.Last = committed, note.Last
	if !note.Open || s.Without == GrantFirst {
		s.Phase = Free
		return s, Start
	}
	s.Phase, s.Grant, s.Attempt = Doubt, note.Grant, note.Grant.Attempt
	return s, AskTable
}

// Withdraw says that the insert of a grant found by Acquire is not on its way and never will be: it was this
// process that was permitted it, and that has not sent it, or has had its answer.
func (s State) Withdraw() (State, Effect) {
	s.in(Doubt)
	s.Phase = Settled
	return s, AskTable
}

// Cut asks for the grant g, which begins at Next.
func (s State) Cut(g Grant) (State, Effect) {
	s.in(Free)
	if g.Start != s.Next || g.End <= g.Start {
		panic(fmt.Sprintf("grant: cut [%d, %d) at %d", g.Start, g.End, s.Next))
	}
	s.Grant, s.Attempt = g, s.Attempt+1
	s.Grant.Attempt = s.Attempt
	if s.Without == GrantFirst {
		s.Phase = Inserting
		return s, Insert
	}
	s.Phase = Granting
	return s, Commit
}

// Skip moves Next over offsets that need no row of ours: they hold no record, or the table has it already.
func (s State) Skip(next int64, last Mark) (State, Effect) {
	s.in(Free)
	if next < s.Next {
		panic(fmt.Sprintf("grant: skip from %d back to %d", s.Next, next))
	}
	s.Next, s.Attempt = next, 0
	if last.Known {
		s.Last = last
	}
	return s, None
}

// Acknowledge commits Next without a grant: the stream has fallen quiet or the partition is given up.
func (s State) Acknowledge() (State, Effect) {
	s.in(Free)
	s.Phase = Acking
	return s, Commit
}

// Note is what a commit carries in this phase.
func (s State) Note() Note {
	return Note{Last: s.Last, Grant: s.Grant, Open: s.Phase == Granting}
}

// Committed takes the answer to a commit. Only an answer that cannot be applied later lets the generation
// go on; a delayed one could otherwise undo a grant that is given after it.
func (s State) Committed(o CommitOutcome) (State, Effect) {
	s.in(Acking, Granting)
	granting := s.Phase == Granting
	if o == Unanswered && s.Without == EndUnanswered {
		o = Refused
	}
	switch {
	case o == Fenced || o == Unanswered:
		s.Phase = Lost
		return s, Rejoin
	case o == Refused || !granting:
		s.Phase, s.Grant = Free, Grant{}
		if granting {
			s.Attempt--
			return s, Retry
		}
		return s, None
	}
	s.Phase = Inserting
	return s, Insert
}

// Inserted takes the outcome of the insert.
func (s State) Inserted(o InsertOutcome) (State, Effect) {
	s.in(Inserting)
	switch o {
	case Acknowledged:
		return s.done()
	case Unsent:
		return s.again()
	case Ended:
		s.Phase = Settled
	default:
		s.Phase = Doubt
	}
	if s.Without == ReadBack {
		return s.again()
	}
	return s, AskTable
}

// Found takes how many distinct offsets of the grant's range the table holds, and how many rows beyond one
// for each.
func (s State) Found(present, surplus int64) (State, Effect) {
	s.in(Doubt, Settled)
	switch {
	case surplus > 0 || present > s.Grant.Count:
		s.Phase = Halted
		return s, Halt
	case present == s.Grant.Count:
		return s.done()
	case s.Phase == Settled || s.Without == ReadBack:
		return s.again()
	case s.Without == AwaitDeadline:
		return s.expire()
	}
	return s, AskClock
}

// Clock takes the time of the table's server, in Unix seconds. The grant has expired in the second after
// its deadline, since both are read in whole seconds.
func (s State) Clock(now int64) (State, Effect) {
	s.in(Doubt)
	if now <= s.Grant.Deadline {
		return s, AskTable
	}
	return s.expire()
}

func (s State) expire() (State, Effect) {
	if s.Without == AwaitEnd {
		s.Phase = Settled
		return s, AskTable
	}
	s.Phase = Expired
	return s, AskRunning
}

// Ran takes whether the insert of the grant still runs on the server.
func (s State) Ran(running bool) (State, Effect) { //nolint:revive // what the server said, not a switch
	s.in(Expired)
	if running {
		return s, AskRunning
	}
	s.Phase = Settled
	return s, AskTable
}

// done closes the grant. The committed offset may have been moved by hand while the grant was open: then
// it holds.
func (s State) done() (State, Effect) {
	if s.Grant.Start <= s.Next && s.Next < s.Grant.End {
		s.Next, s.Last = s.Grant.End, s.Grant.Last
	}
	s.Phase, s.Grant, s.Attempt = Free, Grant{}, 0
	return s, Done
}

func (s State) again() (State, Effect) {
	s.Phase, s.Grant = Free, Grant{}
	return s, Retry
}
