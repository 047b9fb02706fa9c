package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/errata-dev/errata/storage"
)

// ReadBack says what the table holds already. It has to see every insert that the Sink acknowledged:
// both must use the same server.
type ReadBack interface {
	// Present returns which offsets at or beyond each position the table has rows of. It gives up when its server is silent.
	Present(ctx context.Context, source string, from []storage.Position) ([]storage.Range, error)
}

// InsertWatcher is what a ReadBack may offer besides: the ids of inserts that are still running.
type InsertWatcher interface {
	RunningInserts(ctx context.Context, idPrefix string) ([]string, error)
}

// Elder is what a ReadBack may offer besides: the newest row that it has below each position.
type Elder interface {
	Newest(ctx context.Context, source string, below []storage.Position) ([]storage.Position, error)
}

// readBackTimeout bounds a short question to the table. What it holds may take longer to find out: a ReadBack has to give up by
// itself when its server is silent.
const readBackTimeout = 30 * time.Second

// present asks which offsets at or beyond from are in the table, all partitions in one question.
func (i *Ingester) present(ctx context.Context, from map[tp]int64) (map[tp]*holdings, error) {
	positions := make([]storage.Position, 0, len(from))
	for p, offset := range from {
		positions = append(positions, storage.Position{Topic: p.Topic, Partition: p.ID, Offset: offset})
	}
	found, err := i.back.Present(ctx, i.source, positions)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	i.alarm(found)
	table := make(map[tp]*holdings, len(from))
	spans := map[tp][]span{}
	for p := range from {
		table[p] = &holdings{}
	}
	for _, r := range found {
		p := tp{Topic: r.Topic, ID: r.Partition}
		spans[p] = append(spans[p], span{From: r.Start, To: r.End})
		if h := table[p]; h != nil && r.Surplus > 0 {
			h.surplus = append(h.surplus, r)
		}
	}
	for p, h := range table {
		h.held = newOffsets(spans[p])
	}
	return table, nil
}

// alarm says that the table holds rows twice, which must not happen.
func (i *Ingester) alarm(found []storage.Range) {
	var surplus int64
	for _, r := range found {
		if surplus += r.Surplus; r.Surplus > 0 {
			p := tp{Topic: r.Topic, ID: r.Partition}
			i.quiet.warn(i.log, "surplus "+p.String()).Stringer("partition", p).Int64("from", r.Start).Int64("to", r.End).
				Int64("surplus", r.Surplus).Msg("the table holds rows more than once")
		}
	}
	if surplus > 0 {
		i.metrics.surplus.Set(float64(surplus))
	}
}

// grantPrefix begins the ids of all inserts of one group.
func (i *Ingester) grantPrefix() string {
	return "errata:" + strings.ReplaceAll(i.options.Group, ":", "_") + ":"
}

// insertID returns the id of the next insert, which nobody else has.
func (i *Ingester) insertID() string {
	return fmt.Sprintf("%s%s:%d", i.grantPrefix(), i.instance, i.inserts.Add(1))
}

// running returns the ids of the inserts that run now and begin with prefix. visible is false when the
// ReadBack cannot tell or may not.
func (i *Ingester) running(ctx context.Context, prefix string) (ids map[string]bool, visible bool, err error) {
	watcher, ok := i.back.(InsertWatcher)
	if !ok || i.blind.Load() {
		return nil, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readBackTimeout)
	defer cancel()
	list, err := watcher.RunningInserts(ctx, prefix)
	if errors.Is(err, storage.ErrAuthentication) {
		i.blind.Store(true) // time alone has to do, and it is said once
		i.log.Warn().Err(err).Msg("cannot see running inserts, so what a killed ingester left open is waited for longer: grant the user SELECT on system.processes")
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("running inserts: %w", err)
	}
	ids = make(map[string]bool, len(list))
	for _, id := range list {
		ids[id] = true
	}
	return ids, true, nil
}

// settled waits until none of the inserts runs any more that ran when it was called, except for some. New
// ones of other members do not matter: they carry other partitions.
func (i *Ingester) settled(ctx context.Context, prefix string, except map[string]bool) error {
	before, _, err := i.running(ctx, prefix)
	maps.DeleteFunc(before, func(id string, _ bool) bool { return except[id] })
	for n := 1; err == nil && len(before) > 0; n++ {
		i.quiet.warn(i.log, "settle").Int("inserts", len(before)).Msg("waiting for inserts of the previous owner to end")
		if !pause(ctx, backoff(n, time.Second)) {
			return errStopped
		}
		var now map[string]bool
		if now, _, err = i.running(ctx, prefix); err != nil {
			break
		}
		for id := range before {
			if !now[id] {
				delete(before, id)
			}
		}
	}
	return err
}
