package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy/xerial"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// The codecs, as in a batch's attributes.
const (
	codecNone = iota
	codecGzip
	codecSnappy
	codecLZ4
	codecZstd
)

// firstScratch is the smallest buffer that is unpacked into, in bytes.
const firstScratch = 64 << 10

// Decoder unpacks batches, one at a time, into a buffer of its own. The zero value is not ready.
type Decoder struct {
	limit   int // bytes of an unpacked batch
	scratch []byte
	source  bytes.Reader
	probe   [1]byte

	gzip *gzip.Reader
	lz4  *lz4.Reader
	zstd *zstd.Decoder
}

// NewDecoder returns a decoder for batches that unpack to at most limit bytes.
func NewDecoder(limit int) *Decoder { return &Decoder{limit: limit} }

// Held returns the bytes of the decoder's buffer.
func (d *Decoder) Held() int { return cap(d.scratch) }

// Trim lets go of the buffer if it is larger than most bytes.
func (d *Decoder) Trim(most int) {
	if cap(d.scratch) > most {
		d.scratch = nil
	}
}

// Unpack returns the batch's records as they were before compression: the batch's own bytes, or ones
// that are valid until the next call. The buffer grows to room bytes at most; ErrNoRoom asks for another
// try with more, ErrTooLarge says that no room within the limit is enough.
func (d *Decoder) Unpack(b *Batch, room int) ([]byte, error) {
	switch codec := b.attributes & codecBits; codec {
	case codecNone:
		return b.body, nil
	case codecGzip:
		return d.stream(b.body, room, d.resetGzip)
	case codecSnappy:
		return d.unpackSnappy(b.body, room)
	case codecLZ4:
		return d.stream(b.body, room, d.resetLZ4)
	case codecZstd:
		return d.unpackZstd(b.body, room)
	default:
		return nil, fmt.Errorf("%w: %d", ErrCodec, codec)
	}
}

// grow sees to it that the buffer, whose content is lost, has at least need bytes.
func (d *Decoder) grow(need, room int) error {
	if need = max(need, 1); need <= cap(d.scratch) {
		return nil
	}
	size := min(max(need, 2*cap(d.scratch), firstScratch), room, d.limit)
	switch {
	case need > d.limit:
		return fmt.Errorf("%w of %d bytes", ErrTooLarge, d.limit)
	case need > room:
		return ErrNoRoom
	}
	d.scratch = nil // before the new one is made
	d.scratch = make([]byte, 0, size)
	return nil
}

func (d *Decoder) unpackSnappy(packed []byte, room int) ([]byte, error) {
	need := 2 * len(packed)
	for {
		if err := d.grow(min(need, room, d.limit), room); err != nil {
			return nil, err
		}
		unpacked, err := xerial.DecodeCapped(d.scratch, packed) // or without framing
		if err == nil {
			return unpacked, nil
		}
		if !errors.Is(err, xerial.ErrDstTooSmall) {
			return nil, fmt.Errorf("%w: snappy: %w", ErrMalformed, err)
		}
		if need = cap(d.scratch) + 1; need > room || need > d.limit {
			return nil, d.grow(need, room)
		}
	}
}

func (d *Decoder) unpackZstd(packed []byte, room int) ([]byte, error) {
	if d.zstd == nil {
		var err error
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
	}
	most, exact, err := zstdBound(packed)
	switch {
	case err != nil:
		return nil, err
	case exact && most > max(cap(d.scratch), min(room, d.limit)):
		return nil, d.grow(most, room) // which refuses
	}
	if err := d.grow(min(most, room, d.limit), room); err != nil {
		return nil, err
	}
	unpacked, err := d.zstd.DecodeAll(packed, d.scratch)
	switch {
	case err == nil:
		return unpacked, nil
	case cap(d.scratch) < most: // the library does not always say that this is why
		return nil, d.grow(cap(d.scratch)+1, min(room, most))
	default:
		return nil, fmt.Errorf("%w: zstd: %w", ErrMalformed, err)
	}
}

// stream unpacks with a codec that is read from.
func (d *Decoder) stream(packed []byte, room int, reset func() (io.Reader, error)) ([]byte, error) {
	d.source.Reset(packed)
	defer d.source.Reset(nil)
	reader, err := reset()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := d.grow(min(2*len(packed), room), room); err != nil {
		return nil, err
	}
	unpacked := d.scratch[:0]
	for {
		into := unpacked[len(unpacked):cap(unpacked)]
		if len(into) == 0 {
			into = d.probe[:] // is it the end, or too small?
		}
		n, err := reader.Read(into)
		if n > 0 && len(unpacked) == cap(unpacked) {
			if unpacked, err = d.extend(unpacked, room); err != nil {
				return nil, err
			}
			unpacked = append(unpacked, d.probe[0])
			continue
		}
		unpacked = unpacked[:len(unpacked)+n]
		if errors.Is(err, io.EOF) {
			return unpacked, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
}

// extend moves what is unpacked so far to a buffer of twice the size.
func (d *Decoder) extend(unpacked []byte, room int) ([]byte, error) {
	if err := d.grow(len(unpacked)+1, room); err != nil {
		return nil, err
	}
	return append(d.scratch, unpacked...), nil
}

func (d *Decoder) resetGzip() (io.Reader, error) {
	if d.gzip == nil {
		d.gzip = new(gzip.Reader)
	}
	return d.gzip, d.gzip.Reset(&d.source)
}

func (d *Decoder) resetLZ4() (io.Reader, error) {
	if d.lz4 == nil {
		d.lz4 = lz4.NewReader(nil)
	}
	d.lz4.Reset(&d.source)
	return d.lz4, nil
}
