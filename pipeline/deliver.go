package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/storage"
)

// Sink inserts a block under a grant. A nil error means that all its rows are in the table.
type Sink interface {
	Insert(ctx context.Context, block *storage.Block, grant storage.Grant) error
}

// lateMargin is added to a deadline before the table is trusted to refuse the write: deadlines and
// clocks are read in whole seconds.
const lateMargin = time.Second

// insertPatience is how long after its deadline an insert that has not answered is given up.
const insertPatience = 10 * time.Second

// deliverer inserts batches and commits their offsets, one after the other.
//
// An insert that is not cleanly acknowledged may have been applied, in whole or in part, now or until
// its deadline. So nothing is inserted again before the table was asked: what is present is left out,
// and the table is only believed that something is missing once the deadline has passed.
type deliverer struct {
	ingester *Ingester
	member   member
	life     *lifetime
	writer   rowWriter // for building a block again
	held     map[tp]offsets
	memory   *chunkKeeper
	report   deliveryReport
	log      zerolog.Logger
}

// deliveryReport hears what has been delivered.
type deliveryReport interface {
	delivered(b *batch)
}

// run delivers until in is closed. An error means that this generation can deliver nothing more.
func (d *deliverer) run(in <-chan *batch, free chan<- *batch) error {
	for b := range in {
		if d.life.work.Err() != nil {
			return errStopped
		}
		if err := d.deliver(b); err != nil {
			return err
		}
		b.clear(d.memory.drop)
		free <- b
	}
	return nil
}

func (d *deliverer) deliver(b *batch) error {
	rows, bytes := b.block.Rows(), b.block.Bytes()
	if rows > 0 {
		if err := d.insert(b); err != nil {
			return err
		}
	}
	if err := d.ingester.commit(d.life.hard, d.member, b.ends()); err != nil {
		return err
	}
	d.ingester.metrics.block(rows, bytes, time.Since(b.opened))
	d.report.delivered(b)
	return nil
}

// insert brings all rows of the batch into the table exactly once. All attempts carry the same day.
func (d *deliverer) insert(b *batch) error {
	day := d.ingester.now().Truncate(24 * time.Hour)
	for n := 1; ; n++ {
		grant := d.grant(day)
		err := d.attempt(b, grant)
		if err == nil {
			d.ingester.health.clear("insert")
			return nil
		}
		d.complain(err, n)
		missing, err := d.resolve(b, grant.ID, doubtOf(err, grant))
		if err != nil {
			return err
		}
		if missing == 0 {
			d.log.Info().Int("attempt", n).Msg("the insert had been applied although it failed")
			d.ingester.health.clear("insert")
			return nil
		}
		if !pause(d.life.work, backoff(n, d.ingester.options.RetryBackoff)) {
			return errStopped
		}
	}
}

// attempt sends the block once. The insert's context carries no deadline, because the client would
// pass it on and have the server cancel half way; a timer cancels an insert that hangs.
func (d *deliverer) attempt(b *batch, grant storage.Grant) error {
	ctx, cancel := context.WithCancel(d.life.hard)
	defer cancel()
	watchdog := time.AfterFunc(d.ingester.options.GrantTTL+insertPatience, cancel)
	defer watchdog.Stop()
	began := time.Now()
	if err := d.ingester.sink.Insert(ctx, b.block, grant); err != nil {
		return fmt.Errorf("insert %s: %w", grant.ID, err)
	}
	d.ingester.metrics.inserted(time.Since(began))
	return nil
}

// grant permits one insert until its deadline, in the server's time.
func (d *deliverer) grant(day time.Time) storage.Grant {
	return storage.Grant{
		ID:       fmt.Sprintf("%s%s:%d", d.ingester.grantPrefix(), d.ingester.instance, d.ingester.inserts.Add(1)),
		Date:     day,
		Deadline: d.ingester.now().Add(d.ingester.options.GrantTTL),
	}
}

// complain makes a failed insert visible: counted, logged now and then, and not ready.
func (d *deliverer) complain(err error, attempt int) {
	class := insertClass(err)
	d.ingester.metrics.insertErrors.WithLabelValues(class).Inc()
	d.ingester.counters.insertErrors.Add(1)
	d.ingester.health.set("insert", "inserts fail: "+err.Error())
	d.ingester.quiet.warn(d.log, "insert "+class).Err(err).Str("class", class).Int("attempt", attempt).
		Msg("insert failed, trying again in place")
}

// doubt is until when, in the server's time, rows of a failed insert may still arrive. The table's word
// that one is missing does not count before. The zero value means: none will.
type doubt struct{ until time.Time }

func doubtOf(err error, grant storage.Grant) doubt {
	if isAmbiguous(err) {
		return doubt{grant.Deadline.Add(lateMargin)}
	}
	return doubt{}
}

// resolve finds out which rows of a failed insert are in the table and rebuilds the block from those
// that are not. It returns how many are missing.
//
// While there is doubt, a move of the partitions has to wait for it, within the bound of the lifetime:
// their next owner would read back too early.
func (d *deliverer) resolve(b *batch, id string, in doubt) (int, error) {
	ctx := d.life.work
	if !in.until.IsZero() {
		ctx = d.life.hard
	}
	for n := 1; ; n++ {
		missing, err := d.missing(ctx, b, id, in)
		if err == nil && missing != unknown {
			return missing, nil
		}
		if ctx.Err() != nil {
			return 0, errStopped
		}
		if err != nil {
			d.complain(err, n)
		}
		wait := backoff(n, d.ingester.options.RetryBackoff)
		if left := in.until.Sub(d.ingester.now()); left > 0 {
			wait = min(wait, left+time.Millisecond) // late rows show up soon, or not after the deadline
		}
		if !pause(ctx, wait) {
			return 0, errStopped
		}
	}
}

// unknown is the number of missing rows while an insert may still land.
const unknown = -1

// missing asks the table once: 0 rows are missing, or so many and the block holds just them, or that
// cannot be told yet.
func (d *deliverer) missing(ctx context.Context, b *batch, id string, in doubt) (int, error) {
	now, err := d.ingester.serverTime(ctx)
	if err != nil {
		return unknown, err
	}
	late := now.After(in.until)
	if late {
		if err = d.ingester.settled(ctx, id); err != nil {
			return unknown, err
		}
	}
	held, err := d.ingester.present(ctx, b.starts())
	switch {
	case err != nil:
		return unknown, err
	case b.presentIn(held, d.held):
		return 0, nil
	case !late:
		return unknown, nil
	}
	return d.rebuild(b, held), nil
}

// rebuild fills the block with the rows that are not in the table, under the same ranges.
func (d *deliverer) rebuild(b *batch, held map[tp]offsets) int {
	b.block.Reset()
	b.each(func(c *chunk, n int) bool {
		offset := c.records[n].offset
		if !held[c.tp].contains(offset) && !d.held[c.tp].contains(offset) {
			d.writer.write(b.block, c, n)
		}
		return true
	})
	return b.block.Rows()
}

// each calls visit for every record of the batch until it returns false.
func (b *batch) each(visit func(c *chunk, n int) bool) {
	for _, p := range b.pieces {
		for n := p.from; n < p.to; n++ {
			if !visit(p.chunk, n) {
				return
			}
		}
	}
}

// presentIn reports whether every record of the batch is in one of the sets.
func (b *batch) presentIn(now, before map[tp]offsets) bool {
	all := true
	b.each(func(c *chunk, n int) bool {
		offset := c.records[n].offset
		all = now[c.tp].contains(offset) || before[c.tp].contains(offset)
		return all
	})
	return all
}
