package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/pipeline/fetch"
	"github.com/errata-dev/errata/pipeline/grant"
	"github.com/errata-dev/errata/storage"
)

// Sink inserts a block under a grant. A nil error means that all its rows are in the table; any other
// should be a *storage.InsertError, or is taken for one that says nothing.
type Sink interface {
	Insert(ctx context.Context, block *storage.Block, grant storage.Grant) error
}

// insertPatience is how long after its deadline an insert that has not answered is given up.
const insertPatience = 10 * time.Second

// ackDelay is how long after a block its offsets are committed on their own, unless the grant of the next
// block acknowledges them before.
const ackDelay = 50 * time.Millisecond

// deliverer brings batches into the table and commits their offsets, one after the other: grant, insert,
// resolve (package grant). A block is granted, inserted and acknowledged as one; what is left of it when
// something goes wrong is settled for each partition by itself.
type deliverer struct {
	ingester *Ingester
	member   member
	life     *lifetime
	writer   rowWriter // of dead letters
	ledger   *ledger
	fetcher  interface{ Stop(p fetch.Partition) }
	pace     pace
	failing  time.Time // when a failed insert was logged first; zero = none since the last that succeeded
	report   deliveryReport
	log      zerolog.Logger
}

// deliveryReport hears what has been delivered.
type deliveryReport interface {
	delivered(b *batch)
	committed(p tp, offset int64)
	halted(err *HaltError)
}

// run delivers until in is closed. An error means that this generation can deliver nothing more.
func (d *deliverer) run(in <-chan *batch, free chan<- *batch) error {
	err := d.batches(in, free)
	if fault := faultpoint("revoked"); fault != nil {
		return fault
	}
	if !errors.Is(err, errFenced) {
		err = errors.Join(err, d.acknowledge())
	}
	return err
}

func (d *deliverer) batches(in <-chan *batch, free chan<- *batch) error {
	ack := time.NewTimer(ackDelay)
	defer ack.Stop()
	for {
		select {
		case b, ok := <-in:
			if !ok {
				return nil
			}
			if d.life.work.Err() != nil {
				return errStopped
			}
			if err := d.deliver(b); err != nil {
				return err
			}
			b.clear()
			free <- b
			ack.Reset(ackDelay)
		case <-ack.C:
			if err := d.acknowledge(); err != nil {
				return err
			}
			if slices.ContainsFunc(d.ledger.all(), (*account).dirty) {
				ack.Reset(time.Second) // the coordinator has refused, which it does not do for long
			}
		}
	}
}

func (d *deliverer) acknowledge() error {
	return d.ingester.acknowledge(d.life.hard, d.member, d.ledger.all(), d.report.committed)
}

func (d *deliverer) deliver(b *batch) error {
	if err := faultpoint("cut"); err != nil {
		return err
	}
	shares, whole := d.open(b)
	ready := b.block
	if !whole {
		ready = nil // a partition has halted since, or the table has been asked again
	}
	rows, bytes := b.block.Rows(), b.block.Bytes()
	if err := d.settle(shares, ready, b); err != nil {
		return err
	}
	d.ingester.metrics.block(rows, bytes, time.Since(b.opened))
	d.report.delivered(b)
	return nil
}

// open measures the shares and returns those with rows to insert, and whether the block holds just these.
// It passes over what needs none and leaves out halted partitions.
func (d *deliverer) open(b *batch) (shares []*share, whole bool) {
	whole = true
	for _, s := range b.shares {
		if halted(s) {
			whole = whole && s.written() == 0
			continue
		}
		s.measure()
		whole = whole && s.missing == s.written()
		if s.missing == 0 {
			d.skip(s)
			continue
		}
		shares = append(shares, s)
	}
	return shares, whole
}

func (d *deliverer) skip(s *share) {
	s.account.state, s.account.todo = s.account.state.Skip(s.span.To, s.newest)
}

