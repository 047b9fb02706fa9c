package fetch

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/errata-dev/errata/pipeline/fetch/batch"
)

var errMalformedAnswer = errors.New("the broker's answer is malformed")

// readCommitted asks the broker to name the aborted transactions in its answers.
const readCommitted = 1

// correlationID is the same for all requests: a connection carries one at a time.
const correlationID = 1

// peekBytes is what is kept of records that are too large to be kept: a batch's header and more.
const peekBytes = 128

// encode builds the request. Its positions are sorted by topic.
func (x *exchange) encode() {
	b := append(x.request[:0], 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(protocol.Fetch))
	b = binary.BigEndian.AppendUint16(b, uint16(x.version))
	b = appendInt32(b, correlationID)
	b = appendString(b, x.clientID)
	b = appendInt32(b, -1) // no replica
	b = appendInt32(b, int32(x.maxWait.Milliseconds()))
	b = appendInt32(b, 1) // byte is enough for an answer
	b = appendInt32(b, int32(x.bytes))
	b = append(b, readCommitted)
	if x.version >= 7 {
		b = appendInt32(appendInt32(b, 0), -1) // no session
	}
	b = x.appendTopics(b)
	if x.version >= 7 {
		b = appendInt32(b, 0) // nothing forgotten
	}
	if x.version >= 11 {
		b = appendString(b, "") // no rack
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	x.request = b
}

func (x *exchange) appendTopics(b []byte) []byte {
	topicsAt := len(b)
	b = appendInt32(b, 0)
	partitionsAt, topics, partitions := 0, 0, 0
	for i, a := range x.asked {
		p := a.position.partition
		if i == 0 || p.Topic != x.asked[i-1].position.partition.Topic {
			topics, partitions = topics+1, 0
			b = appendString(b, p.Topic)
			partitionsAt = len(b)
			b = appendInt32(b, 0)
		}
		partitions++
		binary.BigEndian.PutUint32(b[partitionsAt:], uint32(partitions))
		b = appendInt32(b, p.ID)
		if x.version >= 9 {
			b = appendInt32(b, -1) // whatever the leader's epoch is
		}
		b = binary.BigEndian.AppendUint64(b, uint64(a.offset))
		if x.version >= 5 {
			b = binary.BigEndian.AppendUint64(b, 1<<64-1) // no log of our own
		}
		b = appendInt32(b, int32(a.bytes))
	}
	binary.BigEndian.PutUint32(b[topicsAt:], uint32(topics))
	return b
}

func appendInt32(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// decode reads the answer, whose size is r.left.
func (x *exchange) decode(r *reader) error {
	x.wire, x.parts, x.aborted = x.wire[:0], x.parts[:0], x.aborted[:0]
	x.wire = grown(x.wire, min(r.left, x.most))
	r.int32() // throttled for so long
	var code kafka.Error
	if x.version >= 7 {
		code = kafka.Error(r.int16())
		r.int32() // session
	}
	for range r.count() {
		x.topic = r.string(x.topic)
		for range r.count() {
			x.decodePart(r)
		}
	}
	switch {
	case r.err != nil:
		return r.err
	case r.left != 0:
		return errMalformedAnswer
	case code != 0:
		return code
	}
	return nil
}

// decodePart reads one partition's share. What was not asked for is passed over.
func (x *exchange) decodePart(r *reader) {
	if r.err != nil {
		return
	}
	p := part{position: x.find(r.int32()), err: kafka.Error(r.int16()), high: r.int64(), stable: r.int64()}
	if x.version >= 5 {
		r.int64() // the beginning of the log
	}
	before := len(x.aborted)
	for range r.count() {
		if r.err != nil {
			return
		}
		x.aborted = append(x.aborted, batch.Aborted{ProducerID: r.int64(), FirstOffset: r.int64()})
	}
	p.aborted = x.aborted[before:len(x.aborted):len(x.aborted)]
	if x.version >= 11 {
		r.int32() // a replica that is nearer
	}
	size := max(0, int(r.int32()))
	keep := size
	if len(x.wire)+size > x.most {
		keep, p.truncated = min(size, peekBytes), true
	}
	from := len(x.wire)
	x.wire = r.bytes(x.wire, keep)
	r.discard(size - keep)
	p.records = x.wire[from:len(x.wire):len(x.wire)]
	if p.position != nil && r.err == nil {
		x.parts = append(x.parts, p)
	}
}

// find returns the position of a partition of x.topic that was asked for, or nil. Brokers answer in the
// order of the request, so it looks where that says first.
func (x *exchange) find(id int32) *position {
	for i := range x.asked {
		p := x.asked[(len(x.parts)+i)%len(x.asked)].position
		if p.partition.ID == id && p.partition.Topic == string(x.topic) {
			return p
		}
	}
	return nil
}

// grown returns b, empty, with room for size bytes; it does not keep one that is far too large.
func grown(b []byte, size int) []byte {
	if cap(b) < size || cap(b) > 4*size+(4<<20) {
		return make([]byte, 0, size)
	}
	return b[:0]
}

// reader reads an answer's fields. After an error, and beyond the end, all are zero.
type reader struct {
	from io.Reader
	left int
	err  error
	word [8]byte
}

func (r *reader) fill(n int) []byte {
	if r.err == nil && n > r.left {
		r.err = errMalformedAnswer
	}
	if r.err == nil {
		r.left -= n
		_, r.err = io.ReadFull(r.from, r.word[:n])
	}
	if r.err != nil {
		clear(r.word[:])
	}
	return r.word[:n]
}

func (r *reader) int16() int16 { return int16(binary.BigEndian.Uint16(r.fill(2))) }
func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.fill(4))) }
func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.fill(8))) }

// count reads the length of an array, whose elements take at least four bytes.
func (r *reader) count() int {
	n := int(r.int32())
	if n > r.left/4 {
		r.err = errMalformedAnswer
		return 0
	}
	return max(n, 0)
}

// string reads a string into b.
func (r *reader) string(b []byte) []byte { return r.bytes(b[:0], max(0, int(r.int16()))) }

// bytes appends n bytes to b, which grows by no more than is left to read.
func (r *reader) bytes(b []byte, n int) []byte {
	if r.err == nil && n > r.left {
		r.err = errMalformedAnswer
	}
	if r.err != nil {
		return b
	}
	r.left -= n
	from := len(b)
	b = append(b, make([]byte, n)...)
	_, r.err = io.ReadFull(r.from, b[from:])
	return b
}

func (r *reader) discard(n int) {
	if r.err == nil && n > r.left {
		r.err = errMalformedAnswer
	}
	if r.err == nil && n > 0 {
		r.left -= n
		_, r.err = io.CopyN(io.Discard, r.from, int64(n))
	}
}
