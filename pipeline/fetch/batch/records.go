package batch

import (
	"encoding/binary"
	"fmt"
)

// Record is one record of a batch. Key and Value alias the unpacked batch; nil = null.
type Record struct {
	Offset    int64
	Timestamp int64 // Unix milliseconds; 0 or less = none
	Key       []byte
	Value     []byte
}

// Records walks over the records of a batch.
type Records struct {
	rest       []byte
	left       int32
	base       int64
	lastDelta  int64
	delta      int64 // of the record before; -1 = there is none
	timestamp  int64 // what the records' timestamps are relative to
	appendTime bool  // they all have this one
}

// Records returns the records of b; unpacked is what Unpack returned for it.
func (b *Batch) Records(unpacked []byte) (Records, error) {
	if int64(b.Count)*smallestRecord > int64(len(unpacked)) {
		return Records{}, fmt.Errorf("%w: %d records in %d bytes", ErrMalformed, b.Count, len(unpacked))
	}
	r := Records{
		rest: unpacked, left: b.Count, base: b.Base, lastDelta: int64(b.LastDelta), delta: -1,
		timestamp: b.firstTimestamp, appendTime: b.attributes&appendTimeBit != 0,
	}
	if r.appendTime {
		r.timestamp = b.maxTimestamp
	}
	return r, nil
}

// Next reads the next record into record, or returns false after the last one.
func (r *Records) Next(record *Record) (bool, error) {
	if r.left == 0 {
		if len(r.rest) > 0 {
			return false, fmt.Errorf("%w: %d bytes after the last record", ErrMalformed, len(r.rest))
		}
		return false, nil
	}
	r.left--
	size, n := binary.Varint(r.rest)
	if n <= 0 || size < smallestRecord-1 || size > int64(len(r.rest)-n) {
		return false, r.malformed("length")
	}
	fields := r.rest[n : n+int(size)]
	r.rest = r.rest[n+int(size):]
	return true, r.parse(fields, record)
}

// parse reads one record's fields; its headers, at the end, are nobody's business.
func (r *Records) parse(fields []byte, record *Record) error {
	fields = fields[1:] // attributes, unused
	sinceFirst, n := binary.Varint(fields)
	if n <= 0 {
		return r.malformed("timestamp")
	}
	fields = fields[n:]
	delta, n := binary.Varint(fields)
	if n <= 0 || delta <= r.delta || delta > r.lastDelta {
		return r.malformed("offset")
	}
	var ok bool
	if record.Key, fields, ok = bytesOf(fields[n:]); !ok {
		return r.malformed("key")
	}
	if record.Value, fields, ok = bytesOf(fields); !ok || len(fields) == 0 {
		return r.malformed("value")
	}
	r.delta = delta
	record.Offset, record.Timestamp = r.base+delta, r.timestamp
	if !r.appendTime {
		record.Timestamp += sinceFirst
	}
	return nil
}

func (r *Records) malformed(part string) error {
	return fmt.Errorf("%w: the record after offset %d has an impossible %s", ErrMalformed, r.base+r.delta, part)
}

// bytesOf splits nullable bytes with their length before them off data.
func bytesOf(data []byte) (value, rest []byte, ok bool) {
	size, n := binary.Varint(data)
	if n <= 0 || size < -1 || size > int64(len(data)-n) {
		return nil, nil, false
	}
	if size < 0 {
		return nil, data[n:], true
	}
	end := n + int(size)
	return data[n:end:end], data[end:], true
}
