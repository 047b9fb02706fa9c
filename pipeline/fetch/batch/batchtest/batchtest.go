// Package batchtest makes record batches for tests, right and wrong ones.
package batchtest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codec is how a batch's records are compressed.
type Codec int

// The codecs. Snappy has two framings, and zstd may or may not say how much it unpacks to.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
	SnappyXerial
	ZstdUnsized
)

// Codecs are all of them.
var Codecs = []Codec{None, Gzip, Snappy, LZ4, Zstd, SnappyXerial, ZstdUnsized}

func (c Codec) String() string {
	return [...]string{"none", "gzip", "snappy", "lz4", "zstd", "snappy-xerial", "zstd-unsized"}[c]
}

// attribute returns the codec's number in a batch's attributes.
func (c Codec) attribute() uint16 {
	switch c {
	case SnappyXerial:
		return uint16(Snappy)
	case ZstdUnsized:
		return uint16(Zstd)
	default:
		return uint16(c)
	}
}

// Compress compresses data.
func (c Codec) Compress(data []byte) []byte {
	var out bytes.Buffer
	switch c {
	case Gzip:
		write(gzip.NewWriter(&out), data)
	case Snappy:
		return s2.EncodeSnappy(nil, data)
	case SnappyXerial:
		return xerial.Encode(nil, data)
	case LZ4:
		write(lz4.NewWriter(&out), data)
	case Zstd:
		encoder := must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)))
		return encoder.EncodeAll(data, nil)
	case ZstdUnsized:
		write(must(zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))), data)
	default:
		return data
	}
	return out.Bytes()
}

func write(w io.WriteCloser, data []byte) {
	must(w.Write(data))
	must(0, w.Close())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Record is one record; Delta is its offset less the batch's base.
type Record struct {
	Delta      int64
	Timestamp  int64 // less the batch's first
	Key, Value []byte
	Headers    []byte // the value of one header; nil = none
}

// Batch says what a batch is to be like.
type Batch struct {
	Base           int64
	LastDelta      int32 // if 0, that of the last record
	LeaderEpoch    int32
	ProducerID     int64
	FirstTimestamp int64
	MaxTimestamp   int64
	Codec          Codec
	Transactional  bool
	Control        bool
	AppendTime     bool
	Records        []Record
	Count          int32  // if not 0, stated instead of the number of Records
	Raw            []byte // if not nil, instead of the packed records
}

// Bytes returns the batch as a broker keeps it.
func (b Batch) Bytes() []byte {
	out := make([]byte, 61)
	binary.BigEndian.PutUint64(out, uint64(b.Base))
	binary.BigEndian.PutUint32(out[12:], uint32(b.LeaderEpoch))
	out[16] = 2
	attributes := b.Codec.attribute()
	for bit, set := range map[uint16]bool{0x08: b.AppendTime, 0x10: b.Transactional, 0x20: b.Control} {
		if set {
			attributes |= bit
		}
	}
	binary.BigEndian.PutUint16(out[21:], attributes)
	last, count := b.LastDelta, b.Count
	if n := len(b.Records); last == 0 && n > 0 {
		last = int32(b.Records[n-1].Delta)
	}
	if count == 0 {
		count = int32(len(b.Records))
	}
	binary.BigEndian.PutUint32(out[23:], uint32(last))
	binary.BigEndian.PutUint64(out[27:], uint64(b.FirstTimestamp))
	binary.BigEndian.PutUint64(out[35:], uint64(b.MaxTimestamp))
	binary.BigEndian.PutUint64(out[43:], uint64(b.ProducerID))
	binary.BigEndian.PutUint32(out[57:], uint32(count))
	body := b.Raw
	if body == nil {
		body = b.Codec.Compress(Encode(b.Records))
	}
	return Seal(append(out, body...))
}

// Encode returns the records as they are before compression.
func Encode(records []Record) []byte {
	var out []byte
	for _, r := range records {
		fields := binary.AppendVarint([]byte{0}, r.Timestamp)
		fields = binary.AppendVarint(fields, r.Delta)
		fields = appendBytes(appendBytes(fields, r.Key), r.Value)
		if r.Headers == nil {
			fields = binary.AppendVarint(fields, 0)
		} else {
			fields = binary.AppendVarint(fields, 1)
			fields = appendBytes(appendBytes(fields, []byte("header")), r.Headers)
		}
		out = append(binary.AppendVarint(out, int64(len(fields))), fields...)
	}
	return out
}

func appendBytes(out, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(out, -1)
	}
	return append(binary.AppendVarint(out, int64(len(b))), b...)
}

// Seal states length and checksum of a batch that was changed, and returns it.
func Seal(batch []byte) []byte {
	binary.BigEndian.PutUint32(batch[8:], uint32(len(batch)-12))
	binary.BigEndian.PutUint32(batch[17:], crc32.Checksum(batch[21:], crc32.MakeTable(crc32.Castagnoli)))
	return batch
}

// Marker returns the control batch that ends producer's transaction at offset.
func Marker(offset, producer int64, commit bool) Batch { //nolint:revive // it is what the marker says
	key := []byte{0, 0, 0, 0}
	if commit {
		key[3] = 1
	}
	return Batch{
		Base: offset, ProducerID: producer, Transactional: true, Control: true,
		Records: []Record{{Key: key, Value: []byte{0, 0, 0, 0, 0, 0}}},
	}
}

// Values returns records with these values at consecutive offsets.
func Values(values ...string) []Record {
	records := make([]Record, len(values))
	for i, v := range values {
		records[i] = Record{Delta: int64(i), Timestamp: int64(i), Value: []byte(v)}
	}
	return records
}

// Old returns a message of a format before Kafka 0.11.
func Old(offset int64, magic byte, value string) []byte {
	body := []byte{0, 0, 0, 0, magic, 0}
	if magic == 1 {
		body = append(body, make([]byte, 8)...)
	}
	body = binary.BigEndian.AppendUint32(body, 0xffffffff)
	body = append(binary.BigEndian.AppendUint32(body, uint32(len(value))), value...)
	binary.BigEndian.PutUint32(body, crc32.ChecksumIEEE(body[4:]))
	out := binary.BigEndian.AppendUint64(nil, uint64(offset))
	return append(binary.BigEndian.AppendUint32(out, uint32(len(body))), body...)
}

// Bomb returns a batch of one record that unpacks to size bytes.
func Bomb(base int64, codec Codec, size int) []byte {
	return Batch{Base: base, Codec: codec, Records: []Record{{Value: make([]byte, size)}}}.Bytes()
}