// settle brings all rows of the shares into the table, each exactly once. ready is the block that holds
// them, or nil to have it built. All attempts are filed under the same day.
func (d *deliverer) settle(shares []*share, ready *storage.Block, b *batch) error {
	for n := 1; ; n++ {
		shares = slices.DeleteFunc(shares, halted)
		if len(shares) == 0 {
			break
		}
		left, failure, err := d.attempt(shares, ready, b)
		if err != nil {
			return err
		}
		if n >= refusals && failure == nil && len(left) == len(shares) {
			d.giveUp(left)
			continue
		}
		if len(left) > 0 && isPoison(failure) && divisible(left, b) {
			return d.bisect(left, b)
		}
		shares, ready = left, nil
		if len(left) > 0 && !pause(d.life.work, backoff(n, d.ingester.options.RetryBackoff)) {
			return errStopped
		}
	}
	d.ingester.health.clear("insert")
	d.recovered()
	return nil
}

// recovered says that inserts succeed again where the log says that they fail.
func (d *deliverer) recovered() {
	if d.failing.IsZero() {
		return
	}
	d.log.Info().Stringer("after", time.Since(d.failing).Round(time.Millisecond)).Msg("inserts succeed again")
	d.failing = time.Time{}
}

// halted reports whether nothing more may be inserted for the share's partition.
func halted(s *share) bool { return s.account.state.Phase == grant.Halted || s.account.refused }

// After so many refusals in a row of all that is left of a block the other partitions go on without it, and
// so much later the group is joined again to try once more.
const (
	refusals     = 5
	refusedPause = 30 * time.Second
)

// giveUp halts partitions whose commits the coordinator refuses, for this generation.
func (d *deliverer) giveUp(shares []*share) {
	for _, s := range shares {
		s.account.refused = true
		d.fetcher.Stop(s.account.tp)
		d.report.halted(&HaltError{
			s.account.tp.Topic, s.account.tp.ID,
			"the group's coordinator refuses its offsets; see the log for why, and the rights on the topic and the group. It is tried again by itself",
		})
	}
	time.AfterFunc(d.ingester.options.refusedPause, d.life.giveUp)
}

// attempt grants and inserts once and returns the shares that still miss rows. failure is how the insert
// failed; err ends the generation.
func (d *deliverer) attempt(shares []*share, ready *storage.Block, b *batch) (left []*share, failure, err error) {
	if !d.pace.wait(d.life.work) {
		return nil, nil, errStopped
	}
	granted, left, err := d.grant(shares, b)
	if err != nil || len(granted) == 0 {
		return left, nil, err
	}
	if ready == nil || len(left) > 0 {
		ready = lacking(granted, b)
		if err = faultpoint("mid-repair"); err != nil {
			return nil, nil, err
		}
	}
	failure = d.insert(granted[0].account.state.Grant, ready)
	d.pace.learn(failure)
	if failure == nil {
		return left, nil, d.acknowledged(granted)
	}
	d.complain(failure)
	failed, err := d.resolve(granted, failure)
	return append(left, failed...), failure, err
}

func (d *deliverer) acknowledged(granted []*share) error {
	for _, s := range granted {
		s.account.state, s.account.todo = s.account.state.Inserted(grant.Acknowledged)
	}
	return faultpoint("acked")
}

// grant asks for the grants of the shares in one commit, which acknowledges everything before them. left
// are those that the coordinator refused.
func (d *deliverer) grant(shares []*share, b *batch) (granted, left []*share, err error) {
	if err = faultpoint("before-grant"); err != nil {
		return nil, nil, err
	}
	id, deadline := d.ingester.insertID(), d.ingester.now().Add(d.ingester.options.GrantTTL+time.Second-1).Unix() // rounded up
	var accounts []*account
	for _, s := range shares {
		if s.measure(); s.missing == 0 {
			d.skip(s)
			continue
		}
		a := s.account
		a.state, a.todo = a.state.Cut(grant.Grant{
			Start: s.span.From, End: s.span.To, Count: s.count, Last: s.newest,
			Insert: id, Day: b.day(d.ingester.now()), Deadline: deadline,
		})
		if a.todo == grant.Commit {
			accounts = append(accounts, a)
		}
		granted = append(granted, s)
	}
	if err = d.ingester.commit(d.life.hard, d.member, accounts, d.report.committed); err != nil {
		return nil, nil, err
	}
	if err = faultpoint("granted"); err != nil {
		return nil, nil, err
	}
	granted, left = divide(granted, grant.Insert)
	return granted, left, nil
}

