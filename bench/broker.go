package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/errata-dev/errata/pipeline"
)

// broker is the broker process.
type broker struct {
	*child
	addr   string
	groups int
}

// startBroker starts a broker with these topics. It deletes what the group trim has committed, unless that is "".
func startBroker(ctx context.Context, topics map[string]int32, trim string) (*broker, error) {
	// Not bound to ctx: closing its input ends it in order.
	c, err := startChild(context.WithoutCancel(ctx), assignment{Role: roleBroker, Topics: topics, Trim: trim})
	if err != nil {
		return nil, err
	}
	var ready brokerReady
	if err := c.receive(&ready); err != nil {
		return nil, errors.Join(err, c.end())
	}
	return &broker{child: c, addr: ready.Addr}, nil
}

// load fills the stream's topic with n records, once.
func (b *broker) load(ctx context.Context, s stream, n int) error {
	return b.publish(ctx, assignment{Topic: s.name, Stream: s.name, Records: n})
}

// publish has a load generator fill a topic.
func (b *broker) publish(ctx context.Context, a assignment) error {
	a.Role, a.Broker = roleLoad, b.addr
	c, err := startChild(ctx, a)
	if err != nil {
		return err
	}
	var published pipeline.Published
	if err := errors.Join(c.receive(&published), c.end()); err != nil {
		return err
	}
	if published.Records != int64(a.Records) {
		return fmt.Errorf("load: %d records published, want %d", published.Records, a.Records)
	}
	return nil
}

// consumption is what it took to consume a topic once.
type consumption struct {
	ingested
	broker time.Duration // CPU time
	memory uint64        // of the ingester, largest sample in bytes
}

// nextGroup names a consumer group that has not been there before.
func (b *broker) nextGroup() string {
	b.groups++
	return fmt.Sprintf("bench-%d", b.groups)
}

// consume starts an ingester process as a consumer group that has not been there before, and waits until it
// has consumed the whole topic. Then it calls atEnd, before the ingester ends.
func (b *broker) consume(ctx context.Context, a assignment, atEnd func() error) (result consumption, err error) {
	a.Broker, a.Group = b.addr, b.nextGroup()
	c, err := startChild(ctx, a)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	watch := watchMemory(c.pid())
	own, err := newMeter(b.pid())
	if err == nil {
		err = c.receive(&result.ingested)
	}
	if err != nil {
		return result, err
	}
	if result.broker, err = own.used(); err != nil {
		return result, err
	}
	if err := atEnd(); err != nil {
		return result, err
	}
	result.memory, err = watch.end()
	return result, err
}
