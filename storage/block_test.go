package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// sampleRows are errors and successes as a busy topic mixes them.
func sampleRows(n, errorsPerHundred int) []*parsers.Row {
	rows := make([]*parsers.Row, n)
	for i := range rows {
		row := fullRow()
		row.Offset = int64(i)
		row.Service = fmt.Appendf(nil, "service-%d", i%20)
		row.Route = fmt.Appendf(nil, "/v1/resources-%d/{id}", i%200)
		row.Vendor = fmt.Appendf(nil, "vendor-%d", i%5)
		row.Code = fmt.Appendf(nil, "code-%d", i%60)
		row.Operation = uint64(i) * 0x9e3779b97f4a7c15
		row.Details, row.Body, row.Reason, row.Instance = nil, nil, parsers.ReasonNone, nil
		if i%100 >= errorsPerHundred {
			row.Kind, row.Code, row.RateLimit = parsers.KindSuccess, nil, noQuota()
		}
		rows[i] = row
	}
	return rows
}

func fill(b *Block, rows []*parsers.Row) {
	b.Reset()
	for _, row := range rows {
		b.Append(row)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	rows := sampleRows(5000, 50)
	b := NewBlock()
	fill(b, rows)
	require.Zero(t, testing.AllocsPerRun(10, func() { fill(b, rows) }))
}

func TestAppendCopies(t *testing.T) {
	want, got := NewBlock(), NewBlock()
	want.Append(fullRow())
	row := fullRow()
	got.Append(row)
	for _, text := range [][]byte{row.Vendor, row.Code, row.Service, row.Path, row.Message, row.Title, row.TraceID, row.Details[0].Field, row.RateLimit.Policy} {
		clear(text)
	}
	require.Equal(t, encoded(t, want), encoded(t, got))
}

func encoded(t testing.TB, b *Block) []byte {
	t.Helper()
	var buffer proto.Buffer
	block := proto.Block{Columns: len(b.input), Rows: b.Rows()}
	b.fillGuard(testGrant(t))
	b.deadline = append(b.deadline[:0], make([]uint32, b.Rows())...)
	require.NoError(t, block.EncodeBlock(&buffer, proto.Version, b.input))
	return buffer.Buf
}

func TestResetBlockIsAsNew(t *testing.T) {
	used := NewBlock()
	fill(used, sampleRows(300, 50))
	fillDistinct(used, 20_000)
	used.Reset()
	require.Zero(t, used.Rows())
	require.Zero(t, used.Bytes())
	fresh := NewBlock()
	for _, row := range sampleRows(300, 50) {
		used.Append(row)
		fresh.Append(row)
	}
	require.Equal(t, encoded(t, fresh), encoded(t, used))
}

func TestBytesIsAboutTheSizeOnTheWire(t *testing.T) {
	for _, errorsPerHundred := range []int{0, 5, 100} {
		b := NewBlock()
		fill(b, sampleRows(10_000, errorsPerHundred))
		wire := len(encoded(t, b))
		require.GreaterOrEqual(t, b.Bytes(), wire, "a bound must not be below what it bounds")
		require.Less(t, b.Bytes(), 2*wire)
	}
}

func TestDictionariesOfHostileNamesAreGivenUp(t *testing.T) {
	b := NewBlock()
	fillDistinct(b, 100_000)
	require.Greater(t, len(b.service.slots), maxKeptTable)
	b.Reset()
	require.Len(t, b.service.slots, smallTable)
	require.Zero(t, cap(b.service.values.wire))
}

func TestFactsOfNothingAreEmpty(t *testing.T) {
	row := &parsers.Row{Kind: parsers.KindError, RateLimit: noQuota()}
	require.Empty(t, appendFacts(nil, row, &rowIDs{}))
	require.Empty(t, appendCommonFacts(nil, row, &rowIDs{}))
	require.Empty(t, appendAllFacts(nil, row, &rowIDs{}))
	require.Empty(t, appendQuota(nil, noQuota()))
}

func TestQuotaOfASuccessIsKeptWhereItIsLow(t *testing.T) {
	f := func(limit, remaining int64, want bool) {
		t.Helper()
		require.Equal(t, want, quotaIsLow(parsers.RateLimit{Limit: limit, Remaining: remaining}))
	}
	f(100, 10, true)
	f(100, 11, false)
	f(5, 0, true)
	f(5, 1, false)
	f(-1, 0, true)
	f(-1, 1, false)
	f(100, -1, false)
	f(-1, -1, false)
	f(1<<62, 1<<62, false)
}

func TestTemplateEqualToTheMessageIsLeftOut(t *testing.T) {
	row := &parsers.Row{Kind: parsers.KindError, RateLimit: noQuota(), Message: []byte("m"), MessageTemplate: []byte("m")}
	require.Empty(t, appendCommonFacts(nil, row, &rowIDs{}))
	row.MessageTemplate = nil
	require.JSONEq(t, `{"message_template":""}`, string(appendCommonFacts(nil, row, &rowIDs{})))
}

// Whatever the texts are, facts are valid JSON, and what was valid UTF-8 comes back.
func FuzzFacts(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte(text), []byte(text), int64(7))
	}
	f.Add([]byte("\xff\xc3"), []byte("\xed\xa0\x80"), int64(-1))
	f.Fuzz(func(t *testing.T, a, b []byte, n int64) {
		row := &parsers.Row{
			Kind: parsers.KindError, Title: a, Message: b, MessageTemplate: a, TraceID: b, Body: b, LogTime: n,
			Details: []parsers.Detail{{Field: a}, {Message: b}, {}}, RateLimit: parsers.RateLimit{Limit: n, Policy: a},
		}
		text := appendAllFacts(nil, row, &rowIDs{trace: b})
		var got struct {
			Title   string
			Body    string
			Details []struct{ Field, Message string }
		}
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.True(t, utf8.Valid(text))
		require.Equal(t, string(bytes.ToValidUTF8(a, nil)) == string(a), got.Title == string(a))
		require.Equal(t, utf8.Valid(b), got.Body == string(b))
		require.Len(t, got.Details, 3)
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, errorsPerHundred := range []int{5, 100} {
		b.Run(fmt.Sprintf("errors=%d%%", errorsPerHundred), func(b *testing.B) {
			rows := sampleRows(10_000, errorsPerHundred)
			block := NewBlock()
			fill(block, rows)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i == len(rows) {
					block.Reset()
					i = 0
				}
				block.Append(rows[i])
				i++
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	block := NewBlock()
	fill(block, sampleRows(10_000, 5))
	block.fillGuard(testGrant(b))
	var buffer proto.Buffer
	for b.Loop() {
		buffer.Reset()
		if err := (proto.Block{Columns: len(block.input), Rows: block.Rows()}).EncodeBlock(&buffer, proto.Version, block.input); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/row")
}
