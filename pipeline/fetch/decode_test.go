package fetch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

// testLimit is the largest batch of these tests.
const testLimit = 1 << 20

func newDecoding(room int) *decoding {
	return &decoding{
		budget: NewBudget(int64(room)), decoder: batch.NewDecoder(testLimit),
		maxRecord: 1 << 16, maxBatch: testLimit, reserved: room,
	}
}

// decoded is what one answer came to.
type decoded struct {
	*Chunk
	after  reading
	failed *fault
}

// read decodes an answer to a reader that stands at next.
func read(d *decoding, r reading, high int64, aborted []batch.Aborted, records ...[]byte) decoded {
	shelf := shelf{budget: d.budget}
	c := shelf.get(Partition{"t", 0}, r.next, 0)
	failed := d.decode(c, &r, &part{high: high, stable: high, aborted: aborted, records: slices.Concat(records...)})
	return decoded{c, r, failed}
}

func at(next int64) reading { return newReading(Start{Next: next}) }

// values returns what the chunk holds, as offset=value.
func (d decoded) values() []string {
	values := []string{}
	for i, r := range d.Records {
		values = append(values, fmt.Sprintf("%d=%s", r.Offset, d.Value(i)))
	}
	return values
}

func data(base int64, values ...string) batchtest.Batch {
	return batchtest.Batch{Base: base, Records: batchtest.Values(values...)}
}

func TestAnAnswerBecomesAChunk(t *testing.T) {
	compacted := batchtest.Batch{Base: 10, LastDelta: 9, Records: []batchtest.Record{{Delta: 3, Value: []byte("x")}, {Delta: 5}}}
	empty := batchtest.Batch{Base: 20, LastDelta: 4}
	f := func(name string, next int64, want Span, values []string, records ...[]byte) {
		t.Helper()
		got := read(newDecoding(testLimit), at(next), 100, nil, records...)
		require.Nil(t, got.failed, name)
		require.Equal(t, want, got.Span, name)
		require.Equal(t, want.To, got.after.next, name)
		require.Equal(t, append([]string{}, values...), got.values(), name)
	}
	f("nothing", 7, Span{7, 7}, nil)
	f("two batches", 5, Span{5, 8}, []string{"5=a", "6=b", "7=c"}, data(5, "a", "b").Bytes(), data(7, "c").Bytes())
	f("from the middle", 6, Span{6, 8}, []string{"6=b", "7=c"}, data(5, "a", "b").Bytes(), data(7, "c").Bytes())
	f("a whole batch too early", 7, Span{7, 8}, []string{"7=c"}, data(5, "a", "b").Bytes(), data(7, "c").Bytes())
	f("compacted", 8, Span{8, 20}, []string{"13=x", "15="}, compacted.Bytes())
	f("compacted tail", 16, Span{16, 20}, nil, compacted.Bytes())
	f("no records", 20, Span{20, 25}, nil, empty.Bytes())
	f("a hole between", 5, Span{5, 20}, []string{"5=a", "13=x", "15="}, data(5, "a").Bytes(), compacted.Bytes())
	f("cut off at the end", 5, Span{5, 7}, []string{"5=a", "6=b"}, data(5, "a", "b").Bytes(), data(7, "c").Bytes()[:65])
	f("a marker", 5, Span{5, 7}, []string{"5=a"}, data(5, "a").Bytes(), batchtest.Marker(6, 1, true).Bytes())
	f("an empty marker", 6, Span{6, 8}, nil, batchtest.Batch{Base: 6, LastDelta: 1, Control: true}.Bytes())
}

func TestALongValueIsCut(t *testing.T) {
	long := strings.Repeat("x", 1<<16+1)
	got := read(newDecoding(testLimit), at(0), 9, nil, data(0, long, long[1:]).Bytes())
	require.Len(t, got.Value(0), 1<<16)
	require.Len(t, got.Value(1), 1<<16)
	require.False(t, got.Mark(0).Known, "nobody knows what the rest was")
	require.Equal(t, Mark{1, Checksum([]byte(long[1:])), true}, got.Mark(1))
	require.Equal(t, got.Mark(1), got.after.last)
}

