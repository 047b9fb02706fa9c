package main

import (
	"testing"

	"github.com/errata-dev/errata/parsers"
)

// BenchmarkParse is the part "parse" without the rest of the bench: each stream's records, by errata and by
// encoding/json. `go test ./bench -run - -bench Parse -cpu 1` prints the time of one record.
func BenchmarkParse(b *testing.B) {
	registry, err := parsers.New(parsers.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range allStreams() {
		c, err := newCorpus(s, 2_000)
		if err != nil {
			b.Fatal(err)
		}
		var row parsers.Row
		i := 0
		b.Run(s.name+"/errata", func(b *testing.B) {
			for b.Loop() {
				rec := c.record(i%c.len(), 0, 0)
				registry.Parse(&rec, &row)
				i++
			}
		})
		b.Run(s.name+"/encoding_json", func(b *testing.B) {
			for b.Loop() {
				_ = readWithEncodingJSON(c.value(i % c.len())) // it refuses some
				i++
			}
		})
	}
}
