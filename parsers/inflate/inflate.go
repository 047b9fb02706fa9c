// Package inflate undoes the content encodings of one HTTP body: gzip, deflate, zlib, zstd and brotli.
//
// It bounds what a body may become, so that a few bytes make no flood, and believes the bytes more than the header: many
// loggers decode the body and keep the header. It never fails: of a cut or damaged stream it returns what came before the
// damage. It looks at no text, and keeps its readers for the next body.
package inflate

import (
	"bytes"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Bounds of decompression: a body of a few bytes must not become a flood.
const (
	maxLayers  = 2        // content encodings undone one after the other
	freeOutput = 64 << 10 // bytes that any input may become
	maxRatio   = 200      // above that, bytes of output for each byte of input
	zstdWindow = 8 << 20  // RFC 8878 asks decoders to support this much
)

// Inflater undoes content encodings. Its readers are made when first needed and then reused; what it returns is valid
// until the next call. The zero value is ready.
type Inflater struct {
	source bytes.Reader
	gzip   *gzip.Reader
	zlib   io.ReadCloser
	flate  io.ReadCloser
	zstd   *zstd.Decoder
	brotli *brotli.Reader
	out    [maxLayers]bytes.Buffer
	limit  io.LimitedReader
	whole  bool // the last Undo reached the end of its streams
}

// Undo removes the encodings that a Content-Encoding header lists, the last applied one first, and returns at most so many
// bytes. whole is false when the streams did not end in them.
func (f *Inflater) Undo(data, encodings []byte, most int) (body []byte, whole bool) {
	f.whole = true
	for layer := range maxLayers {
		var name []byte
		if comma := bytes.LastIndexByte(encodings, ','); comma >= 0 {
			encodings, name = encodings[:comma], encodings[comma+1:]
		} else {
			encodings, name = nil, encodings
		}
		reader := f.open(bytes.TrimSpace(name), data)
		if reader == nil {
			if len(encodings) == 0 {
				break
			}
			continue
		}
		data = f.drain(reader, data, &f.out[layer], most)
	}
	return data, f.whole
}

// drain reads until the end, an error, or the bounds.
func (f *Inflater) drain(reader io.Reader, data []byte, out *bytes.Buffer, most int) []byte {
	out.Reset()
	f.limit.R, f.limit.N = reader, int64(min(most, max(freeOutput, maxRatio*len(data))))
	_, err := out.ReadFrom(&f.limit)
	if err != nil || f.limit.N == 0 {
		f.whole = false // a cut or damaged stream: what came before it is still worth reading
	}
	return out.Bytes()
}

// open returns a reader that undoes the encoding, or nil when data is not encoded that way. Without a header, the magic
// bytes decide.
func (f *Inflater) open(name, data []byte) io.Reader {
	f.source.Reset(data)
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return f.openGzip()
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return f.openZstd()
	case isZlib(data) && !looksLikeText(data) && !is(name, "br"):
		return f.openZlib()
	case is(name, "deflate"):
		return f.openDeflate(data)
	case is(name, "br"):
		return f.openBrotli(data)
	}
	return nil
}

func (f *Inflater) openGzip() io.Reader {
	if f.gzip == nil {
		f.gzip = new(gzip.Reader)
	}
	if f.gzip.Reset(&f.source) != nil {
		return nil // the magic bytes were chance
	}
	return f.gzip
}

func (f *Inflater) openZstd() io.Reader {
	if f.zstd == nil {
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(zstdWindow), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil // only wrong options fail, and these are constant
		}
		f.zstd = decoder
	}
	if f.zstd.Reset(&f.source) != nil {
		return nil
	}
	return f.zstd
}

// openDeflate: the standard says zlib, some servers send the bare stream.
func (f *Inflater) openDeflate(data []byte) io.Reader {
	if len(data) == 0 || looksLikeText(data) {
		return nil
	}
	if f.flate == nil {
		f.flate = flate.NewReader(&f.source)
		return f.flate
	}
	if f.flate.(flate.Resetter).Reset(&f.source, nil) != nil {
		return nil
	}
	return f.flate
}

// isZlib recognises the two bytes that a zlib stream begins with.
func isZlib(data []byte) bool {
	return len(data) > 2 && data[0]&0x8f == 8 && data[1]&0x20 == 0 && (int(data[0])<<8|int(data[1]))%31 == 0
}

func (f *Inflater) openZlib() io.Reader {
	if f.zlib == nil {
		reader, err := zlib.NewReader(&f.source)
		if err != nil {
			return nil
		}
		f.zlib = reader
		return reader
	}
	if f.zlib.(zlib.Resetter).Reset(&f.source, nil) != nil {
		return nil
	}
	return f.zlib
}

func (f *Inflater) openBrotli(data []byte) io.Reader {
	if len(data) == 0 || looksLikeText(data) {
		return nil
	}
	if f.brotli == nil {
		f.brotli = brotli.NewReader(nil)
	}
	if f.brotli.Reset(&f.source) != nil {
		return nil
	}
	return f.brotli
}

// looksLikeText recognises a body that was decoded already: JSON, HTML or plain ASCII.
func looksLikeText(data []byte) bool {
	for _, c := range data[:min(len(data), 64)] {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7f {
			return false
		}
	}
	return true
}

func is(name []byte, encoding string) bool { return bytes.EqualFold(name, []byte(encoding)) }
