package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// BucketSize is how many offsets a Bucket sums up: 1 << 16.
const BucketSize = 1 << 16

// Stream is one partition as the table knows it. All generations of a source (S, S~2, …) are one.
type Stream struct {
	Source    string
	Topic     string
	Partition int32
}

// Bucket sums up the rows of BucketSize consecutive offsets, the first of which is Number * BucketSize.
type Bucket struct {
	Number  int64
	Rows    uint64
	Offsets uint64 // distinct ones
	Digest  uint64 // of every row, by DigestOf, combined by exclusive or
	First   int64  // offset
	Last    int64  // offset
}

// StoredOffset is what the table holds of one offset.
type StoredOffset struct {
	Offset    int64
	Copies    uint64
	Low, High uint32 // the least and the greatest checksum of the copies
}

// StoredGap is a range of offsets [From, To) that is known to have no row.
type StoredGap struct {
	From    int64     `json:"from"`
	To      int64     `json:"to"`
	Kind    string    `json:"kind"`
	FoundAt time.Time `json:"found_at"`
}

// DigestOf hashes what identifies a row, as verify_buckets.sql does. Two rows that swapped their checksums
// have another sum.
func DigestOf(offset int64, checksum uint32) uint64 {
	return intHash64(intHash64(uint64(offset)) ^ uint64(checksum))
}

// intHash64 is ClickHouse's function of that name: a finalizer of MurmurHash3 after a salt.
func intHash64(x uint64) uint64 {
	x ^= 0x4cf2d2baae6da887
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Buckets sums up the rows of [from, to), in order; those without rows are left out.
func (db *DB) Buckets(ctx context.Context, s Stream, from, to int64) ([]Bucket, error) {
	var list []Bucket
	err := db.ask(ctx, "verify_buckets", s.parameters(from, to), func(rows driver.Rows) error {
		var b Bucket
		err := rows.Scan(&b.Number, &b.Rows, &b.Offsets, &b.Digest, &b.First, &b.Last)
		list = append(list, b)
		return err
	})
	return list, err
}

// StoredOffsets lists the offsets of [from, to), at most BucketSize of them, that have rows, in order. The
// list is appended to reuse.
func (db *DB) StoredOffsets(ctx context.Context, s Stream, from, to int64, reuse []StoredOffset) ([]StoredOffset, error) {
	if to-from > BucketSize {
		return nil, fmt.Errorf("stored offsets of [%d, %d): want at most %d offsets", from, to, BucketSize)
	}
	err := db.ask(ctx, "verify_offsets", s.parameters(from, to), func(rows driver.Rows) error {
		var o StoredOffset
		err := rows.Scan(&o.Offset, &o.Copies, &o.Low, &o.High)
		reuse = append(reuse, o)
		return err
	})
	return reuse, err
}

// Gaps lists what is known to be lost of [from, to), by its start. Gaps may overlap.
func (db *DB) Gaps(ctx context.Context, s Stream, from, to int64) ([]StoredGap, error) {
	var list []StoredGap
	err := db.ask(ctx, "gaps", s.parameters(from, to), func(rows driver.Rows) error {
		var g StoredGap
		err := rows.Scan(&g.From, &g.To, &g.Kind, &g.FoundAt)
		list = append(list, g)
		return err
	})
	return list, err
}

func (s Stream) parameters(from, to int64) map[string]any {
	return map[string]any{"source": s.Source, "topic": s.Topic, "partition": s.Partition, "from": from, "to": to}
}
