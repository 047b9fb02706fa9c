package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// acquisition is what was found out about the partitions of one generation.
type acquisition struct {
	placed []*account // ready to be read from their Next
	doubts []*account // a predecessor's insert is not settled yet
	later  []tp       // of which the cluster does not say where the log begins, or where the group is
	halts  []*HaltError
	gaps   []storage.Gap
}

// standing is what the group has for a partition.
type standing struct {
	offset int64 // or noCommit
	note   grant.Note
	ours   bool  // the note is errata's
	err    error // the note cannot be understood
	unread error // the coordinator does not say
	newest int64 // the newest row that the table has, below offset if there is one
	known  bool  // it has any; asked for only if not ours
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
	owned = slices.DeleteFunc(slices.Clone(owned), func(p tp) bool { return !i.bounded.wants(p) })
	group, err := i.broker.committed(ctx, i.options.Group, owned)
	if err != nil {
		return q, err
	}
	logs, failed, err := i.broker.bounds(ctx, owned)
	if err != nil {
		return q, err
	}
	for _, p := range owned {
		if failed[p] != nil || group[p].unread != nil {
			i.quiet.warn(i.log, "later").Err(errors.Join(failed[p], group[p].unread)).Stringer("partition", p).Msg("cannot find out where to start, the others go on")
			q.later = append(q.later, p)
			delete(group, p)
		}
	}
	if _, err = i.serverTime(ctx); err != nil {
		return q, err
	}
	if err = i.recollect(ctx, group, logs); err != nil {
		return q, err
	}
	if err = i.settleStrangers(ctx, group); err != nil {
		return q, err
	}
	table, err := i.present(ctx, i.readBackFrom(group, logs))
	if err != nil {
		return q, err
	}
	if outrun(table, logs) { // by the previous owner's last insert, or the topic was re-created: look again
		if logs, _, err = i.broker.bounds(ctx, slices.Collect(maps.Keys(group))); err != nil {
			return q, err
		}
	}
	strange, err := i.strange(ctx, group, logs, table)
	if err != nil {
		return q, err
	}
	for p, c := range group {
		if halt := strange[p]; halt != "" {
			c.err = errors.New(halt)
		}
		if lost := c.passedOver(); lost.Len() > 0 {
			q.gaps = append(q.gaps, i.gap(p, lost, gapSkipped))
		}
		i.sort(&q, p, c, logs[p], table[p])
	}
	return q, nil
}

// acquireLater takes up a partition when its leader says where its log begins and ends.
func (i *Ingester) acquireLater(ctx context.Context, p tp, admit func(acquisition)) {
	part := "later " + p.String()
	defer i.health.clear(part)
	for n := 1; ctx.Err() == nil; n++ {
		q, err := i.acquire(ctx, []tp{p})
		if err != nil {
			return // the generation has ended
		}
		if len(q.later) > 0 {
			i.health.set(part, "partition "+p.String()+" cannot be read: the cluster does not say where its log begins, or where the group is")
			if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
				return
			}
			continue
		}
		i.health.clear(part)
		i.health.clear("acquire")
		admit(q)
		i.settleDoubts(ctx, q.doubts, func(a *account) { i.placeSettled(ctx, a, admit) })
		return
	}
}

// recollect asks the table for its newest row of each partition whose offset errata has not written: the
// group has none, or another tool has set it. That tells a new partition from one whose offset was lost.
func (i *Ingester) recollect(ctx context.Context, group map[tp]standing, logs map[tp]span) error {
	elder, ok := i.back.(Elder)
	if !ok {
		return nil
	}
	var below []storage.Position
	for p, c := range group {
		if _, given := i.bounded.start(p); given || c.ours {
			continue
		}
		at := storage.Position{Topic: p.Topic, Partition: p.ID, Offset: c.offset}
		if c.offset == noCommit {
			at.Offset = logs[p].To
		}
		below = append(below, at)
	}
	if len(below) == 0 {
		return nil
	}
	rows, err := elder.Newest(ctx, i.source, below)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	for _, row := range rows {
		p := tp{Topic: row.Topic, ID: row.Partition}
		c := group[p]
		c.newest, c.known = row.Offset, true
		group[p] = c
	}
	return nil
}

