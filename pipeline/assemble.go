package pipeline

import (
	"context"
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/fetch"
)

// maxAhead is how far a response may claim to lie after the broker received it.
const maxAhead = 24 * time.Hour

// Parser turns one record into one row, or into a dead letter for a reason that it cannot judge itself;
// *parsers.Registry is one.
type Parser interface {
	Parse(record *parsers.Record, row *parsers.Row)
	Bury(record *parsers.Record, row *parsers.Row, reason parsers.Reason)
}

// rowWriter makes rows of records. It is not safe for concurrent use.
type rowWriter struct {
	parser Parser
	source string
	record parsers.Record
	row    parsers.Row
}

// record is one data record of a partition.
type record struct {
	fetch.Record
	value   []byte
	fetched int64 // Unix milliseconds
}

// received is when the broker received the record, or else when it was fetched.
func (r *record) received() int64 {
	if r.Timestamp > 0 {
		return r.Timestamp
	}
	return r.fetched
}

// parse returns what a record becomes, until the next call.
func (w *rowWriter) parse(p tp, r record) *parsers.Row {
	w.take(p, &r)
	w.parser.Parse(&w.record, &w.row)
	row, received := &w.row, r.received()
	switch {
	case row.Kind == parsers.KindDeadLetter && row.Time == 0:
		row.Time = received // it states none of its own
	case row.Kind != parsers.KindDeadLetter && row.Time > received+maxAhead.Milliseconds():
		w.parser.Bury(&w.record, row, parsers.ReasonTimeInFuture)
		row.Time = received
	}
	return row
}

// bury returns a record as a dead letter, because the table refuses its row; until the next call.
func (w *rowWriter) bury(p tp, r record) *parsers.Row {
	w.take(p, &r)
	w.parser.Bury(&w.record, &w.row, parsers.ReasonRefused)
	w.row.Time = r.received()
	return &w.row
}

func (w *rowWriter) take(p tp, r *record) {
	w.record = parsers.Record{
		Value: r.value, Source: w.source, Topic: p.Topic, Partition: p.ID, Offset: r.Offset, LogTime: max(0, r.Timestamp),
	}
}

// assembler turns chunks into blocks. One block fills while the other is being inserted.
type assembler struct {
	rule   cutRule
	writer rowWriter
	ledger *ledger
	until  map[tp]int64 // where a bounded run ends; nil = nowhere
	finish func(tp)     // told of partitions whose records come from beyond that
	in     <-chan *chunk
	out    chan<- *batch // taken from only while the deliverer is idle
	free   <-chan *batch

	current *batch
	chunk   *chunk // the one being read, nil = none
	account *account
	next    int   // its next record
	end     int64 // how far it is to be read
}

// run assembles until in is closed, and hands over what is left then; or until stop ends.
func (a *assembler) run(stop context.Context) {
	timer := time.NewTimer(a.rule.age)
	defer timer.Stop()
	a.current = <-a.free
	in := a.in
	for in != nil || a.chunk != nil || !a.current.empty() {
		full := a.fill()
		now := time.Now()
		var offer chan<- *batch
		wait := a.rule.age
		if !a.current.empty() {
			wait = a.rule.due(a.current.opened, a.current.last).Sub(now)
			if full || in == nil || wait <= 0 {
				offer, wait = a.out, a.rule.age
			}
		}
		timer.Reset(wait)
		from := in
		if full {
			from = nil
		}
		select {
		case c, ok := <-from:
			if !ok {
				in = nil
			}
			a.open(c)
		case offer <- a.current:
			a.current = <-a.free
		case <-timer.C:
		case <-stop.Done():
			return
		}
	}
}

// open begins to read a chunk. What lies beyond the end of a bounded run is not read.
func (a *assembler) open(c *chunk) {
	a.chunk, a.next = nil, 0
	if c == nil {
		return
	}
	a.end = c.Span.To
	if until, bounded := a.until[c.Partition]; bounded {
		a.end = min(a.end, until)
	}
	if a.end <= c.Span.From {
		a.finish(c.Partition)
		c.Release()
		return
	}
	a.chunk, a.account = c, a.ledger.of(c.Partition)
	if err := faultpoint("fetched"); err != nil {
		panic(err) // only a build for fault tests has any
	}
}

// fill writes the rest of the current chunk into the current batch and reports whether that is full.
func (a *assembler) fill() bool {
	if a.chunk != nil && !a.full() {
		a.write()
	}
	return a.full()
}

const (
	// weighEvery is after how many rows a block is weighed again: to add up what its columns take costs 1 % of an error.
	weighEvery = 16
	// reserveAt is the rows of a block from which on it is expected to become full. A trickle stays below.
	reserveAt = 4096
)

func (a *assembler) full() bool {
	b, rows := a.current, a.current.block.Rows()
	if rows%weighEvery == 0 {
		b.bytes = b.block.Bytes()
	}
	if rows == reserveAt {
		b.block.Reserve(a.rule.rowsLike(rows, b.bytes))
	}
	return a.rule.full(rows, b.bytes)
}

// write appends records of the current chunk until it is used up or the batch is full.
func (a *assembler) write() {
	c, b, from, first := a.chunk, a.current, a.next, a.current.block.Rows()
	s, held := b.share(a.account, c, from), *a.account.held.Load()
	for a.more() && !a.full() {
		r := record{c.Records[a.next], c.Value(a.next), c.Fetched}
		a.next++
		if held.contains(r.Offset) {
			s.tally.skipped++
			continue
		}
		row := a.writer.parse(c.Partition, r)
		b.block.Append(row)
		s.tally.row(row, len(r.value))
	}
	end := a.end
	if a.more() {
		end = c.Records[a.next-1].Offset + 1
	}
	b.take(s, c, from, a.next, first, end, time.Now())
	if !a.more() {
		if !c.Gap {
			s.tally.holes += a.end - c.Span.From - int64(a.next)
		}
		c.Release()
		a.chunk = nil
	}
}

// more reports whether the current chunk has another record to read.
func (a *assembler) more() bool {
	return a.next < len(a.chunk.Records) && a.chunk.Records[a.next].Offset < a.end
}
