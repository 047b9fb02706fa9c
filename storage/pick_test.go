package storage

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/parsers"
)

// Rows that are picked out of a block are what they would be if they had been appended alone.
func TestPickedRowsAreAsAppended(t *testing.T) {
	rows := sampleRows(300, 50)
	for i, row := range rows { // a dictionary of wide indexes; every member differs from row to row
		row.Service = hexOf(i)
		row.Partition, row.Attempt, row.Status, row.Checksum = int32(i), uint16(i), uint16(200+i), uint32(i)
		row.DurationMS, row.RetryAfterMS, row.Fingerprint = float32(i), int64(i), uint64(i)
		row.Time += int64(i)
		row.LogTime += int64(2 * i)
		row.Category, row.Retry, row.Parse = parsers.Category(i%3), parsers.Retry(i%3), parsers.ParseResult(i%3)
		row.OperationKey = parsers.OperationKey(i % 3)
		row.TraceID = append(hexOf(1<<40+i), "0af7651916cd43dd8448eb"...)[:32]
		row.Path = append([]byte("/other/"), row.Service...)
		row.Message, row.RequestID = hexOf(i), hexOf(i<<20)
	}
	whole := NewBlock()
	fill(whole, rows)
	rapid.Check(t, func(rt *rapid.T) {
		var chosen []int
		picked, appended := NewBlock(), NewBlock()
		for row := range rows {
			if rapid.Bool().Draw(rt, "chosen") {
				chosen = append(chosen, row)
				appended.Append(rows[row])
			}
		}
		picked.Pick(whole, chosen)
		require.Equal(t, encoded(t, appended), encoded(t, picked))
		require.Equal(t, appended.Bytes(), picked.Bytes())
	})
}

func hexOf(i int) []byte { return fmt.Appendf(nil, "%010x", i) }
