package pipeline

import (
	"sync"
	"time"
)

// position is how far one owned partition has been fetched. The cursor guards it.
type position struct {
	tp      tp
	next    int64 // the offset to fetch
	size    int   // bytes of values in the last answer
	leader  int
	known   bool // the leader is known
	busy    bool // a request for it is under way
	alone   bool // asked for in a request of its own until an answer decodes again
	strikes int  // answers in a row that the client could not decode
	fails   int  // failures in a row, for the backoff
	retryAt time.Time
	halted  *HaltError
}

// cursor holds the positions of all owned partitions and hands them to the leaders' fetch loops. A
// partition is in the hands of one loop at a time, so its records come in order even while its
// leader moves.
type cursor struct {
	mu    sync.Mutex
	order []*position // rotated, so that no partition always comes first in an answer
}

func newCursor(starts map[tp]int64) *cursor {
	c := &cursor{}
	for p, next := range starts {
		c.order = append(c.order, &position{tp: p, next: next})
	}
	return c
}

// lead records who leads which partition and returns all leaders.
func (c *cursor) lead(leaders map[tp]int) map[int]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[int]bool{}
	for _, p := range c.order {
		p.leader, p.known = leaders[p.tp], false
		if id, ok := leaders[p.tp]; ok {
			p.leader, p.known = id, true
			ids[id] = true
		}
	}
	return ids
}

// take returns the partitions of one leader that are to be asked for next, and marks them busy. One
// that has to be asked for alone comes alone.
func (c *cursor) take(leader int, now time.Time) []*position {
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken []*position
	for _, p := range c.order {
		if !p.known || p.leader != leader || p.busy || p.halted != nil || now.Before(p.retryAt) {
			continue
		}
		if p.alone && len(taken) > 0 {
			continue
		}
		taken = append(taken, p)
		p.busy = true
		if p.alone {
			break
		}
	}
	c.rotate()
	return taken
}

func (c *cursor) rotate() {
	if len(c.order) > 1 {
		first := c.order[0]
		copy(c.order, c.order[1:])
		c.order[len(c.order)-1] = first
	}
}

// update changes a position under the lock.
func (c *cursor) update(p *position, change func(*position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(p)
}

// finish hands the positions of a request back.
func (c *cursor) finish(taken []*position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range taken {
		p.busy = false
	}
}
