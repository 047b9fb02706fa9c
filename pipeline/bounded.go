package pipeline

import (
	"maps"
	"sync"
)

// bounded is a run that ends by itself: each of its partitions is read up to a given offset. The zero value
// never ends.
type bounded struct {
	mu   sync.Mutex
	left map[tp]int64
	end  func()     // called once, when nothing is left
	halt *HaltError // what ended the run instead
}

func (b *bounded) begin(until map[tp]int64, end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left, b.end = maps.Clone(until), end
	if b.left != nil && len(b.left) == 0 {
		end()
	}
}

// committed notes that everything below offset is in the table and acknowledged.
func (b *bounded) committed(p tp, offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
