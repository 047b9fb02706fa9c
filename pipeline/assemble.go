package pipeline

import (
	"context"
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// maxAhead is how far a response may claim to lie after the broker received it.
const maxAhead = 24 * time.Hour

// Parser turns one record into one row, or into a dead letter for a reason that it cannot judge itself;
// *parsers.Registry is one.
type Parser interface {
	Parse(record *parsers.Record, row *parsers.Row)
	Bury(record *parsers.Record, row *parsers.Row, reason parsers.Reason)
}

// rowWriter parses records into a block. It is not safe for concurrent use.
type rowWriter struct {
	parser Parser
	source string
	record parsers.Record
	row    parsers.Row
}

// write appends the i-th record of c to block as one row and returns what it became.
func (w *rowWriter) write(block *storage.Block, c *chunk, i int) (parsers.Kind, parsers.Reason) {
	r := c.records[i]
	w.record = parsers.Record{
		Value: c.value(i), Source: w.source, Topic: c.tp.topic, Partition: c.tp.id,
		Offset: r.offset, LogTime: max(0, r.timestamp),
	}
	w.parser.Parse(&w.record, &w.row)
	received := r.timestamp
	if received <= 0 {
		received = c.fetched
	}
	row := &w.row
	switch {
	case row.Kind == parsers.KindDeadLetter && row.Time == 0:
		row.Time = received // it states none of its own
	case row.Kind != parsers.KindDeadLetter && row.Time > received+maxAhead.Milliseconds():
		w.parser.Bury(&w.record, row, parsers.ReasonTimeInFuture)
		row.Time = received
	}
	block.Append(row)
	return row.Kind, row.Reason
}

// assembler turns chunks into blocks. One block fills while the other is being inserted.
type assembler struct {
	rule   cutRule
	writer rowWriter
	held   map[tp]offsets
	memory *chunkKeeper
	in     <-chan *chunk
	out    chan<- *batch // taken from only while the deliverer is idle
	free   <-chan *batch

	current *batch
	chunk   *chunk // the one being read, nil = none
	next    int    // its next record
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
			a.chunk, a.next = c, 0
		case offer <- a.current:
			a.current = <-a.free
		case <-timer.C:
		case <-stop.Done():
			return
		}
	}
}

// fill writes the rest of the current chunk into the current batch and reports whether that is full.
func (a *assembler) fill() bool {
	if a.chunk != nil && !a.full() {
		a.write()
	}
	return a.full()
}

func (a *assembler) full() bool {
	return a.rule.full(a.current.block.Rows(), a.current.block.Bytes(), a.current.values)
}

// write appends records of the current chunk until it is used up or the batch is full.
func (a *assembler) write() {
	c, b, from := a.chunk, a.current, a.next
	held := a.held[c.tp]
	for a.next < len(c.records) && !a.full() {
		i, size := a.next, len(c.value(a.next))
		a.next++
		b.values += size
		if len(held) > 0 && held.contains(c.records[i].offset) {
			b.tally.skipped++
			continue
		}
		kind, reason := a.writer.write(b.block, c, i)
		b.tally.row(kind, reason, size)
	}
	end := c.span.to
	if a.next < len(c.records) {
		end = c.records[a.next-1].offset + 1
	}
	b.take(c, from, a.next, end, time.Now())
	if a.next == len(c.records) {
		b.tally.holes += c.span.len() - int64(len(c.records))
		a.memory.drop(c)
		a.chunk = nil
	}
}
