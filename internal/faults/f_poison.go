package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kgo"
)

// poisonFaults is F12: what lies in the log is not what it should be.
func poisonFaults() []fault {
	return []fault{
		{id: "F12", name: "transient", what: "batches arrive spoiled for a while, and whole when they are read again", inject: spoiledForAWhile},
		{id: "F12", name: "poison", what: "batches that nobody can read: wrong checksum, unknown codec, old format, broken compression, a bomb", unreadable: true, inject: poison},
		{id: "F12", name: "odd", what: "batches that are unusual and right: no value, no key, large headers, aborted transactions", inject: oddities},
	}
}

// spoiledForAWhile has the broker spoil some batches on the wire, which are whole on its disk.
func spoiledForAWhile(ctx context.Context, t *trial) error {
	for range t.rounds(1, 5) {
		t.strike()
		if err := t.broker.order(ctx, order{Do: orderMangle, On: true}); err != nil {
			return err
		}
		for i, spoiler := range []string{spoilChecksum, spoilMagic, spoilCodec} {
			if err := t.plant(ctx, int32(i), plainBatch(spoiler)); err != nil {
				return err
			}
		}
		if err := t.awaitUnready(ctx, healLimit); err != nil {
			return err
		}
		if err := t.broker.order(ctx, order{Do: orderMangle}); err != nil {
			return err
		}
		if err := t.restart(ctx); err != nil {
			return err
		}
		if err := t.progress(ctx, healLimit); err != nil {
			return err
		}
	}
	return nil
}

// poison plants batches of every kind in three of the four partitions. By default these halt, and the fourth
// flows; with --on-unreadable continue all flow, and each unreadable batch is a gap.
func poison(ctx context.Context, t *trial) error {
	if err := t.broker.order(ctx, order{Do: orderMangle, On: true}); err != nil {
		return err
	}
	batches := []batch{plainBatch(spoilChecksum), plainBatch(spoilMagic), plainBatch(spoilCodec), brokenBatch()}
	bombs, err := bombBatches()
	if err != nil {
		return err
	}
	for i, b := range append(batches, bombs...) {
		t.strike()
		if err := t.plant(ctx, int32(i%3), b); err != nil {
			return err
		}
	}
	if err := t.awaitUnready(ctx, healLimit); err != nil {
		return err
	}
	if err := t.progress(ctx, healLimit); err != nil {
		return fmt.Errorf("the fourth partition: %w", err)
	}
	return t.restart(ctx, "--on-unreadable", "continue")
}

// brokenBatch says gzip and is not.
func brokenBatch() batch {
	return batch{codec: codecGzip, records: 3, payload: bytes.Repeat([]byte("not gzip "), 30)}
}

// bombSize is what the payload of a bomb becomes when it is decompressed, in bytes.
const bombSize = 512 << 20

// bombBatches decompress to one record of zeros.
func bombBatches() ([]batch, error) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if err := writeBomb(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("bomb: %w", err)
	}
	var z bytes.Buffer
	e, err := zstd.NewWriter(&z, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("bomb: %w", err)
	}
	if err := writeBomb(e); err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("bomb: %w", err)
	}
	return []batch{
		{codec: codecGzip, records: 1, payload: zipped.Bytes()},
		{codec: codecZstd, records: 1, payload: z.Bytes()},
	}, nil
}

// oddities are delivered like all else. Aborted records are not.
func oddities(ctx context.Context, t *trial) error {
	for round := range t.rounds(3, 30) {
		t.strike()
		values := [][]byte{[]byte(`{"a":1}`), nil, []byte(fmt.Sprintf(`{"round":%d}`, round)), bytes.Repeat([]byte("x"), 900_000)}
		for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
			if err := transact(ctx, t, fmt.Sprintf("odd-%d-%v", round, end), end, values); err != nil {
				return err
			}
		}
		r := &kgo.Record{Headers: []kgo.RecordHeader{{Key: "large", Value: bytes.Repeat([]byte("h"), 900_000)}, {Key: ""}}}
		t.producer.produce(ctx, r)
		t.producer.produce(ctx, &kgo.Record{Key: bytes.Repeat([]byte("k"), 10_000), Value: []byte("")})
		if err := pause(ctx, t.between(0, time.Second)); err != nil {
			return err
		}
	}
	return t.progress(ctx, healLimit)
}
