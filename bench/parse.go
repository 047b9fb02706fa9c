package main

import (
	"context"

	"github.com/errata-dev/errata/parsers"
)

// measureParse parses the records in memory, and beside it reads them with encoding/json.
func measureParse(_ context.Context, b *bench, s stream, note record) error {
	c := b.corpora[s.name]
	var row parsers.Row
	parseAll(b.registry, c, &row) // buffers grow to the size of the largest record
	errata, err := costOf(func() error { parseAll(b.registry, c, &row); return nil })
	if err != nil {
		return err
	}
	note("errata", unitMicroseconds, perRecord(errata.cpu, c.len()))
	note("errata", unitAllocations, float64(errata.allocations)/float64(c.len()))
	reference, err := measureReference(c, note)
	if err != nil {
		return err
	}
	note("errata, of encoding/json", unitPercent, 100*float64(errata.cpu)/float64(reference.cpu))
	return nil
}

func parseAll(registry *parsers.Registry, c *corpus, row *parsers.Row) {
	parsePart(registry, c, row, 0, c.len())
}

// parsePart parses the records from one number up to another.
func parsePart(registry *parsers.Registry, c *corpus, row *parsers.Row, from, to int) {
	for i := from; i < to; i++ {
		rec := c.record(i, 0, int64(i))
		registry.Parse(&rec, row)
	}
}
