package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// acquisition is what was found out about the partitions of one generation.
type acquisition struct {
	placed []*account // ready to be read from their Next
	doubts []*account // a predecessor's insert is not settled yet
	halts  []*HaltError
	gaps   []storage.Gap
}

// standing is what the group has for a partition.
type standing struct {
	offset int64 // or noCommit
	note   grant.Note
	ours   bool // the note is errata's
	err    error
}

// acquire finds out where to read the assigned partitions from. It tries until it knows or ctx ends.
func (i *Ingester) acquire(ctx context.Context, owned []tp) (acquisition, error) {
	for n := 1; ; n++ {
		q, err := i.tryAcquire(ctx, owned)
		if err == nil {
			return q, nil
		}
		if ctx.Err() != nil {
			return acquisition{}, errStopped
		}
		i.health.set("acquire", "cannot find out where to start: "+err.Error())
		i.quiet.warn(i.log, "acquire").Err(err).Msg("cannot find out where to start, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return acquisition{}, errStopped
		}
	}
}

// tryAcquire asks Kafka for the group's offsets and the logs' bounds, and the table, in one query, what it
// holds of all the partitions.
func (i *Ingester) tryAcquire(ctx context.Context, owned []tp) (q acquisition, err error) {
	group, err := i.broker.committed(ctx, i.options.Group, owned)
	if err != nil {
		return q, err
	}
	logs, err := i.broker.bounds(ctx, owned)
	if err != nil {
		return q, err
	}
	if err = i.settleStrangers(ctx, group); err != nil {
		return q, err
	}
	if _, err = i.serverTime(ctx); err != nil {
		return q, err
	}
	table, err := i.present(ctx, i.readBackFrom(owned, group, logs))
	if err != nil {
		return q, err
	}
	if outrun(table, logs) { // by the previous owner's last insert, or the topic was re-created: look again
		if logs, err = i.broker.bounds(ctx, owned); err != nil {
			return q, err
		}
	}
	if q.gaps, err = i.passedOver(ctx, group); err != nil {
		return q, err
	}
	strange, err := i.strange(ctx, group, logs, table)
	if err != nil {
		return q, err
	}
	for _, p := range owned {
		c := group[p]
		if halt := strange[p]; halt != "" {
			c.err = errors.New(halt)
		}
		i.sort(&q, p, c, logs[p], table[p])
	}
	return q, nil
}

// passedOver finds the records that are neither in the table nor going to be read, because somebody has
// moved the group's offset forward. Where the table has no rows at all it was the choice of a start.
func (i *Ingester) passedOver(ctx context.Context, group map[tp]standing) ([]storage.Gap, error) {
	elder, ok := i.back.(Elder)
	if !ok {
		return nil, nil
	}
	var below []storage.Position
	for p, c := range group {
		if c.offset > 0 && !c.ours {
			below = append(below, storage.Position{Topic: p.Topic, Partition: p.ID, Offset: c.offset})
		}
	}
	if len(below) == 0 {
		return nil, nil
	}
	newest, err := elder.Newest(ctx, i.source, below)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	var gaps []storage.Gap
	for _, row := range newest {
		p := tp{Topic: row.Topic, ID: row.Partition}
		if lost := (span{From: row.Offset + 1, To: group[p].offset}); lost.Len() > 0 {
			gaps = append(gaps, i.gap(p, lost, gapSkipped))
		}
	}
	return gaps, nil
}

// settleStrangers waits, if an offset was committed by somebody else's tool, until no insert can be on its
// way any more: the tool has wiped out the grant that would name it.
func (i *Ingester) settleStrangers(ctx context.Context, group map[tp]standing) error {
	for p, c := range group {
		if c.offset == noCommit || c.ours {
			continue
		}
		i.log.Warn().Stringer("partition", p).Int64("offset", c.offset).Dur("wait", i.options.GrantTTL).
			Msg("the group's offset was set by another tool; waiting until inserts that it may have hidden have ended")
		if !pause(ctx, i.options.GrantTTL+time.Second) {
			return errStopped
		}
		return i.settled(ctx, i.grantPrefix())
	}
	return nil
}

// readBackFrom is where the table is asked from: what is at or beyond the committed offset is either a
// grant's, or was delivered before the offset went backwards.
func (i *Ingester) readBackFrom(owned []tp, group map[tp]standing, logs map[tp]span) map[tp]int64 {
	from := make(map[tp]int64, len(owned))
	for _, p := range owned {
		from[p] = logs[p].From
		if c := group[p]; c.offset != noCommit {
			from[p] = c.offset
		}
		if first, ok := i.options.From[p]; ok {
			from[p] = min(from[p], first)
		}
	}
	return from
}

// outrun reports whether the table holds rows beyond the end of a log.
func outrun(table map[tp]*holdings, logs map[tp]span) bool {
	for p, h := range table {
		if h.held.end() > logs[p].To {
			return true
		}
	}
	return false
}