// passedOver returns the records that are neither in the table nor going to be read, because somebody has
// moved the group's offset forward. Where the table has no rows at all it was the choice of a start.
func (c standing) passedOver() span {
	if c.ours || !c.known || c.offset == noCommit {
		return span{}
	}
	return span{From: c.newest + 1, To: c.offset}
}

// settleStrangers waits until no insert can be on its way any more that a commit, or a deletion, by somebody
// else's tool may have hidden: it has wiped out the grant that would name it. Of a group without an offset
// that is every insert that runs; where errata was before, also those that have not arrived yet.
func (i *Ingester) settleStrangers(ctx context.Context, group map[tp]standing) error {
	fresh := false
	for p, c := range group {
		if waited, _ := i.waited.Load(p); c.ours || waited == c.offset {
			continue
		}
		if c.offset == noCommit && !c.known {
			fresh = true
			continue
		}
		i.health.set("acquire", "finding out where to start: waiting --grant-ttl for inserts that no offset of the group names")
		i.log.Warn().Stringer("partition", p).Int64("offset", c.offset).Stringer("wait", i.options.GrantTTL).
			Msg("the table has rows that the group's offset does not speak of: another group's, or a tool has set or deleted it; waiting until inserts that it may have hidden have ended")
		return i.settleHidden(ctx, group)
	}
	if !fresh {
		return nil
	}
	return i.settled(ctx, i.grantPrefix(), noted(group))
}

// noted returns the inserts that open notes name: these are waited for by their own partitions.
func noted(group map[tp]standing) map[string]bool {
	ids := map[string]bool{}
	for _, c := range group {
		if c.note.Open {
			ids[c.note.Grant.Insert] = true
		}
	}
	return ids
}

// settleHidden waits one grant's time, longer if running inserts cannot be seen, and for those that can.
func (i *Ingester) settleHidden(ctx context.Context, group map[tp]standing) error {
	wait := i.options.GrantTTL + time.Second
	if i.blind.Load() {
		wait += insertPatience
	}
	if !pause(ctx, wait) {
		return errStopped
	}
	if err := i.settled(ctx, i.grantPrefix(), noted(group)); err != nil {
		return err
	}
	for p, c := range group {
		i.waited.Store(p, c.offset)
	}
	return nil
}

