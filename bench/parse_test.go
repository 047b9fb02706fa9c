package main

import (
	"hash/crc32"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// BenchmarkParse is the part "parse" without the rest of the bench: each stream's records, by errata and by
// encoding/json. `go test ./bench -run - -bench Parse -benchtime 20x -cpu 1` prints the CPU time of one record.
//
// The two take turns at pieces of the stream, and of each piece the least of all rounds counts: other programs
// on the machine only ever add to it. A stream has too many records for the processor to learn them by heart.
func BenchmarkParse(b *testing.B) {
	const pieces, piece = 20, 1000
	registry, err := parsers.New(parsers.Options{})
	require.NoError(b, err)
	for _, s := range allStreams() {
		c, err := newCorpus(s, pieces*piece)
		require.NoError(b, err)
		var row parsers.Row
		b.Run(s.name, func(b *testing.B) {
			var own, reference [pieces]time.Duration
			for b.Loop() {
				for i := range pieces {
					from, to := i*piece, (i+1)*piece
					crc32.ChecksumIEEE(c.values[c.start(from):c.ends[to-1]]) // into the processor's cache, where fetching leaves records
					own[i] = least(b, own[i], func() { parsePart(registry, c, &row, from, to) })
					reference[i] = least(b, reference[i], func() { readPart(c, from, to) })
				}
			}
			b.ReportMetric(sum(own[:])/float64(c.len()), "errata-ns")
			b.ReportMetric(sum(reference[:])/float64(c.len()), "encoding/json-ns")
			b.ReportMetric(sum(own[:])/sum(reference[:]), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func readPart(c *corpus, from, to int) {
	for i := from; i < to; i++ {
		_ = readWithEncodingJSON(c.value(i)) // it refuses some
	}
}

// least returns the lesser of kept, unless it is zero, and the CPU time that the work takes.
func least(tb testing.TB, kept time.Duration, work func()) time.Duration {
	from, err := ownCPU()
	require.NoError(tb, err)
	work()
	until, err := ownCPU()
	require.NoError(tb, err)
	if took := until - from; kept == 0 || took < kept {
		return took
	}
	return kept
}

func sum(durations []time.Duration) float64 {
	var total time.Duration
	for _, d := range durations {
		total += d
	}
	return float64(total)
}
