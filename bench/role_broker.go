package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/errata-dev/errata/internal/embedded"
)

// partitions of a topic, unless something else is said.
const partitions = 4

// trimInterval is how often committed records are deleted from the broker's memory.
const trimInterval = 500 * time.Millisecond

type brokerReady struct {
	Addr string `json:"addr"`
}

// runBroker is the broker process, which holds its topics in memory.
func runBroker(ctx context.Context, a assignment, answer *json.Encoder) (err error) {
	broker, err := embedded.StartBroker(ctx, embedded.BrokerOptions{Topics: a.Topics})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	if err := answer.Encode(brokerReady{Addr: broker.Addr()}); err != nil {
		return err
	}
	if a.Trim != "" {
		return trim(ctx, broker, a.Trim)
	}
	<-ctx.Done()
	return nil
}

// trim deletes what the group has committed, until ctx ends.
func trim(ctx context.Context, broker *embedded.Broker, group string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()))
	if err != nil {
		return err
	}
	defer client.Close()
	watch := groupWatch{admin: kadm.NewClient(client), group: group}
	for pause(ctx, trimInterval) == nil {
		offsets, err := watch.offsets(ctx)
		offsets.Each(func(o kadm.OffsetResponse) {
			if o.At > 0 {
				err = errors.Join(err, broker.DropBefore(ctx, o.Topic, o.Partition, o.At))
			}
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}
