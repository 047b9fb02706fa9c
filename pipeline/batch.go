package pipeline

import (
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// batch is a block with each partition's share of it, which is done once its rows are in the table. The records' values
// are not kept: what is left of a block when something goes wrong is made of the block's own rows.
type batch struct {
	block  *storage.Block
	shares map[tp]*share
	bytes  int            // of the block, when it was weighed last
	opened time.Time      // when it took the first record
	last   time.Time      // when it took the newest
	filed  int64          // day that all attempts are filed under, since 1970; 0 = no attempt yet
	part   *storage.Block // some of the rows, for an attempt with these alone; nil = there was none
	buried int            // rows at the block's end that are dead letters for rows that the table refused
}

func newBatch() *batch {
	return &batch{block: storage.NewBlock(), shares: map[tp]*share{}}
}

// share returns the partition's share, which begins with records[from:] of c if it is new.
func (b *batch) share(a *account, c *chunk, from int) *share {
	s := b.shares[c.Partition]
	if s == nil {
		start := c.Span.From
		if from > 0 {
			start = c.Records[from-1].Offset + 1
		}
		s = &share{account: a, block: b.block, span: span{From: start, To: start}}
		b.shares[c.Partition] = s
	}
	return s
}

// take adds to a share what records[from:to] of c have become, the block's rows from first on. They account for the
// offsets up to end.
func (b *batch) take(s *share, c *chunk, from, to, first int, end int64, now time.Time) {
	if b.opened.IsZero() {
		b.opened = now
	}
	b.last = now
	s.add(rows{first, b.block.Rows()})
	s.span.To = end
	if to > from {
		s.logTime = max(s.logTime, c.Records[to-1].Timestamp)
		s.newest = grant.Mark(c.Mark(to - 1))
	}
}

// empty reports whether the batch accounts for nothing yet.
func (b *batch) empty() bool { return len(b.shares) == 0 }

// clear makes the batch ready for reuse.
func (b *batch) clear() {
	b.block.Reset()
	clear(b.shares)
	b.filed, b.part, b.buried, b.opened = 0, nil, 0, time.Time{}
}

// of returns a block with just these rows, which are in ascending order. It lasts until the next call.
func (b *batch) of(rows []int) *storage.Block {
	if len(rows) == b.block.Rows() {
		return b.block
	}
	if b.part == nil {
		b.part = storage.NewBlock()
	}
	b.part.Reset()
	b.part.Pick(b.block, rows)
	return b.part
}

// day returns the day that the batch is filed under: that of its first attempt.
func (b *batch) day(now time.Time) int64 {
	if b.filed == 0 {
		b.filed = now.Unix() / secondsPerDay
	}
	return b.filed
}

const secondsPerDay = 24 * 60 * 60

func dayOf(day int64) time.Time { return time.Unix(day*secondsPerDay, 0).UTC() }

// cutRule says when a batch is handed to the deliverer.
type cutRule struct {
	rows, bytes int
	age, quiet  time.Duration
}

// full reports whether nothing more may be added.
func (r cutRule) full(rows, bytes int) bool { return rows >= r.rows || bytes >= r.bytes }

// rowsLike returns how many rows like these, which take so many bytes, a full batch has.
func (r cutRule) rowsLike(rows, bytes int) int { return min(r.rows, r.bytes/max(1, bytes/rows)) }

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
	kinds     [parsers.KindDeadLetter + 1]int64
	reasons   [parsers.ReasonRefused + 1]int64
	responses responses
	bytes     int64 // of values
	skipped   int64 // present already
	holes     int64 // offsets without a record: control records, aborted or compacted ones
}

func (t *tally) row(row *parsers.Row, size int) {
	if int(row.Kind) < len(t.kinds) {
		t.kinds[row.Kind]++
	}
	if row.Kind == parsers.KindDeadLetter && int(row.Reason) < len(t.reasons) {
		t.reasons[row.Reason]++
	}
	if t.responses == nil {
		t.responses = responses{}
	}
	t.responses.add(row, 1)
	t.bytes += int64(size)
}

// bury moves one record, which the row outlines, to the dead letters that the table refused. One that was a dead letter
// already counts as what it was.
func (t *tally) bury(row *parsers.Row) {
	if row.Kind == parsers.KindDeadLetter {
		return
	}
	t.kinds[row.Kind]--
	t.responses.add(row, -1)
	t.kinds[parsers.KindDeadLetter]++
	t.reasons[parsers.ReasonRefused]++
}
