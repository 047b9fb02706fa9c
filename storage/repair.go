package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// copiesPerStatement bounds how many rows one DELETE names.
const copiesPerStatement = 20_000

// copies are rows of one part that are there once more elsewhere.
type copies struct {
	day, part string
	rows      []uint64 // positions in the part
}

// DeleteSurplus deletes what is there more than once of [from, to), at most BucketSize offsets, and returns
// how many rows went. A row with another checksum is not a copy. Rows are named by part and position, so a
// merge in between deletes nothing and is tried again. It takes the right ALTER DELETE.
func (db *DB) DeleteSurplus(ctx context.Context, s Stream, from, to int64) (deleted int64, err error) {
	const rounds = 20 // each names what is left; merges cannot win so often
	for range rounds {
		found, err := db.surplusCopies(ctx, s, from, to)
		if err != nil || len(found) == 0 {
			return deleted, err
		}
		for _, day := range byDay(found) {
			statement, args := deleteCopies(day)
			if err := db.conn.execLong(ctx, statement, args...); err != nil {
				return deleted, fmt.Errorf("delete copies: %w", err)
			}
		}
		left, err := db.surplusCopies(ctx, s, from, to)
		if err != nil {
			return deleted, err
		}
		deleted += count(found) - count(left)
	}
	return deleted, fmt.Errorf("copies of [%d, %d) of %s/%d: merges are in the way, try again later", from, to, s.Topic, s.Partition)
}

func count(list []copies) (n int64) {
	for _, c := range list {
		n += int64(len(c.rows))
	}
	return n
}

func (db *DB) surplusCopies(ctx context.Context, s Stream, from, to int64) ([]copies, error) {
	var list []copies
	err := db.ask(ctx, "surplus_copies", s.parameters(from, to), func(rows driver.Rows) error {
		var c copies
		err := rows.Scan(&c.day, &c.part, &c.rows)
		list = append(list, c)
		return err
	})
	return list, err
}

// byDay groups the copies by ClickHouse partition, the first of each up to the bound of one statement.
func byDay(list []copies) [][]copies {
	var days [][]copies
	left := copiesPerStatement
	for _, c := range list {
		if n := len(days); n == 0 || days[n-1][0].day != c.day {
			days, left = append(days, nil), copiesPerStatement
		}
		if c.rows = c.rows[:min(left, len(c.rows))]; len(c.rows) > 0 {
			days[len(days)-1] = append(days[len(days)-1], c)
			left -= len(c.rows)
		}
	}
	return days
}

// deleteCopies names rows of one day.
func deleteCopies(list []copies) (statement string, args []any) {
	conditions := make([]string, len(list))
	for i, c := range list {
		conditions[i] = fmt.Sprintf("(_part = {p%d:String} AND _part_offset IN {r%d:Array(UInt64)})", i, i)
		args = append(args, clickhouse.Named(fmt.Sprintf("p%d", i), c.part), clickhouse.Named(fmt.Sprintf("r%d", i), c.rows))
	}
	return "DELETE FROM responses IN PARTITION '" + list[0].day + "' WHERE " + strings.Join(conditions, " OR "), args
}

// DeleteOffsets deletes all rows of the offsets, so that they can be ingested again. It takes the right
// ALTER DELETE.
func (db *DB) DeleteOffsets(ctx context.Context, s Stream, offsets []int64) error {
	for chunk := range slices.Chunk(offsets, copiesPerStatement) {
		parameters := s.parameters(slices.Min(chunk), slices.Max(chunk)+1)
		parameters["offsets"] = chunk
		text, err := readQuery("change_delete_offsets")
		if err != nil {
			return err
		}
		if err := db.conn.execLong(ctx, text, bind(parameters)...); err != nil {
			return fmt.Errorf("delete rows: %w", err)
		}
	}
	return nil
}
