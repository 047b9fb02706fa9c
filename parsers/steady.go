package parsers

import (
	"encoding/binary"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/mask"
)

// Who calls whom is steady: a topic has some hundred combinations of service, environment, credential, method, host
// and route, however many records. So much of a record is the same bytes as in others before it. A run of them goes
// from the first of these values through the names between them up to the first id of the path,
// `checkout","environment":"production","method":"GET","url":"https://api.example.com/v1/accounts/`, and the next
// from behind the id. One comparison reads a run. The runs that a record was led through are its trail, and that
// tells who called whom (caller.go).

// pathMembers are steady but for the ids in them, …
const pathMembers = 1<<memberURL | 1<<memberPath

// … the others as a whole.
const steadyMembers = pathMembers | 1<<memberService | 1<<memberEnvironment | 1<<memberCredential | 1<<memberVendor |
	1<<memberMethod | 1<<memberHost | 1<<memberRoute

const (
	runCount  = 1024 // 340 KiB for each Row
	runHeads  = 512  // where to look for them, four at each
	runWays   = 4
	runText   = 224 // longest run
	runValues = 8
	maxTrail  = 8 // runs of a record, and marks between them

	// Learning a run takes as long as reading half a record. Where none comes again it stops, but for one in four records.
	runCredit      = 1024
	creditOfRecord = 4
	costOfLooking  = 2 // for one that was seen behind something else
	costOfLearning = 16
)

// tail is what follows a run.
type tail uint8

const (
	tailMember tail = iota // the value at its place
	tailID                 // an id within a path
	tailQuery              // of a path, to its end
)

// unusual stands in a trail for an id that redaction may care about.
const unusual = 1

// run is a part of many records.
type run struct {
	length  uint8
	first   member // with whose value it begins, …
	after   tail   // … or goes on
	tail    tail
	path    member // one that begins in it
	url     uint8  // where that does, …
	origin  uint8  // … and where the path of a URL does
	ends    bool   // a path does in it, …
	end     uint8  // … there
	count   uint8  // of the values
	id      uint64
	members uint32 // bit i is set when member i begins in it, the first one aside
	text    [runText]byte
	values  [runValues]steadyValue // but for the path
	place   place                  // behind it
}

// steadyValue is a part of a run.
type steadyValue struct {
	member   member
	from, to uint8
}

// runs are those that were seen.
type runs struct {
	heads   [runHeads][runWays]uint16 // by what came before them and how they begin, the latest first
	all     [runCount]run
	lengths [memberEnd]uint8 // bit i is set when a run of sampled length i begins with the member
	learned uint64           // never turns over: a caller must not meet another run by the id of one that is gone
	spent   int              // of the credit
}

// trail is what a record was led through.
type trail struct {
	loose bool // something about the caller is not in it
	n     int
	sum   uint64
	ids   [maxTrail]uint64
	runs  [maxTrail]uint16
	at    [maxTrail]uint32 // where they begin in the record
}

func (t *trail) pass(id uint64, run uint16, pos int) {
	if t.n == maxTrail {
		t.loose = true
		return
	}
	t.ids[t.n], t.runs[t.n], t.at[t.n] = id, run, uint32(pos)
	t.n++
	t.sum = (t.sum ^ uint64(id)) * mixer
	t.sum ^= t.sum >> 32
}

// mixer spreads the bits of a number over all of a product.
const mixer = 0x9e3779b97f4a7c15

// steady reads the runs from the value at a place on. It returns the place behind them, nil when the value is to
// be read like any other.
func (s *scratch) steady(p *plainRecord, at *place) *place {
	if at.opener != openQuoted || p.trail.loose {
		p.trail.loose = true
		return nil
	}
	pos, m, after := p.pos, at.member, tailMember
	var path *place // of a path that has begun
	var value, from int
	for {
		r := s.layouts.runs.next(p, m, after, pos)
		if r == nil || r.members&p.seen != 0 || p.trail.loose {
			break
		}
		p.seen |= r.members
		if r.path != memberOther {
			m, path, value, from = r.path, &r.place, pos+int(r.url), pos+int(r.origin)
		}
		if r.ends {
			s.steadyPath(p, m, value, from, pos+int(r.end))
		}
		pos += int(r.length)
		switch r.tail {
		case tailMember:
			p.pos = pos
			return &r.place
		case tailQuery:
			end, odd := lenient.ScanString(p.src, pos)
			if end < 0 || odd || !plainQuery(p.src[pos:end]) {
				break
			}
			next, behind := s.layouts.next(levelRecord, &r.place, p.src, end+1)
			if next == nil {
				break
			}
			s.steadyPath(p, m, value, from, end)
			p.pos = behind
			return next
		case tailID:
			if !p.usual {
				p.trail.pass(unusual, 0, pos)
			}
			pos, after = pos+p.id, tailID
			continue
		}
		break
	}
	p.trail.loose = true
	if path != nil { // read it again
		p.pos = value
		p.seen &^= 1 << m
	}
	return path
}

