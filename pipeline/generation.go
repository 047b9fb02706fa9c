package pipeline

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/errata-dev/errata/pipeline/fetch"
)

// chunkQueue is how many chunks may wait for the assembler; the memory budget bounds their bytes.
const chunkQueue = 64

// serve runs one generation of the group: it reads the assigned partitions until the group moves on
// or ctx ends. What is under way then is finished within a bound.
func (i *Ingester) serve(ctx context.Context, g *kafka.Generation) {
	served := make(chan struct{})
	g.Start(func(generation context.Context) {
		shares := i.joined(g)
		life := newLifetime(ctx, generation, i.options.DrainTimeout, i.options.RebalanceTimeout*2/3, func() {
			i.health.set("group", "joining the group")
		})
		go i.watchTopics(life.fetch, i.topics.dealt.Swap(nil), life.giveUp)
		i.generation(life, member{i.options.Group, int(g.ID), g.MemberID}, shares)
		life.over() // at the latest: later it would be said of the next generation
		life.stop()
		close(served)
		if ctx.Err() != nil {
			<-generation.Done() // returning earlier would make kafka-go join the group again
		}
	})
	<-served
}

// joined returns what each lane has to deliver in a generation. The lanes are not ready before they have found out
// where to start, and the member is from here on until the generation is over.
func (i *Ingester) joined(g *kafka.Generation) map[*Ingester][]tp {
	owned := assigned(g)
	i.log.Info().Int32("generation", g.ID).Int("partitions", len(owned)).Msg("joined the group")
	shares := i.divide(owned)
	for lane := range shares {
		lane.health.set("acquire", "finding out where to start")
	}
	i.health.clear("group")
	return shares
}

// generation has each lane deliver its partitions, and waits for all of them. What ends one ends all: the group has
// moved on, or has to be joined again.
func (i *Ingester) generation(life *lifetime, m member, shares map[*Ingester][]tp) {
	if len(shares) == 0 {
		<-life.fetch.Done()
		return
	}
	var lanes sync.WaitGroup
	for lane, partitions := range shares {
		if lane != i {
			lane.shareMemory(i.options, len(shares))
		}
		lanes.Go(func() {
			lane.travel(life, m, partitions)
			if life.fetch.Err() == nil { // or all are ending, each in its own time
				life.giveUp()
			}
		})
	}
	lanes.Wait()
}

// travel delivers what this generation brings of a lane's partitions.
func (i *Ingester) travel(life *lifetime, m member, owned []tp) {
	if i.beside {
		own, end := i.apart(life)
		defer end()
		life = own
	}
	defer i.health.clear("acquire")
	q, err := i.acquire(life.fetch, owned)
	if err != nil {
		return // the generation ended before it began
	}
	d := i.newDelivery(life, m)
	defer d.board.forget()
	// Before anything is read: or the next owner would begin elsewhere, and what is deleted until then
	// would be no gap.
	if err = d.admit(q); err != nil {
		life.over()
		i.losses++
		i.log.Warn().Err(err).Msg("cannot settle where to start, joining the group again")
		return
	}
	i.health.clear("acquire")
	d.pump(q)
}

func assigned(g *kafka.Generation) []tp {
	var owned []tp
	for topic, partitions := range g.Assignments {
		for _, p := range partitions {
			owned = append(owned, tp{Topic: topic, ID: int32(p.ID)})
		}
	}
	return owned
}

// delivery is the work of one generation: fetcher, assembler and deliverer, one goroutine each, with
// channels between them, and a fourth that settles what predecessors have left open.
type delivery struct {
	ingester *Ingester
	life     *lifetime
	member   member
	ledger   *ledger
	board    *board
	memory   *fetch.Budget
	fetcher  *fetch.Fetcher
}

func (i *Ingester) newDelivery(life *lifetime, m member) *delivery {
	d := &delivery{
		ingester: i, life: life, member: m, ledger: newLedger(), board: newBoard(i), memory: fetch.NewBudget(i.options.fetchMemory()),
	}
	config := i.fetching()
	config.Budget, config.Observer = d.memory, observer{i, d.board}
	d.fetcher = fetch.New(config)
	return d
}

