package batch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
	"github.com/errata-dev/errata/pipeline/fetch/batch/batchtest"
)

const limit = 1 << 20

// decode returns all records of all batches of data.
func decode(d *batch.Decoder, data []byte) (records []batch.Record, err error) {
	for len(data) > 0 {
		b, err := batch.Next(data)
		if err != nil {
			return records, err
		}
		unpacked, err := d.Unpack(&b, limit)
		if err != nil {
			return records, err
		}
		walk, err := b.Records(unpacked)
		if err != nil {
			return records, err
		}
		for {
			var r batch.Record
			ok, err := walk.Next(&r)
			if err != nil {
				return records, err
			}
			if !ok {
				break
			}
			r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
			records = append(records, r)
		}
		data = data[b.Size:]
	}
	return records, nil
}

func TestEveryCodec(t *testing.T) {
	long := strings.Repeat("abc", 100_000)
	for _, codec := range batchtest.Codecs {
		t.Run(codec.String(), func(t *testing.T) {
			made := batchtest.Batch{Base: 7, FirstTimestamp: 1000, Codec: codec, Records: []batchtest.Record{
				{Key: []byte("k"), Value: []byte("v"), Headers: []byte("h")},
				{Delta: 1, Timestamp: 5, Value: []byte(long), Headers: []byte(long)},
				{Delta: 4, Timestamp: -2},
				{Delta: 6, Key: []byte{}, Value: []byte{}},
			}}
			d := batch.NewDecoder(limit)
			for range 3 { // the codecs are reused
				got, err := decode(d, append(made.Bytes(), made.Bytes()...))
				require.NoError(t, err)
				require.Len(t, got, 8)
				require.Equal(t, []batch.Record{
					{Offset: 7, Timestamp: 1000, Key: []byte("k"), Value: []byte("v")},
					{Offset: 8, Timestamp: 1005, Value: []byte(long)},
					{Offset: 11, Timestamp: 998},
					{Offset: 13, Timestamp: 1000, Key: []byte{}, Value: []byte{}},
				}, got[:4])
			}
		})
	}
}

func TestTheBrokersTimeOfAppending(t *testing.T) {
	made := batchtest.Batch{FirstTimestamp: 1, MaxTimestamp: 9, AppendTime: true, Records: batchtest.Values("a", "b")}
	got, err := decode(batch.NewDecoder(limit), made.Bytes())
	require.NoError(t, err)
	require.Equal(t, int64(9), got[0].Timestamp)
	require.Equal(t, int64(9), got[1].Timestamp)
}

// with changes a byte range of a batch, and seals it again.
func with(b batchtest.Batch, at int, replace ...byte) []byte {
	data := b.Bytes()
	copy(data[at:], replace)
	return batchtest.Seal(data)
}

