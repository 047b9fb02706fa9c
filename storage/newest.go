package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// newestSQL is asked where a group's offset was moved by hand, which is rare: it reads the positions of all
// of the partitions' rows.
const newestSQL = `
SELECT topic, partition, max(offset) AS newest
FROM responses
WHERE (/* source */) AND (/* positions */)
GROUP BY topic, partition`

// Newest returns, for each of the positions below which the table holds a row, the newest such row.
func (db *DB) Newest(ctx context.Context, source string, below []Position) ([]Position, error) {
	var found []Position
	for chunk := range slices.Chunk(below, positionsPerQuery) {
		query, args, err := aboutPositions(newestSQL, source, chunk)
		if err != nil {
			return nil, err
		}
		query = strings.ReplaceAll(query, "offset >=", "offset <")
		var rows []struct {
			Topic     string `ch:"topic"`
			Partition int32  `ch:"partition"`
			Offset    int64  `ch:"newest"`
		}
		err = patiently(ctx, patience, func(ctx context.Context) error { return db.conn.Select(ctx, &rows, query, args...) })
		if err != nil {
			return nil, fmt.Errorf("newest rows: %w", err)
		}
		for _, r := range rows {
			found = append(found, Position{r.Topic, r.Partition, r.Offset})
		}
	}
	return found, nil
}
