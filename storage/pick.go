package storage

import (
	"encoding/binary"

	"github.com/errata-dev/errata/parsers"
)

// Offset returns the offset of the record that the row is of.
func (b *Block) Offset(row int) int64 { return b.offset[row] }

// Outline returns what counts a row and tells its record: kind, vendor, status, category, time, offset and checksum. The
// vendor is borrowed from the block.
func (b *Block) Outline(row int) parsers.Row {
	return parsers.Row{
		Kind: parsers.Kind(b.kind[row]), Vendor: b.vendor.value(b.vendor.keys.at(row)), Status: b.status[row], Category: parsers.Category(b.category[row]),
		Time: b.time[row], Offset: b.offset[row], Checksum: b.checksum[row],
	}
}

// Pick appends rows of another block, which are given in ascending order.
func (b *Block) Pick(from *Block, rows []int) {
	b.rows += len(rows)
	of := from.texts()
	for i, c := range b.texts() {
		c.pick(of[i], rows)
	}
	names := from.dictionaries()
	for i, c := range b.dictionaries() {
		c.pick(names[i], rows)
	}
	pick(&b.kind, from.kind, rows)
	pick(&b.partition, from.partition, rows)
	pick(&b.offset, from.offset, rows)
	pick(&b.checksum, from.checksum, rows)
	pick(&b.time, from.time, rows)
	pick(&b.operation, from.operation, rows)
	pick(&b.operationKey, from.operationKey, rows)
	pick(&b.attempt, from.attempt, rows)
	pick(&b.status, from.status, rows)
	pick(&b.duration, from.duration, rows)
	pick(&b.category, from.category, rows)
	pick(&b.retry, from.retry, rows)
	pick(&b.retryAfter, from.retryAfter, rows)
	pick(&b.fingerprint, from.fingerprint, rows)
	pick(&b.parse, from.parse, rows)
	pick(&b.receivedAfter, from.receivedAfter, rows)
	pick(&b.trace, from.trace, rows)
}

func pick[C ~[]T, T any](to *C, from C, rows []int) {
	for _, row := range rows {
		*to = append(*to, from[row])
	}
}

// pick reads the values before and between as well, since only they tell where the next one is.
func (c *texts) pick(from *texts, rows []int) {
	rest, next := from.wire, 0
	for _, row := range rows {
		var value []byte
		for ; next <= row; next++ {
			size, width := binary.Uvarint(rest)
			value, rest = rest[width:width+int(size)], rest[width+int(size):]
		}
		c.append(value)
	}
}

func (c *names) pick(from *names, rows []int) {
	for _, row := range rows {
		c.append(from.value(from.keys.at(row)))
	}
}
