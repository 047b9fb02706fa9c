package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// Witness is what a ReadBack may offer besides: the checksums of the values whose rows it has.
type Witness interface {
	Checksums(ctx context.Context, source string, at []storage.Position) ([]storage.Checksum, error)
}

// recreatedHalt is said of a log that is another one than the table's rows came from.
const recreatedHalt = "the topic was re-created: the record at offset %d is not the one whose row the table holds. Its records would pass for the old ones and be left out. Start with another --source and --group for the new topic"

// strange tells, of partitions whose rows would be left out because the table has them already, those whose
// log holds other records. It matters where no note says what the group read last: when a topic is deleted,
// the group's offsets go with it, and the new one may have grown past the old rows.
func (i *Ingester) strange(ctx context.Context, group map[tp]standing, logs map[tp]span, table map[tp]*holdings) (map[tp]string, error) {
	witness, ok := i.back.(Witness)
	if !ok {
		return nil, nil
	}
	var at []storage.Position
	for p, h := range table {
		if group[p].note.Last.Known || len(h.held) == 0 {
			continue
		}
		for _, offset := range []int64{h.held[0].From, h.held.end() - 1} {
			if offset >= logs[p].From && offset < logs[p].To {
				at = append(at, storage.Position{Topic: p.Topic, Partition: p.ID, Offset: offset})
			}
		}
	}
	if len(at) == 0 {
		return nil, nil
	}
	sums, err := witness.Checksums(ctx, i.source, at)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	halts := map[tp]string{}
	for _, row := range sums {
		same, err := i.sameRecord(ctx, row)
		if err != nil {
			return nil, err
		}
		if !same {
			halts[tp{Topic: row.Topic, ID: row.Partition}] = fmt.Sprintf(recreatedHalt, row.Offset)
		}
	}
	return halts, nil
}

// sameRecord reports whether the log still has the record of a row, or has no record at its offset any more.
func (i *Ingester) sameRecord(ctx context.Context, row storage.Checksum) (bool, error) {
	r, found, err := i.record(ctx, tp{Topic: row.Topic, ID: row.Partition}, row.Offset)
	if err != nil {
		return false, fmt.Errorf("comparing the log with the table: %w", err)
	}
	return !found || fetch.Checksum(r.value) == row.Sum, nil
}

// record reads one record of the log. One that is not found was deleted, or is not to be read: whoever reads the
// partition finds out.
func (i *Ingester) record(ctx context.Context, p tp, offset int64) (r record, found bool, err error) {
	now := time.Now().UnixMilli()
	r = record{Record: fetch.Record{Offset: offset}, fetched: now}
	config := i.fetching()
	config.Budget = nil // one record beside those that are fetched
	_, err = fetch.Scan(ctx, config, p, span{From: offset, To: offset + 1}, func(one fetch.Record, value []byte) error {
		r, found = record{one, bytes.Clone(value), now}, true
		return nil
	})
	var unreadable *fetch.UnreadableError
	if errors.Is(err, kafka.OffsetOutOfRange) || errors.As(err, &unreadable) {
		err = nil
	}
	return r, found, err //nolint:wrapcheck // it says what was fetched
}

// fetching is how records are fetched.
func (i *Ingester) fetching() fetch.Config {
	o := i.options
	return fetch.Config{
		Transport: i.broker.transport, Addr: i.broker.client.Addr, Topics: o.Topics,
		FetchBytes: o.FetchBytes, PartitionBytes: o.PartitionBytes, MaxRecordBytes: o.MaxRecordBytes, MaxBatchBytes: o.maxBatchBytes(),
		FetchWait: o.FetchWait, RequestTimeout: o.RequestTimeout, RetryBackoff: o.RetryBackoff,
		OnUnreadable: o.unreadable(), Warn: func(kind string) *zerolog.Event { return i.quiet.warn(i.log, kind) },
	}
}
