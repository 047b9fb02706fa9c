package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// texts is a String column kept as it goes over the wire: length and bytes of every value, one after
// the other, so that encoding is a single copy.
type texts struct {
	wire []byte
	rows int
}

func (c *texts) append(value []byte) {
	c.wire = binary.AppendUvarint(c.wire, uint64(len(value)))
	c.wire = append(c.wire, value...)
	c.rows++
}

func (c *texts) reset() { c.wire, c.rows = c.wire[:0], 0 }

func (c *texts) Type() proto.ColumnType       { return proto.ColumnTypeString }
func (c *texts) Rows() int                    { return c.rows }
func (c *texts) EncodeColumn(b *proto.Buffer) { b.PutRaw(c.wire) }
func (c *texts) WriteColumn(w *proto.Writer)  { w.ChainWrite(c.wire) }
func (c *texts) size() int                    { return len(c.wire) }
func (c *texts) drop()                        { *c = texts{} }

// Sizes of a dictionary's hash table, in slots. The table is kept at most half full.
const (
	smallTable = 1 << 8
	// maxKeptTable bounds what is kept from block to block: 8192 values. A block with more values is
	// sent as it is, since it is bounded by its bytes, but its dictionary is then given up.
	maxKeptTable = 1 << 14
)

// names is a LowCardinality(String) column: a dictionary and one index per row. Interning a value that
// the block already holds allocates nothing.
type names struct {
	keys   indexes
	values texts
	spans  []span   // where value i lies in values.wire
	slots  []uint32 // open addressing: 1 + index of a value, 0 = free
	last   uint32   // index of the value appended last
	seed   maphash.Seed
}

type span struct{ start, end int }

func newNames() names {
	return names{seed: maphash.MakeSeed(), slots: make([]uint32, smallTable)}
}

func (c *names) append(value []byte) { c.keys.append(c.index(value)) }

// index returns the index of value in the dictionary, adding it where it is new.
func (c *names) index(value []byte) uint32 {
	if len(c.spans) == 0 || !bytes.Equal(c.value(c.last), value) {
		c.last = c.intern(value)
	}
	return c.last
}

func (c *names) has(value []byte) bool {
	_, found := c.find(value)
	return found
}

// appendString spares the conversion for the two columns that hardly ever change.
func (c *names) appendString(value string) {
	if len(c.spans) > 0 && string(c.value(c.last)) == value {
		c.keys.append(c.last)
		return
	}
	c.append([]byte(value))
}

func (c *names) value(i uint32) []byte {
	at := c.spans[i]
	return c.values.wire[at.start:at.end]
}

// find returns the slot of value, or the free one where it belongs.
func (c *names) find(value []byte) (slot uint64, found bool) {
	mask := uint64(len(c.slots) - 1)
	slot = maphash.Bytes(c.seed, value) & mask
	for c.slots[slot] != 0 {
		if bytes.Equal(c.value(c.slots[slot]-1), value) {
			return slot, true
		}
		slot = (slot + 1) & mask
	}
	return slot, false
}

// intern is index for another value than the last.
func (c *names) intern(value []byte) uint32 {
	slot, found := c.find(value)
	if found {
		return c.slots[slot] - 1
	}
	i := uint32(len(c.spans))
	c.slots[slot] = i + 1
	c.keys.makeRoomFor(i)
	c.values.append(value)
	end := len(c.values.wire)
	c.spans = append(c.spans, span{end - len(value), end})
	if 2*len(c.spans) > len(c.slots) {
		c.grow()
	}
	return i
}

func (c *names) grow() {
	c.slots = make([]uint32, 2*len(c.slots))
	for i := range c.spans {
		slot, _ := c.find(c.value(uint32(i)))
		c.slots[slot] = uint32(i) + 1
	}
}

func (c *names) reset() {
	c.spans, c.last = c.spans[:0], 0
	c.keys.reset()
	c.values.reset()
	if len(c.slots) > maxKeptTable {
		c.values.drop()
		c.spans, c.slots = nil, make([]uint32, smallTable)
		return
	}
	clear(c.slots)
}

