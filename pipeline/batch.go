package pipeline

import (
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// batch is a block with what it was made of: each partition's share, which is done once its rows are in
// the table.
type batch struct {
	block  *storage.Block
	shares map[tp]*share
	bytes  int       // of the block, when it was weighed last
	values int       // bytes of the records' values, which stay in memory as long as the batch
	opened time.Time // of the first piece
	last   time.Time // of the newest piece
	filed  int64     // day that all attempts are filed under, since 1970; 0 = no attempt yet
	// refused are the records whose rows the table does not take.
	refused map[tp]map[int64]bool
}

// piece is a run of a chunk's records, records[from:to].
type piece struct {
	chunk    *chunk
	from, to int
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
		s = &share{account: a, span: span{From: start, To: start}}
		b.shares[c.Partition] = s
	}
	return s
}

// take adds records[from:to] of c to a share, which account for the offsets up to end.
func (b *batch) take(s *share, c *chunk, from, to int, end int64, now time.Time) {
	if b.opened.IsZero() {
		b.opened = now
	}
	b.last = now
	c.Retain()
	s.pieces = append(s.pieces, piece{c, from, to})
	s.span.To = end
	if to > from {
		s.logTime = max(s.logTime, c.Records[to-1].Timestamp)
	}
}

// empty reports whether the batch accounts for nothing yet.
func (b *batch) empty() bool { return len(b.shares) == 0 }

// clear makes the batch ready for reuse and lets go of its chunks.
func (b *batch) clear() {
	for _, s := range b.shares {
		for _, p := range s.pieces {
			p.chunk.Release()
		}
	}
	b.block.Reset()
	clear(b.shares)
	b.values, b.filed, b.refused, b.opened = 0, 0, nil, time.Time{}
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

// refuse notes that the table does not take the row of one record, which was of the given kind and reason.
func (b *batch) refuse(p tp, offset int64, row *parsers.Row) {
	if b.refused == nil {
		b.refused = map[tp]map[int64]bool{}
	}
	if b.refused[p] == nil {
		b.refused[p] = map[int64]bool{}
	}
	b.refused[p][offset] = true
	b.shares[p].tally.bury(row)
}

// buried returns how many records were refused.
func (b *batch) buried() int {
	n := 0
	for _, offsets := range b.refused {
		n += len(offsets)
	}
	return n
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

// bury moves one record, which the row shows, to the dead letters that the table refused.
func (t *tally) bury(row *parsers.Row) {
	t.kinds[row.Kind]--
	if row.Kind == parsers.KindDeadLetter {
		t.reasons[row.Reason]--
	}
	t.responses.add(row, -1)
	t.kinds[parsers.KindDeadLetter]++
	t.reasons[parsers.ReasonRefused]++
}
