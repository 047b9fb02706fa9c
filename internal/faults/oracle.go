package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// position is where a record lies in a topic.
type position struct {
	partition int32
	offset    int64
}

func (p position) String() string { return fmt.Sprintf("%d:%d", p.partition, p.offset) }

// records are positions with the CRC-32C of the value there.
type records map[position]uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(value []byte) uint32 { return crc32.Checksum(value, castagnoli) }

// readLog reads the whole topic as another client than the one under test sees it.
func readLog(ctx context.Context, k *kafka, topic string) (records, error) {
	starts, err := k.starts(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends, err := k.ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	from := map[int32]kgo.Offset{}
	for partition, end := range ends {
		if starts[partition] < end {
			from[partition] = kgo.NewOffset().At(starts[partition])
		}
	}
	if len(from) == 0 {
		return records{}, nil
	}
	// Control records are kept to see the end of a log that ends with one.
	client, err := kgo.NewClient(kgo.SeedBrokers(k.addrs...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	defer client.Close()
	return collect(ctx, client, ends, len(from))
}

// collect polls until every partition has been read to its end. Aborted records at an end are not seen, so the
// log must not end with them.
func collect(ctx context.Context, client *kgo.Client, ends map[int32]int64, partitions int) (records, error) {
	all, finished := records{}, map[int32]bool{}
	for len(finished) < partitions {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				all[position{r.Partition, r.Offset}] = checksum(r.Value)
			}
			if r.Offset >= ends[r.Partition]-1 {
				finished[r.Partition] = true
			}
		})
	}
	return all, nil
}
