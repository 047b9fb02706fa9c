package fetch

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// reading is where in a partition a reader stands. Only who has the position in its hands changes it,
// except for verify.
type reading struct {
	next   int64 // the first offset that was not handed out
	last   Mark  // of the last record before next, as far as known
	verify Mark  // known: the log must be shown to have this record still, before anything is handed out
	epoch  int32 // of the leader that appended what was read last; -1 = unknown
	proved int32 // the epoch before whose records the log was looked at again

	want   int // bytes on the wire of a batch that PartitionBytes is too small for; 0 = none
	room   int // bytes that it takes to unpack the largest batch of late
	size   int // bytes of values in the last answer
	packed int // bytes that they took on the wire
}

// position is one partition's reading and what else is known of it. The cursor guards it.
type position struct {
	reading
	partition Partition
	high      int64 // high watermark; -1 = not heard of yet

	leader  int
	known   bool // the leader is known
	busy    bool // a request for it is under way
	strikes int  // answers in a row that did not decode
	fails   int  // failures in a row, for the backoff
	retryAt time.Time
	halted  bool
	served  bool // the last answer had something for it
}

// asks returns the offset to fetch from.
func (r *reading) asks() int64 {
	if r.verify.Known {
		return r.verify.Offset
	}
	return r.next
}

// doubt has the log show that it still has what was read last, before anything else is handed out.
func (p *position) doubt() { p.verify = p.last }

func newReading(s Start) reading {
	r := reading{next: s.Next, last: s.Last, epoch: -1, proved: -1}
	if s.Last.Known && s.Last.Offset < s.Next {
		r.verify = s.Last
	}
	return r
}

// startsEpoch reports whether records of a new leader's come next and the log was not yet made to show that it
// has what was read last: a leader that had missed records begins a new epoch in their place. It asks for that.
func (r *reading) startsEpoch(epoch int32) bool {
	if r.verify.Known || !r.last.Known || r.epoch < 0 || epoch <= r.epoch || epoch == r.proved {
		return false
	}
	r.proved, r.verify = epoch, r.last
	return true
}

// cursor holds the positions of all partitions and hands them to the leaders' fetch loops. A
// partition is in the hands of one loop at a time, so its records come in order even while its
// leader moves.
type cursor struct {
	mu    sync.Mutex
	order []*position // what was served last comes last
}

// add adds a partition.
func (c *cursor) add(partition Partition, s Start) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = append(c.order, &position{
		reading: newReading(s), partition: partition, high: -1,
	})
}

// stop hands a partition to no loop any more.
func (c *cursor) stop(partition Partition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.order {
		if p.partition == partition {
			p.halted = true
		}
	}
}

// lead records who leads which partition and returns all leaders. A partition that is gone, or has moved,
// is not put off any longer. One that is gone may come back as another, and a new leader may have missed
// records that the old one had acknowledged: what was read last is looked at again.
func (c *cursor) lead(leaders map[Partition]int) map[int]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[int]bool{}
	for _, p := range c.order {
		id, known := leaders[p.partition]
		if p.known && (!known || p.leader != id) {
			p.doubt()
		}
		if known && (!p.known || p.leader != id) {
			p.retryAt = time.Time{}
		}
		p.leader, p.known = id, known
		if known {
			ids[id] = true
		}
	}
	return ids
}

// take returns the partitions of one leader that are to be asked for next, and marks them busy. The ones
// that have waited longest come first, for a broker fills its answer in the order of the request.
func (c *cursor) take(leader int, now time.Time) []*position {
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken []*position
	for _, p := range c.order {
		if p.known && p.leader == leader && !p.busy && !p.halted && !now.Before(p.retryAt) {
			p.busy, p.served = true, false
			taken = append(taken, p)
		}
	}
	return taken
}

// update changes a position under the lock.
func (c *cursor) update(p *position, change func(*position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(p)
}

// read returns a copy of where p stands.
func (c *cursor) read(p *position) reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.reading
}

// move replaces before, where p stood, by after, unless in the meantime there came up something new to
// be verified.
func (c *cursor) move(p *position, before, after reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.verify != before.verify {
		after.verify = p.verify
	}
	p.reading = after
}

// finish hands the positions of a request back, and puts those behind the others that were served.
func (c *cursor) finish(taken []*position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range taken {
		p.busy = false
	}
	slices.SortStableFunc(c.order, func(a, b *position) int { return cmp.Compare(rank(a), rank(b)) })
	for _, p := range taken {
		p.served = false
	}
}

func rank(p *position) int {
	if p.served && !p.busy {
		return 1
	}
	return 0
}
