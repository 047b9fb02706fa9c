package storage

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func storedOffsets(t *testing.T, db *DB, to int64) []StoredOffset {
	t.Helper()
	got, err := db.StoredOffsets(t.Context(), Stream{"s", "a", 0}, 0, to, nil)
	require.NoError(t, err)
	return got
}

func TestDeleteSurplus(t *testing.T) {
	db, o := openMigrated(t)
	s := Stream{"s", "a", 0}
	insertAs(t, o, "s", 1, 2, 3, 2)
	insertAs(t, o, "s", 2, 4)
	insertAs(t, o, "s~2", 3)
	insertAs(t, o, "other", 1)
	b, row := NewBlock(), fullRow()
	row.Source, row.Topic, row.Partition, row.Offset, row.Checksum = "s", "a", 0, 4, 1 // of another record
	b.Append(row)
	insertBlock(t, o, b)

	deleted, err := db.DeleteSurplus(t.Context(), s, 0, 100)
	require.NoError(t, err)
	require.EqualValues(t, 3, deleted)
	require.Equal(t, []StoredOffset{{1, 1, 7, 7}, {2, 1, 14, 14}, {3, 1, 21, 21}, {4, 2, 1, 28}}, storedOffsets(t, db, 100))
	var kept string
	require.NoError(t, db.conn.QueryRow(t.Context(), "SELECT source FROM responses WHERE offset = 3").Scan(&kept))
	require.Equal(t, "s~2", kept, "the newest generation stays")

	deleted, err = db.DeleteSurplus(t.Context(), s, 0, 100)
	require.NoError(t, err)
	require.Zero(t, deleted)
}

// A block that was inserted twice: more rows than one statement names, in several days.
func TestDeleteSurplusOfWholeBlocks(t *testing.T) {
	db, o := openMigrated(t)
	for range 3 {
		insertAs(t, o, "s", sequence(0, 30_000)...)
	}
	insertDaysAgo(t, o, 2)
	require.NoError(t, db.conn.Exec(t.Context(), "INSERT INTO responses (kind, source, topic, partition, offset, checksum, granted, deadline) SELECT 'error', 's', 'a', 0, number, number * 7, today() - 1, now() + 60 FROM numbers(10)"))
	deleted, err := db.DeleteSurplus(t.Context(), Stream{"s", "a", 0}, 0, BucketSize)
	require.NoError(t, err)
	require.EqualValues(t, 60_010, deleted)
	got, err := db.Buckets(t.Context(), Stream{"s", "a", 0}, 0, BucketSize)
	require.NoError(t, err)
	require.Equal(t, []Bucket{{Rows: 30_000, Offsets: 30_000, Digest: digestOf(sequence(0, 30_000)...), Last: 29_999}}, got)
}

func TestDeleteOffsets(t *testing.T) {
	db, o := openMigrated(t)
	insertAs(t, o, "s", 1, 2, 2, 3)
	insertAs(t, o, "s~2", 2)
	insertAs(t, o, "other", 2)
	require.NoError(t, db.DeleteOffsets(t.Context(), Stream{"s", "a", 0}, []int64{2, 9}))
	require.NoError(t, db.DeleteOffsets(t.Context(), Stream{"s", "a", 0}, nil))
	require.Equal(t, []StoredOffset{{1, 1, 7, 7}, {3, 1, 21, 21}}, storedOffsets(t, db, 100))
	require.Equal(t, 3, countRows(t, db))
}

// A server that rewrites large parts answers a DELETE late.
func TestADeleteMayTakeLongerThanOtherStatements(t *testing.T) {
	db, o := openMigrated(t)
	insertAs(t, o, "s", 1, 2, 3)
	const patience = 200 * time.Millisecond
	pool := o.pool()
	pool.ReadTimeout = patience
	conn, err := clickhouse.Open(pool)
	require.NoError(t, err)
	hasty := &DB{conn: session{conn, o}, options: o}
	defer hasty.Close()
	require.NoError(t, db.conn.Exec(t.Context(), "SYSTEM STOP MERGES responses"))
	resumed := make(chan error, 1)
	time.AfterFunc(3*patience, func() { resumed <- db.conn.Exec(t.Context(), "SYSTEM START MERGES responses") })
	require.NoError(t, hasty.DeleteOffsets(t.Context(), Stream{"s", "a", 0}, []int64{2}))
	require.NoError(t, <-resumed)
	require.Equal(t, 2, countRows(t, db))
}
