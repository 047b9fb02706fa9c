package storage

import (
	"bytes"
	"maps"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoColumnOfAReservedBlockMoves(t *testing.T) {
	t.Parallel()
	const few, all = 512, 4096
	rows := sampleRows(all, 100)
	plain, roomy := NewBlock(), NewBlock()
	fill(plain, rows)
	fill(roomy, rows[:few])
	roomy.Reserve(all)
	before := capacities(roomy)
	for _, row := range rows[few:] {
		roomy.Append(row)
	}
	roomy.fillGuard(testGrant(t))
	after := capacities(roomy)
	require.Len(t, after, len(roomy.input), "one for each column")
	require.Equal(t, before, after)
	require.True(t, bytes.Equal(encoded(t, plain), encoded(t, roomy)))
}

func TestReserveForNothing(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{-1, 0, 1, 10} {
		empty, full := NewBlock(), NewBlock()
		fill(full, sampleRows(10, 50))
		before := capacities(full)
		empty.Reserve(rows)
		full.Reserve(rows)
		require.Equal(t, before, capacities(full))
		for name, n := range capacities(empty) {
			require.Zero(t, n, name)
		}
	}
}

// capacities are what the columns of a block have room for. Every field of it is a column but for those that a block
// has only one of.
func capacities(b *Block) map[string]int {
	have := map[string]int{}
	block := reflect.ValueOf(b).Elem()
	for i := range block.NumField() {
		field := block.Field(i)
		switch {
		case field.Type() == reflect.TypeFor[texts]():
			field = field.FieldByName("wire")
		case field.Type() == reflect.TypeFor[names]():
			field = field.FieldByName("keys").FieldByName("wire")
		}
		if field.Kind() == reflect.Slice {
			have[block.Type().Field(i).Name] = field.Cap()
		}
	}
	maps.DeleteFunc(have, func(name string, _ int) bool { return name == "input" || name == "scratch" })
	return have
}
