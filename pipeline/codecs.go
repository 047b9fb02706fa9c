package pipeline

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/segmentio/kafka-go/compress"
)

// maxBatchBytes bounds one record batch after decompression. Brokers accept batches of about 1 MB as
// sent; sixty times that is no log any more, it is an attack on the reader's memory.
const maxBatchBytes = 64 << 20

var errBatchTooLarge = errors.New("record batch decompresses to more than the limit")

// codecsBounded makes boundDecompression act once.
var codecsBounded sync.Once

// boundDecompression replaces kafka-go's decompressors, a table of that package which all its
// clients in the process share, by ones that stop at maxBatchBytes: kafka-go itself unpacks whatever
// it is sent (16 KB became half a gigabyte). The constructors of this package call it, so that it
// happens before their first connection and never while one is decoding.
func boundDecompression() {
	codecsBounded.Do(func() {
		for i, codec := range compress.Codecs {
			if codec != nil {
				compress.Codecs[i] = boundedCodec{codec}
			}
		}
	})
}

type boundedCodec struct{ compress.Codec }

func (c boundedCodec) NewReader(r io.Reader) io.ReadCloser {
	return &boundedReader{ReadCloser: c.Codec.NewReader(r), left: maxBatchBytes}
}

type boundedReader struct {
	io.ReadCloser
	left int64
}

func (r *boundedReader) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.ReadCloser.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, fmt.Errorf("%w of %d bytes", errBatchTooLarge, maxBatchBytes)
	}
	return n, err // io.EOF must stay what it is
}
