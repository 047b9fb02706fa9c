package grant

import (
	"fmt"
	"slices"
)

// simTTL is how many seconds a grant lasts in the simulation.
const simTTL = 10

// sim is a small Kafka and a small table with a clock, for longer histories than the checker can afford:
// many partitions, long logs with holes that grow and are compacted, poisonous rows that are found by
// halving, notes as text.
type sim struct {
	now        int64
	generation int
	logs       []*simLog
	flights    []*flight
	late       []lateCommit
	members    []*simMember
	granted    map[string]map[int]Grant // by insert id and partition: what Kafka has taken
	sent       map[string]int           // by insert id
	inserts    int
	regressed  bool
	wrong      string // the first rule that was broken
}

// simLog is one partition: its records in Kafka, what is committed, and its rows in the table.
type simLog struct {
	end     int64
	records map[int64]bool
	poison  map[int64]bool
	rows    map[int64]int
	commit  int64
	note    string
	owner   int
}

// flight is an INSERT on its way. Nobody waits for it when its sender has given up.
type flight struct {
	id       string
	deadline int64
	rest     map[int][]int64 // rows to write, of each partition
	running  bool
	waits    *simMember
}

type lateCommit struct {
	generation, p int
	offset        int64
	note          string
}

type simMember struct {
	alive      bool
	generation int
	seats      map[int]*simSeat
}

type simSeat struct {
	State
	held  map[int64]bool
	limit int  // records of the next range, after a failure; 0 = as many as there are
	alone bool // the next block holds this partition only
	sent  bool
}

func newSim(partitions, members int) *sim {
	s := &sim{now: 1000, generation: 1, granted: map[string]map[int]Grant{}, sent: map[string]int{}}
	for range members {
		s.members = append(s.members, &simMember{alive: true, seats: map[int]*simSeat{}})
	}
	for p := range partitions {
		s.logs = append(s.logs, &simLog{records: map[int64]bool{}, poison: map[int64]bool{}, rows: map[int64]int{}, owner: p % members})
	}
	return s
}

func (s *sim) blame(format string, args ...any) {
	if s.wrong == "" {
		s.wrong = fmt.Sprintf(format, args...)
	}
}

// lastBefore is the mark of the last record before an offset. Its checksum is a function of the offset.
func (l *simLog) lastBefore(offset int64) Mark {
	for o := offset - 1; o >= 0; o-- {
		if l.records[o] {
			return Mark{Offset: o, Checksum: uint32(o * 7), Known: true}
		}
	}
	return Mark{}
}

// join begins a generation and hands the partitions to those that live.
func (s *sim) join(pick func(n int) int) {
	var living []int
	for m, member := range s.members {
		if member.alive {
			living = append(living, m)
		}
	}
	s.generation++
	for _, l := range s.logs {
		if len(living) > 0 {
			l.owner = living[pick(len(living))]
		}
	}
}

// learn takes a member into the present generation.
func (s *sim) learn(m int) error {
	member := s.members[m]
	s.forget(member)
	member.generation, member.seats = s.generation, map[int]*simSeat{}
	for p, l := range s.logs {
		if l.owner != m {
			continue
		}
		note, err := ParseNote(l.note)
		if err != nil {
			return err
		}
		s.checkMark(p, note)
		seat := &simSeat{}
		var effect Effect
		seat.State, effect = seat.Acquire(l.commit, note)
		member.seats[p] = seat
		s.readBack(p, seat)
		s.follow(p, seat, effect)
	}
	return nil
}

// forget makes sure that nobody is told how the member's inserts end.
func (s *sim) forget(m *simMember) {
	for _, f := range s.flights {
		if f.waits == m {
			f.waits = nil
		}
	}
}

func (s *sim) readBack(p int, seat *simSeat) {
	seat.held = map[int64]bool{}
	for o := range s.logs[p].rows {
		if o >= seat.Next {
			seat.held[o] = true
		}
	}
}

