package main

import (
	"context"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// encodeRows is how many rows are kept parsed: few enough for the processor's caches, as a row that has just
// been parsed is in them, and enough to be as varied as a stream.
const encodeRows = 1000

// measureEncode appends parsed rows to a block. What is left of encoding, copying the columns into the
// message and compressing it, happens in the insert and is measured there.
func measureEncode(_ context.Context, b *bench, s stream, note record) error {
	c := b.corpora[s.name]
	rows := make([]parsers.Row, min(c.len(), encodeRows))
	for i := range rows {
		rec := c.record(i, 0, int64(i))
		b.registry.Parse(&rec, &rows[i])
	}
	block := storage.NewBlock()
	fill(block, rows, maxCorpus) // columns grow to the size of a block
	const blocks = 3
	used, err := costOf(func() error {
		for range blocks {
			fill(block, rows, maxCorpus)
		}
		return nil
	})
	if err != nil {
		return err
	}
	note("rows into a block", unitMicroseconds, perRecord(used.cpu, blocks*maxCorpus))
	note("rows into a block", unitAllocations, float64(used.allocations)/(blocks*maxCorpus))
	return nil
}

func fill(block *storage.Block, rows []parsers.Row, n int) {
	block.Reset()
	for i := range n {
		row := &rows[i%len(rows)]
		row.Offset = int64(i)
		block.Append(row)
	}
}
