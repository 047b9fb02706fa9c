package pipeline

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
	if s.measure(); s.rows > 1 { // settle leaves the second half out if the first has halted
		first, second := s.split()
		if err := d.settle([]*share{first}, nil, b); err != nil {
			return err
		}
		return d.settle([]*share{second}, nil, b)
	}
	return d.bury(s, b)
}

// bury inserts the share's only row as a dead letter.
func (d *deliverer) bury(s *share, b *batch) error {
	s.missing(func(c *chunk, n int) {
		row := d.writer.write(b.block, c, n) // to take it out of the tally; the block is built anew
		b.refuse(c.Partition, c.Records[n].Offset, row)
		d.log.Error().Stringer("partition", c.Partition).Int64("offset", c.Records[n].Offset).
			Msg("the table refuses this record's row; it becomes a dead letter")
	})
	return d.settle([]*share{s}, nil, b)
}

// divisible reports whether bisecting the shares can help.
func divisible(shares []*share, b *batch) bool {
	if b.buried() >= maxBuried {
		return false
	}
	if len(shares) > 1 {
		return true
	}
	fresh := false
	shares[0].missing(func(c *chunk, n int) { fresh = fresh || !b.refused[c.Partition][c.Records[n].Offset] })
	return fresh // not a dead letter that is refused as well
}