func TestUnreadable(t *testing.T) {
	good := batchtest.Batch{Base: 5, Records: batchtest.Values("a", "b")}
	records := batchtest.Encode(good.Records)
	raw := func(count int32, body ...byte) []byte {
		return batchtest.Batch{LastDelta: 9, Count: count, Raw: body}.Bytes()
	}
	damaged := good.Bytes()
	damaged[len(damaged)-1] ^= 1
	short := good.Bytes()
	binary.BigEndian.PutUint32(short[8:], 48)
	negative := good.Bytes()
	binary.BigEndian.PutUint32(negative[8:], 0xffffffff)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"checksum":             {damaged, batch.ErrChecksum},
		"checksum of header":   {append(good.Bytes()[:24:24], append([]byte{1}, good.Bytes()[25:]...)...), batch.ErrChecksum},
		"magic 0":              {batchtest.Old(5, 0, "a"), batch.ErrOldFormat},
		"magic 1":              {batchtest.Old(5, 1, "a"), batch.ErrOldFormat},
		"magic 3":              {with(good, 16, 3), batch.ErrFormat},
		"length too short":     {short, batch.ErrLength},
		"length negative":      {negative, batch.ErrLength},
		"cut off":              {good.Bytes()[:70], batch.ErrPartial},
		"header cut off":       {good.Bytes()[:16], batch.ErrPartial},
		"codec 5":              {with(good, 22, 5), batch.ErrCodec},
		"codec lies":           {with(good, 22, byte(batchtest.Zstd)), batch.ErrMalformed},
		"gzip lies":            {with(good, 22, byte(batchtest.Gzip)), batch.ErrMalformed},
		"snappy lies":          {with(good, 22, byte(batchtest.Snappy)), batch.ErrMalformed},
		"lz4 lies":             {with(good, 22, byte(batchtest.LZ4)), batch.ErrMalformed},
		"base offset negative": {with(good, 0, 0xff), batch.ErrMalformed},
		"offsets overflow":     {with(good, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), batch.ErrMalformed},
		"negative last":        {with(good, 23, 0xff), batch.ErrMalformed},
		"negative count":       {raw(-1), batch.ErrMalformed},
		"more than offsets":    {with(good, 57, 0, 0, 0, 3), batch.ErrMalformed},
		"count of a million":   {batchtest.Batch{LastDelta: 1 << 30, Count: 1 << 30, Raw: records}.Bytes(), batch.ErrMalformed},
		"count too small":      {raw(1, records...), batch.ErrMalformed},
		"count too large":      {raw(3, append(records, 0, 0)...), batch.ErrMalformed},
		"record too long":      {raw(1, append([]byte{100}, records[1:8]...)...), batch.ErrMalformed},
		"record length minus":  {raw(1, 1, 0, 0, 0, 1, 1, 0), batch.ErrMalformed},
		"offset beyond last":   {raw(1, 12, 0, 0, 20, 1, 1, 0), batch.ErrMalformed},
		"offset negative":      {raw(1, 12, 0, 0, 1, 1, 1, 0), batch.ErrMalformed},
		"offsets not rising":   {raw(2, 12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0), batch.ErrMalformed},
		"key too long":         {raw(1, 12, 0, 0, 0, 100, 1, 0), batch.ErrMalformed},
		"key length minus two": {raw(1, 12, 0, 0, 0, 3, 1, 0), batch.ErrMalformed},
		"value too long":       {raw(1, 12, 0, 0, 0, 1, 100, 0), batch.ErrMalformed},
		"no headers":           {raw(1, 12, 0, 0, 0, 1, 4, 7), batch.ErrMalformed},
		"endless number":       {raw(1, bytes.Repeat([]byte{0xff}, 20)...), batch.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode(batch.NewDecoder(limit), c.data)
			require.ErrorIs(t, err, c.want)
			for _, r := range got {
				require.Contains(t, []int64{0, 5, 6}, r.Offset, "only what is right comes out")
			}
		})
	}
}

func TestEveryTruncationIsPartial(t *testing.T) {
	data := batchtest.Batch{Base: 5, Codec: batchtest.Gzip, Records: batchtest.Values("a", "b")}.Bytes()
	for n := range data {
		b, err := batch.Next(data[:n])
		require.ErrorIs(t, err, batch.ErrPartial)
		require.Contains(t, []int{0, len(data)}, b.Size)
	}
}

func TestABatchWithoutRecords(t *testing.T) {
	b, err := batch.Next(batchtest.Batch{Base: 5, LastDelta: 3}.Bytes())
	require.NoError(t, err)
	require.Equal(t, int64(8), b.Last())
	got, err := decode(batch.NewDecoder(limit), batchtest.Batch{Base: 5, LastDelta: 3}.Bytes())
	require.NoError(t, err)
	require.Empty(t, got)
}

// allocated returns the bytes that f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

func TestBombsAreBounded(t *testing.T) {
	for _, codec := range batchtest.Codecs[1:] {
		t.Run(codec.String(), func(t *testing.T) {
			bomb := batchtest.Bomb(0, codec, 24<<20)
			d := batch.NewDecoder(limit)
			_, err := decode(d, batchtest.Batch{Codec: codec, Records: batchtest.Values("warm")}.Bytes())
			require.NoError(t, err)
			var b batch.Batch
			b, err = batch.Next(bomb)
			require.NoError(t, err)
			least := math.MaxInt // of some: under the race detector pools lose what they hold at random
			for range 5 {
				least = min(least, allocated(func() { _, err = d.Unpack(&b, 10*limit) }))
				require.ErrorIs(t, err, batch.ErrTooLarge)
				require.LessOrEqual(t, d.Held(), limit)
			}
			require.Less(t, least, 8*limit)
		})
	}
}

