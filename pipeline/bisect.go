package pipeline

import (
	"context"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline/fetch"
)

// maxBuried is how many records of one block may become dead letters because the table refuses their rows.
// If it refuses more it is the table that is wrong, and the block waits, loudly, until that is mended.
const maxBuried = 100

// bisect halves the shares until the rows that the table refuses stand alone: by partition first, then
// within one partition. The order of a partition's offsets is kept, since its Next moves on with them.
func (d *deliverer) bisect(shares []*share, b *batch) error {
	if len(shares) > 1 {
		half := len(shares) / 2
		if err := d.settle(shares[:half], nil, b); err != nil {
			return err
		}
		return d.settle(shares[half:], nil, b)
	}
	s := shares[0]
	switch s.measure(); s.missing {
	case 0:
	case 1:
		d.bury(s, b)
	default: // settle leaves the second half out if the first has halted
		first, second := s.split()
		if err := d.settle([]*share{first}, nil, b); err != nil {
			return err
		}
		return d.settle([]*share{second}, nil, b)
	}
	return d.settle([]*share{s}, nil, b)
}

// bury puts a dead letter in the place of the share's only row.
func (d *deliverer) bury(s *share, b *batch) {
	var was parsers.Row
	s.lacking(func(row int) bool { was = s.block.Outline(row); return false })
	p := s.account.tp
	d.log.Error().Stringer("partition", p).Int64("offset", was.Offset).
		Msg("the table refuses this record's row; it becomes a dead letter")
	letter := d.writer.bury(p, d.reread(p, &was))
	letter.Checksum = was.Checksum
	n := b.block.Rows()
	b.block.Append(letter)
	b.buried++
	s.runs, s.buried = []rows{{n, n + 1}}, true
	b.shares[p].tally.bury(&was)
}

// reread reads a row's record once more, for the dead letter to show it. That shows nothing where the record is gone, is
// another one now, or cannot be read soon.
func (d *deliverer) reread(p tp, was *parsers.Row) record {
	ctx, cancel := context.WithTimeout(d.life.work, d.ingester.options.RequestTimeout)
	defer cancel()
	r, found, err := d.ingester.record(ctx, p, was.Offset)
	if err == nil && found && fetch.Checksum(r.value) == was.Checksum {
		return r
	}
	d.log.Warn().Err(err).Stringer("partition", p).Int64("offset", was.Offset).Msg("the record cannot be read again: its dead letter shows nothing of it")
	return record{Record: fetch.Record{Offset: was.Offset}, fetched: was.Time}
}

// divisible reports whether bisecting the shares can help.
func divisible(shares []*share, b *batch) bool {
	return b.buried < maxBuried && (len(shares) > 1 || !shares[0].buried)
}
