package fetch

import (
	"context"
	"slices"
	"sync"
)

// Budget bounds the bytes that are fetched and not yet released. It is what makes a slow table slow
// the fetching down instead of filling the memory. Who waits is served in turn, so that a large
// reservation is not starved by small ones; nobody may wait for bytes while holding some.
type Budget struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	waiting []*waiter // in the order of their coming
}

// waiter is one reservation that has to wait.
type waiter struct {
	n       int64
	granted chan struct{} // closed once the bytes are taken
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Reserve takes n bytes and waits until they are free. More than there are in all are granted when
// nothing else is taken.
func (b *Budget) Reserve(ctx context.Context, n int64) error {
	w := b.enqueue(n)
	if w == nil {
		return nil
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		b.leave(w)
		return context.Cause(ctx)
	}
}

// enqueue takes n bytes and returns nil, or returns what was put at the end of the queue.
func (b *Budget) enqueue(n int64) *waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 && b.fits(n) {
		b.used += n
		return nil
	}
	w := &waiter{n, make(chan struct{})}
	b.waiting = append(b.waiting, w)
	return w
}

func (b *Budget) fits(n int64) bool { return b.used+n <= b.limit || b.used <= 0 }

// leave gives up waiting, or gives back what was granted in the same moment.
func (b *Budget) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, w); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.used -= w.n
	}
	b.serve()
}

// Try takes n bytes if they are free and nobody waits for them, and reports whether it did.
func (b *Budget) Try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || b.used+n > b.limit {
		return false
	}
	b.used += n
	return true
}

// Take takes n bytes whether they are free or not: they are in use already.
func (b *Budget) Take(n int64) { b.add(n) }

// Release gives n bytes back.
func (b *Budget) Release(n int64) { b.add(-n) }

func (b *Budget) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	b.serve()
}

// serve grants what fits now, first come first served. The lock is held.
func (b *Budget) serve() {
	for len(b.waiting) > 0 && b.fits(b.waiting[0].n) {
		b.used += b.waiting[0].n
		close(b.waiting[0].granted)
		b.waiting = slices.Delete(b.waiting, 0, 1)
	}
}

// InUse returns the bytes that are taken.
func (b *Budget) InUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Limit returns the bytes that there are in all.
func (b *Budget) Limit() int64 { return b.limit }
