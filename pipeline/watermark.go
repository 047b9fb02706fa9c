package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/errata-dev/errata/pipeline/grant"
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
	moved   time.Time // when offset last rose, or there was nothing to deliver
	stopped bool      // halted
}

func (m *mark) lag() int64 { return max(0, m.high-m.offset) }

// board keeps the marks of one generation's partitions.
type board struct {
	ingester *Ingester
	mu       sync.Mutex
	marks    map[tp]*mark
	accepted bool // some commit was
}

func newBoard(i *Ingester) *board { return &board{ingester: i, marks: map[tp]*mark{}} }

// start begins with a partition that is read from offset on.
func (b *board) start(p tp, offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.marks[p] = &mark{offset: offset, moved: time.Now()}
}

// heard notes where the log ends.
func (b *board) heard(p tp, high int64, at time.Time) {
	b.mu.Lock()
	m := b.marks[p]
	m.high, m.heard = high, at
	lag := m.lag()
	if lag == 0 {
		m.moved = at
	}
	b.mu.Unlock()
	b.lag(p, lag)
}

func (b *board) lag(p tp, lag int64) {
	b.ingester.metrics.lag.WithLabelValues(p.Topic, strconv.Itoa(int(p.ID))).Set(float64(lag))
}

// halted implements deliveryReport.
func (b *board) halted(err *HaltError) {
	b.mu.Lock()
	p := tp{Topic: err.Topic, ID: err.Partition}
	if b.marks[p] == nil {
		b.marks[p] = &mark{}
	}
	before := b.marks[p].stopped
	b.marks[p].stopped = true
	b.mu.Unlock()
	if before {
		return // the first reason stands
	}
	b.ingester.health.set("partition "+p.String(), err.Error())
	b.ingester.metrics.halted.Inc()
	defer b.ingester.bounded.halted(err)
	b.ingester.log.Error().Str("topic", err.Topic).Int32("partition", err.Partition).Msg("partition halted: " + err.Reason)
}

// stallPatience is how long a partition may have records without one being delivered, or not be heard of,
// until it is alarming.
const stallPatience = time.Minute

// stalled says which partitions have records and do not move, or are not heard of, as those without a leader,
// whatever the reason: an alarm that does not depend on knowing what went wrong.
func (b *board) stalled(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	stalled := 0
	for p, m := range b.marks {
		part, reason := "stalled "+p.String(), m.stall(p, now)
		if reason == "" {
			b.ingester.health.clear(part)
			continue
		}
		stalled++
		b.ingester.health.set(part, reason)
	}
	b.ingester.metrics.stalled.Set(float64(stalled))
}

// stall says why a partition that should move does not; empty = it does, or has halted.
func (m *mark) stall(p tp, now time.Time) string {
	still := now.Sub(m.moved)
	switch {
	case m.stopped || still < stallPatience:
		return ""
	case m.lag() > 0:
		return fmt.Sprintf("partition %s: %d records are waiting and none was delivered for %s", p, m.lag(), still.Round(time.Second))
	}
	return fmt.Sprintf("partition %s: no broker was heard of for %s", p, still.Round(time.Second)) // or moved would be later
}

// delivered implements deliveryReport.
func (b *board) delivered(done *batch) {
	i := b.ingester
	i.counters.block(done.block.Rows())
	for p, share := range done.shares {
		if share.account.state.Phase == grant.Halted {
			continue
		}
		i.metrics.count(&share.tally)
		i.counters.count(&share.tally)
		b.mu.Lock()
		m := b.marks[p]
		if next := share.account.state.Next; next > m.offset {
			m.offset, m.moved = next, time.Now()
		}
		m.logTime = max(m.logTime, share.logTime)
		lag := m.lag()
		b.mu.Unlock()
		b.lag(p, lag)
	}
}

// progress reports whether the group has taken any offset of this generation's deliveries.
func (b *board) progress() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted
}

// committed implements deliveryReport.
func (b *board) committed(p tp, offset int64) {
	b.mu.Lock()
	b.accepted = true
	b.mu.Unlock()
	if b.ingester.options.OnCommit != nil {
		b.ingester.options.OnCommit(p.Topic, p.ID, offset)
	}
	b.ingester.bounded.committed(p, offset)
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
			Source: b.ingester.source, Topic: p.Topic, Partition: p.ID,
			Offset: m.offset, LogTime: time.UnixMilli(m.logTime).UTC(), Lag: m.lag(),
		}
		if m.stopped {
			w.Lag = max(w.Lag, 1) // a halted partition has not caught up, whatever it last heard
		}
		if w.Lag > 0 && m.logTime == 0 {
			continue // nothing is delivered yet: what was written by the one before says more
		}
		if w.Lag > 0 || m.heard.After(fresh) {
			marks = append(marks, w)
		}
	}
	return marks
}

func (b *board) stopped(p tp) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.marks[p].stopped
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
	for n, m := range marks {
		marks[n].Closed = !b.stopped(tp{Topic: m.Topic, ID: m.Partition}) // a halted one is not done with
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
		b.ingester.metrics.lag.DeleteLabelValues(p.Topic, strconv.Itoa(int(p.ID)))
		b.ingester.health.clear("partition " + p.String())
		b.ingester.health.clear("stalled " + p.String())
		b.ingester.health.clear("fetch " + p.String())
	}
	for _, part := range []string{"insert", "commit", "resolve", "doubt"} {
		b.ingester.health.clear(part) // whoever owns the partitions next finds out for itself
	}
	b.ingester.metrics.halted.Set(0)
	b.ingester.metrics.stalled.Set(0)
}
