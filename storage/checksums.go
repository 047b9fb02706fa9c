package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Checksum is what the table holds of one record: the CRC-32C of its value.
type Checksum struct {
	Position
	Sum uint32
}

const checksumsSQL = `
SELECT topic, partition, offset, any(checksum) AS sum
FROM responses
WHERE (/* source */) AND (/* positions */)
GROUP BY topic, partition, offset`

// Checksums returns the checksums of the rows at the given positions, in no order. A position without a row
// is absent.
func (db *DB) Checksums(ctx context.Context, source string, at []Position) ([]Checksum, error) {
	var found []Checksum
	for chunk := range slices.Chunk(at, positionsPerQuery) {
		query, args, err := aboutPositions(checksumsSQL, source, chunk)
		if err != nil {
			return nil, err
		}
		query = strings.ReplaceAll(query, "offset >=", "offset =")
		var rows []struct {
			Topic     string `ch:"topic"`
			Partition int32  `ch:"partition"`
			Offset    int64  `ch:"offset"`
			Sum       uint32 `ch:"sum"`
		}
		if err := db.conn.Select(ctx, &rows, query, args...); err != nil {
			return nil, fmt.Errorf("checksums: %w", err)
		}
		for _, r := range rows {
			found = append(found, Checksum{Position{r.Topic, r.Partition, r.Offset}, r.Sum})
		}
	}
	return found, nil
}
