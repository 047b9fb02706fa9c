package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/errata-dev/errata/storage"
)

// WatermarkSink keeps how far the partitions have been delivered, so that an answer can say until
// when it is complete.
type WatermarkSink interface {
	RecordWatermarks(ctx context.Context, marks []storage.Watermark) error
}

// recordTimeout bounds one writing of watermarks or gaps: a server that has fallen silent must hold up
// neither the end nor the next attempt.
const recordTimeout = 3 * time.Second

// mark is how far one owned partition has come.
type mark struct {
	offset  int64     // everything below is in the table
	logTime int64     // broker timestamp of the newest delivered record, Unix milliseconds; 0 = none yet
	high    int64     // the end of the log when it was last heard of
	heard   time.Time // when that was
	stopped bool      // halted
}

func (m *mark) lag() int64 { return max(0, m.high-m.offset) }

// board keeps the marks of one generation's partitions.
type board struct {
	ingester *Ingester
	mu       sync.Mutex
	marks    map[tp]*mark
}

func newBoard(i *Ingester, h holding) *board {
	b := &board{ingester: i, marks: map[tp]*mark{}}
	for p, offset := range h.starts {
		b.marks[p] = &mark{offset: offset}
	}
	return b
}

// heard implements fetchReport.
func (b *board) heard(p tp, high int64, at time.Time) {
	b.mu.Lock()
	m := b.marks[p]
	m.high, m.heard = high, at
	lag := m.lag()
	b.mu.Unlock()
	b.lag(p, lag)
}

func (b *board) lag(p tp, lag int64) {
	b.ingester.metrics.lag.WithLabelValues(p.topic, strconv.Itoa(int(p.id))).Set(float64(lag))
}

// halted implements fetchReport.
func (b *board) halted(err *HaltError) {
	b.mu.Lock()
	p := tp{err.Topic, err.Partition}
	if b.marks[p] == nil {
		b.marks[p] = &mark{}
	}
	b.marks[p].stopped = true
	b.mu.Unlock()
	b.ingester.health.set("partition "+p.String(), err.Error())
	b.ingester.metrics.halted.Inc()
	b.ingester.log.Error().Str("topic", err.Topic).Int32("partition", err.Partition).Msg("partition halted: " + err.Reason)
}

// stuck implements fetchReport.
func (b *board) stuck(p tp, reason error) {
	b.ingester.health.set("partition "+p.String(), fmt.Sprintf("partition %s cannot be fetched: %v", p, reason))
}

// flowing implements fetchReport.
func (b *board) flowing(p tp) { b.ingester.health.clear("partition " + p.String()) }

// delivered implements deliveryReport.
func (b *board) delivered(done *batch) {
	i := b.ingester
	i.metrics.count(&done.tally)
	i.counters.count(&done.tally, done.block.Rows())
	for p, progress := range done.ranges {
		b.mu.Lock()
		m := b.marks[p]
		m.offset = progress.span.to
		m.logTime = max(m.logTime, progress.logTime)
		lag := m.lag()
		b.mu.Unlock()
		b.lag(p, lag)
		if i.options.OnCommit != nil {
			i.options.OnCommit(p.topic, p.id, progress.span.to)
		}
	}
}

// watermarks returns the marks that may be stated at now. "Caught up" may only be said of a partition
// whose end was heard of just before: whoever reads it takes it to hold for the time it is written.
func (b *board) watermarks(now time.Time) []storage.Watermark {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := now.Add(-2*b.ingester.options.FetchWait - time.Second)
	marks := make([]storage.Watermark, 0, len(b.marks))
	for p, m := range b.marks {
		w := storage.Watermark{
			Source: b.ingester.source, Topic: p.topic, Partition: p.id,
			Offset: m.offset, LogTime: time.UnixMilli(m.logTime).UTC(), Lag: m.lag(),
		}
		if m.stopped {
			w.Lag = max(w.Lag, 1) // a halted partition has not caught up, whatever it last heard
		}
		if w.Lag > 0 || m.heard.After(fresh) {
			marks = append(marks, w)
		}
	}
	return marks
}

// publish writes watermarks every interval until ctx ends.
func (b *board) publish(ctx context.Context) {
	if b.ingester.options.Watermarks == nil {
		return
	}
	for pause(ctx, b.ingester.options.WatermarkInterval) {
		b.write(ctx, b.watermarks(time.Now()))
	}
}

// close writes that this ingester has ended cleanly.
func (b *board) close() {
	if b.ingester.options.Watermarks == nil {
		return
	}
	marks := b.watermarks(time.Time{}) // however long ago: a closed mark claims nothing
	for n := range marks {
		marks[n].Closed = true
	}
	b.write(context.Background(), marks)
}

func (b *board) write(ctx context.Context, marks []storage.Watermark) {
	if len(marks) == 0 {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := b.ingester.options.Watermarks.RecordWatermarks(bounded, marks); err != nil && ctx.Err() == nil {
		b.ingester.quiet.warn(b.ingester.log, "watermark").Err(err).Msg("cannot write watermarks")
	}
}

// forget removes what was said about partitions that are no longer owned.
func (b *board) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p := range b.marks {
		b.ingester.metrics.lag.DeleteLabelValues(p.topic, strconv.Itoa(int(p.id)))
		b.ingester.health.clear("partition " + p.String())
	}
	for _, part := range []string{"insert", "commit"} {
		b.ingester.health.clear(part) // whoever owns the partitions next finds out for itself
	}
	b.ingester.metrics.halted.Set(0)
}
