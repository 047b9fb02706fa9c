package pipeline

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// tracker knows how far each partition of one topic was produced and committed.
type tracker struct {
	mu      sync.Mutex
	state   map[int32]*produced
	ahead   int64         // bytes produced and not yet committed
	changed chan struct{} // closed and replaced at every commit
}

type produced struct {
	end       int64
	committed int64
	waiting   []shipment // oldest first
}

// shipment is one acknowledged batch that is not committed yet.
type shipment struct{ end, bytes int64 }

func newTracker() *tracker {
	return &tracker{state: map[int32]*produced{}, changed: make(chan struct{})}
}

func (t *tracker) partition(id int32) *produced {
	p := t.state[id]
	if p == nil {
		p = &produced{}
		t.state[id] = p
	}
	return p
}

func (t *tracker) produced(id int32, end, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.partition(id)
	p.end = max(p.end, end)
	if p.committed < end {
		p.waiting = append(p.waiting, shipment{end, bytes})
		t.ahead += bytes
	}
}

// committed notes an offset of the group; one that is older than what is known changes nothing.
func (t *tracker) committed(id int32, offset int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.partition(id)
	if offset <= p.committed {
		return
	}
	p.committed = offset
	for len(p.waiting) > 0 && p.waiting[0].end <= offset {
		t.ahead -= p.waiting[0].bytes
		p.waiting = p.waiting[1:]
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tracker) ends() map[int32]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	ends := make(map[int32]int64, len(t.state))
	for id, p := range t.state {
		if p.end > 0 {
			ends[id] = p.end
		}
	}
	return ends
}

// ids returns the partitions that were written to or waited for.
func (t *tracker) ids() []int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.state))
}

// reached reports whether the group has committed all of ends, and what to wait for if not.
func (t *tracker) reached(ends map[int32]int64) (<-chan struct{}, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, end := range ends {
		if t.partition(id).committed < end {
			return t.changed, false
		}
	}
	return nil, true
}

// room reports whether bytes more may be produced, and what to wait for if not. A batch that alone is
// more than the limit goes when nothing else is ahead.
func (t *tracker) room(bytes, limit int64) (<-chan struct{}, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ahead > 0 && t.ahead+bytes > limit {
		return t.changed, false
	}
	return nil, true
}

// throttle waits until the group is near enough for bytes more.
func (p *Publisher) throttle(ctx context.Context, bytes int64) error {
	if p.options.Group == "" {
		return nil
	}
	return p.wait(ctx, func() (<-chan struct{}, bool) { return p.track.room(bytes, p.options.Ahead) })
}

// WaitUntil waits until the group has committed the given offset of every given partition: all
// records below it are in the table.
func (p *Publisher) WaitUntil(ctx context.Context, ends map[int32]int64) error {
	return p.wait(ctx, func() (<-chan struct{}, bool) { return p.track.reached(ends) })
}

// wait waits until done, woken by commits that it is told of and by asking now and then.
func (p *Publisher) wait(ctx context.Context, done func() (<-chan struct{}, bool)) error {
	for {
		changed, ok := done()
		if ok {
			return nil
		}
		poll, cancel := context.WithTimeout(ctx, p.options.PollInterval)
		select {
		case <-changed:
		case <-poll.Done():
		}
		cancel()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, ok = done(); !ok {
			p.poll(ctx)
		}
	}
}

// poll asks what the group has committed, through whatever member.
func (p *Publisher) poll(ctx context.Context) {
	if p.options.Group == "" {
		return
	}
	var partitions []tp
	for _, id := range p.track.ids() {
		partitions = append(partitions, tp{Topic: p.options.Topic, ID: id})
	}
	if len(partitions) == 0 {
		return
	}
	group, err := p.broker.committed(ctx, p.options.Group, partitions)
	if err != nil {
		if ctx.Err() == nil {
			p.quiet.warn(p.log, "poll").Err(err).Msg("cannot ask how far the group is, trying again")
		}
		return
	}
	for partition, at := range group {
		p.track.committed(partition.ID, at.offset)
	}
}
