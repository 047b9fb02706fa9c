package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// BenchmarkEncode is what Append adds to Parse: each stream's records parsed, and parsed and appended, in turns.
// `go test ./bench -run - -bench Encode -benchtime 20x -cpu 1` prints the CPU time of one record. As in BenchmarkParse
// the least of all rounds counts, of each piece.
func BenchmarkEncode(b *testing.B) {
	const pieces, piece = 40, 1000
	registry, err := parsers.New(parsers.Options{})
	require.NoError(b, err)
	for _, s := range allStreams() {
		c, err := newCorpus(s, pieces*piece)
		require.NoError(b, err)
		var row parsers.Row
		block := storage.NewBlock()
		b.Run(s.name, func(b *testing.B) {
			var parse, both [pieces]time.Duration
			for b.Loop() {
				block.Reset()
				for i := range pieces {
					from, to := i*piece, (i+1)*piece
					parse[i] = least(b, parse[i], func() { parsePart(registry, c, &row, from, to) })
					both[i] = least(b, both[i], func() {
						for n := from; n < to; n++ {
							rec := c.record(n, 0, int64(n))
							registry.Parse(&rec, &row)
							block.Append(&row)
						}
					})
				}
			}
			b.ReportMetric((sum(both[:])-sum(parse[:]))/float64(c.len()), "append-ns")
			b.ReportMetric(sum(parse[:])/float64(c.len()), "parse-ns")
			b.ReportMetric(0, "ns/op")
		})
	}
}
