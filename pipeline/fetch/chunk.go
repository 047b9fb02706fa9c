package fetch

import (
	"hash/crc32"
	"math/bits"
	"sync"
)

// Record is one data record. Its value is in the chunk that it is of.
type Record struct {
	Offset    int64
	Timestamp int64 // the broker's, Unix milliseconds; 0 or less = none
	end       int32 // the value is values[end of the one before:end]
	cut       bool  // the value was longer
}

// recordBytes is what a Record takes in memory.
const recordBytes = 24

// Chunk is what one answer of a broker held for one partition, copied out of the answer. It has one owner at a time.
type Chunk struct {
	Partition Partition
	Span      Span // accounts for all these offsets; control, aborted and compacted records are in no Records
	Records   []Record
	Fetched   int64 // Unix milliseconds
	Gap       bool  // these offsets are lost to the reader, as the Observer was told; there are no Records

	values  []byte
	home    *shelf
	charged int64 // bytes of the budget
}

// Value returns the i-th record's bytes, which alias the chunk.
func (c *Chunk) Value(i int) []byte {
	from := int32(0)
	if i > 0 {
		from = c.Records[i-1].end
	}
	return c.values[from:c.Records[i].end:c.Records[i].end]
}

// Mark identifies the i-th record. One whose value was cut has no mark.
func (c *Chunk) Mark(i int) Mark {
	r := c.Records[i]
	if r.cut {
		return Mark{Offset: r.Offset}
	}
	return Mark{r.Offset, Checksum(c.Value(i)), true}
}

// Checksum returns the CRC-32C of a value.
func Checksum(value []byte) uint32 { return crc32.Checksum(value, castagnoli) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Size returns the bytes that the chunk takes of the budget.
func (c *Chunk) Size() int64 { return int64(cap(c.values)) + recordBytes*int64(cap(c.Records)) }

// Release gives the chunk's bytes back to the budget. It may not be touched any more.
func (c *Chunk) Release() {
	home := c.home
	home.budget.Release(c.charged)
	home.put(c)
}

// shelf keeps chunks for reuse by the size of their buffers, so that a quiet partition does not sit on
// the buffer of a busy one.
type shelf struct {
	budget *Budget
	sizes  [128]sync.Pool // *Chunk, by sizeClass of their buffers
}

// classUnit is what buffers are measured in, in bytes.
const classUnit = 256

// sizeClass returns the largest class whose buffers need no more than bytes. There are four classes from
// each power of two to the next.
func sizeClass(bytes int) int {
	units := bytes / classUnit
	if units < 4 {
		return 0
	}
	shift := bits.Len(uint(units)) - 3
	return 4*shift + units>>shift - 3
}

// classBytes returns what the buffers of a class have at least.
func classBytes(class int) int {
	if class == 0 {
		return 0
	}
	return (4 + (class-1)&3) << ((class - 1) >> 2) * classUnit
}

// get returns an empty chunk at next for about expected bytes of values.
func (s *shelf) get(p Partition, next int64, expected int) *Chunk {
	class := sizeClass(expected)
	if classBytes(class) < expected {
		class++
	}
	c, ok := s.sizes[class].Get().(*Chunk)
	if !ok {
		c = &Chunk{home: s, values: make([]byte, 0, classBytes(class))}
	}
	c.Partition, c.Span, c.Gap = p, Span{next, next}, false
	c.Records, c.values, c.charged, c.Fetched = c.Records[:0], c.values[:0], 0, 0
	return c
}

func (s *shelf) put(c *Chunk) {
	s.sizes[sizeClass(cap(c.values))].Put(c)
}
