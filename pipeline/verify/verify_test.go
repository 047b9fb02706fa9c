package verify

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// memoryLog is a log in memory. It hands out at most batch records at a time.
type memoryLog struct {
	start, end int64
	records    []Record // in order
	unreadable []fetch.Span
	scans      int
	shrink     int64 // the log begins there once something was read
}

func (l *memoryLog) Start(context.Context, fetch.Partition) (int64, error) { return l.start, nil }

func (l *memoryLog) Scan(_ context.Context, p fetch.Partition, s fetch.Span, visit func(Record) error) (fetch.Span, error) {
	l.scans++
	if s.From < l.start || s.From > l.end {
		return fetch.Span{From: s.From, To: s.From}, kafka.OffsetOutOfRange
	}
	at := s.From
	for _, r := range l.records {
		for _, u := range l.unreadable {
			if at < u.To && r.Offset >= u.From && u.From >= s.From {
				return fetch.Span{From: s.From, To: u.From}, &fetch.UnreadableError{Partition: p, Span: u, Reason: errors.New("bad checksum")}
			}
		}
		if r.Offset < s.From || r.Offset >= s.To {
			continue
		}
		if l.shrink > r.Offset {
			l.start, l.shrink = l.shrink, 0
			return fetch.Span{From: s.From, To: r.Offset}, kafka.OffsetOutOfRange
		}
		if err := visit(r); err != nil {
			return fetch.Span{From: s.From, To: r.Offset}, err
		}
		at = r.Offset + 1
	}
	return fetch.Span{From: s.From, To: min(s.To, l.end)}, nil
}

// memoryTable does what the statements do.
type memoryTable struct {
	rows     []Record
	gaps     []storage.StoredGap
	detailed int
}

func (t *memoryTable) Gaps(context.Context, storage.Stream, int64, int64) ([]storage.StoredGap, error) {
	return t.gaps, nil
}

func (t *memoryTable) Buckets(_ context.Context, _ storage.Stream, from, to int64) ([]storage.Bucket, error) {
	byNumber, seen := map[int64]*storage.Bucket{}, map[int64]bool{}
	for _, r := range t.rows {
		if r.Offset < from || r.Offset >= to {
			continue
		}
		b := byNumber[r.Offset/storage.BucketSize]
		if b == nil {
			b = &storage.Bucket{Number: r.Offset / storage.BucketSize}
			byNumber[b.Number] = b
		}
		b.Rows++
		b.Digest ^= storage.DigestOf(r.Offset, r.Checksum)
		if !seen[r.Offset] {
			b.Offsets++
		}
		seen[r.Offset] = true
	}
	var list []storage.Bucket
	for _, b := range byNumber {
		list = append(list, *b)
	}
	return list, nil
}

func (t *memoryTable) StoredOffsets(_ context.Context, _ storage.Stream, from, to int64, reuse []storage.StoredOffset) ([]storage.StoredOffset, error) {
	t.detailed++
	byOffset := map[int64]*storage.StoredOffset{}
	for _, r := range t.rows {
		if r.Offset < from || r.Offset >= to {
			continue
		}
		o := byOffset[r.Offset]
		if o == nil {
			o = &storage.StoredOffset{Offset: r.Offset, Low: r.Checksum, High: r.Checksum}
			byOffset[r.Offset] = o
		}
		o.Copies++
		o.Low, o.High = min(o.Low, r.Checksum), max(o.High, r.Checksum)
	}
	for _, o := range byOffset {
		reuse = append(reuse, *o)
	}
	slices.SortFunc(reuse, func(a, b storage.StoredOffset) int { return int(a.Offset - b.Offset) })
	return reuse, nil
}

var partition = fetch.Partition{Topic: "t", ID: 3}

