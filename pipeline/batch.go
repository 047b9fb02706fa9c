package pipeline

import (
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// batch is a block with what it was made of: the pieces of chunks whose records are its rows, and
// the ranges of offsets that are done once it is in the table.
type batch struct {
	block  *storage.Block
	pieces []piece
	ranges map[tp]*progress
	tally  tally
	values int       // bytes of the records' values, which stay in memory as long as the batch
	opened time.Time // of the first piece
	last   time.Time // of the newest piece
}

// piece is a run of a chunk's records, records[from:to].
type piece struct {
	chunk    *chunk
	from, to int
}

// progress is one partition's share of a batch.
type progress struct {
	span    span
	logTime int64 // newest broker timestamp, Unix milliseconds; 0 = none
}

func newBatch() *batch {
	return &batch{block: storage.NewBlock(), ranges: map[tp]*progress{}}
}

// take adds records[from:to] of c, which account for the offsets up to end.
func (b *batch) take(c *chunk, from, to int, end int64, now time.Time) {
	if len(b.pieces) == 0 {
		b.opened = now
	}
	b.last = now
	c.users.Add(1)
	b.pieces = append(b.pieces, piece{c, from, to})
	p := b.ranges[c.tp]
	if p == nil {
		start := c.span.from
		if from > 0 {
			start = c.records[from-1].offset + 1
		}
		p = &progress{span: span{start, start}}
		b.ranges[c.tp] = p
	}
	p.span.to = end
	if to > from {
		p.logTime = max(p.logTime, c.records[to-1].timestamp)
	}
}

// empty reports whether the batch accounts for nothing yet.
func (b *batch) empty() bool { return len(b.pieces) == 0 }

// clear makes the batch ready for reuse; give is told each chunk that it lets go of.
func (b *batch) clear(give func(*chunk)) {
	for n, p := range b.pieces {
		give(p.chunk)
		b.pieces[n] = piece{}
	}
	b.block.Reset()
	b.pieces = b.pieces[:0]
	clear(b.ranges)
	b.tally, b.values = tally{}, 0
}

// ends returns the offsets to commit once the batch is in the table.
func (b *batch) ends() map[tp]int64 {
	ends := make(map[tp]int64, len(b.ranges))
	for p, done := range b.ranges {
		ends[p] = done.span.to
	}
	return ends
}

// starts returns where to read back from.
func (b *batch) starts() map[tp]int64 {
	starts := make(map[tp]int64, len(b.ranges))
	for p, done := range b.ranges {
		starts[p] = done.span.from
	}
	return starts
}

// cutRule says when a batch is handed to the deliverer.
type cutRule struct {
	rows, bytes int
	values      int // so that one batch never holds up the fetching for the next
	age, quiet  time.Duration
}

// full reports whether nothing more may be added.
func (r cutRule) full(rows, bytes, values int) bool {
	return rows >= r.rows || bytes >= r.bytes || values >= r.values
}

// due returns when a batch that is not full is to be handed over: at its age, or earlier when the
// stream has gone quiet.
func (r cutRule) due(opened, last time.Time) time.Time {
	byAge, byQuiet := opened.Add(r.age), last.Add(r.quiet)
	if byQuiet.Before(byAge) {
		return byQuiet
	}
	return byAge
}

// tally counts what became of records. It is added to the counters once they are delivered, so that
// records which are read again after a rebalance count once.
type tally struct {
	kinds   [parsers.KindDeadLetter + 1]int64
	reasons [parsers.ReasonTimeInFuture + 1]int64
	bytes   int64 // of values
	skipped int64 // present already
	holes   int64 // offsets without a record: control records, aborted or compacted ones
}

func (t *tally) row(kind parsers.Kind, reason parsers.Reason, size int) {
	if int(kind) < len(t.kinds) {
		t.kinds[kind]++
	}
	if kind == parsers.KindDeadLetter && int(reason) < len(t.reasons) {
		t.reasons[reason]++
	}
	t.bytes += int64(size)
}
