package pipeline

import (
	"reflect"

	"github.com/errata-dev/errata/storage"
)

// contents reads back which rows were appended to a block. Blocks are made to be written only, so it
// looks into their columns.
func contents(block *storage.Block) []rowKey {
	columns := reflect.ValueOf(block).Elem()
	partitions, offsets := columns.FieldByName("partition"), columns.FieldByName("offset")
	rows := make([]rowKey, block.Rows())
	for i := range rows {
		rows[i] = rowKey{int32(partitions.Index(i).Int()), offsets.Index(i).Int()}
	}
	return rows
}