// sort puts a partition where it belongs.
func (i *Ingester) sort(q *acquisition, p tp, c standing, log span, h *holdings) {
	if i.options.Until != nil && !i.wanted(p) {
		return
	}
	if c.err != nil {
		q.halts = append(q.halts, &HaltError{p.Topic, p.ID, c.err.Error()})
		return
	}
	a := newAccount(p)
	if c.note.Open {
		a.acked, a.noted = c.offset, true
		if a.state, a.todo = a.state.Acquire(c.offset, c.note); a.todo == grant.AskTable {
			i.withdraw(a)
			a.found(h)
		}
		switch a.todo {
		case grant.Halt:
			q.halts = append(q.halts, surplusHalt(a))
			return
		case grant.Done:
			i.metrics.resolved(a.todo)
			c.offset, c.note.Last = a.state.Next, a.state.Last
		case grant.AskClock:
			q.doubts = append(q.doubts, a)
			return
		}
	}
	i.place(q, p, c, log, h.held)
}

// withdraw shortens the doubt about an insert of this very process, from an earlier generation, which is
// not on its way.
func (i *Ingester) withdraw(a *account) {
	id := a.state.Grant.Insert
	if _, flying := i.flying.Load(id); !flying && strings.HasPrefix(id, i.grantPrefix()+i.instance+":") {
		a.state, a.todo = a.state.Withdraw()
	}
}

// wanted reports whether a bounded run reads the partition.
func (i *Ingester) wanted(p tp) bool {
	_, ok := i.options.Until[p]
	return ok
}

// place decides where a partition without doubts goes on.
func (i *Ingester) place(q *acquisition, p tp, c standing, log span, held offsets) {
	position := c.offset
	if first, ok := i.options.From[p]; ok {
		position, c.note.Last = first, grant.Mark{}
	}
	v := judge(position, log, held, i.options.StartAt, i.options.OnGap)
	if v.gap.Len() > 0 {
		q.gaps = append(q.gaps, i.gap(p, v.gap, gapRetention))
	}
	if v.halt != "" {
		q.halts = append(q.halts, &HaltError{p.Topic, p.ID, v.halt})
		return
	}
	a := newAccount(p)
	a.state, a.todo = a.state.Acquire(v.next, grant.Note{Last: c.note.Last})
	a.acked, a.noted = c.offset, c.note.Open
	a.held.Store(&held)
	q.placed = append(q.placed, a)
}

// settleDoubts resolves what predecessors have left open, and places each partition as soon as that is
// done, while the others are being read.
func (i *Ingester) settleDoubts(ctx context.Context, doubts []*account, place func(acquisition)) {
	for _, a := range doubts {
		i.log.Info().Stringer("partition", a.tp).Str("insert", a.state.Grant.Insert).Int64("deadline", a.state.Grant.Deadline).
			Msg("waiting for what a predecessor has left open")
	}
	err := i.resolve(ctx, doubts, func(a *account) {
		if a.todo == grant.Halt {
			place(acquisition{halts: []*HaltError{surplusHalt(a)}})
			return
		}
		i.placeSettled(ctx, a, place)
	})
	if err != nil && !errors.Is(err, errStopped) {
		i.log.Error().Err(err).Msg("predecessors' inserts are not settled")
	}
}

// placeSettled places a partition whose predecessor's grant is settled, when the log's bounds are known.
func (i *Ingester) placeSettled(ctx context.Context, a *account, place func(acquisition)) {
	for n := 1; ctx.Err() == nil; n++ {
		logs, err := i.broker.bounds(ctx, []tp{a.tp})
		if err == nil {
			var q acquisition
			c := standing{offset: a.state.Next, note: grant.Note{Last: a.state.Last}, ours: true}
			i.place(&q, a.tp, c, logs[a.tp], *a.held.Load())
			for _, placed := range q.placed {
				placed.acked, placed.noted, placed.state.Attempt = a.acked, a.noted, a.state.Attempt
			}
			place(q)
			return
		}
		i.quiet.warn(i.log, "bounds").Err(err).Stringer("partition", a.tp).Msg("cannot ask where the log begins, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return
		}
	}
}

// OutOfRange decides where to go on after the broker said that a position is gone from the log.
func (i *Ingester) resume(ctx context.Context, p tp, next int64) (int64, string, error) {
	logs, err := i.broker.bounds(ctx, []tp{p})
	if err != nil {
		return 0, "", err
	}
	v := judge(next, logs[p], nil, i.options.StartAt, i.options.OnGap)
	if v.gap.Len() > 0 {
		i.reportGaps(ctx, []storage.Gap{i.gap(p, v.gap, gapRetention)})
	}
	return v.next, v.halt, nil
}

func (i *Ingester) gap(p tp, lost span, kind string) storage.Gap {
	return storage.Gap{Source: i.source, Topic: p.Topic, Partition: p.ID, From: lost.From, To: lost.To, Kind: kind}
}

// reportGaps logs, counts and records lost records. A sink that fails is tried again until ctx ends:
// a gap that nobody hears of would be a silent loss.
func (i *Ingester) reportGaps(ctx context.Context, gaps []storage.Gap) {
	for _, g := range gaps {
		i.log.Error().Str("topic", g.Topic).Int32("partition", g.Partition).Int64("from", g.From).Int64("to", g.To).Str("kind", g.Kind).
			Msg("records are lost to this ingester")
		i.metrics.gaps.WithLabelValues(g.Kind).Inc()
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
	if err := i.options.Gaps.RecordGaps(ctx, gaps); err != nil {
		return fmt.Errorf("record gaps: %w", err)
	}
	return nil
}