// readBackFrom is where the table is asked from: what is at or beyond the committed offset is either a
// grant's, or was delivered before the offset went backwards.
func (i *Ingester) readBackFrom(group map[tp]standing, logs map[tp]span) map[tp]int64 {
	from := make(map[tp]int64, len(group))
	for p, c := range group {
		from[p] = logs[p].From
		if c.offset != noCommit {
			from[p] = c.offset
		}
		if first, ok := i.bounded.start(p); ok {
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
		if a.todo != grant.AskClock { // or it counts when it is settled
			i.metrics.resolved(a.todo)
		}
		switch a.todo {
		case grant.Halt:
			q.halts = append(q.halts, surplusHalt(a))
			return
		case grant.Done:
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

// place decides where a partition without doubts goes on.
func (i *Ingester) place(q *acquisition, p tp, c standing, log span, held offsets) {
	position, at := c.offset, i.options.StartAt
	if first, ok := i.bounded.start(p); ok {
		position, c.note.Last = first, grant.Mark{}
	}
	if position == noCommit && c.known {
		at = StartEarliest // it was read before; what came since must not be passed over
		if c.newest+1 < log.From {
			position = c.newest + 1
		}
	}
	v := judge(position, log, held, at, i.options.OnGap)
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

// settleDoubts resolves what predecessors have left open, while other partitions are being read. It tells
// place of each partition as soon as its insert is settled.
func (i *Ingester) settleDoubts(ctx context.Context, doubts []*account, place func(*account)) {
	if len(doubts) == 0 {
		return
	}
	i.announce(doubts)
	if err := i.resolve(ctx, "doubt", doubts, place); err != nil && !errors.Is(err, errStopped) {
		i.log.Error().Err(err).Msg("predecessors' inserts are not settled")
	}
}

// announce names each insert that is waited for, once for all of its partitions.
func (i *Ingester) announce(doubts []*account) {
	of := map[string][]*account{}
	for _, a := range doubts {
		of[a.state.Grant.Insert] = append(of[a.state.Grant.Insert], a)
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		first := of[id][0]
		i.log.Info().Str("insert", id).Stringer("partition", first.tp).Int("partitions", len(of[id])).
			Time("deadline", time.Unix(first.state.Grant.Deadline, 0).UTC()).Msg("waiting for what a predecessor has left open")
	}
}

// placeSettled places a partition whose predecessor's grant is settled, when the log's bounds and the
// table's rows from there on are known.
func (i *Ingester) placeSettled(ctx context.Context, a *account, admit func(acquisition)) {
	if a.todo == grant.Halt {
		admit(acquisition{halts: []*HaltError{surplusHalt(a)}})
		return
	}
	for n := 1; ctx.Err() == nil; n++ {
		q, err := i.tryPlace(ctx, a)
		if err == nil {
			admit(q)
			return
		}
		i.quiet.warn(i.log, "bounds").Err(err).Stringer("partition", a.tp).Msg("cannot find out where to start, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return
		}
	}
}

func (i *Ingester) tryPlace(ctx context.Context, a *account) (q acquisition, err error) {
	logs, failed, err := i.broker.bounds(ctx, []tp{a.tp})
	if err == nil {
		err = failed[a.tp]
	}
	if err != nil {
		return q, err
	}
	c := standing{offset: a.state.Next, note: grant.Note{Last: a.state.Last}, ours: true}
	table, err := i.present(ctx, i.readBackFrom(map[tp]standing{a.tp: c}, logs))
	if err != nil {
		return q, err
	}
	i.place(&q, a.tp, c, logs[a.tp], table[a.tp].held)
	for _, placed := range q.placed {
		placed.acked, placed.noted, placed.state.Attempt = a.acked, a.noted, a.state.Attempt
	}
	return q, nil
}

// resume decides where to go on after the broker said that a position is gone from the log.
func (i *Ingester) resume(ctx context.Context, p tp, next int64) (int64, string, error) {
	logs, failed, err := i.broker.bounds(ctx, []tp{p})
	if err == nil {
		err = failed[p]
	}
	if err != nil {
		return 0, "", err
	}
	v := judge(next, logs[p], nil, i.options.StartAt, i.options.OnGap)
	if v.gap.Len() > 0 && !i.reportGaps(ctx, []storage.Gap{i.gap(p, v.gap, gapRetention)}) {
		return 0, "", errStopped
	}
	return v.next, v.halt, nil
}

func (i *Ingester) gap(p tp, lost span, kind string) storage.Gap {
	return storage.Gap{Source: i.source, Topic: p.Topic, Partition: p.ID, From: lost.From, To: lost.To, Kind: kind}
}

// reportGaps logs, counts and records lost records. A sink that fails is tried again until ctx ends:
// a gap that nobody hears of would be a silent loss. It reports whether the gaps are on record.
func (i *Ingester) reportGaps(ctx context.Context, gaps []storage.Gap) bool {
	gaps = slices.DeleteFunc(slices.Clone(gaps), func(g storage.Gap) bool { _, told := i.told.Load(g); return told })
	for _, g := range gaps {
		i.log.Error().Str("topic", g.Topic).Int32("partition", g.Partition).Int64("from", g.From).Int64("to", g.To).Str("kind", g.Kind).
			Msg("records are lost to this ingester")
		i.metrics.gaps.WithLabelValues(g.Kind).Inc()
		i.counters.gaps.Add(1)
	}
	if len(gaps) == 0 || i.options.Gaps == nil {
		return true
	}
	defer i.health.clear("gap")
	for n := 1; ; n++ {
		err := i.recordGaps(ctx, gaps)
		if err == nil {
			for _, g := range gaps {
				i.told.Store(g, true)
			}
			return true
		}
		i.health.set("gap", "a gap cannot be recorded: "+err.Error())
		i.quiet.warn(i.log, "gap").Err(err).Msg("cannot record a gap, trying again")
		if !pause(ctx, backoff(n, i.options.RetryBackoff)) {
			return false
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
