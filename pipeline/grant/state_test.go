package grant

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// ten is the grant that the tests below are about: ten records from 100 on, until second 50.
func ten() Grant {
	return Grant{Start: 100, End: 110, Count: 10, Last: Mark{109, 9, true}, Insert: "i", Attempt: 1, Deadline: 50}
}

// at is a partition in a phase of that grant.
func at(p Phase) State {
	s := State{Phase: p, Next: 100, Last: Mark{99, 8, true}}
	switch p {
	case Granting, Inserting, Doubt, Expired, Settled:
		s.Grant, s.Attempt = ten(), 1
	}
	return s
}

func TestEvents(t *testing.T) {
	type event = func(State) (State, Effect)
	acquire := func(n Note) event { return func(s State) (State, Effect) { return s.Acquire(100, n) } }
	committed := func(o CommitOutcome) event { return func(s State) (State, Effect) { return s.Committed(o) } }
	inserted := func(o InsertOutcome) event { return func(s State) (State, Effect) { return s.Inserted(o) } }
	found := func(present, surplus int64) event {
		return func(s State) (State, Effect) { return s.Found(present, surplus) }
	}
	clock := func(now int64) event { return func(s State) (State, Effect) { return s.Clock(now) } }
	ran := func(running bool) event { return func(s State) (State, Effect) { return s.Ran(running) } }
	for _, c := range []struct {
		in     Phase
		what   string
		event  event
		to     Phase
		effect Effect
		next   int64
	}{
		{Unowned, "nothing is open: read on", acquire(Note{}), Free, Start, 100},
		{Unowned, "a grant is open, whoever holds it: look first", acquire(Note{Grant: ten(), Open: true}), Doubt, AskTable, 100},

		{Free, "records are there: ask for a grant", func(s State) (State, Effect) { return s.Cut(ten()) }, Granting, Commit, 100},
		{Free, "offsets without a record of ours", func(s State) (State, Effect) { return s.Skip(105, Mark{}) }, Free, None, 105},
		{Free, "idle: commit plainly", State.Acknowledge, Acking, Commit, 100},

		{Acking, "taken", committed(Accepted), Free, None, 100},
		{Acking, "refused: it does not matter", committed(Refused), Free, None, 100},
		{Acking, "somebody else's now", committed(Fenced), Lost, Rejoin, 100},
		{Acking, "may be applied later: over the head of the next", committed(Unanswered), Lost, Rejoin, 100},

		{Granting, "taken: insert", committed(Accepted), Inserting, Insert, 100},
		{Granting, "refused: no insert", committed(Refused), Free, Retry, 100},
		{Granting, "somebody else's now", committed(Fenced), Lost, Rejoin, 100},
		{Granting, "may be applied later: no insert", committed(Unanswered), Lost, Rejoin, 100},

		{Inserting, "clean", inserted(Acknowledged), Free, Done, 110},
		{Inserting, "nothing went out: the grant is unused", inserted(Unsent), Free, Retry, 100},
		{Inserting, "the server is done with it: no wait", inserted(Ended), Settled, AskTable, 100},
		{Inserting, "nobody knows", inserted(Ambiguous), Doubt, AskTable, 100},

		{Doubt, "all there", found(10, 0), Free, Done, 110},
		{Doubt, "some may still arrive", found(4, 0), Doubt, AskClock, 100},
		{Doubt, "there twice", found(10, 1), Halted, Halt, 100},
		{Doubt, "more than there are records", found(11, 0), Halted, Halt, 100},
		{Doubt, "the deadline has not come", clock(49), Doubt, AskTable, 100},
		{Doubt, "in the very second", clock(50), Doubt, AskTable, 100},
		{Doubt, "past the deadline", clock(51), Expired, AskRunning, 100},

		{Expired, "still at work", ran(true), Expired, AskRunning, 100},
		{Expired, "at rest: look for good", ran(false), Settled, AskTable, 100},

		{Settled, "all there", found(10, 0), Free, Done, 110},
		{Settled, "some are missing: again", found(4, 0), Free, Retry, 100},
		{Settled, "all are missing: again", found(0, 0), Free, Retry, 100},
		{Settled, "there twice", found(4, 1), Halted, Halt, 100},
	} {
		s, effect := c.event(at(c.in))
		require.Equal(t, c.to.String(), s.Phase.String(), "%s: %s", c.in, c.what)
		require.Equal(t, c.effect.String(), effect.String(), "%s: %s", c.in, c.what)
		require.Equal(t, c.next, s.Next, "%s: %s", c.in, c.what)
		if s.Phase == Free {
			require.Equal(t, Grant{}, s.Grant, "%s: %s", c.in, c.what)
		}
	}
}

