package pipeline

import (
	"maps"
	"sync"
)

// bounded is a run that ends by itself: each of its partitions is read up to a given offset. The zero value
// never ends.
type bounded struct {
	mu   sync.Mutex
	from map[tp]int64 // where partitions begin, until the group has it
	left map[tp]int64
	end  func()     // called once, when nothing is left
	halt *HaltError // what ended the run instead
}

func (b *bounded) begin(o Options, end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.from, b.left, b.end = maps.Clone(o.From), maps.Clone(o.Until), end
	if b.left != nil && len(b.left) == 0 {
		end()
	}
}

// start returns where a partition is to begin, if not where the group is.
func (b *bounded) start(p tp) (int64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	from, ok := b.from[p]
	return from, ok
}

// wants reports whether the partition is to be read; an unbounded run reads all.
func (b *bounded) wants(p tp) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.left[p]
	return ok || b.left == nil
}

// committed notes that the group has offset, and so that everything below is in the table.
func (b *bounded) committed(p tp, offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.from, p)
	until, ok := b.left[p]
	if !ok || offset < until {
		return
	}
	delete(b.left, p)
	if len(b.left) == 0 {
		b.end()
	}
}

// halted ends the run: a partition that was to be read cannot be.
func (b *bounded) halted(err *HaltError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.left[tp{Topic: err.Topic, ID: err.Partition}]; ok && b.halt == nil {
		b.halt = err
		b.end()
	}
}

// err returns why the run did not reach its end.
func (b *bounded) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.halt != nil {
		return b.halt
	}
	return nil
}
