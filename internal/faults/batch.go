package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Codecs of a record batch.
const (
	codecNone = 0
	codecGzip = 1
	codecZstd = 4
)

// batch is a record batch made by hand. Its frame is right, so that a broker takes it.
type batch struct {
	codec   int16
	records int32
	payload []byte
}

// plainBatch holds one record with that key, and a value of its own.
func plainBatch(key string) batch {
	return batch{records: 1, payload: encodeRecord([]byte(key), []byte(`{"planted":"a record that is longer than 64 bytes","by":"`+key+`"}`))}
}

// encodeRecord is a record without headers, the first of its batch.
func encodeRecord(key, value []byte) []byte {
	body := []byte{0}                  // attributes
	body = kbin.AppendVarlong(body, 0) // timestamp delta
	body = kbin.AppendVarint(body, 0)  // offset delta
	body = append(kbin.AppendVarint(body, int32(len(key))), key...)
	body = append(kbin.AppendVarint(body, int32(len(value))), value...)
	body = kbin.AppendVarint(body, 0) // headers
	return append(kbin.AppendVarint(nil, int32(len(body))), body...)
}

// writeBomb writes a record whose value is bombSize zeros.
func writeBomb(w io.Writer) error {
	head := []byte{0}
	head = kbin.AppendVarlong(head, 0)
	head = kbin.AppendVarint(head, 0)
	head = kbin.AppendVarint(head, -1)
	head = kbin.AppendVarint(head, bombSize)
	pieces := [][]byte{kbin.AppendVarint(nil, int32(len(head)+bombSize+1)), head}
	zeros := make([]byte, 1<<20)
	for range bombSize / len(zeros) {
		pieces = append(pieces, zeros)
	}
	for _, piece := range append(pieces, []byte{0}) {
		if _, err := w.Write(piece); err != nil {
			return fmt.Errorf("bomb: %w", err)
		}
	}
	return nil
}

// encode is the batch as it is sent.
func (b batch) encode() []byte {
	now := time.Now().UnixMilli()
	r := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, Attributes: b.codec, LastOffsetDelta: b.records - 1, FirstTimestamp: now, MaxTimestamp: now,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: b.records, Records: b.payload,
	}
	raw := r.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], castagnoli))
	return raw
}

// plant appends a batch to a partition. The producer's account has its records from then on; what is in them
// does not matter, as nobody can read them, unless they were spoiled for a while only.
func (t *trial) plant(ctx context.Context, partition int32, b batch) error {
	meta, err := t.kafka.admin.Metadata(ctx, t.topic)
	if err != nil {
		return fmt.Errorf("plant a batch: %w", err)
	}
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 5000
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.TopicID = t.topic, meta.Topics[t.topic].ID
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition, part.Records = partition, b.encode()
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	resp, err := t.kafka.client.SeedBrokers()[0].RetriableRequest(ctx, req)
	if err != nil {
		return fmt.Errorf("plant a batch: %w", err)
	}
	answer := resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
		return fmt.Errorf("plant a batch: %w", err)
	}
	t.line.note("planted at %d:%d: codec %d, %d bytes", partition, answer.BaseOffset, b.codec, len(b.payload))
	t.producer.planted(partition, answer.BaseOffset, b.records)
	return nil
}

// planted notes records that nobody can read.
func (p *producer) planted(partition int32, from int64, n int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range int64(n) {
		p.unreadable = append(p.unreadable, position{partition, from + i})
	}
}
