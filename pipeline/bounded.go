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
	end  func() // called once, when nothing is left
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
