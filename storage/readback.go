package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Position is an offset in a partition.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Range is a run of consecutive offsets [Start, End) of one partition that the table holds.
type Range struct {
	Topic     string
	Partition int32
	Start     int64
	End       int64
	// Surplus is how many rows there are beyond one per offset: anything but 0 is a fault. It belongs
	// to the run that holds the duplicates, or to its neighbour within 65,536 offsets.
	Surplus int64
}

// positionsPerQuery bounds the length of a read-back statement.
const positionsPerQuery = 256

// Present returns which offsets at or beyond each position the table holds, as runs in order of topic,
// partition and offset, in all generations of the source. It takes one query for up to 256 positions. The server needs a bit for each
// row found; what comes back grows with the number of runs, not of rows. It is given up when the server reads nothing for 30 s.
func (db *DB) Present(ctx context.Context, source string, from []Position) ([]Range, error) {
	var found []Range
	for chunk := range slices.Chunk(from, positionsPerQuery) {
		var runs []Range
		err := patiently(ctx, patience, func(ctx context.Context) (err error) {
			runs, err = db.present(ctx, source, chunk)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read back: %w", err)
		}
		found = append(found, runs...)
	}
	return found, nil
}

func (db *DB) present(ctx context.Context, source string, from []Position) (found []Range, err error) {
	query, args, err := aboutPositions(presentSQL, source, from)
	if err != nil {
		return nil, err
	}
	rows, err := db.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	for rows.Next() {
		var s stretch
		if err := s.scan(rows); err != nil {
			return nil, err
		}
		found = s.appendTo(found)
	}
	return found, db.conn.explain(ctx, rows.Err())
}

// presentSQL folds the rows of every 65,536 offsets into a bitmap. It lists the offsets of a stretch
// only where they have gaps. Which positions are asked about is a list of conditions on bound
// parameters, since the index on (partition, offset) cannot see through a join or a set. Erased rows count
// as present, also where another generation of the source has them, so that nothing ingests them again.
const presentSQL = `
WITH groupBitmapState(low) AS seen, groupBitmapIf(low, stored) AS distinct_rows
SELECT topic, partition, high, toInt64(countIf(stored)), toInt64(distinct_rows), min(offset), max(offset) AS last,
    if(last - min(offset) + 1 = bitmapCardinality(seen), [], bitmapToArray(seen))
FROM
(
    SELECT topic, partition, offset, bitShiftRight(offset, 16) AS high, toUInt32(bitAnd(offset, 65535)) AS low, true AS stored
    FROM responses
    WHERE (/* source */) AND (/* positions */)
    UNION ALL
    SELECT topic, partition, offset, bitShiftRight(offset, 16), toUInt32(bitAnd(offset, 65535)), false
    FROM erasures
    WHERE source = replaceRegexpOne({source:String}, '~[0-9]+$', '') AND (/* positions */)
)
GROUP BY topic, partition, high
ORDER BY topic, partition, high`

// aboutPositions puts the conditions in place: the positions, and the source in all its generations, since
// a replay moves rows from one to the next.
func aboutPositions(query, source string, from []Position) (string, []any, error) {
	generations, err := readQuery("part_generations")
	if err != nil {
		return "", nil, err
	}
	condition, args := positionCondition(from)
	query = strings.Replace(query, "/* source */", generations, 1)
	return strings.ReplaceAll(query, "/* positions */", condition), append(args, clickhouse.Named("source", source)), nil
}

func positionCondition(from []Position) (string, []any) {
	var b strings.Builder
	args := make([]any, 0, 3*len(from)+1)
	for i, p := range from {
		if i > 0 {
			b.WriteString(" OR ")
		}
		fmt.Fprintf(&b, "(topic = {t%d:String} AND partition = {p%d:Int32} AND offset >= {o%d:Int64})", i, i, i)
		args = append(args,
			clickhouse.Named(fmt.Sprintf("t%d", i), p.Topic),
			clickhouse.Named(fmt.Sprintf("p%d", i), p.Partition),
			clickhouse.Named(fmt.Sprintf("o%d", i), p.Offset))
	}
	return b.String(), args
}

// stretch is what the table holds of 65,536 offsets of one partition.
type stretch struct {
	topic          string
	partition      int32
	high           int64 // offset >> 16
	rows, distinct int64
	first, last    int64
	low            []uint32 // offset & 65535, ascending; empty where there are no gaps
}

func (s *stretch) scan(rows driver.Rows) error {
	return rows.Scan(&s.topic, &s.partition, &s.high, &s.rows, &s.distinct, &s.first, &s.last, &s.low)
}

// appendTo adds the stretch's runs, the first of which may continue the last one found.
func (s *stretch) appendTo(found []Range) []Range {
	surplus := s.rows - s.distinct
	if len(s.low) == 0 {
		return s.appendRun(found, s.first, s.last+1, surplus)
	}
	start := 0
	for i := 1; i <= len(s.low); i++ {
		if i < len(s.low) && s.low[i] == s.low[i-1]+1 {
			continue
		}
		found = s.appendRun(found, s.offset(start), s.offset(i-1)+1, surplus)
		start, surplus = i, 0
	}
	return found
}

func (s *stretch) offset(i int) int64 { return s.high<<16 | int64(s.low[i]) }

func (s *stretch) appendRun(found []Range, start, end, surplus int64) []Range {
	if n := len(found); n > 0 {
		last := &found[n-1]
		if last.Topic == s.topic && last.Partition == s.partition && last.End == start {
			last.End = end
			last.Surplus += surplus
			return found
		}
	}
	return append(found, Range{s.topic, s.partition, start, end, surplus})
}
