package pipeline

import (
	"sync/atomic"

	"github.com/errata-dev/errata/parsers"
)

// Stats count what an Ingester has done since it was made. Records that are read again after a
// rebalance count once: when they are delivered.
type Stats struct {
	Records      int64 // delivered; the sum of the next three
	Successes    int64
	Errors       int64
	DeadLetters  int64
	Reasons      map[string]int64 // dead letters by reason
	Bytes        int64            // of the values of delivered records
	Blocks       int64            // delivered, empty ones excluded
	InsertErrors int64            // inserts that were not cleanly acknowledged
	Skipped      int64            // read again although the table had them
	Gaps         int64            // stretches of records that were deleted before they were read
}

// counters are the live form of Stats.
type counters struct {
	kinds        [parsers.KindDeadLetter + 1]atomic.Int64
	reasons      [parsers.ReasonRefused + 1]atomic.Int64
	bytes        atomic.Int64
	blocks       atomic.Int64
	insertErrors atomic.Int64
	skipped      atomic.Int64
	gaps         atomic.Int64
}

func (c *counters) count(t *tally) {
	for i, n := range t.kinds {
		c.kinds[i].Add(n)
	}
	for i, n := range t.reasons {
		c.reasons[i].Add(n)
	}
	c.bytes.Add(t.bytes)
	c.skipped.Add(t.skipped)
}

// block counts a delivered block of so many rows.
func (c *counters) block(rows int) {
	if rows > 0 {
		c.blocks.Add(1)
	}
}

func (c *counters) stats() Stats {
	s := Stats{
		Successes:    c.kinds[parsers.KindSuccess].Load(),
		Errors:       c.kinds[parsers.KindError].Load(),
		DeadLetters:  c.kinds[parsers.KindDeadLetter].Load(),
		Reasons:      map[string]int64{},
		Bytes:        c.bytes.Load(),
		Blocks:       c.blocks.Load(),
		InsertErrors: c.insertErrors.Load(),
		Skipped:      c.skipped.Load(),
		Gaps:         c.gaps.Load(),
	}
	s.Records = s.Successes + s.Errors + s.DeadLetters
	for i := range c.reasons {
		if n := c.reasons[i].Load(); n > 0 {
			s.Reasons[parsers.Reason(i).String()] = n
		}
	}
	return s
}
