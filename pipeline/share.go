package pipeline

import (
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// share is one partition's part of a block: a range of offsets and the rows of the records in it.
type share struct {
	account *account
	block   *storage.Block
	span    span       // from the account's Next
	runs    []rows     // of the block, in the order of their offsets
	newest  grant.Mark // the last record of the span, which may have no row in the block: the table had it already
	logTime int64      // newest broker timestamp, Unix milliseconds; 0 = none
	tally   tally
	buried  bool // its row is a dead letter already

	// Measured before each attempt:
	missing int   // rows that the table does not hold
	count   int64 // offsets of the span that have, or will have, a row
}

// rows are those of a block from one up to another.
type rows struct{ from, to int }

// add adds rows that follow those that the share has.
func (s *share) add(r rows) {
	if n := len(s.runs); n > 0 && s.runs[n-1].to == r.from {
		s.runs[n-1].to = r.to
	} else if r.to > r.from {
		s.runs = append(s.runs, r)
	}
}

// written returns how many rows of the block are the share's.
func (s *share) written() int {
	n := 0
	for _, r := range s.runs {
		n += r.to - r.from
	}
	return n
}

// lacking visits the rows of the span that the table does not hold, in the order of their offsets, until visit returns false.
func (s *share) lacking(visit func(row int) bool) {
	held := *s.account.held.Load()
	for _, r := range s.runs {
		for row := r.from; row < r.to; row++ {
			offset := s.block.Offset(row)
			if offset < s.span.From || offset >= s.span.To || held.contains(offset) {
				continue
			}
			if !visit(row) {
				return
			}
		}
	}
}

// measure counts against what the table holds now. Rows of records that the log has lost since, to
// compaction, count too: they are there.
func (s *share) measure() {
	s.missing = 0
	s.lacking(func(int) bool { s.missing++; return true })
	s.count = int64(s.missing) + s.account.held.Load().count(s.span)
}

// split cuts the share in two, each with half of the rows that are missing. It has at least two. Which record the first
// half ends with is not looked for: the log has to show again what it had to show before.
func (s *share) split() (*share, *share) {
	seen, middle := 0, s.span.To
	s.lacking(func(row int) bool {
		seen++
		middle = s.block.Offset(row)
		return seen <= s.missing/2
	})
	first, second := *s, *s
	first.span.To, second.span.From = middle, middle
	first.newest = s.account.state.Last
	return &first, &second
}