func TestABatchThatDoesNotFitIsAskedForWithMore(t *testing.T) {
	whole := data(5, strings.Repeat("x", 200_000)).Bytes()
	got := read(newDecoding(testLimit), at(5), 9, nil, whole[:100])
	require.Nil(t, got.failed)
	require.Equal(t, len(whole), got.after.want)
	again := read(newDecoding(testLimit), got.after, 9, nil, whole)
	require.Nil(t, again.failed)
	require.Equal(t, Span{5, 6}, again.Span)
	require.Zero(t, again.after.want)

	again = read(newDecoding(testLimit), got.after, 9, nil, whole[:100])
	require.ErrorIs(t, again.failed.reason, batch.ErrPartial, "it was asked for as a whole")
	require.Zero(t, again.failed.span.Len())

	got = read(newDecoding(testLimit), at(5), 9, nil, whole[:10])
	require.Nil(t, got.failed)
	require.Equal(t, unknownBatch, got.after.want, "its size is not known")
}

// spoiled returns the batch with one byte changed.
func spoiled(b batchtest.Batch, at int, to byte) []byte {
	data := b.Bytes()
	data[at] = to
	return data
}

func TestWhatIsUnreadableIsNamedExactly(t *testing.T) {
	three := data(5, "a", "b", "c")
	f := func(name string, reason error, next int64, want Span, records ...[]byte) {
		t.Helper()
		got := read(newDecoding(testLimit), at(next), 100, nil, records...)
		require.NotNil(t, got.failed, name)
		require.ErrorIs(t, got.failed.reason, reason, name)
		require.Equal(t, want, got.failed.span, name)
	}
	huge := func(base int64) []byte {
		b := data(base, "a", "b", "c").Bytes()
		binary.BigEndian.PutUint32(b[8:], testLimit+1)
		return b
	}
	f("checksum", batch.ErrChecksum, 5, Span{5, 8}, spoiled(three, 70, 0xff))
	f("checksum, in the middle", batch.ErrChecksum, 6, Span{6, 8}, spoiled(three, 70, 0xff))
	f("checksum, after others", batch.ErrChecksum, 4, Span{5, 8}, data(4, "x").Bytes(), spoiled(three, 70, 0xff))
	f("checksum, after a hole", batch.ErrChecksum, 4, Span{}, spoiled(three, 70, 0xff))
	f("negative delta", batch.ErrChecksum, 5, Span{}, spoiled(three, 23, 0xff))
	f("delta beyond the log", batch.ErrChecksum, 5, Span{}, spoiled(three, 25, 1))
	f("base far ahead", errBeyond, 5, Span{}, spoiled(three, 4, 1))
	f("base behind", errNothing, 9, Span{}, three.Bytes())
	f("codec", batch.ErrCodec, 5, Span{5, 8}, batchtest.Seal(spoiled(three, 22, 7)))
	f("codec, after a hole", batch.ErrCodec, 4, Span{5, 8}, batchtest.Seal(spoiled(three, 22, 7)))
	f("magic 1", batch.ErrOldFormat, 5, Span{5, 8}, batchtest.Old(7, 1, "v"))
	f("magic 0, behind", batch.ErrOldFormat, 5, Span{}, batchtest.Old(4, 0, "v"))
	f("magic 9", batch.ErrFormat, 5, Span{}, spoiled(three, 16, 9))
	f("length", batch.ErrLength, 5, Span{}, spoiled(three, 8, 0xff))
	f("too large", batch.ErrTooLarge, 5, Span{5, 8}, huge(5))
	f("too large, after a hole", batch.ErrTooLarge, 4, Span{}, huge(5))
	for _, codec := range batchtest.Codecs[1:] {
		f(codec.String()+" bomb", batch.ErrTooLarge, 5, Span{5, 6}, batchtest.Bomb(5, codec, 2*testLimit))
	}
}

