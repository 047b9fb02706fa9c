package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/segmentio/kafka-go"
)

// chunkQueue is how many chunks may wait for the assembler; the memory budget bounds their bytes.
const chunkQueue = 64

// serve runs one generation of the group: it reads the assigned partitions until the group moves on
// or ctx ends. What is under way then is finished within a bound.
func (i *Ingester) serve(ctx context.Context, g *kafka.Generation) {
	served := make(chan struct{})
	g.Start(func(generation context.Context) {
		life := newLifetime(ctx, generation, i.options.DrainTimeout, i.options.RebalanceTimeout*2/3)
		i.generation(life, g)
		life.stop()
		close(served)
		if ctx.Err() != nil {
			<-generation.Done() // returning earlier would make kafka-go join the group again
		}
	})
	<-served
}

func (i *Ingester) generation(life *lifetime, g *kafka.Generation) {
	owned := assigned(g)
	i.health.set("acquire", "finding out where to start") // before "group" is cleared: it is not ready in between
	defer i.health.clear("acquire")
	i.health.clear("group")
	i.log.Info().Int32("generation", g.ID).Int("partitions", len(owned)).Msg("joined the group")
	if len(owned) == 0 {
		i.health.clear("acquire")
		<-life.fetch.Done()
		return
	}
	h, err := i.acquire(life.fetch, owned)
	if err != nil {
		return // the generation ended before it began
	}
	i.reportGaps(life.fetch, h.gaps)
	m := member{i.options.Group, int(g.ID), g.MemberID}
	// Before anything is read: or the next owner would begin elsewhere, and what is deleted until then
	// would be no gap.
	if err = i.commit(life.hard, m, h.jumps); err != nil {
		i.log.Warn().Err(err).Msg("cannot settle where to start, joining the group again")
		return
	}
	b := newBoard(i, h)
	defer b.forget()
	for _, halt := range h.halts {
		b.halted(halt)
	}
	i.health.clear("acquire")
	i.pump(life, m, h, b)
}

func assigned(g *kafka.Generation) []tp {
	var owned []tp
	for topic, partitions := range g.Assignments {
		for _, p := range partitions {
			owned = append(owned, tp{topic, int32(p.ID)})
		}
	}
	return owned
}

// pump moves records from the brokers to the table until the lifetime ends: fetcher, assembler and
// deliverer, one goroutine each, with channels between them.
func (i *Ingester) pump(life *lifetime, m member, h holding, b *board) {
	memory := newBudget(i.options.Memory)
	chunks := &sync.Pool{New: func() any { return new(chunk) }}
	keeper := &chunkKeeper{memory, chunks}
	fetched := make(chan *chunk, chunkQueue)
	cut := make(chan *batch)
	free := make(chan *batch, 2)
	free <- newBatch()
	free <- newBatch()

	f := &fetcher{
		broker: i.broker, options: i.options, cursor: newCursor(h.starts), memory: memory, chunks: chunks,
		out: fetched, resume: i.resume, report: b, log: i.log, quiet: &i.quiet,
	}
	a := &assembler{
		rule: i.rule(), writer: i.rowWriter(), held: h.held, memory: keeper, in: fetched, out: cut, free: free,
	}
	d := &deliverer{
		ingester: i, member: m, life: life, writer: i.rowWriter(), held: h.held, memory: keeper, report: b, log: i.log,
	}

	var parts sync.WaitGroup
	stop, stopAll := context.WithCancel(life.work) // ends when nothing can be delivered any more
	fetch, stopFetch := context.WithCancel(life.fetch)
	parts.Go(func() { f.run(fetch); close(fetched) })
	parts.Go(func() { a.run(stop); close(cut) })
	parts.Go(func() { b.publish(fetch) })
	parts.Go(func() { i.watch(fetch, memory) })
	err := d.run(cut, free)
	stopFetch()
	stopAll()
	for range fetched { // lets a fetch loop that is handing over return
	}
	parts.Wait()
	i.farewell(life, b, err)
}

// farewell closes the books of a generation.
func (i *Ingester) farewell(life *lifetime, b *board, err error) {
	switch {
	case errors.Is(err, errFenced):
		i.log.Warn().Err(err).Msg("stopped delivering, joining the group again")
	case err != nil:
		i.log.Warn().Err(err).Msg("left a block undelivered, its next owner reads it again")
	case life.work.Err() == nil:
		b.close() // the end was asked for and everything assembled is delivered
	}
}

func (i *Ingester) rule() cutRule {
	o := i.options
	return cutRule{rows: o.MaxBlockRows, bytes: o.MaxBlockBytes, values: int(o.Memory / 3), age: o.MaxBlockAge, quiet: o.QuietFlush}
}

func (i *Ingester) rowWriter() rowWriter { return rowWriter{parser: i.parser, source: i.source} }
