package pipeline

import (
	"context"

	"github.com/errata-dev/errata/storage"
)

// holding is what was decided about the partitions of one generation.
type holding struct {
	starts map[tp]int64
	jumps  map[tp]int64   // starts that the group's offsets do not show
	held   map[tp]offsets // rows that the table holds already at or beyond the start
	halts  []*HaltError
	gaps   []storage.Gap
}

// acquire finds out where to read the assigned partitions from. It tries until it knows or ctx ends.
func (i *Ingester) acquire(ctx context.Context, owned []tp) (holding, error) {
	for n := 1; ; n++ {
		h, err := i.tryAcquire(ctx, owned)
		if err == nil {
			return h, nil
		}
		if ctx.Err() != nil {
			return holding{}, errStopped
		}
		i.health.set("acquire", "cannot find out where to start: "+err.Error())
		i.quiet.warn(i.log, "acquire").Err(err).Msg("cannot find out where to start, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return holding{}, errStopped
		}
	}
}

func (i *Ingester) tryAcquire(ctx context.Context, owned []tp) (holding, error) {
	committed, err := i.broker.committed(ctx, i.options.Group, owned)
	if err != nil {
		return holding{}, err
	}
	logs, err := i.broker.bounds(ctx, owned)
	if err != nil {
		return holding{}, err
	}
	if err = i.settled(ctx, i.grantPrefix()); err != nil {
		return holding{}, err
	}
	from := make(map[tp]int64, len(owned))
	for _, p := range owned {
		from[p] = logs[p].from
		if offset, ok := committed[p]; ok {
			from[p] = offset
		}
	}
	held, err := i.present(ctx, from)
	if err != nil {
		return holding{}, err
	}
	if outrun(held, logs) { // by an insert of the previous owner, or the topic was re-created: look again
		if logs, err = i.broker.bounds(ctx, owned); err != nil {
			return holding{}, err
		}
	}
	if _, err = i.serverTime(ctx); err != nil {
		return holding{}, err
	}
	return i.decide(owned, committed, logs, held), nil
}

// outrun reports whether the table holds rows beyond the end of a log.
func outrun(held map[tp]offsets, logs map[tp]span) bool {
	for p, h := range held {
		if h.end() > logs[p].to {
			return true
		}
	}
	return false
}

func (i *Ingester) decide(owned []tp, committed map[tp]int64, logs map[tp]span, held map[tp]offsets) holding {
	h := holding{starts: map[tp]int64{}, jumps: map[tp]int64{}, held: held}
	for _, p := range owned {
		offset, ok := committed[p]
		if !ok {
			offset = noCommit
		}
		v := judge(offset, logs[p], held[p], i.options.StartAt, i.options.OnGap)
		if v.gap.len() > 0 {
			h.gaps = append(h.gaps, i.gap(p, v.gap))
		}
		if v.halt != "" {
			h.halts = append(h.halts, &HaltError{p.topic, p.id, v.halt})
			continue
		}
		h.starts[p] = v.next
		if !ok || v.gap.len() > 0 {
			h.jumps[p] = v.next
		}
	}
	return h
}

// resume decides where to go on after the broker said that a position is gone from the log.
func (i *Ingester) resume(ctx context.Context, p tp, next int64) (int64, *HaltError, error) {
	logs, err := i.broker.bounds(ctx, []tp{p})
	if err != nil {
		return 0, nil, err
	}
	v := judge(next, logs[p], nil, i.options.StartAt, i.options.OnGap)
	if v.gap.len() > 0 {
		i.reportGaps(ctx, []storage.Gap{i.gap(p, v.gap)})
	}
	if v.halt != "" {
		return 0, &HaltError{p.topic, p.id, v.halt}, nil
	}
	return v.next, nil, nil
}

func (i *Ingester) gap(p tp, lost span) storage.Gap {
	return storage.Gap{Source: i.source, Topic: p.topic, Partition: p.id, From: lost.from, To: lost.to, Kind: gapRetention}
}

// reportGaps logs, counts and records lost records. A sink that fails is tried again until ctx ends:
// a gap that nobody hears of would be a silent loss.
func (i *Ingester) reportGaps(ctx context.Context, gaps []storage.Gap) {
	for _, g := range gaps {
		i.log.Error().Str("topic", g.Topic).Int32("partition", g.Partition).Int64("from", g.From).Int64("to", g.To).
			Msg("records were deleted before they were read")
		i.metrics.gaps.Inc()
		i.counters.gaps.Add(1)
	}
	if len(gaps) == 0 || i.options.Gaps == nil {
		return
	}
	defer i.health.clear("gap")
	for n := 1; ; n++ {
		err := i.recordGaps(ctx, gaps)
		if err == nil {
			return
		}
		i.health.set("gap", "a gap cannot be recorded: "+err.Error())
		i.quiet.warn(i.log, "gap").Err(err).Msg("cannot record a gap, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return
		}
	}
}

func (i *Ingester) recordGaps(ctx context.Context, gaps []storage.Gap) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	return i.options.Gaps.RecordGaps(ctx, gaps)
}