// follow does what an effect asks of the driver.
func (s *sim) follow(p int, seat *simSeat, e Effect) {
	switch e {
	case Retry:
		s.readBack(p, seat)
	case Done:
		seat.limit, seat.alone = 0, false
	case Halt:
		s.blame("partition %d halts", p)
	}
	if e == Start || e == Done {
		s.checkPosition(p, seat)
	}
}

// checkPosition is I6: one reads on at the committed offset or at the end of a grant.
func (s *sim) checkPosition(p int, seat *simSeat) {
	l := s.logs[p]
	note, err := ParseNote(l.note)
	if err != nil || !s.regressed && s.current(p, seat) && seat.Next != l.commit && seat.Next != note.Grant.End {
		s.blame("I6: partition %d reads at %d; committed %d %q", p, seat.Next, l.commit, l.note)
	}
}

func (s *sim) current(p int, seat *simSeat) bool {
	m := s.members[s.logs[p].owner]
	return m.generation == s.generation && m.seats[p] == seat
}

// checkMark holds a note's mark against the log: it is the last record before the committed offset, or one
// that has been compacted away since and had none after it.
func (s *sim) checkMark(p int, n Note) {
	last := s.logs[p].lastBefore(s.logs[p].commit)
	if n.Last.Known && (n.Last.Checksum != uint32(n.Last.Offset*7) || n.Last.Offset >= s.logs[p].commit || last.Known && last.Offset > n.Last.Offset) {
		s.blame("partition %d: the mark %+v is not of the record before %d, %+v", p, n.Last, s.logs[p].commit, last)
	}
}

// cut makes one block of all free partitions that have records, or of one that has to be alone.
func (s *sim) cut(member *simMember) (cut bool) {
	s.inserts++
	id := fmt.Sprintf("errata:g:%d", s.inserts)
	for p := range s.logs {
		seat := member.seats[p]
		if seat == nil || seat.Phase != Free || seat.alone && cut {
			continue
		}
		if s.cutOne(p, seat, id) {
			cut = true
			if seat.alone {
				break
			}
		}
	}
	return cut
}

// cutOne grants what the log holds from Next on, up to the limit. Count is of all offsets that have a
// record or a row: a record that was compacted away after its row had landed still counts.
func (s *sim) cutOne(p int, seat *simSeat, id string) bool {
	l := s.logs[p]
	g := Grant{Start: seat.Next, End: seat.Next, Insert: id, Deadline: s.now + simTTL}
	missing := 0
	for o := seat.Next; o < l.end && (seat.limit == 0 || missing < seat.limit); o++ {
		g.End = o + 1
		if l.records[o] || seat.held[o] {
			g.Count++
		}
		if l.records[o] {
			g.Last = l.lastBefore(o + 1)
			if !seat.held[o] {
				missing++
			}
		}
	}
	if missing == 0 {
		seat.State, _ = seat.Skip(g.End, g.Last)
		return false
	}
	seat.State, _ = seat.Cut(g)
	seat.sent = false
	return true
}

// rowsOf is what an insert under a grant has to bring.
func (s *sim) rowsOf(p int, seat *simSeat) (rows []int64) {
	for o := seat.Grant.Start; o < seat.Grant.End; o++ {
		if s.logs[p].records[o] && !seat.held[o] {
			rows = append(rows, o)
		}
	}
	return rows
}

// apply is the coordinator taking a commit.
func (s *sim) apply(p int, offset int64, note Note, generation int) CommitOutcome {
	if generation != s.generation {
		return Fenced
	}
	l := s.logs[p]
	if offset < l.commit {
		s.blame("I5: partition %d goes back from %d to %d", p, l.commit, offset)
	}
	l.commit, l.note = offset, note.String()
	if note.Open {
		if s.granted[note.Grant.Insert] == nil {
			s.granted[note.Grant.Insert] = map[int]Grant{}
		}
		s.granted[note.Grant.Insert][p] = note.Grant
	}
	return Accepted
}

