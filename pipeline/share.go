package pipeline

import "github.com/errata-dev/errata/pipeline/grant"

// share is one partition's part of a block: a range of offsets and the records in it.
type share struct {
	account *account
	span    span // from the account's Next
	pieces  []piece
	logTime int64 // newest broker timestamp, Unix milliseconds; 0 = none
	tally   tally
	written int // rows that the assembler put into the block

	// Measured before each attempt:
	rows  int        // records that the table does not hold
	count int64      // offsets of the span that have, or will have, a row
	last  grant.Mark // the last record
}

// each visits the records of the span in order of their offsets, until visit returns false.
func (s *share) each(visit func(c *chunk, n int) bool) {
	for _, p := range s.pieces {
		for n := p.from; n < p.to; n++ {
			if offset := p.chunk.Records[n].Offset; offset < s.span.From || offset >= s.span.To {
				continue
			}
			if !visit(p.chunk, n) {
				return
			}
		}
	}
}

// measure counts against what the table holds now. Rows of records that the log has lost since, to
// compaction, count too: they are there.
func (s *share) measure() {
	held := *s.account.held.Load()
	s.rows, s.last = 0, grant.Mark{}
	var newest *chunk
	at := 0
	s.each(func(c *chunk, n int) bool {
		if !held.contains(c.Records[n].Offset) {
			s.rows++
		}
		newest, at = c, n
		return true
	})
	s.count = int64(s.rows) + held.count(s.span)
	if newest != nil {
		s.last = grant.Mark(newest.Mark(at))
	}
}

// split cuts the share in two, each with half of the rows that are missing. It has at least two.
func (s *share) split() (*share, *share) {
	held := *s.account.held.Load()
	seen, middle := 0, s.span.To
	s.each(func(c *chunk, n int) bool {
		offset := c.Records[n].Offset
		if held.contains(offset) {
			return true
		}
		if seen++; seen > s.rows/2 {
			middle = offset
			return false
		}
		return true
	})
	first, second := *s, *s
	first.span.To, second.span.From = middle, middle
	return &first, &second
}

// missing visits the records that the table does not hold.
func (s *share) missing(visit func(c *chunk, n int)) {
	held := *s.account.held.Load()
	s.each(func(c *chunk, n int) bool {
		if !held.contains(c.Records[n].Offset) {
			visit(c, n)
		}
		return true
	})
}
