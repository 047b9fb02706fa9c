package storage

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// TestNumbersOfRowsChangeNothing appends the same rows with and without the numbers that a parser gives them: of more
// callers and verdicts than a block remembers, with request ids of several forms, and more kinds than a dictionary holds.
func TestNumbersOfRowsChangeNothing(t *testing.T) {
	ids := []string{"", "req_0123456789abcdef", "evt_0123456789abcdef", "0123456789", "3a7dd87c-8f00-445a-92ac-07990b211862", "no id"}
	with, without := NewBlock(), NewBlock()
	for round := range 2 {
		with.Reset()
		without.Reset()
		for i := range 20_000 {
			row := fullRow()
			caller, verdict := (i+round)%3001, i*i%5003
			row.Service, row.Route = fmt.Appendf(nil, "service-%d", caller%7), fmt.Appendf(nil, "/v1/%d", caller)
			row.Environment, row.Host = fmt.Appendf(nil, "env-%d", caller%3), fmt.Appendf(nil, "%d.example.com", caller%11)
			row.Title = fmt.Appendf(nil, "title %d", verdict)
			row.RequestID, row.VendorRequestID = []byte(ids[i%len(ids)]), []byte(ids[i/3%len(ids)])
			if i%5 == 0 {
				row.Kind, row.RateLimit = parsers.KindSuccess, noQuota()
			}
			without.Append(row)
			if i%3 > 0 {
				row.Caller, row.Verdict = uint64(1+caller), uint64(1+verdict)
			}
			with.Append(row)
		}
		require.True(t, bytes.Equal(encoded(t, without), encoded(t, with))) // Equal would print megabytes
	}
}