// send begins the insert of a block whose commits are all answered. nil = there is none.
func (s *sim) send(member *simMember) *flight {
	var f *flight
	for p := range s.logs {
		seat := member.seats[p]
		if seat == nil || seat.Phase != Inserting || seat.sent || f != nil && f.id != seat.Grant.Insert {
			continue
		}
		if f == nil {
			f = &flight{id: seat.Grant.Insert, deadline: seat.Grant.Deadline, rest: map[int][]int64{}, waits: member}
		}
		f.rest[p] = s.rowsOf(p, seat)
		seat.sent = true
		s.checkGranted(p, seat.Grant)
	}
	if f != nil {
		if s.sent[f.id]++; s.sent[f.id] > 1 {
			s.blame("I4: insert %s is sent twice", f.id)
		}
		s.flights = append(s.flights, f)
	}
	return f
}

func (s *sim) checkGranted(p int, g Grant) {
	if s.granted[g.Insert][p] != g {
		s.blame("I4: partition %d is inserted under %+v, granted is %+v", p, g, s.granted[g.Insert][p])
	}
}

// hear tells the sender how a flight ended, if it still listens, and has it look for a poisonous row.
func (s *sim) hear(f *flight, o InsertOutcome) {
	if f.waits == nil {
		return
	}
	parts := 0
	for p := range s.logs {
		seat := f.waits.seats[p]
		if seat != nil && seat.Phase == Inserting && seat.Grant.Insert == f.id {
			parts++
		}
	}
	for p := range s.logs {
		seat := f.waits.seats[p]
		if seat == nil || seat.Phase != Inserting || seat.Grant.Insert != f.id {
			continue
		}
		if o == Ended {
			s.halve(p, seat, parts)
		}
		var effect Effect
		seat.State, effect = seat.Inserted(o)
		s.follow(p, seat, effect)
	}
	f.waits = nil
}

// halve narrows down where a poisonous row is: the partition first, then half of its range; a row that
// fails alone becomes a dead letter.
func (s *sim) halve(p int, seat *simSeat, parts int) {
	rows := s.rowsOf(p, seat)
	switch {
	case parts > 1:
		seat.alone = true
	case len(rows) > 1:
		seat.alone, seat.limit = true, len(rows)/2
	default:
		delete(s.logs[p].poison, rows[0])
	}
}

func (s *sim) drop(f *flight) {
	s.flights = slices.DeleteFunc(s.flights, func(g *flight) bool { return g == f })
}

// progress moves a flight on by one: read by the server and judged by the guard, a row landed, or done.
func (s *sim) progress(f *flight, pick func(n int) int) {
	if !f.running {
		if f.running = s.now < f.deadline && !s.poisoned(f); !f.running {
			s.drop(f)
			s.hear(f, Ended)
		}
		return
	}
	var open []int
	for p := range s.logs {
		if len(f.rest[p]) > 0 {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		p := open[pick(len(open))]
		s.logs[p].rows[f.rest[p][0]]++
		f.rest[p] = f.rest[p][1:]
	}
	if len(open) > 1 || len(open) == 1 && len(f.rest[open[0]]) > 0 {
		return
	}
	s.drop(f)
	s.hear(f, Acknowledged)
}

func (s *sim) poisoned(f *flight) bool {
	for p, rows := range f.rest {
		for _, o := range rows {
			if s.logs[p].poison[o] {
				return true
			}
		}
	}
	return false
}

// ask puts the question of a partition in doubt to the table's server.
func (s *sim) ask(p int, seat *simSeat, clock bool) {
	var effect Effect
	switch {
	case seat.Phase == Doubt && clock:
		seat.State, effect = seat.Clock(s.now)
	case seat.Phase == Expired:
		running := slices.ContainsFunc(s.flights, func(f *flight) bool { return f.running && f.id == seat.Grant.Insert })
		seat.State, effect = seat.Ran(running)
	default:
		present, surplus := s.count(p, seat.Grant)
		seat.State, effect = seat.Found(present, surplus)
	}
	s.follow(p, seat, effect)
}

func (s *sim) count(p int, g Grant) (present, surplus int64) {
	for o := g.Start; o < g.End; o++ {
		if n := int64(s.logs[p].rows[o]); n > 0 {
			present, surplus = present+1, surplus+n-1
		}
	}
	return present, surplus
}