// admit takes up what was found out: gaps and halts are reported, the starts committed where the group
// does not have them yet, and the partitions read from there. A gap that is on no record is not passed.
func (d *delivery) admit(q acquisition) error {
	i := d.ingester
	for _, halt := range q.halts {
		d.board.halted(halt)
	}
	if !i.reportGaps(d.life.fetch, q.gaps) {
		return errStopped
	}
	if err := i.acknowledge(d.life.hard, d.member, q.placed, i.bounded.committed); err != nil {
		return err
	}
	for _, a := range q.placed {
		start := fetch.Start{Next: a.state.Next, Last: fetch.Mark(a.state.Last)}
		if a.acked == start.Next {
			i.bounded.committed(a.tp, start.Next)
		}
		d.board.start(a.tp, start.Next)
		d.ledger.open(a) // from here on it is the deliverer's
		d.fetcher.Add(a.tp, start)
	}
	return nil
}

// pump moves records from the brokers to the table until the lifetime ends.
func (d *delivery) pump(q acquisition) {
	i := d.ingester
	fetched, cut, free := make(chan *chunk, chunkQueue), make(chan *batch), make(chan *batch, 2)
	free <- newBatch()
	free <- newBatch()
	a := &assembler{
		rule: i.rule(), writer: i.rowWriter(), ledger: d.ledger, until: i.options.Until, finish: d.fetcher.Stop, in: fetched, out: cut, free: free,
	}
	out := &deliverer{
		ingester: i, member: d.member, life: d.life, writer: i.rowWriter(), ledger: d.ledger, fetcher: d.fetcher, report: d.board, log: i.log,
	}

	var parts sync.WaitGroup
	stop, stopAll := context.WithCancel(d.life.work) // ends when nothing can be delivered any more
	reading, stopFetch := context.WithCancel(d.life.fetch)
	parts.Go(func() { d.fetcher.Run(reading, fetched); close(fetched) })
	parts.Go(func() { a.run(stop); close(cut) })
	parts.Go(func() { d.board.publish(reading) })
	parts.Go(func() { d.watch(reading) })
	parts.Go(func() { i.follow(reading) })
	parts.Go(func() { d.catchUp(reading, q) })
	err := out.run(cut, free)
	d.life.over()
	stopFetch()
	stopAll()
	for c := range fetched { // lets a fetch loop that is handing over return
		c.Release()
	}
	parts.Wait()
	i.farewell(d.life, d.board, err)
}

// catchUp takes up the partitions that could not be at first, each as soon as it can be: predecessors'
// inserts were in doubt, or nobody could say where the log begins.
func (d *delivery) catchUp(ctx context.Context, q acquisition) {
	i := d.ingester
	waiting := i.metrics.doubtful
	waiting.Set(float64(len(q.doubts)))
	defer waiting.Set(0)
	admit := func(q acquisition) {
		if err := d.admit(q); err != nil {
			i.log.Warn().Err(err).Msg("cannot settle where to start, joining the group again")
			d.life.giveUp()
		}
	}
	var parts sync.WaitGroup
	defer parts.Wait()
	for _, p := range q.later {
		parts.Go(func() { i.acquireLater(ctx, p, admit) })
	}
	i.settleDoubts(ctx, q.doubts, func(a *account) {
		waiting.Dec()
		parts.Go(func() { i.placeSettled(ctx, a, admit) })
	})
}

// watch keeps the gauges up to date and raises an alarm for a partition that has records and does not move.
func (d *delivery) watch(ctx context.Context) {
	i := d.ingester
	defer i.metrics.memory.Set(0) // whatever is left is given up with the generation
	for pause(ctx, time.Second) {
		i.metrics.memory.Set(float64(d.memory.InUse()))
		d.board.stalled(time.Now())
	}
}

// farewell closes the books of a generation.
func (i *Ingester) farewell(life *lifetime, b *board, err error) {
	if b.progress() {
		i.losses = 0
	}
	switch {
	case err != nil && life.hard.Err() != nil: // a commit was cut short, too
		i.log.Warn().Err(errStopped).Msg("left a block undelivered, its next owner reads it again")
	case errors.Is(err, errFenced):
		i.losses++
		i.log.Warn().Err(err).Msg("stopped delivering, joining the group again")
	case err != nil:
		i.log.Warn().Err(err).Msg("left a block undelivered, its next owner reads it again")
	case life.work.Err() == nil:
		b.close() // the end was asked for and everything assembled is delivered
	}
}

func (i *Ingester) rule() cutRule {
	o := i.options
	return cutRule{rows: o.MaxBlockRows, bytes: o.MaxBlockBytes, age: o.MaxBlockAge, quiet: o.QuietFlush}
}

func (i *Ingester) rowWriter() rowWriter { return rowWriter{parser: i.parser, source: i.source} }