func TestRoomIsAskedForBeforeItIsTaken(t *testing.T) {
	for _, codec := range batchtest.Codecs[1:] {
		t.Run(codec.String(), func(t *testing.T) {
			made := batchtest.Batch{Codec: codec, Records: []batchtest.Record{{Value: make([]byte, 300_000)}}}
			b, err := batch.Next(made.Bytes())
			require.NoError(t, err)
			d := batch.NewDecoder(limit)
			room := 1000
			for {
				_, err = d.Unpack(&b, room)
				require.LessOrEqual(t, d.Held(), room)
				if err == nil {
					break
				}
				require.ErrorIs(t, err, batch.ErrNoRoom)
				room += 50_000
			}
			require.InDelta(t, 300_000, room, 51_000)
			d.Trim(room)
			require.NotZero(t, d.Held())
			d.Trim(1000)
			require.Zero(t, d.Held())
		})
	}
}

func TestTransactions(t *testing.T) {
	data := func(base, producer int64) *batch.Batch {
		b, err := batch.Next(batchtest.Batch{Base: base, ProducerID: producer, Transactional: true, Records: batchtest.Values("v")}.Bytes())
		require.NoError(t, err)
		return &b
	}
	var open batch.Transactions
	end := func(offset, producer int64, commit bool) {
		b, err := batch.Next(batchtest.Marker(offset, producer, commit).Bytes())
		require.NoError(t, err)
		unpacked, err := batch.NewDecoder(limit).Unpack(&b, limit)
		require.NoError(t, err)
		require.NoError(t, open.End(&b, unpacked))
	}
	open.Reset([]batch.Aborted{{ProducerID: 1, FirstOffset: 20}, {ProducerID: 2, FirstOffset: 5}, {ProducerID: 1, FirstOffset: 3}})
	require.False(t, open.Hides(data(0, 1)), "not begun")
	require.True(t, open.Hides(data(3, 1)))
	require.False(t, open.Hides(data(4, 3)), "another producer's")
	require.True(t, open.Hides(data(5, 2)))
	require.True(t, open.Hides(data(6, 1)))
	end(7, 1, false)
	require.False(t, open.Hides(data(8, 1)), "a new transaction, not aborted")
	end(9, 1, true)
	require.True(t, open.Hides(data(10, 2)), "still open")
	end(11, 2, false)
	require.True(t, open.Hides(data(20, 1)), "aborted again")
	open.Reset(nil)
	require.False(t, open.Hides(data(21, 1)), "each answer names them anew")
	open.Reset([]batch.Aborted{{ProducerID: 1, FirstOffset: 20}})
	end(22, 1, false)
	require.False(t, open.Hides(data(23, 1)), "what began before the answer ends in it")

	plain, err := batch.Next(batchtest.Batch{Base: 3, ProducerID: 1, Records: batchtest.Values("v")}.Bytes())
	require.NoError(t, err)
	open.Reset([]batch.Aborted{{ProducerID: 1, FirstOffset: 3}})
	require.False(t, open.Hides(&plain), "idempotent, in no transaction")
	empty, err := batch.Next(batchtest.Batch{Base: 5, LastDelta: 1, ProducerID: 1, Control: true, Transactional: true}.Bytes())
	require.NoError(t, err)
	require.NoError(t, open.End(&empty, nil))
	require.True(t, open.Hides(data(7, 1)), "a marker that is gone ends nothing")
	bad, err := batch.Next(batchtest.Batch{Base: 8, ProducerID: 1, Control: true, Records: batchtest.Values("v")}.Bytes())
	require.NoError(t, err)
	unpacked, err := batch.NewDecoder(limit).Unpack(&bad, limit)
	require.NoError(t, err)
	require.ErrorIs(t, open.End(&bad, unpacked), batch.ErrMalformed)
}

// drawn returns a valid batch.
func drawn(t *rapid.T, base int64) batchtest.Batch {
	text := rapid.SliceOfN(rapid.Byte(), 0, 200)
	b := batchtest.Batch{
		Base: base, Codec: rapid.SampledFrom(batchtest.Codecs).Draw(t, "codec"),
		FirstTimestamp: rapid.Int64Range(0, 1<<41).Draw(t, "first"), LeaderEpoch: 3,
	}
	delta := int64(0)
	for range rapid.IntRange(1, 20).Draw(t, "records") {
		delta += rapid.Int64Range(0, 3).Draw(t, "hole")
		b.Records = append(b.Records, batchtest.Record{
			Delta: delta, Timestamp: rapid.Int64Range(-1000, 1<<31).Draw(t, "time"),
			Key: text.Draw(t, "key"), Value: text.Draw(t, "value"), Headers: text.Draw(t, "headers"),
		})
		delta++
	}
	b.LastDelta = int32(delta - 1 + rapid.Int64Range(0, 2).Draw(t, "tail"))
	return b
}

