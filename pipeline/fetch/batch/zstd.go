package batch

import (
	"fmt"
	"math"

	"github.com/klauspost/compress/zstd"
)

// largestBlock is what a compressed block unpacks to at most, in bytes.
const largestBlock = 128 << 10

// zstdBound returns how many bytes packed unpacks to at most, by the headers of its frames and blocks,
// and whether it is exactly so many or it is malformed.
func zstdBound(packed []byte) (most int, exact bool, err error) {
	exact = true
	for len(packed) > 0 {
		var h zstd.Header
		if err := h.Decode(packed); err != nil {
			return 0, false, fmt.Errorf("%w: zstd: %w", ErrMalformed, err)
		}
		packed = packed[h.HeaderSize:]
		if h.Skippable {
			if int64(h.SkippableSize) > int64(len(packed)) {
				return 0, false, errZstdCut
			}
			packed = packed[h.SkippableSize:]
			continue
		}
		var blocks int
		if blocks, packed, err = zstdBlocks(packed); err != nil {
			return 0, false, err
		}
		if h.HasCheckSum {
			packed = packed[min(4, len(packed)):]
		}
		if h.HasFCS && h.FrameContentSize <= uint64(blocks) {
			blocks = int(h.FrameContentSize)
		} else {
			exact = false
		}
		if most += blocks; most > math.MaxInt32 {
			return math.MaxInt32, exact, nil // far beyond any limit
		}
	}
	return most, exact, nil
}

var errZstdCut = fmt.Errorf("%w: zstd: it is cut off", ErrMalformed)

// zstdBlocks returns what the blocks of a frame unpack to at most, and what comes after them.
func zstdBlocks(packed []byte) (most int, rest []byte, err error) {
	const raw, runLength = 0, 1
	for {
		if len(packed) < 3 {
			return 0, nil, errZstdCut
		}
		header := int(packed[0]) | int(packed[1])<<8 | int(packed[2])<<16
		size, kind, last := header>>3, header>>1&3, header&1 != 0
		stored := size
		switch kind {
		case raw:
			most += size
		case runLength:
			most += size
			stored = 1
		default:
			most += largestBlock
		}
		if packed = packed[3:]; stored > len(packed) {
			return 0, nil, errZstdCut
		}
		packed = packed[stored:]
		if last {
			return most, packed, nil
		}
	}
}