func TestNothingOfAnUnreadableBatchComesOut(t *testing.T) {
	half := batchtest.Batch{Base: 6, LastDelta: 1, Count: 2, Raw: append(batchtest.Encode(batchtest.Values("b")), make([]byte, 20)...)}
	got := read(newDecoding(testLimit), at(5), 100, nil, data(5, "a").Bytes(), half.Bytes())
	require.ErrorIs(t, got.failed.reason, batch.ErrMalformed)
	require.Equal(t, []string{"5=a"}, got.values())
	require.Equal(t, Span{5, 6}, got.Span)
	require.Equal(t, Span{6, 8}, got.failed.span)
}

func TestARecreatedTopicIsNoticed(t *testing.T) {
	mark := Mark{6, Checksum([]byte("b")), true}
	r := newReading(Start{Next: 7, Last: mark})
	require.Equal(t, int64(6), r.asks())
	got := read(newDecoding(testLimit), r, 100, nil, data(5, "a", "b", "c").Bytes())
	require.Nil(t, got.failed)
	require.Equal(t, []string{"7=c"}, got.values())
	require.False(t, got.after.verify.Known)

	got = read(newDecoding(testLimit), r, 100, nil, data(5, "a", "b").Bytes())
	require.Nil(t, got.failed, "no progress, but that was not what was asked for")
	require.Equal(t, int64(7), got.after.asks())

	got = read(newDecoding(testLimit), r, 100, nil, data(5, "a", "other", "c").Bytes())
	require.ErrorIs(t, got.failed.reason, errRecreated)
	require.Zero(t, got.failed.span.Len())
	require.Empty(t, got.Records)

	got = read(newDecoding(testLimit), r, 100, nil, data(8, "d").Bytes())
	require.Nil(t, got.failed, "compaction took the record")
	require.Equal(t, []string{"8=d"}, got.values())

	older := batchtest.Batch{Base: 7, LeaderEpoch: 3, Records: batchtest.Values("c")}
	newer := batchtest.Batch{Base: 5, LeaderEpoch: 4, Records: batchtest.Values("a", "b")}
	got = read(newDecoding(testLimit), at(5), 100, nil, newer.Bytes(), older.Bytes())
	require.ErrorIs(t, got.failed.reason, errRecreated, "leader epochs do not go back")
	require.Equal(t, []string{"5=a", "6=b"}, got.values())
	require.Equal(t, int32(4), got.after.epoch)
}

// A leader that had missed records appends others in their place, under a new epoch: where a reader comes to
// one, the log has to show once more what was read last.
func TestANewEpochIsVerified(t *testing.T) {
	older := batchtest.Batch{Base: 5, LeaderEpoch: 3, Records: batchtest.Values("a", "b")}
	newer := batchtest.Batch{Base: 7, LeaderEpoch: 4, Records: batchtest.Values("c")}
	start := read(newDecoding(testLimit), at(5), 100, nil, older.Bytes()).after
	require.Equal(t, int64(7), start.asks())

	asked := read(newDecoding(testLimit), start, 100, nil, newer.Bytes())
	require.Nil(t, asked.failed)
	require.Empty(t, asked.Records, "not yet")
	require.Equal(t, int64(6), asked.after.asks())

	same := read(newDecoding(testLimit), asked.after, 100, nil, older.Bytes(), newer.Bytes())
	require.Nil(t, same.failed)
	require.Equal(t, []string{"7=c"}, same.values())
	require.Equal(t, int64(8), same.after.asks())

	other := batchtest.Batch{Base: 5, LeaderEpoch: 4, Records: batchtest.Values("x", "y")}
	lost := read(newDecoding(testLimit), asked.after, 100, nil, other.Bytes(), newer.Bytes())
	require.ErrorIs(t, lost.failed.reason, errRecreated)

	together := read(newDecoding(testLimit), at(5), 100, nil, older.Bytes(), newer.Bytes())
	require.Equal(t, []string{"5=a", "6=b", "7=c"}, together.values(), "within one answer it is one log")
}

// A broker reads the end of the log before the records.
func TestABatchBeyondTheEndWaits(t *testing.T) {
	got := read(newDecoding(testLimit), at(5), 7, nil, data(5, "a", "b").Bytes(), data(7, "c").Bytes())
	require.Nil(t, got.failed)
	require.Equal(t, []string{"5=a", "6=b"}, got.values())
	got = read(newDecoding(testLimit), got.after, 7, nil, data(7, "c").Bytes())
	require.ErrorIs(t, got.failed.reason, errBeyond, "again, and it is strange")
}