// plainQuery reports a query with nothing in it that readTarget looks for.
func plainQuery(query []byte) bool {
	for _, c := range query {
		if c <= ' ' || c == '#' || c == ':' || c >= 0x7f {
			return false
		}
	}
	return true
}

// steadyPath notes a URL or path. A record with both, or with another host, is read with more care.
func (s *scratch) steadyPath(p *plainRecord, m member, value, from, end int) {
	*s.response.named(m) = p.src[value:end:end]
	s.response.steadyPath = p.src[from:end:end]
	if end-from > limitPath {
		p.trail.loose = true
	}
}

// spread gives the response the texts of the trail.
func (s *scratch) spread(p *plainRecord) {
	for i := range p.trail.n {
		if p.trail.ids[i] == unusual {
			continue
		}
		r := &s.layouts.runs.all[p.trail.runs[i]]
		at := int(p.trail.at[i])
		for _, v := range r.values[:r.count] {
			*s.response.named(v.member) = p.src[at+int(v.from) : at+int(v.to) : at+int(v.to)]
		}
	}
}

// samples are the places where a run of at least that length is looked at to find it.
var samples = [...]struct{ length, at1, at2, at3 int }{{8, 0, 0, 0}, {48, 20, 40, 40}, {80, 32, 56, 72}, {112, 32, 72, 104}}

// next returns the run that begins with the value of m at pos, or goes on with it, and adds it to the trail.
func (l *runs) next(p *plainRecord, m member, after tail, pos int) *run {
	src := p.src[pos:]
	if len(src) < samples[len(samples)-1].length {
		return l.nextAt(p, m, after, pos, 0)
	}
	if after == tailMember {
		for size := len(samples) - 1; size > 0; size-- {
			if l.lengths[m]>>size&1 == 1 {
				if r := l.look(p, m, after, pos, l.headsOf(p, m, after, pos, size)); r != nil {
					return r
				}
			}
		}
	}
	return l.nextAt(p, m, after, pos, 0)
}

// headsOf returns where to look for a run.
func (l *runs) headsOf(p *plainRecord, m member, after tail, pos, size int) *[runWays]uint16 {
	hash := p.trail.sum + uint64(m)<<8 + uint64(size)
	switch src := p.src[pos:]; {
	case after == tailID: // what follows a slash may be an id
		hash ^= uint64(src[0])<<32 ^ uint64(src[1])<<40
	case size == 0:
		hash ^= binary.LittleEndian.Uint64(src) * (mixer + 2)
	default:
		of := &samples[size]
		hash ^= binary.LittleEndian.Uint64(src)*(mixer+2) ^ binary.LittleEndian.Uint64(src[of.at1:])*(mixer+4) ^
			binary.LittleEndian.Uint64(src[of.at2:])*(mixer+6) ^ binary.LittleEndian.Uint64(src[of.at3:])*(mixer+8)
	}
	hash ^= hash >> 32
	return &l.heads[hash*mixer>>(64-9)]
}

// look returns the run at pos, when it is among those.
func (l *runs) look(p *plainRecord, m member, after tail, pos int, heads *[runWays]uint16) *run {
	for i, n := range heads {
		if r := &l.all[n]; r.first == m && r.after == after && p.begins(r, p.src[pos:]) {
			if i > 0 {
				heads[i], heads[0] = heads[0], n
			}
			p.trail.pass(r.id, n, pos)
			return r
		}
	}
	return nil
}

// nextAt is next for short runs and for those that are not known.
func (l *runs) nextAt(p *plainRecord, m member, after tail, pos, size int) *run {
	if len(p.src)-pos < samples[0].length {
		return nil
	}
	if r := l.look(p, m, after, pos, l.headsOf(p, m, after, pos, size)); r != nil {
		return r
	}
	n, ok := l.learn(p, m, after, pos)
	if !ok {
		return nil
	}
	r := &l.all[n]
	if after == tailMember {
		for size+1 < len(samples) && int(r.length) >= samples[size+1].length && len(p.src)-pos >= samples[len(samples)-1].length {
			size++
		}
		l.lengths[m] |= 1 << size
	}
	heads := l.headsOf(p, m, after, pos, size)
	copy(heads[1:], heads[:])
	heads[0] = n
	p.trail.pass(r.id, n, pos)
	return r
}

