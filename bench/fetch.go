package main

import (
	"context"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// measureFetch runs an ingester whose parser does not look at the records and whose table keeps nothing. So
// the figure holds, besides fetching, an almost empty row appended to a block for each record, which is
// measured beside it.
func measureFetch(ctx context.Context, b *bench, s stream, note record) error {
	n := b.recordsOf(s)
	used, err := b.broker.consume(ctx, assignment{Role: roleFetch, Topic: s.name, Records: n}, func() error { return nil })
	if err != nil {
		return err
	}
	empty, err := costOf(func() error { return appendEmptyRows(storage.NewBlock(), n) })
	if err != nil {
		return err
	}
	note("ingester, nothing parsed or inserted", unitMicroseconds, perRecord(used.CPU, n))
	note("of that, an empty row into a block", unitMicroseconds, perRecord(empty.cpu, n))
	note("broker", unitMicroseconds, perRecord(used.broker, n))
	return nil
}

func appendEmptyRows(block *storage.Block, n int) error {
	var row parsers.Row
	for i := range n {
		if block.Rows() == maxCorpus {
			block.Reset()
		}
		nothing{}.Parse(&parsers.Record{Topic: "bench", Offset: int64(i)}, &row)
		block.Append(&row)
	}
	return nil
}
