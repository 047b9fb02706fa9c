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
	if s.measure(); s.missing > 1 { // settle leaves the second half out if the first has halted
		first, second := s.split()
		if err := d.settle([]*share{first}, nil, b); err != nil {
			return err
		}
		return d.settle([]*share{second}, nil, b)
	}
	return d.bury(s, b)
}

// bury inserts a dead letter in the place of the share's only row.
func (d *deliverer) bury(s *share, b *batch) error {
	offset := s.span.From
	s.lacking(func(row int) bool { offset = s.block.Offset(row); return false })
	p := s.account.tp
	record, found, err := d.ingester.record(d.life.work, p, offset)
	if err != nil {
		return err
	}
	if found { // or it is counted as what it was
		b.shares[p].tally.bury(d.writer.parse(p, record))
	}
	d.log.Error().Stringer("partition", p).Int64("offset", offset).
		Msg("the table refuses this record's row; it becomes a dead letter")
	n := b.block.Rows()
	b.block.Append(d.writer.bury(p, record))
	b.buried++
	s.runs, s.buried = []rows{{n, n + 1}}, true
	return d.settle([]*share{s}, nil, b)
}

// divisible reports whether bisecting the shares can help.
func divisible(shares []*share, b *batch) bool {
	return b.buried < maxBuried && (len(shares) > 1 || !shares[0].buried)
}
