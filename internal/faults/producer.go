package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/internal/simulate"
)

// producer fills the topic at an even pace with records that all differ, and remembers which of them the
// broker has acknowledged.
type producer struct {
	client    *kgo.Client
	generator *simulate.Generator
	line      *timeline
	rate      int // records a second

	mu         sync.Mutex
	acked      records
	unreadable []position // planted by the trial
	fault      error

	stop func()
	done chan struct{}
}

func startProducer(ctx context.Context, t *trial) (*producer, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(t.kafka.addrs...), kgo.DefaultProduceTopic(t.topic),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerLinger(5*time.Millisecond),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.MaxBufferedRecords(20_000), kgo.UnknownTopicRetries(-1))
	if err != nil {
		return nil, fmt.Errorf("producer: %w", err)
	}
	generator, err := simulate.New(simulate.Options{
		Seed: t.seed, End: time.Now(), Records: 50_000_000, ErrorRate: 0.3, Malformed: 0.01, Events: []simulate.Event{},
	})
	if err != nil {
		return nil, fmt.Errorf("producer: %w", err)
	}
	p := &producer{client: client, generator: generator, line: t.line, rate: t.fault.rate, acked: records{}}
	p.resume(ctx)
	return p, nil
}

// resume goes on after halt.
func (p *producer) resume(ctx context.Context) {
	ctx, p.stop = context.WithCancel(ctx)
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		p.run(ctx)
	}()
}

const pace = 20 * time.Millisecond

func (p *producer) run(ctx context.Context) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for range max(1, p.rate*int(pace)/int(time.Second)) {
			value, key, ok := p.generator.Next(nil)
			if !ok || ctx.Err() != nil {
				return
			}
			p.produce(ctx, &kgo.Record{Key: key, Value: value})
		}
	}
}

// produce hands a record over; it blocks while the brokers take none. What is given up after that is in the
// log or is not: only the log tells.
func (p *producer) produce(ctx context.Context, r *kgo.Record) {
	p.client.Produce(context.WithoutCancel(ctx), r, func(r *kgo.Record, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil {
			p.fault = err
			return
		}
		p.acked[position{r.Partition, r.Offset}] = checksum(r.Value)
	})
}

// halt stops producing and waits until everything is acknowledged.
func (p *producer) halt(ctx context.Context) error {
	p.stop()
	<-p.done
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("producer: flush: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line.note("producer: %d records acknowledged", len(p.acked))
	if p.fault != nil {
		return fmt.Errorf("producer: %w", p.fault)
	}
	return nil
}

// count is how many records have been acknowledged.
func (p *producer) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acked)
}

// account is a copy of what has been acknowledged.
func (p *producer) account() records {
	p.mu.Lock()
	defer p.mu.Unlock()
	copied := make(records, len(p.acked))
	for at, sum := range p.acked {
		copied[at] = sum
	}
	return copied
}

func (p *producer) close() {
	p.stop()
	<-p.done
	p.client.Close()
}

// transact produces n records in a transaction of their own, to the partition, and commits or aborts it.
func transact(ctx context.Context, t *trial, id string, end kgo.TransactionEndTry, values [][]byte) (err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(t.kafka.addrs...), kgo.DefaultProduceTopic(t.topic), kgo.TransactionalID(id))
	if err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	batch := make([]*kgo.Record, 0, len(values))
	for _, value := range values {
		batch = append(batch, &kgo.Record{Value: value})
	}
	if err := client.ProduceSync(ctx, batch...).FirstErr(); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	return errors.Join(client.Flush(ctx), client.EndTransaction(ctx, end))
}
