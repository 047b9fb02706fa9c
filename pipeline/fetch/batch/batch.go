// Package batch decodes Kafka's record batches (message format 2): bytes in, records out. Everything
// that a batch says of itself is checked before it is believed, and nothing is allocated by its word.
package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// HeaderBytes is the size of a batch without records. Its first 12 bytes, the base offset and the
// length of the rest, are not covered by the checksum; nor are the leader epoch and the format.
const (
	HeaderBytes   = 61
	lengthEnd     = 12
	formatAt      = 16
	checksummedAt = 21
)

// The bits of a batch's attributes.
const (
	codecBits        = 0x07
	appendTimeBit    = 0x08
	transactionalBit = 0x10
	controlBit       = 0x20
	smallestRecord   = 7 // bytes: six lengths and numbers of one byte each, and the attributes
	currentFormat    = 2
)

// The ways in which a batch can be unreadable.
var (
	ErrPartial   = errors.New("the batch is cut off") // not a fault at the end of an answer
	ErrLength    = errors.New("the batch states an impossible length")
	ErrFormat    = errors.New("unknown message format")
	ErrOldFormat = errors.New("a message format before Kafka 0.11 (magic 0 or 1), which is not supported")
	ErrChecksum  = errors.New("the checksum (CRC-32C) is wrong")
	ErrMalformed = errors.New("the batch contradicts itself")
	ErrCodec     = errors.New("unknown compression codec")
	ErrTooLarge  = errors.New("the batch is larger, as it is or unpacked, than the limit")
	ErrNoRoom    = errors.New("no room to unpack the batch") // for now; see Decoder.Unpack
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is a batch's header and the records as they are on the wire. It aliases what it was read from.
type Batch struct {
	Base        int64 // the offset of the first record, or of one that was there before compaction
	LastDelta   int32 // offset of the last one, less Base
	LeaderEpoch int32 // of the broker that appended the batch; -1 = unknown
	ProducerID  int64
	Count       int32 // records
	Size        int   // bytes of the whole batch

	attributes     int16
	firstTimestamp int64
	maxTimestamp   int64
	body           []byte
}

// Last returns the last offset that the batch accounts for.
func (b *Batch) Last() int64 { return b.Base + int64(b.LastDelta) }

// Control reports whether the batch holds transaction markers instead of data.
func (b *Batch) Control() bool { return b.attributes&controlBit != 0 }

// Transactional reports whether the batch is part of a transaction.
func (b *Batch) Transactional() bool { return b.attributes&transactionalBit != 0 }

// Compressed reports whether the records have to be unpacked.
func (b *Batch) Compressed() bool { return b.attributes&codecBits != 0 }

// Packed returns the bytes of the records on the wire.
func (b *Batch) Packed() int { return len(b.body) }

// Next reads the batch at the beginning of data. With ErrPartial its Size is what it would take in all,
// or 0 if even that is cut off. With ErrPartial, ErrChecksum and ErrOldFormat it holds what there is of the
// header, true or not.
func Next(data []byte) (Batch, error) {
	if len(data) <= formatAt {
		return Batch{}, ErrPartial
	}
	length := int32(binary.BigEndian.Uint32(data[8:]))
	b := Batch{Base: int64(binary.BigEndian.Uint64(data)), Size: lengthEnd + int(length)}
	if err := checkFormat(data[formatAt]); err != nil {
		return b, err
	}
	if length < HeaderBytes-lengthEnd {
		return b, fmt.Errorf("%w: %d bytes", ErrLength, length)
	}
	if len(data) < HeaderBytes {
		return b, ErrPartial
	}
	b.parse(data[:min(b.Size, len(data))])
	if b.Size > len(data) {
		return b, ErrPartial
	}
	if stated := binary.BigEndian.Uint32(data[17:]); stated != crc32.Checksum(data[checksummedAt:b.Size], castagnoli) {
		return b, ErrChecksum
	}
	return b, b.check()
}

func checkFormat(format byte) error {
	switch format {
	case currentFormat:
		return nil
	case 0, 1:
		return ErrOldFormat
	default:
		return fmt.Errorf("%w: magic %d", ErrFormat, int8(format))
	}
}

// parse reads the header; data is the whole batch.
func (b *Batch) parse(data []byte) {
	b.LeaderEpoch = int32(binary.BigEndian.Uint32(data[12:]))
	b.attributes = int16(binary.BigEndian.Uint16(data[21:]))
	b.LastDelta = int32(binary.BigEndian.Uint32(data[23:]))
	b.firstTimestamp = int64(binary.BigEndian.Uint64(data[27:]))
	b.maxTimestamp = int64(binary.BigEndian.Uint64(data[35:]))
	b.ProducerID = int64(binary.BigEndian.Uint64(data[43:]))
	b.Count = int32(binary.BigEndian.Uint32(data[57:]))
	b.body = data[HeaderBytes:]
}

// check looks for contradictions in the header.
func (b *Batch) check() error {
	if !b.Plausible() {
		return fmt.Errorf("%w: %d records in %d offsets from %d", ErrMalformed, b.Count, int64(b.LastDelta)+1, b.Base)
	}
	return nil
}

// Plausible reports whether the offsets that the header states can be true.
func (b *Batch) Plausible() bool {
	return b.Base >= 0 && b.LastDelta >= 0 && b.Last() >= b.Base &&
		b.Count >= 0 && int64(b.Count) <= int64(b.LastDelta)+1
}
