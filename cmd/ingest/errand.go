package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/storage"
)

// errand is a bounded run of an ingester beside the live group: it delivers the records of some spans under
// a group, and perhaps a source, of its own, and ends.
type errand struct {
	group  string
	source string
	what   string // for the progress bar
	rows   int64  // where the bar ends
	spans  map[fetch.Partition]fetch.Span
}

// errHalted says that a partition of an errand cannot go on.
var errHalted = errors.New("cannot go on")

// run delivers the errand. Rows that the table has under the errand's source stay as they are.
func (d *desk) run(ctx context.Context, s settings, e errand, stderr io.Writer) (err error) {
	log, err := cli.Logger(stderr, s.log)
	if err != nil {
		return err
	}
	if err := d.alone(ctx, e.group); err != nil {
		return err
	}
	writer := storage.NewWriter(d.store.Options)
	defer func() { err = errors.Join(err, writer.Close()) }()
	ingester, err := d.ingester(ctx, s, e, writer, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := d.watch(ctx, ingester, e, stderr, cancel)
	err = ingester.Run(ctx)
	stop()
	if cause := context.Cause(ctx); err == nil && cause != nil {
		return cause
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.what, err)
	}
	return nil
}

// alone refuses to join a group that has members: both would wait for each other's partitions.
func (d *desk) alone(ctx context.Context, group string) error {
	members, err := d.cluster.Members(ctx, group)
	if err != nil {
		return err
	}
	if members > 0 {
		return notAlone(group)
	}
	return nil
}

func notAlone(group string) error {
	return fmt.Errorf("group %s has another member: this command runs elsewhere too; wait for it, or stop it, and try again", group)
}

func (d *desk) ingester(ctx context.Context, s settings, e errand, writer *storage.Writer, log zerolog.Logger) (*pipeline.Ingester, error) {
	parser, err := d.registry(ctx, s)
	if err != nil {
		return nil, err
	}
	o := d.options
	o.Group, o.Source, o.OnCommit = e.group, e.source, nil
	o.From, o.Until = map[fetch.Partition]int64{}, map[fetch.Partition]int64{}
	for p, span := range e.spans {
		o.From[p], o.Until[p] = span.From, span.To
	}
	if d.shards != nil {
		return sharded(o, parser, d.shards, log, prometheus.NewRegistry()) // nobody looks at its metrics
	}
	i, err := pipeline.New(o, parser, writer, storage.Single{DB: d.store.DB}, log, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.what, err)
	}
	return i, nil
}

func (d *desk) registry(ctx context.Context, s settings) (*parsers.Registry, error) {
	if d.shards != nil {
		return s.registry(d.shards.HashKey)
	}
	key, err := d.store.DB.HashKey(ctx)
	if err != nil {
		return nil, err
	}
	return s.registry(key)
}

// lookAround is after how many looks at the progress the group is looked at: two seconds.
const lookAround = 20

// accompanied tells whether another run has joined at the same moment: each would wait for the partitions of
// the other for ever.
func (d *desk) accompanied(ctx context.Context, group string) bool {
	members, err := d.cluster.Members(ctx, group)
	return err == nil && members > 1
}

// watch draws the progress and cancels the run when a partition halts or the group is shared, until the returned function is called.
func (d *desk) watch(ctx context.Context, i *pipeline.Ingester, e errand, stderr io.Writer, cancel context.CancelCauseFunc) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		bar := cli.Bar(stderr, e.rows, e.what)
		defer cli.Finish(bar)
		for n := 1; sleep(ctx, 100*time.Millisecond) == nil; n++ {
			cli.Advance(bar, i.Stats().Records)
			if ready, reason := i.Ready(); !ready && strings.Contains(reason, " halted: ") {
				cancel(fmt.Errorf("%s %w: %s", e.what, errHalted, reason))
			}
			if n%lookAround == 0 && d.accompanied(ctx, e.group) {
				cancel(notAlone(e.group))
			}
		}
	}()
	return func() {
		end()
		<-done
	}
}
