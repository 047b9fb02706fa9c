package pipeline

import (
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// outgoing collects the lines of one produce request.
type outgoing struct {
	bytes []byte
	lines []line
	size  int // of the request, about

	opened time.Time // when its first line came
}

// line is one record to be: batch.bytes[from:to].
type line struct {
	batch    *outgoing
	from, to int
	whole    int64 // length of the line it was cut from; 0 = it is whole
}

func (o *outgoing) add(text []byte, from *Lines) {
	if len(o.lines) == 0 {
		o.opened = time.Now()
	}
	l := line{batch: o, from: len(o.bytes), to: len(o.bytes) + len(text)}
	if from.cut() {
		l.whole = from.whole
	}
	o.bytes = append(o.bytes, text...)
	o.lines = append(o.lines, l)
	o.size += len(text) + recordOverhead
}

func (o *outgoing) reset() {
	o.bytes, o.lines, o.size = o.bytes[:0], o.lines[:0], 0
}

// halve cuts the record to half its length.
func (l *line) halve() {
	if l.whole == 0 {
		l.whole = int64(l.to - l.from)
	}
	l.to = l.from + (l.to-l.from)/2
}

func sizeOf(lines []line) int64 {
	var size int64
	for _, l := range lines {
		size += int64(l.to - l.from + recordOverhead)
	}
	return size
}

// lineRecords hands lines to kafka-go as records.
type lineRecords struct {
	lines  []line
	record kafka.Record
}

// ReadRecord implements kafka.RecordReader.
func (r *lineRecords) ReadRecord() (*kafka.Record, error) {
	if len(r.lines) == 0 {
		return nil, io.EOF
	}
	l := r.lines[0]
	r.lines = r.lines[1:]
	r.record = kafka.Record{Value: protocol.NewBytes(l.batch.bytes[l.from:l.to])}
	if l.whole > 0 {
		r.record.Headers = truncatedHeader(l.whole)
	}
	return &r.record, nil
}