// run compares, and returns the findings as from, to and rows by kind.
func run(t require.TestingT, l *memoryLog, table *memoryTable, s fetch.Span) (Result, map[Kind][][3]int64) {
	found := map[Kind][][3]int64{}
	var progress int64
	v := &Verifier{
		Log: l, Table: table, Source: "s", Oldest: 1000,
		Found: func(f Finding) {
			require.Equal(t, "t", f.Topic)
			require.EqualValues(t, 3, f.Partition)
			found[f.Kind] = append(found[f.Kind], [3]int64{f.From, f.To, f.Rows})
		},
		Progress: func(n int64) { progress += n },
	}
	r, err := v.Partition(context.Background(), partition, s)
	require.NoError(t, err)
	require.Equal(t, s.Len()-r.InGaps, progress)
	return r, found
}

func records(from, to int64) []Record {
	var list []Record
	for o := from; o < to; o++ {
		list = append(list, Record{Offset: o, Timestamp: 2000, Checksum: uint32(o) * 31})
	}
	return list
}

const two = 2 * storage.BucketSize

func TestEqual(t *testing.T) {
	l, table := &memoryLog{end: two + 50, records: records(0, two+50)}, &memoryTable{rows: records(0, two+80)}
	r, found := run(t, l, table, fetch.Span{From: 10, To: two + 50})
	require.Empty(t, found)
	require.Zero(t, r.Faults())
	require.EqualValues(t, two+40, r.Records)
	require.EqualValues(t, two+40, r.Rows)
	require.Zero(t, table.detailed, "equal sums are enough")
}

func TestEmptySpan(t *testing.T) {
	r, found := run(t, &memoryLog{}, &memoryTable{}, fetch.Span{From: 7, To: 7})
	require.Empty(t, found)
	require.Zero(t, r.Records)
}

func TestEveryFault(t *testing.T) {
	rows := records(0, two)
	rows[5].Checksum, rows[6].Checksum = rows[6].Checksum, rows[5].Checksum // swapped
	rows[100].Checksum++
	rows = append(rows, rows[200], rows[200], rows[201], rows[storage.BucketSize])
	rows = slices.DeleteFunc(rows, func(r Record) bool {
		return r.Offset >= storage.BucketSize-2 && r.Offset < storage.BucketSize+3 && r.Offset != storage.BucketSize
	})
	table := &memoryTable{rows: rows}
	r, found := run(t, &memoryLog{end: two, records: records(0, two)}, table, fetch.Span{To: two})
	require.Equal(t, map[Kind][][3]int64{
		Missing:   {{storage.BucketSize - 2, storage.BucketSize, 2}, {storage.BucketSize + 1, storage.BucketSize + 3, 2}},
		Surplus:   {{200, 202, 3}, {storage.BucketSize, storage.BucketSize + 1, 1}},
		Different: {{5, 7, 2}, {100, 101, 1}},
	}, found)
	require.Equal(t, []int64{4, 4, 3, 0}, []int64{r.Missing, r.Surplus, r.Different, r.Unreadable})
	require.EqualValues(t, 11, r.Faults())
	require.Equal(t, 2, table.detailed)
}

// Offsets without a record (control, aborted, compacted) and rows whose record was compacted away since.
func TestOffsetsWithoutRecord(t *testing.T) {
	log := slices.DeleteFunc(records(0, 100), func(r Record) bool { return r.Offset%3 == 0 })
	rows := slices.DeleteFunc(records(0, 100), func(r Record) bool { return r.Offset%6 == 0 })
	_, found := run(t, &memoryLog{end: 100, records: log}, &memoryTable{rows: rows}, fetch.Span{To: 100})
	require.Empty(t, found)
	rows = append(rows, rows[2]) // 3, of which there is no record any more
	_, found = run(t, &memoryLog{end: 100, records: log}, &memoryTable{rows: rows}, fetch.Span{To: 100})
	require.Equal(t, map[Kind][][3]int64{Surplus: {{3, 4, 1}}}, found)
}

