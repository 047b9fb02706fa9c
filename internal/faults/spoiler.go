package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync/atomic"
)

// A spoiler is the key of the one record of an uncompressed batch. It tells the broker process to spoil that
// batch on its way out to every consumer: no broker accepts such a batch from a producer.
const (
	spoilChecksum = "spoiler:checksum:8c1f0e"
	spoilMagic    = "spoiler:magic:8c1f0e"
	spoilCodec    = "spoiler:codec:8c1f0e"
)

// Distances in bytes: from the key back to the beginning of its batch, which are the batch's header and before the
// key the record's length (two bytes from 64 on), attributes, both deltas and the key's length, a byte each; and
// from the beginning of the batch to its fields.
const (
	keyToBatch    = 61 + 6
	lengthAt      = 8 // of what comes after the length
	magicAt       = 16
	checksumAt    = 17
	attributesAt  = 21 // two bytes, and what the checksum covers begins here
	unknownCodec  = 7
	ancientFormat = 1
)

// spoiledListener spoils what its connections send while mangling is on.
type spoiledListener struct {
	net.Listener
	mangling *atomic.Bool
}

func (l spoiledListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return spoiledConn{c, l.mangling}, nil
}

type spoiledConn struct {
	net.Conn
	mangling *atomic.Bool
}

// Write sends b, which kfake makes anew for every answer. A spoiler lies in one piece: an answer is one write.
func (c spoiledConn) Write(b []byte) (int, error) {
	if c.mangling.Load() {
		spoil(b, spoilChecksum, func(batch []byte) { batch[len(batch)-1] ^= 1 })
		spoil(b, spoilMagic, func(batch []byte) { batch[magicAt] = ancientFormat })
		spoil(b, spoilCodec, func(batch []byte) {
			batch[attributesAt+1] |= unknownCodec
			binary.BigEndian.PutUint32(batch[checksumAt:], checksum(batch[attributesAt:]))
		})
	}
	return c.Conn.Write(b)
}

// spoil changes every batch with the spoiler as its key.
func spoil(b []byte, spoiler string, change func(batch []byte)) {
	for from := 0; ; {
		at := bytes.Index(b[from:], []byte(spoiler))
		if at < 0 {
			return
		}
		at += from
		if begin := at - keyToBatch; begin >= 0 {
			length := int(binary.BigEndian.Uint32(b[begin+lengthAt:]))
			if end := begin + lengthAt + 4 + length; end <= len(b) && end > at {
				change(b[begin:end])
			}
		}
		from = at + len(spoiler)
	}
}
