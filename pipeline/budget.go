package pipeline

import (
	"context"
	"sync"
)

// budget bounds the bytes that are fetched and not yet delivered. It is what makes a slow table slow
// the fetching down instead of filling the memory.
type budget struct {
	mu    sync.Mutex
	limit int64
	used  int64
	freed chan struct{} // closed and replaced whenever bytes come back
}

func newBudget(limit int64) *budget {
	return &budget{limit: limit, freed: make(chan struct{})}
}

// reserve takes n bytes, or all there are if n is more, and waits until they are free. It returns
// what it took.
func (b *budget) reserve(ctx context.Context, n int64) (int64, error) {
	n = min(n, b.limit)
	for {
		wait := b.try(n)
		if wait == nil {
			return n, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// try takes n bytes and returns nil, or returns what to wait for.
func (b *budget) try(n int64) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.limit && b.used > 0 {
		return b.freed
	}
	b.used += n
	return nil
}

// settle replaces a reservation by what is really held, which may be more.
func (b *budget) settle(reserved, held int64) { b.add(held - reserved) }

// release gives n bytes back.
func (b *budget) release(n int64) { b.add(-n) }

func (b *budget) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	if n < 0 {
		close(b.freed)
		b.freed = make(chan struct{})
	}
}

// inUse returns the bytes that are taken.
func (b *budget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// chunkKeeper takes chunks back when nobody uses them any more.
type chunkKeeper struct {
	budget *budget
	pool   *sync.Pool
}

// drop gives up one use of c.
func (k *chunkKeeper) drop(c *chunk) {
	if c.users.Add(-1) == 0 {
		k.budget.release(c.charged)
		k.pool.Put(c)
	}
}
