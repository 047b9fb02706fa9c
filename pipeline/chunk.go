package pipeline

import (
	"fmt"
	"sync/atomic"
)

// tp names one partition of one topic.
type tp struct {
	topic string
	id    int32
}

func (p tp) String() string { return fmt.Sprintf("%s/%d", p.topic, p.id) }

// span is the half-open interval [from, to) of offsets.
type span struct{ from, to int64 }

func (s span) len() int64 { return s.to - s.from }

// chunk is what one answer of a broker held for one partition, copied out of the client's pages.
// It is kept until the rows of all its records are acknowledged, so that a block can be built again.
type chunk struct {
	tp      tp
	span    span // accounts for all these offsets; control records and compacted ones have no record
	records []record
	values  []byte
	fetched int64 // Unix milliseconds

	charged int64        // bytes of the memory budget
	users   atomic.Int32 // batches that hold a piece of it, plus the assembler while it reads it
}

type record struct {
	offset    int64
	timestamp int64 // the broker's, Unix milliseconds; 0 or less = none
	end       int   // the value is values[end of the one before:end]
}

// value returns the i-th record's bytes, which alias the chunk.
func (c *chunk) value(i int) []byte {
	from := 0
	if i > 0 {
		from = c.records[i-1].end
	}
	return c.values[from:c.records[i].end:c.records[i].end]
}

// reset empties the chunk for about expected bytes of values. It lets go of a buffer that is far too
// large for them, so that a quiet stream does not sit on the memory of a burst.
func (c *chunk) reset(p tp, next int64, expected int) {
	c.tp, c.span = p, span{next, next}
	c.records, c.values, c.charged = c.records[:0], c.values[:0], 0
	if cap(c.values) < expected || cap(c.values) > 2*expected+(64<<10) {
		c.records, c.values = nil, make([]byte, 0, expected+expected/8)
	}
}

// size is what the chunk costs of the memory budget.
func (c *chunk) size() int64 { return int64(cap(c.values)) + 24*int64(cap(c.records)) }
