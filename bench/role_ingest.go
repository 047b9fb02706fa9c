package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/storage"
)

// ingested is an ingester's account of its work.
type ingested struct {
	CPU  time.Duration `json:"cpu_ns"`  // of the process, from before it dials the broker until the last commit
	Took time.Duration `json:"took_ns"` // from the first record parsed until the last commit

	Allocations uint64 `json:"allocations"` // of all that the CPU was used for
}

// runFetch is an ingester whose records end in a block that is thrown away.
func runFetch(ctx context.Context, a assignment, answer *json.Encoder) error {
	return consume(ctx, a, ends{parser: nothing{}, sink: nothing{}, back: nothing{}}, answer)
}

// ingesterMemory is what the command ingest has without being told otherwise.
const ingesterMemory = 256_000_000

// runIngest is an ingester put together as the command ingest does it.
func runIngest(ctx context.Context, a assignment, answer *json.Encoder) (err error) {
	debug.SetMemoryLimit(ingesterMemory / 10 * 8)
	options, err := storage.ParseURL(a.ClickHouse)
	if err != nil {
		return err
	}
	db, err := storage.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	key, err := db.HashKey(ctx)
	if err != nil {
		return err
	}
	parser, err := parsers.New(parsers.Options{HashKey: key})
	if err != nil {
		return err
	}
	writer := storage.NewWriter(options)
	defer func() { err = errors.Join(err, writer.Close()) }()
	return consume(ctx, a, ends{parser: parser, sink: writer, back: db, marks: db}, answer)
}

// ends are what an ingester works between.
type ends struct {
	parser pipeline.Parser
	sink   pipeline.Sink
	back   pipeline.ReadBack
	marks  pipeline.WatermarkSink // may be nil
}

// consume ingests all records of the topic, answers with the account, and waits for its end.
func consume(ctx context.Context, a assignment, e ends, answer *json.Encoder) error {
	progress := newProgress(a.Records)
	clock := &firstParse{Parser: e.parser}
	ingester, err := pipeline.New(pipeline.Options{
		Brokers: []string{a.Broker}, Topics: []string{a.Topic}, Group: a.Group,
		OnCommit: progress.committed, Watermarks: e.marks,
	}, clock, e.sink, e.back, stderrLog(), nil)
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	from, err := ownCPU()
	if err != nil {
		return err
	}
	endProfile, err := startProfile(a.Profile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- ingester.Run(ctx) }()
	select {
	case <-progress.complete:
	case err := <-ended:
		return errors.Join(errors.New("the ingester ended before all records were in the table"), err)
	}
	to, err := ownCPU()
	if err := errors.Join(err, endProfile()); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	if n := ingester.Stats().InsertErrors; n > 0 {
		return fmt.Errorf("%d inserts failed: the figures would say nothing", n)
	}
	if err := answer.Encode(ingested{CPU: to - from, Took: clock.elapsed(), Allocations: after.Mallocs - before.Mallocs}); err != nil {
		return err
	}
	cancel()
	return <-ended
}

// progress watches an ingester's commits.
type progress struct {
	want     int64
	offsets  map[int32]int64
	done     bool
	complete chan struct{} // closed when all records are committed
}

func newProgress(records int) *progress {
	return &progress{want: int64(records), offsets: map[int32]int64{}, complete: make(chan struct{})}
}

// committed is called by the ingester's delivering goroutine only. Every offset of the topic is a record.
func (p *progress) committed(_ string, partition int32, offset int64) {
	p.offsets[partition] = offset
	var sum int64
	for _, offset := range p.offsets {
		sum += offset
	}
	if sum == p.want && !p.done {
		p.done = true
		close(p.complete)
	}
}

// firstParse notes when the first record was parsed.
type firstParse struct {
	pipeline.Parser
	at atomic.Pointer[time.Time]
}

func (f *firstParse) Parse(rec *parsers.Record, row *parsers.Row) {
	if f.at.Load() == nil {
		now := time.Now()
		f.at.Store(&now)
	}
	f.Parser.Parse(rec, row)
}

func (f *firstParse) elapsed() time.Duration { return time.Since(*f.at.Load()) }

// nothing is a parser that does not look at the record, and a table that keeps nothing.
type nothing struct{}

func (nothing) Parse(rec *parsers.Record, row *parsers.Row) {
	row.Kind, row.Time, row.LogTime = parsers.KindSuccess, rec.LogTime, rec.LogTime
	row.Source, row.Topic, row.Partition, row.Offset = rec.Source, rec.Topic, rec.Partition, rec.Offset
}

func (nothing) Insert(context.Context, *storage.Block, storage.Grant) error { return nil }

func (nothing) Present(context.Context, string, []storage.Position) ([]storage.Range, error) {
	return nil, nil
}

// Bury is not called: nothing has a time.
func (nothing) Bury(*parsers.Record, *parsers.Row, parsers.Reason) {}