func TestDecodingKeepsWithinItsRoom(t *testing.T) {
	for _, codec := range batchtest.Codecs {
		t.Run(codec.String(), func(t *testing.T) {
			batches := make([][]byte, 0, 10)
			for i := range 10 {
				batches = append(batches, batchtest.Batch{Base: int64(i), Codec: codec, Records: batchtest.Values(strings.Repeat("x", 40_000))}.Bytes())
			}
			records, r := slices.Concat(batches...), at(0)
			for answers := 0; r.next < 10; answers++ {
				require.Less(t, answers, 20)
				d := newDecoding(max(300_000, r.room))
				d.reserved = max(200_000, r.room)
				require.True(t, d.budget.Try(int64(d.reserved)))
				got := read(d, r, 10, nil, records)
				require.Nil(t, got.failed)
				require.LessOrEqual(t, int64(d.reserved), d.budget.Limit())
				require.LessOrEqual(t, int(got.Size())+d.decoder.Held(), d.reserved)
				r = got.after
			}
		})
	}
}

func TestOnlyTheFirstBatchMayTakeMoreThanWasReserved(t *testing.T) {
	var batches [][]byte
	for i := range 10 {
		batches = append(batches, batchtest.Batch{Base: int64(i), Codec: batchtest.Zstd, Records: batchtest.Values(strings.Repeat("x", 100_000))}.Bytes())
	}
	d := newDecoding(10 << 20)
	d.reserved = 50_000
	got := read(d, at(0), 10, nil, batches...)
	require.Nil(t, got.failed)
	require.Equal(t, Span{0, 1}, got.Span, "there is room for all, but others may want it")
	require.True(t, d.tight)
	require.Greater(t, got.after.room, 200_000)
}

// written is a partition's log as a broker would keep it.
type written struct {
	batches []batchtest.Batch
	aborted []abortedSpan
	want    []string // offset=value of what readers may see
	end     int64
}

type abortedSpan struct {
	batch.Aborted
	last int64 // the marker's offset
}

// drawLog makes a log of data, transactions of three producers, markers and holes.
func drawLog(t *rapid.T) written {
	var w written
	type transaction struct {
		first  int64
		values []string
	}
	open := map[int64]*transaction{}
	for range rapid.IntRange(0, 25).Draw(t, "batches") {
		w.end += rapid.Int64Range(0, 2).Draw(t, "hole")
		producer := rapid.Int64Range(1, 3).Draw(t, "producer")
		kind := rapid.SampledFrom([]string{"plain", "transactional", "end", "empty"}).Draw(t, "kind")
		b := batchtest.Batch{Base: w.end, ProducerID: producer, Codec: rapid.SampledFrom(batchtest.Codecs).Draw(t, "codec")}
		switch kind {
		case "end":
			if open[producer] == nil {
				continue
			}
			commit := rapid.Bool().Draw(t, "commit")
			b = batchtest.Marker(w.end, producer, commit)
			if commit {
				w.want = append(w.want, open[producer].values...)
			} else {
				w.aborted = append(w.aborted, abortedSpan{batch.Aborted{ProducerID: producer, FirstOffset: open[producer].first}, w.end})
			}
			delete(open, producer)
			w.end++
		case "empty":
			b.LastDelta = rapid.Int32Range(1, 3).Draw(t, "delta")
			w.end += int64(b.LastDelta) + 1
		default:
			b.Transactional = kind == "transactional"
			values := drawRecords(t, &b)
			switch {
			case !b.Transactional:
				w.want = append(w.want, values...)
			case open[producer] == nil:
				open[producer] = &transaction{b.Base, values}
			default:
				open[producer].values = append(open[producer].values, values...)
			}
			w.end = b.Base + int64(b.LastDelta) + 1
		}
		w.batches = append(w.batches, b)
	}
	for producer := int64(1); producer <= 3; producer++ {
		if open[producer] != nil {
			w.want = append(w.want, open[producer].values...)
			w.batches = append(w.batches, batchtest.Marker(w.end, producer, true))
			w.end++
		}
	}
	slices.SortFunc(w.want, func(a, b string) int { return int(offsetOf(a) - offsetOf(b)) })
	return w
}

