package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/errata-dev/errata/internal/embedded"
)

// partitions of every topic.
const partitions = 4

type brokerReady struct {
	Addr string `json:"addr"`
}

// runBroker is the broker process: one topic for each stream, named like it, held in memory.
func runBroker(ctx context.Context, answer *json.Encoder) (err error) {
	topics := map[string]int32{}
	for _, s := range allStreams() {
		topics[s.name] = partitions
	}
	broker, err := embedded.StartBroker(ctx, embedded.BrokerOptions{Topics: topics})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	if err := answer.Encode(brokerReady{Addr: broker.Addr()}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