// TestAgainstKafkaGo compares with the decoder of kafka-go, which believes what it is sent.
func TestAgainstKafkaGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawn(t, rapid.Int64Range(0, 1<<40).Draw(t, "base"))
		data := b.Bytes()
		ours, err := decode(batch.NewDecoder(limit), data)
		require.NoError(t, err)
		var set protocol.RecordSet
		_, err = set.ReadFrom(bytes.NewReader(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)))
		require.NoError(t, err)
		for i := 0; ; i++ {
			r, err := set.Records.ReadRecord()
			if err != nil {
				require.Len(t, ours, i)
				break
			}
			require.Equal(t, r.Offset, ours[i].Offset)
			require.Equal(t, r.Time.UnixMilli(), ours[i].Timestamp)
			require.Equal(t, all(r.Key), ours[i].Key)
			require.Equal(t, all(r.Value), ours[i].Value)
		}
	})
}

func all(b protocol.Bytes) []byte {
	if b == nil {
		return nil
	}
	data, err := protocol.ReadAll(b)
	if err != nil {
		panic(err)
	}
	return data
}

// FuzzDecode looks for panics, for memory beyond the limit, and for records that are not in order.
func FuzzDecode(f *testing.F) {
	for _, codec := range batchtest.Codecs {
		f.Add(batchtest.Batch{Base: 3, Codec: codec, Records: batchtest.Values("a", "", strings.Repeat("b", 300))}.Bytes())
	}
	for _, codec := range batchtest.Codecs[1:] {
		f.Add(batchtest.Bomb(1, codec, 2*limit))
	}
	f.Add(batchtest.Marker(4, 1, true).Bytes())
	f.Add(batchtest.Old(4, 1, "v"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > batch.HeaderBytes {
			data = batchtest.Seal(data) // or the checksum would hide the rest from the fuzzer
		}
		d := batch.NewDecoder(limit)
		records, err := decode(d, data)
		require.LessOrEqual(t, d.Held(), limit)
		for i := 1; i < len(records); i++ {
			require.Greater(t, records[i].Offset, records[i-1].Offset)
		}
		if b, headerErr := batch.Next(data); headerErr == nil {
			var open batch.Transactions
			open.Reset([]batch.Aborted{{ProducerID: b.ProducerID, FirstOffset: b.Base}})
			open.Hides(&b)
			if unpacked, err := d.Unpack(&b, limit); err == nil {
				_ = open.End(&b, unpacked)
			}
		}
		for _, known := range []error{
			nil, batch.ErrPartial, batch.ErrLength, batch.ErrFormat, batch.ErrOldFormat, batch.ErrChecksum,
			batch.ErrMalformed, batch.ErrCodec, batch.ErrTooLarge,
		} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("unknown error: %v", err)
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, codec := range batchtest.Codecs {
		b.Run(codec.String(), func(b *testing.B) {
			const count = 1000
			var made batchtest.Batch
			made.Codec = codec
			for i := range count {
				value := fmt.Sprintf(`{"request":"%032x","status":%d,%s}`, i*7919, 400+i%100, strings.Repeat(fmt.Sprintf(`"f%d":"value",`, i%37), 50))
				made.Records = append(made.Records, batchtest.Record{Delta: int64(i), Timestamp: int64(i), Value: []byte(value[:550])})
			}
			data := made.Bytes()
			d := batch.NewDecoder(64 << 20)
			into := make([]byte, 0, 1<<20)
			var r batch.Record
			b.ReportAllocs()
			b.SetBytes(550 * count)
			for b.Loop() {
				batch, err := batch.Next(data)
				require.NoError(b, err)
				unpacked, err := d.Unpack(&batch, 64<<20)
				require.NoError(b, err)
				walk, err := batch.Records(unpacked)
				require.NoError(b, err)
				into = into[:0]
				for {
					ok, err := walk.Next(&r)
					if !ok || err != nil {
						break
					}
					into = append(into, r.Value...)
				}
				require.Len(b, into, 550*count)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/record")
		})
	}
}
