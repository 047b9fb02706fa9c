package parsers

import (
	"sync/atomic"

	"github.com/errata-dev/errata/parsers/mask"
)

const (
	callerCount = 1024 // with all full 900 KiB for each Row
	callerWays  = 4
)

// rowNumbers counts the callers and verdicts of all rows of this process, so that none has the number of another.
var rowNumbers atomic.Uint64

// callers remember what identify found out about records of a trail. Those records have the same service, environment,
// credential, vendor, method, host and route, and paths that differ in ids and queries only.
type callers struct {
	recent [callerCount]uint64 // sums of trails that lead nowhere yet; the second of a kind is remembered
	known  [callerCount]caller
}

// caller is who called whom.
type caller struct {
	number                           uint64 // of this caller alone
	n                                int
	ids                              [maxTrail]uint64
	service, environment, credential []byte // as in a Row
	method, host, route              []byte
	name                             []byte // of the vendor, when no body can tell another
	vendor                           *vendor
	domain                           []byte    // of the host
	call                             []byte    // what the hash of the operation begins with
	path                             knownText // the route of the path itself, whatever the logger says
	plain                            bool      // which is the path, but for usual ids
}

// follow takes the trail of a plain record: to a known caller, or to the texts that tell it.
func (s *scratch) follow(p *plainRecord) bool {
	const named = 1<<memberHost | 1<<memberPath
	t := &p.trail
	t.loose = t.loose || p.seen>>memberURL&1 == 1 && p.seen&named != 0 || p.seen&pathMembers == 0
	res := &s.response
	if !t.loose {
		s.caller = s.memo.callers.find(t)
	}
	if s.caller != nil {
		res.target = target{path: res.steadyPath}
		res.settle()
		return true
	}
	s.spread(p)
	res.target = res.readTarget()
	if !t.loose {
		s.trail = *t
	}
	res.settle()
	return true
}

// find returns the caller that a trail leads to, nil when it is not known.
func (c *callers) find(t *trail) *caller {
	ways := c.known[t.sum%(callerCount/callerWays)*callerWays:][:callerWays]
	for i := range ways {
		if ways[i].ids == t.ids && ways[i].n == t.n {
			return &ways[i]
		}
	}
	return nil
}

// next returns where to remember a caller, nil when that can wait.
func (c *callers) next(t *trail) *caller {
	if recent := &c.recent[t.sum%callerCount]; *recent != t.sum {
		*recent = t.sum
		return nil
	}
	ways := c.known[t.sum%(callerCount/callerWays)*callerWays:][:callerWays]
	for i := range ways {
		if ways[i].n == 0 {
			return &ways[i]
		}
	}
	return &ways[t.sum>>40%callerWays]
}

// remember notes what identify found out.
func (r *Registry) remember(row *Row, host *knownHost, v *vendor) {
	s := row.scratch
	c := s.memo.callers.next(&s.trail)
	if c == nil {
		return
	}
	c.n, c.ids, c.number = s.trail.n, s.trail.ids, rowNumbers.Add(1)
	for _, known := range [...]struct {
		to   *[]byte
		text []byte
	}{
		{&c.service, row.Service},
		{&c.environment, row.Environment},
		{&c.credential, row.Credential},
		{&c.method, row.Method},
		{&c.host, row.Host},
		{&c.route, row.Route},
		{&c.domain, host.domain},
	} {
		*known.to = append((*known.to)[:0], known.text...)
	}
	c.vendor, c.name = v, c.name[:0]
	if host.vendor != nil || len(trim(s.response.vendor)) > 0 {
		c.name = append(c.name, row.Vendor...)
	}
	c.call = s.appendCall(c.call[:0], row.Method, host.name)
	c.path.text, c.plain = mask.AppendPlainRoute(c.path.text[:0], s.response.target.path)
	c.path.calm, c.path.seen = calmUnknown, 0
}

// recall is identify for a caller that is known.
func (r *Registry) recall(row *Row, c *caller) *vendor {
	s := row.scratch
	row.Service, row.Environment, row.Credential = c.service, c.environment, c.credential
	row.Method, row.Host, row.Route = c.method, c.host, c.route
	row.Caller = c.number
	s.quiet = c.plain && r.quiet(&c.path)
	s.work = append(s.work[:0], c.call...)
	r.operation(row)
	if row.Vendor = c.name; len(c.name) == 0 {
		return r.vendor(row, &knownHost{domain: c.domain})
	}
	return c.vendor
}
