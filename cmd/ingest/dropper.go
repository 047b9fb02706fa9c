package main

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/internal/embedded"
)

// dropper deletes committed records from the embedded broker, which keeps records in memory, beside the
// delivery and never in its way: while one deletion runs, newer offsets of a partition replace older ones.
type dropper struct {
	broker *embedded.Broker
	log    zerolog.Logger
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	mu      sync.Mutex
	pending map[place]int64
}

type place struct {
	topic     string
	partition int32
}

func newDropper(broker *embedded.Broker, log zerolog.Logger) *dropper {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dropper{
		broker: broker, log: log, cancel: cancel,
		done: make(chan struct{}), wake: make(chan struct{}, 1), pending: map[place]int64{},
	}
	go d.run(ctx)
	return d
}

// drop asks for everything below offset to go. It does not block.
func (d *dropper) drop(topic string, partition int32, offset int64) {
	d.mu.Lock()
	d.pending[place{topic, partition}] = offset
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dropper) close() {
	d.cancel()
	<-d.done
}

func (d *dropper) run(ctx context.Context) {
	defer close(d.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
			d.dropPending(ctx)
		}
	}
}

func (d *dropper) dropPending(ctx context.Context) {
	d.mu.Lock()
	work := d.pending
	d.pending = map[place]int64{}
	d.mu.Unlock()
	for at, offset := range work {
		if err := d.broker.DropBefore(ctx, at.topic, at.partition, offset); err != nil && ctx.Err() == nil {
			d.log.Warn().Err(err).Str("topic", at.topic).Int32("partition", at.partition).Msg("cannot drop committed records from the embedded broker")
		}
	}
}
