package pipeline

import (
	"context"
	"sync"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

// parserFunc is a parser that tells of each record.
type parserFunc chan<- struct{}

func (p parserFunc) Parse(rec *parsers.Record, row *parsers.Row) {
	fakeParser{}.Parse(rec, row)
	p <- struct{}{}
}

func (p parserFunc) Bury(rec *parsers.Record, row *parsers.Row, reason parsers.Reason) {
	fakeParser{}.Bury(rec, row, reason)
}

// watermarks keeps what was written.
type watermarks struct {
	mu  sync.Mutex
	all []storage.Watermark
}

func (w *watermarks) RecordWatermarks(_ context.Context, marks []storage.Watermark) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, marks...)
	return nil
}

func (w *watermarks) last() (storage.Watermark, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return storage.Watermark{}, false
	}
	return w.all[len(w.all)-1], true
}

func (w *watermarks) closed() []storage.Watermark {
	w.mu.Lock()
	defer w.mu.Unlock()
	var closed []storage.Watermark
	for _, m := range w.all {
		if m.Closed {
			closed = append(closed, m)
		}
	}
	return closed
}

// gapList keeps what was reported.
type gapList struct {
	mu  sync.Mutex
	all []storage.Gap
}

func (g *gapList) RecordGaps(_ context.Context, gaps []storage.Gap) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, gaps...)
	return nil
}