func offsetOf(text string) (offset int64) {
	if _, err := fmt.Sscanf(text, "%d=", &offset); err != nil {
		panic(err)
	}
	return offset
}

func drawRecords(t *rapid.T, b *batchtest.Batch) (values []string) {
	delta := int64(0)
	for range rapid.IntRange(1, 4).Draw(t, "records") {
		delta += rapid.Int64Range(0, 2).Draw(t, "compacted")
		value := rapid.StringN(0, 20, -1).Draw(t, "value")
		b.Records = append(b.Records, batchtest.Record{Delta: delta, Value: []byte(value), Key: []byte("k")})
		values = append(values, fmt.Sprintf("%d=%s", b.Base+delta, value))
		delta++
	}
	b.LastDelta = int32(delta - 1 + rapid.Int64Range(0, 2).Draw(t, "tail"))
	return values
}

// answer is what a broker would send to a reader at next: whole batches from the one on that next is in,
// at most so many, perhaps with the beginning of another one.
func (w *written) answer(next int64, most, cut int) (records []byte, aborted []batch.Aborted) {
	for _, b := range w.batches {
		last := b.Base + int64(b.LastDelta)
		if last < next {
			continue
		}
		if most == 0 {
			data := b.Bytes()
			records = append(records, data[:min(cut, len(data)-1)]...)
			break
		}
		most--
		records = append(records, b.Bytes()...)
	}
	for _, a := range w.aborted {
		if a.last >= next {
			aborted = append(aborted, a.Aborted)
		}
	}
	slices.Reverse(aborted)
	return records, aborted
}

// TestExactlyTheCommittedRecordsComeOut reads drawn logs in drawn portions.
func TestExactlyTheCommittedRecordsComeOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawLog(t)
		d := newDecoding(testLimit)
		start := rapid.Int64Range(0, max(0, w.end-1)).Draw(t, "start")
		r := at(start)
		got := []string{}
		for r.next < w.end {
			records, aborted := w.answer(r.next, rapid.IntRange(1, 5).Draw(t, "portion"), rapid.IntRange(0, 80).Draw(t, "cut"))
			if len(records) == 0 {
				break // only a hole is left
			}
			chunk := read(d, r, w.end, aborted, records)
			require.Nil(t, chunk.failed)
			require.Equal(t, r.next, chunk.Span.From)
			require.Greater(t, chunk.Span.To, r.next, "it goes on")
			require.Equal(t, chunk.Span.To, chunk.after.next)
			got = append(got, chunk.values()...)
			r = chunk.after
		}
		want := slices.DeleteFunc(slices.Clone(w.want), func(s string) bool { return offsetOf(s) < start })
		require.Equal(t, append([]string{}, want...), got)
	})
}

// FuzzAnswer looks for panics, and for answers that a reader would never get over.
func FuzzAnswer(f *testing.F) {
	f.Add(data(5, "a", "b").Bytes(), int64(5))
	f.Add(slices.Concat(batchtest.Marker(5, 1, false).Bytes(), data(6, "c").Bytes()), int64(6))
	f.Add(batchtest.Old(5, 1, "v"), int64(5))
	f.Fuzz(func(t *testing.T, records []byte, next int64) {
		next &= math.MaxInt64
		got := read(newDecoding(testLimit), at(next), math.MaxInt64, []batch.Aborted{{ProducerID: 1, FirstOffset: 3}}, records)
		moved := got.Span.Len() > 0 || got.failed != nil || got.after.want > 0 || got.after.room > 0
		require.True(t, moved || len(records) == 0)
		require.GreaterOrEqual(t, got.after.next, next)
		if got.failed != nil && got.failed.span.Len() > 0 {
			require.GreaterOrEqual(t, got.failed.span.From, got.after.next)
		}
		if got.failed != nil && !errors.Is(got.failed.reason, errNothing) {
			require.NotEmpty(t, got.failed.reason.Error())
		}
	})
}