// divide tells the shares whose accounts ask for todo from the others.
func divide(shares []*share, todo grant.Effect) (those, others []*share) {
	for _, s := range shares {
		if s.account.todo == todo {
			those = append(those, s)
		} else {
			others = append(others, s)
		}
	}
	return those, others
}

// insert sends the block once, under the grants of its shares. The insert's context carries no deadline,
// because the client would pass it on and have the server cancel half way; a timer cancels an insert that
// hangs, and a generation that has ended waits for it within its bound.
func (d *deliverer) insert(g grant.Grant, block *storage.Block) error {
	ctx, cancel := context.WithCancel(d.life.answer)
	defer cancel()
	watchdog := time.AfterFunc(d.ingester.options.GrantTTL+insertPatience, cancel)
	defer watchdog.Stop()
	permit := storage.Grant{ID: g.Insert, Date: dayOf(g.Day), Deadline: d.deadline(g)}
	if err := faultpoint("inserting"); err != nil {
		return err
	}
	d.ingester.flying.Store(g.Insert, true)
	began := time.Now()
	if err := d.ingester.sink.Insert(ctx, block, permit); err != nil {
		return err //nolint:wrapcheck // it says what it was
	}
	d.ingester.flying.Delete(g.Insert)
	d.ingester.metrics.inserted(time.Since(began))
	return faultpoint("insert-sent")
}

// deadline is the grant's, in earnest.
func (d *deliverer) deadline(g grant.Grant) time.Time {
	switch withoutRule {
	case grant.GrantDeadline:
		return d.ingester.now().Add(d.ingester.options.GrantTTL)
	case grant.Guard:
		return d.ingester.now().Add(time.Hour)
	}
	return time.Unix(g.Deadline, 0).UTC()
}

// resolve finds out what became of a failed insert and returns the shares that miss rows. A generation
// that ends first leaves the grants to the next owners of the partitions.
func (d *deliverer) resolve(granted []*share, failure error) ([]*share, error) {
	var open []*account
	outcome, id := outcomeOf(failure), granted[0].account.state.Grant.Insert
	d.ingester.metrics.unacknowledged(outcome)
	for _, s := range granted {
		a := s.account
		if a.state, a.todo = a.state.Inserted(outcome); a.todo == grant.AskTable {
			open = append(open, a)
		}
	}
	err := d.ingester.resolve(d.life.work, "resolve", open, func(a *account) {
		if a.todo == grant.Halt {
			d.fetcher.Stop(a.tp)
			d.report.halted(surplusHalt(a))
		}
	})
	if err == nil {
		d.ingester.flying.Delete(id)
	}
	missing, _ := divide(granted, grant.Retry)
	return missing, err
}

// lacking returns a block with the rows of the shares that the table does not hold.
func lacking(shares []*share, b *batch) *storage.Block {
	var rows []int
	for _, s := range shares {
		s.lacking(func(row int) bool { rows = append(rows, row); return true })
	}
	slices.Sort(rows)
	return b.of(rows)
}

// complain makes a failed insert visible: counted, logged now and then, and not ready.
func (d *deliverer) complain(err error) {
	class := insertClass(err)
	d.ingester.metrics.insertErrors.WithLabelValues(class).Inc()
	d.ingester.counters.insertErrors.Add(1)
	if d.life.answer.Err() != nil {
		return // it was cut short by the end, which is said there
	}
	d.ingester.health.set("insert", "inserts fail: "+err.Error())
	if event := d.ingester.quiet.warn(d.log, "insert "+class); event != nil {
		event.Err(err).Str("class", class).Msg("insert failed, trying again in place")
		if d.failing.IsZero() {
			d.failing = time.Now()
		}
	}
}