// An event that a phase does not take is a mistake in the driver.
func TestEventsOutOfOrderPanic(t *testing.T) {
	takes := map[string][]Phase{
		"acquire": {Unowned}, "cut": {Free}, "skip": {Free}, "acknowledge": {Free},
		"committed": {Acking, Granting}, "inserted": {Inserting},
		"found": {Doubt, Settled}, "clock": {Doubt}, "ran": {Expired},
	}
	events := map[string]func(State){
		"acquire":     func(s State) { s.Acquire(0, Note{}) },
		"cut":         func(s State) { s.Cut(ten()) },
		"skip":        func(s State) { s.Skip(101, Mark{}) },
		"acknowledge": func(s State) { s.Acknowledge() },
		"committed":   func(s State) { s.Committed(Accepted) },
		"inserted":    func(s State) { s.Inserted(Acknowledged) },
		"found":       func(s State) { s.Found(0, 0) },
		"clock":       func(s State) { s.Clock(0) },
		"ran":         func(s State) { s.Ran(false) },
	}
	for name, event := range events {
		for p := Unowned; p <= Lost; p++ {
			allowed := false
			for _, q := range takes[name] {
				allowed = allowed || p == q
			}
			if allowed {
				require.NotPanics(t, func() { event(at(p)) }, "%s in %s", name, p)
			} else {
				require.Panics(t, func() { event(at(p)) }, "%s in %s", name, p)
			}
		}
	}
	require.Panics(t, func() { at(Free).Cut(Grant{Start: 101, End: 102}) }, "a hole before the range")
	require.Panics(t, func() { at(Free).Cut(Grant{Start: 100, End: 100}) }, "an empty range")
	require.Panics(t, func() { at(Free).Skip(99, Mark{}) }, "backwards")
}

func TestNoteOfACommit(t *testing.T) {
	require.Equal(t, Note{Last: Mark{99, 8, true}, Grant: ten(), Open: true}, at(Granting).Note())
	require.Equal(t, Note{Last: Mark{99, 8, true}}, at(Acking).Note())
	s, _ := at(Inserting).Inserted(Acknowledged)
	s, _ = s.Acknowledge()
	require.Equal(t, Note{Last: Mark{109, 9, true}}, s.Note(), "the mark moves on with the range")
}

// The attempts of a range are counted across generations; a grant that Kafka refused is not one.
func TestAttempts(t *testing.T) {
	s := at(Free)
	for n := 1; n <= 3; n++ {
		s, _ = s.Cut(ten())
		require.Equal(t, n, s.Grant.Attempt)
		s, _ = s.Committed(Refused)
		s, _ = s.Cut(ten())
		require.Equal(t, n, s.Grant.Attempt)
		s, _ = s.Committed(Accepted)
		s, _ = s.Inserted(Unsent)
	}
	g := ten()
	g.Attempt = 7
	s, _ = State{}.Acquire(100, Note{Grant: g, Open: true})
	s, _ = s.Clock(51)
	s, _ = s.Ran(false)
	s, _ = s.Found(3, 0)
	s, _ = s.Cut(ten())
	require.Equal(t, 8, s.Grant.Attempt)
	s, _ = s.Committed(Accepted)
	s, _ = s.Inserted(Acknowledged)
	require.Zero(t, s.Attempt)
}

// A committed offset that was moved by hand while a grant was open holds, unless it lies within the range.
func TestOffsetMovedUnderAGrant(t *testing.T) {
	for committed, next := range map[int64]int64{7: 7, 100: 110, 105: 110, 109: 110, 110: 110, 500: 500} {
		s, _ := State{}.Acquire(committed, Note{Grant: ten(), Open: true})
		s, effect := s.Found(10, 0)
		require.Equal(t, Done, effect)
		require.Equal(t, next, s.Next, "committed at %d", committed)
	}
}
