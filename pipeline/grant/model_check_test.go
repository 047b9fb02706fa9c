package grant

import (
	"slices"
	"sync"
	"time"
)

// search is a breadth-first search, so that the first trace to a violation is a shortest one. Of a world
// that has been seen it keeps a hash of 63 bits, its parent and which of the parent's steps led to it; the
// trace is found again by walking. Two of 50 million worlds share a hash with a probability of 1 in 7,000.
type search struct {
	model  model
	strict bool // every invariant, not the rows alone
	limit  int  // worlds; 0 = all
	drain  int  // every so many worlds: show that it can still come to its end; 0 = never

	shards  []*shard
	found   *finding
	depth   int
	drained int
	took    time.Duration
}

// shard holds the worlds whose hash falls to it. One goroutine works on it at a time.
type shard struct {
	seen    seenSet
	parents []uint32
	choices []uint8
	now     []world // of this level; the ids of the last len(now) worlds, in order
	next    []world
	found   *finding
	drained int
}

// finding is a violation, and the world it was found at or left from.
type finding struct {
	what   string
	id     uint32
	choice int // of the step that breaks a rule; -1 = the world itself does
}

// candidate is a successor on its way to its shard.
type candidate struct {
	hash   uint64
	parent uint32
	choice uint8
	world  world
}

const chunkOfWork = 1 << 14

// run searches until a violation is found, the limit is reached, or nothing new is left.
func (s *search) run(workers int) {
	began := time.Now()
	s.shards = make([]*shard, workers)
	for i := range s.shards {
		s.shards[i] = &shard{}
	}
	start := s.model.begin()
	s.insert(s.shardOf(start.hash()), candidate{hash: start.hash(), world: start})
	for s.turn(); s.found == nil && s.worlds() > 0 && (s.limit == 0 || s.states() < s.limit); s.turn() {
		s.level()
		s.depth++
	}
	s.took = time.Since(began)
}

// turn makes the level that was found the one to search.
func (s *search) turn() {
	for _, sh := range s.shards {
		sh.now, sh.next = sh.next, sh.now[:0]
		s.drained += sh.drained
		sh.drained = 0
	}
}

func (s *search) worlds() (n int) {
	for _, sh := range s.shards {
		n += len(sh.now)
	}
	return n
}

func (s *search) states() (n int) {
	for _, sh := range s.shards {
		n += len(sh.parents)
	}
	return n
}

func (s *search) shardOf(hash uint64) *shard { return s.shards[hash>>32%uint64(len(s.shards))] }

// id numbers the i-th world of a shard among all.
func (s *search) id(shard, i int) uint32 { return uint32(i*len(s.shards) + shard) }

// level works through the present worlds in chunks: all workers find successors, then each shard takes its own.
func (s *search) level() {
	n := len(s.shards)
	base := make([]int, n)
	for i, sh := range s.shards {
		base[i] = len(sh.parents) - len(sh.now)
	}
	out := make([][][]candidate, n)
	for i := range out {
		out[i] = make([][]candidate, n)
	}
	for from := 0; s.found == nil; from += chunkOfWork {
		more := false
		for _, sh := range s.shards {
			more = more || from < len(sh.now)
		}
		if !more {
			return
		}
		s.parallel(func(i int) { out[i] = s.expand(i, base[i], from, out[i]) })
		s.parallel(func(i int) {
			for j := range out {
				for _, c := range out[j][i] {
					s.insert(s.shards[i], c)
				}
			}
		})
		s.collect()
	}
}

func (s *search) parallel(work func(i int)) {
	var wg sync.WaitGroup
	for i := range s.shards {
		wg.Go(func() { work(i) })
	}
	wg.Wait()
}

func (s *search) collect() {
	for _, sh := range s.shards {
		if sh.found != nil && s.found == nil {
			s.found = sh.found
		}
	}
}

// expand finds the successors of a chunk of shard i's worlds.
func (s *search) expand(i, base, from int, out [][]candidate) [][]candidate {
	for j := range out {
		out[j] = out[j][:0]
	}
	sh := s.shards[i]
	for n := from; n < min(from+chunkOfWork, len(sh.now)); n++ {
		choice, healthy, id := 0, 0, s.id(i, base+n)
		k := walk{mo: &s.model, from: &sh.now[n], visit: func(st *step) {
			if st.wrong != "" && s.strict && sh.found == nil {
				sh.found = &finding{st.wrong, id, choice}
			}
			if !st.event.kind.fault() {
				healthy++
			}
			h := st.world.hash()
			to := h >> 32 % uint64(len(out))
			out[to] = append(out[to], candidate{h, id, uint8(choice), st.world})
			choice++
		}}
		k.all()
		if s.strict && healthy == 0 && !s.model.done(&sh.now[n]) && sh.found == nil {
			sh.found = &finding{"nothing more can happen", id, -1}
		}
	}
	return out
}

// insert takes a world unless it has been seen, and judges it.
func (s *search) insert(sh *shard, c candidate) {
	if !sh.seen.add(c.hash) {
		return
	}
	sh.parents, sh.choices = append(sh.parents, c.parent), append(sh.choices, c.choice)
	sh.next = append(sh.next, c.world)
	what := s.model.broken(&c.world, s.strict)
	if what == "" && s.drain > 0 && c.hash%uint64(s.drain) == 0 {
		what = s.model.drains(c.world)
		sh.drained++
	}
	if what != "" && sh.found == nil {
		sh.found = &finding{what, s.id(slices.Index(s.shards, sh), len(sh.parents)-1), -1}
	}
}

// path returns which steps lead from the beginning to the finding.
func (s *search) path() (choices []int) {
	if s.found.choice >= 0 {
		choices = append(choices, s.found.choice)
	}
	n := uint32(len(s.shards))
	first := s.model.begin()
	root := s.id(slices.Index(s.shards, s.shardOf(first.hash())), 0)
	for id := s.found.id; id != root; id = s.shards[id%n].parents[id/n] {
		choices = append(choices, int(s.shards[id%n].choices[id/n]))
	}
	slices.Reverse(choices)
	return choices
}

// seenSet is a set of hashes: open addressing, at most three quarters full.
type seenSet struct {
	cells []uint64
	used  int
}

func (t *seenSet) add(hash uint64) bool {
	if t.used*4 >= len(t.cells)*3 {
		t.grow()
	}
	if !t.put(hash | 1) {
		return false
	}
	t.used++
	return true
}

func (t *seenSet) put(hash uint64) bool {
	mask := uint64(len(t.cells) - 1)
	for i := hash >> 1 & mask; ; i = (i + 1) & mask {
		switch t.cells[i] {
		case 0:
			t.cells[i] = hash
			return true
		case hash:
			return false
		}
	}
}

func (t *seenSet) grow() {
	old := t.cells
	t.cells = make([]uint64, max(1<<12, 2*len(old)))
	for _, h := range old {
		if h != 0 {
			t.put(h)
		}
	}
}
