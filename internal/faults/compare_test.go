package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/errata-dev/errata/pipeline/grant"
)

func at(partition int32, offset int64) position { return position{partition, offset} }

// holding is a table with each of the records as one row.
func holding(all records) table {
	t := table{rows: map[position][]row{}}
	for p, sum := range all {
		t.rows[p] = []row{{sum, 1}}
	}
	return t
}

func someRecords() records {
	return records{at(0, 0): 10, at(0, 1): 11, at(1, 0): 20, at(1, 7): 27}
}

func TestCompareFindsNothingInARightTable(t *testing.T) {
	d := compare(someRecords(), holding(someRecords()))
	require.NoError(t, d.err())
	require.Zero(t, d.excused)
}

func TestCompareSees(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(table)
		want  string
	}{
		{"a missing row", func(t table) { delete(t.rows, at(1, 7)) }, "rows missing: 1: [1:7]"},
		{"a row twice", func(t table) { t.rows[at(0, 1)][0].copies = 2 }, "rows more than once: 1: [0:1]"},
		{"a row twice with different checksums", func(t table) { t.rows[at(0, 1)] = []row{{11, 1}, {12, 1}} }, "rows more than once: 1: [0:1]"},
		{"a row of no record", func(t table) { t.rows[at(2, 5)] = []row{{1, 1}} }, "rows of no record: 1: [2:5]"},
		{"another value", func(t table) { t.rows[at(1, 0)][0].checksum++ }, "rows with another checksum: 1: [1:0]"},
		{"no row at all", func(t table) { clear(t.rows) }, "rows missing: 4: [0:0 0:1 1:0 1:7]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			have := holding(someRecords())
			c.spoil(have)
			err := compare(someRecords(), have).err()
			require.ErrorIs(t, err, errRows)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestGapExcusesOnlyWhatItCovers(t *testing.T) {
	have := holding(someRecords())
	delete(have.rows, at(0, 1))
	delete(have.rows, at(1, 7))
	have.gaps = []gap{{partition: 0, from: 1, to: 2, kind: "retention"}, {partition: 1, from: 0, to: 7, kind: "retention"}}
	d := compare(someRecords(), have)
	require.Equal(t, 1, d.excused)
	require.Equal(t, []position{at(1, 7)}, d.missing, "a gap ends before its end")
}

func TestCompareSeesAnyOneChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := records{}
		for p, sum := range rapid.MapOfN(rapid.Int64Range(0, 400), rapid.Uint32(), 1, 60).Draw(t, "records") {
			want[at(int32(p%4), p/4)] = sum
		}
		have := holding(want)
		at := rapid.SampledFrom(keys(want)).Draw(t, "where")
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			delete(have.rows, at)
		case 1:
			have.rows[at][0].copies += rapid.Uint64Range(1, 9).Draw(t, "more")
		case 2:
			have.rows[at][0].checksum ^= rapid.Uint32Range(1, 1<<32-1).Draw(t, "bits")
		}
		if compare(want, have).err() == nil {
			t.Fatal("not seen")
		}
	})
}

func keys(all records) []position {
	list := make([]position, 0, len(all))
	for p := range all {
		list = append(list, p)
	}
	return list
}

// judging is a trial that is over but for its verdict on gaps.
func judging(f fault, unreadable ...position) *trial {
	return &trial{fault: f, producer: &producer{unreadable: unreadable}}
}

func TestJudgeGaps(t *testing.T) {
	lost := table{gaps: []gap{{partition: 0, from: 3, to: 4, kind: "unreadable"}}}
	require.Error(t, judging(fault{}).judgeGaps(lost, difference{}), "nothing was lost")
	require.NoError(t, judging(fault{lossy: true}).judgeGaps(lost, difference{excused: 1}))
	require.NoError(t, judging(fault{unreadable: true}, at(0, 3)).judgeGaps(lost, difference{}))
	require.Error(t, judging(fault{unreadable: true}, at(0, 3)).judgeGaps(lost, difference{excused: 1}), "a record that can be read")
	require.Error(t, judging(fault{unreadable: true}, at(0, 3), at(0, 4)).judgeGaps(lost, difference{}), "a batch without a gap")
}

func TestJudgeMemory(t *testing.T) {
	tr := &trial{figures: figures{memory: memoryBudget}}
	require.NoError(t, tr.judgeMemory())
	tr.figures.memory++
	require.Error(t, tr.judgeMemory())
}

func TestSettled(t *testing.T) {
	have := holding(records{at(0, 4): 1, at(1, 8): 2})
	plain := grant.Note{}.String()
	open := grant.Note{Open: true, Grant: grant.Grant{Start: 5, End: 6, Count: 1, Insert: "i", Attempt: 1, Deadline: 1, Day: 1, Last: grant.Mark{Offset: 5, Known: true}}}.String()
	require.NoError(t, settled(map[int32]commit{0: {5, plain}, 1: {9, plain}}, have))
	require.ErrorContains(t, settled(map[int32]commit{0: {5, open}, 1: {9, plain}}, have), "is open")
	require.ErrorContains(t, settled(map[int32]commit{0: {5, plain}, 1: {8, plain}}, have), "1:8 is not committed")
	require.Error(t, settled(map[int32]commit{0: {5, "errata/99 x"}, 1: {9, plain}}, have))
}