// begins reports whether rest begins with the run, and what follows is of the kind that follows it. It notes an id.
func (p *plainRecord) begins(r *run, rest []byte) bool {
	n := int(r.length)
	if len(rest) <= n {
		return r.tail == tailMember && r.place.member == memberEnd && string(rest) == string(r.text[:n])
	}
	if string(rest[:n]) != string(r.text[:n]) {
		return false
	}
	switch {
	case r.tail == tailID:
		p.id, p.usual = mask.ID(rest[n:])
		return p.id > 0
	case r.tail == tailMember && r.place.opener == openPlain:
		return r.place.member == memberEnd || rest[n] != '"' && rest[n] != '['
	}
	return true
}

// learn returns the number of the run at pos.
func (l *runs) learn(p *plainRecord, m member, after tail, pos int) (n uint16, ok bool) {
	if l.spent > runCredit {
		return 0, false
	}
	l.spent += costOfLooking
	r := run{first: m, after: after}
	if !r.read(p.src, pos) {
		return 0, false
	}
	copy(r.text[:], p.src[pos:pos+int(r.length)])
	if !p.begins(&r, p.src[pos:]) {
		return 0, false
	}
	text := p.src[pos : pos+int(r.length)]
	first := runWays * uint16(placeOf(uint64(m)+uint64(after)<<8, text)%(runCount/runWays))
	free := first + uint16(l.learned%runWays)
	for n := first; n < first+runWays; n++ {
		if known := &l.all[n]; known.first == m && known.after == after && string(known.text[:known.length]) == string(text) {
			return n, true
		} else if known.length == 0 {
			free = n
		}
	}
	n = free
	l.spent += costOfLearning
	l.learned++
	for _, id := range p.trail.ids[:p.trail.n] {
		if id == l.all[n].id {
			return 0, false // its texts are still wanted
		}
	}
	r.id = l.learned + unusual
	l.all[n] = r
	return n, true
}

// read reads the run at pos, and reports whether there is one.
func (r *run) read(src []byte, pos int) bool {
	m, at := r.first, pos
	for {
		quote, odd := lenient.ScanString(src, at)
		if quote < 0 || odd || quote-pos > runText {
			break
		}
		if pathMembers>>m&1 == 0 {
			if r.count == runValues {
				break
			}
			r.values[r.count] = steadyValue{m, uint8(at - pos), uint8(quote - pos)}
			r.count++
		} else if whole, ok := r.readPath(src[at:quote], m, at-pos); !whole {
			return ok || r.length > 0
		}
		next, end := readPlace(src, quote+1, levelRecord, false)
		if end == 0 || end-pos > runText {
			if at > pos && r.count > 0 && pathMembers>>m&1 == 0 {
				r.count--
			}
			if pathMembers>>m&1 == 1 {
				r.path, r.ends = memberOther, false
			}
			break
		}
		if at > pos {
			r.members |= 1 << m
		}
		r.place, r.length = next, uint8(end-pos)
		m, at = next.member, end
		if steadyMembers>>m&1 == 0 || (r.members|1<<r.first)>>m&1 == 1 || next.opener != openQuoted || pathMembers>>m&1 == 1 && (r.path != memberOther || r.ends) {
			break
		}
	}
	return r.length > 0
}

// readPath reads what a run has of a path: the whole of it, or up to its first id or query; ok is false for neither.
func (r *run) readPath(value []byte, m member, at int) (whole, ok bool) {
	origin, within := 0, at == 0 && r.after == tailID
	if m == memberURL && !within {
		if t, plain := plainURL(value); plain {
			origin = len(value) - len(t.path)
		}
	}
	n, ends := mask.Piece(value[origin:])
	if ends == mask.EndUnclear || at+origin+n > runText {
		return false, false
	}
	if !within {
		r.path, r.url, r.origin = m, uint8(at), uint8(at+origin)
	}
	if ends == mask.EndOfPath {
		r.ends, r.end = true, uint8(at+origin+n)
		return true, true
	}
	if at > 0 {
		r.members |= 1 << m
	}
	r.place, r.length, r.tail = place{level: levelRecord, member: m, opener: openQuoted}, uint8(at+origin+n), tailID
	if ends == mask.EndAtQuery {
		r.tail = tailQuery
	}
	return false, true
}