func (c *names) size() int { return c.values.size() + len(c.keys.wire) }

func (c *names) Type() proto.ColumnType {
	return proto.ColumnTypeLowCardinality.Sub(proto.ColumnTypeString)
}
func (c *names) Rows() int { return c.keys.rows() }

// The native form of LowCardinality: a version before the data; then flags with the width of the
// indexes, the dictionary, the indexes.
const (
	dictionaryVersion = 1
	hasOwnDictionary  = 1<<9 | 1<<10
)

// EncodeState writes what goes before the column's data.
func (c *names) EncodeState(b *proto.Buffer) { b.PutInt64(dictionaryVersion) }

// EncodeColumn writes dictionary and indexes.
func (c *names) EncodeColumn(b *proto.Buffer) {
	if c.Rows() > 0 {
		c.encodeDictionary(b)
		b.PutRaw(c.keys.wire)
	}
}

// WriteColumn is EncodeColumn without copying the indexes.
func (c *names) WriteColumn(w *proto.Writer) {
	if c.Rows() > 0 {
		w.ChainBuffer(c.encodeDictionary)
		w.ChainWrite(c.keys.wire)
	}
}

func (c *names) encodeDictionary(b *proto.Buffer) {
	b.PutInt64(hasOwnDictionary | int64(c.keys.width))
	b.PutInt64(int64(len(c.spans)))
	b.PutRaw(c.values.wire)
	b.PutInt64(int64(c.Rows()))
}

// indexes are what a dictionary's rows say, kept as they go over the wire: as narrow as its size allows.
type indexes struct {
	wire  []byte
	width indexWidth
}

// indexWidth is the binary logarithm of an index's bytes.
type indexWidth uint8

func (x *indexes) append(i uint32) {
	switch x.width {
	case 0:
		x.wire = append(x.wire, byte(i))
	case 1:
		x.wire = binary.LittleEndian.AppendUint16(x.wire, uint16(i))
	default:
		x.wire = binary.LittleEndian.AppendUint32(x.wire, i)
	}
}

func (x *indexes) at(row int) uint32 {
	switch x.width {
	case 0:
		return uint32(x.wire[row])
	case 1:
		return uint32(binary.LittleEndian.Uint16(x.wire[2*row:]))
	default:
		return binary.LittleEndian.Uint32(x.wire[4*row:])
	}
}

func (x *indexes) rows() int { return len(x.wire) >> x.width }
func (x *indexes) reset()    { x.wire, x.width = x.wire[:0], 0 }

// makeRoomFor widens the indexes until i fits, in place and from the last one on, so that none is overwritten
// before it is read.
func (x *indexes) makeRoomFor(i uint32) {
	for x.width < 2 && i>>(8<<x.width) > 0 {
		rows, narrow := x.rows(), x.width
		x.wire = slices.Grow(x.wire, len(x.wire))[:2*len(x.wire)]
		x.width++
		for row := rows - 1; row >= 0; row-- {
			if narrow == 0 {
				binary.LittleEndian.PutUint16(x.wire[2*row:], uint16(x.wire[row]))
				continue
			}
			binary.LittleEndian.PutUint32(x.wire[4*row:], uint32(binary.LittleEndian.Uint16(x.wire[2*row:])))
		}
	}
}

// typed sends a column under the exact type that the server names: an enum's values, or a time zone,
// are the table's business. It refuses a type of another width.
type typed struct {
	proto.ColInput
	want string // how the server's type must start
	name proto.ColumnType
}

// Type is the server's, once it is known.
func (t *typed) Type() proto.ColumnType { return t.name }

// Infer takes the type from the server.
func (t *typed) Infer(name proto.ColumnType) error {
	if !strings.HasPrefix(string(name), t.want) {
		return fmt.Errorf("the table has %s, this version writes %s", name, t.want)
	}
	t.name = name
	return nil
}
