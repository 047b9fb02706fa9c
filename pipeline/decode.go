package pipeline

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

var errOldFormat = errors.New("records in a message format before Kafka 0.11 (magic 0 or 1)")

// abortMarker is the type of the control record that ends an aborted transaction.
const abortMarker = 0

// decoding copies the records of one partition's answer into a chunk, leaving out what no consumer
// may see: control records, records of aborted transactions, and offsets before the asked position.
type decoding struct {
	into      *chunk
	maxRecord int
	pending   []fetch.ResponseTransaction // aborted ones that have not begun yet, by first offset
	aborted   map[int64]bool              // producers inside an aborted transaction
}

// decode fills c, whose span is empty and stands at the asked position. Afterwards the span accounts
// for everything that the answer held.
func decode(c *chunk, answer *fetch.ResponsePartition, maxRecord int) error {
	stream, ok := answer.RecordSet.Records.(*protocol.RecordStream)
	if !ok {
		return nil // an empty answer
	}
	d := decoding{into: c, maxRecord: maxRecord, pending: slices.Clone(answer.AbortedTransactions)}
	slices.SortFunc(d.pending, func(a, b fetch.ResponseTransaction) int { return int(a.FirstOffset - b.FirstOffset) })
	for _, batch := range stream.Records {
		if err := d.batch(batch); err != nil {
			return err
		}
	}
	if len(stream.Records) > 0 && c.span.len() == 0 && c.span.to < answer.HighWatermark {
		// A whole batch that reaches the asked offset and has nothing from there on: compaction took
		// its tail. The client does not say where the batch ends, so feel forward offset by offset, but
		// never beyond what the broker says is there.
		c.span.to++
	}
	return nil
}

func (d *decoding) batch(batch protocol.RecordReader) error {
	switch b := batch.(type) {
	case *protocol.ControlBatch:
		return d.control(b)
	case *protocol.RecordBatch:
		d.begin(b.BaseOffset)
		if b.Attributes.Transactional() && d.aborted[b.ProducerID] {
			return d.each(b.Records, d.skip)
		}
		return d.each(b.Records, d.copy)
	default:
		return errOldFormat
	}
}

// begin opens the aborted transactions that start at or before base.
func (d *decoding) begin(base int64) {
	for len(d.pending) > 0 && d.pending[0].FirstOffset <= base {
		if d.aborted == nil {
			d.aborted = map[int64]bool{}
		}
		d.aborted[d.pending[0].ProducerID] = true
		d.pending = d.pending[1:]
	}
}

func (d *decoding) control(b *protocol.ControlBatch) error {
	d.begin(b.BaseOffset) // or the end of a transaction that began before this answer would open it
	return d.each(b.Records, func(r *protocol.Record) error {
		marker, err := protocol.ReadControlRecord(r)
		if err != nil {
			return fmt.Errorf("control record at offset %d: %w", r.Offset, err)
		}
		if marker.Type == abortMarker {
			delete(d.aborted, b.ProducerID)
		}
		d.advance(marker.Offset)
		return nil
	})
}

func (d *decoding) each(records protocol.RecordReader, take func(*protocol.Record) error) error {
	for {
		r, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("record after offset %d: %w", d.into.span.to, err)
		}
		if err = take(r); err != nil {
			return err
		}
		if err = closeRecord(r); err != nil {
			return err
		}
	}
}

// closeRecord hands the pages of a record back to kafka-go.
func closeRecord(r *protocol.Record) error {
	for _, part := range []protocol.Bytes{r.Key, r.Value} {
		if part == nil {
			continue
		}
		if err := part.Close(); err != nil {
			return fmt.Errorf("record at offset %d: %w", r.Offset, err)
		}
	}
	return nil
}

func (d *decoding) skip(r *protocol.Record) error {
	d.advance(r.Offset)
	return nil
}

func (d *decoding) copy(r *protocol.Record) error {
	c := d.into
	if r.Offset < c.span.to {
		return nil // before the position: a broker answers with whole batches
	}
	size := 0
	if r.Value != nil {
		size = min(r.Value.Len(), d.maxRecord)
	}
	from := len(c.values)
	c.values = slices.Grow(c.values, size)[:from+size]
	if size > 0 {
		if _, err := io.ReadFull(r.Value, c.values[from:]); err != nil {
			return fmt.Errorf("value at offset %d: %w", r.Offset, err)
		}
	}
	c.records = append(c.records, record{offset: r.Offset, timestamp: r.Time.UnixMilli(), end: len(c.values)})
	d.advance(r.Offset)
	return nil
}

// advance accounts for one offset.
func (d *decoding) advance(offset int64) {
	if offset >= d.into.span.to {
		d.into.span.to = offset + 1
	}
}