func TestKnownGapsAreNotCompared(t *testing.T) {
	table := &memoryTable{
		rows: slices.DeleteFunc(records(0, 100), func(r Record) bool { return r.Offset >= 20 && r.Offset < 40 || r.Offset == 50 }),
		gaps: []storage.StoredGap{{From: -5, To: 5}, {From: 20, To: 35}, {From: 25, To: 40}, {From: 90, To: 200}},
	}
	r, found := run(t, &memoryLog{end: 100, records: records(0, 100)}, table, fetch.Span{To: 100})
	require.Equal(t, map[Kind][][3]int64{Missing: {{50, 51, 1}}}, found)
	require.EqualValues(t, 5+20+10, r.InGaps)
	require.Len(t, r.Gaps, 4)
	require.EqualValues(t, 65, r.Records)
}

func TestUnreadableBatches(t *testing.T) {
	l := &memoryLog{end: 100, records: records(0, 100), unreadable: []fetch.Span{{From: 30, To: 40}, {From: 60, To: 61}}}
	rows := slices.DeleteFunc(records(0, 100), func(r Record) bool { return r.Offset >= 30 && r.Offset < 40 || r.Offset == 70 })
	r, found := run(t, l, &memoryTable{rows: rows}, fetch.Span{To: 100})
	require.Equal(t, map[Kind][][3]int64{Unreadable: {{30, 40, 10}, {60, 61, 1}}, Missing: {{70, 71, 1}}}, found)
	require.EqualValues(t, 11, r.Unreadable)
}

func TestRecordsOlderThanTheRetentionAreNotMissed(t *testing.T) {
	log := records(0, 100)
	for i := range 30 {
		log[i].Timestamp = 999
	}
	log[30].Timestamp = 0 // states none
	r, found := run(t, &memoryLog{end: 100, records: log}, &memoryTable{rows: records(40, 100)}, fetch.Span{To: 100})
	require.Equal(t, map[Kind][][3]int64{Missing: {{30, 40, 10}}}, found)
	require.EqualValues(t, 30, r.Expired)
}

func TestLogIsDeletedMeanwhile(t *testing.T) {
	l := &memoryLog{end: 100, records: records(0, 100), shrink: 60}
	r, found := run(t, l, &memoryTable{rows: records(0, 99)}, fetch.Span{To: 100})
	require.Equal(t, map[Kind][][3]int64{Missing: {{99, 100, 1}}}, found)
	require.EqualValues(t, 60, r.Deleted)
}

func TestLogThatEndsTooEarly(t *testing.T) {
	v := &Verifier{Log: &memoryLog{end: 50, records: records(0, 50)}, Table: &memoryTable{rows: records(0, 100)}, Source: "s"}
	_, err := v.Partition(context.Background(), partition, fetch.Span{To: 100})
	require.ErrorContains(t, err, "t/3")
	require.ErrorContains(t, err, "no records from offset 50 on")
}

// Whatever log and table hold, every faulty offset is found, and nothing else.
func TestFindsExactlyTheFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const base = storage.BucketSize - 20
		offset := rapid.Int64Range(base, base+40)
		inLog := rapid.SliceOfDistinct(offset, rapid.ID[int64]).Draw(t, "log")
		inTable := rapid.SliceOfN(offset, 0, 60).Draw(t, "table")
		wrong := rapid.SliceOfN(offset, 0, 3).Draw(t, "wrong")
		slices.Sort(inLog)
		l, table := &memoryLog{end: base + 41}, &memoryTable{}
		want, copies := map[Kind]int64{}, map[int64]int64{}
		for _, o := range inTable {
			r := Record{Offset: o, Checksum: uint32(o)}
			if slices.Contains(wrong, o) {
				r.Checksum++
			}
			table.rows = append(table.rows, r)
			if copies[o]++; copies[o] > 1 {
				want[Surplus]++
			}
		}
		for _, o := range inLog {
			l.records = append(l.records, Record{Offset: o, Timestamp: 2000, Checksum: uint32(o)})
			switch {
			case copies[o] == 0:
				want[Missing]++
			case slices.Contains(wrong, o):
				want[Different]++
			}
		}
		r, _ := run(t, l, table, fetch.Span{From: base, To: base + 41})
		require.Equal(t, []int64{want[Missing], want[Surplus], want[Different]}, []int64{r.Missing, r.Surplus, r.Different})
	})
}
