package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/pipeline"
)

// runLoad is the load generator: it fills a topic with its stream and ends.
func runLoad(ctx context.Context, a assignment, answer *json.Encoder) error {
	streams, err := streamsNamed(a.Topic)
	if err != nil {
		return err
	}
	from, err := streams[0].source(a.Records)
	if err != nil {
		return err
	}
	p, err := pipeline.NewPublisher(pipeline.PublisherOptions{Brokers: []string{a.Broker}, Topic: a.Topic}, stderrLog())
	if err != nil {
		return err
	}
	defer p.Close()
	published, err := p.Publish(ctx, &lines{source: from})
	if err != nil {
		return err
	}
	return answer.Encode(published)
}

func stderrLog() zerolog.Logger {
	return zerolog.New(os.Stderr).Level(zerolog.WarnLevel)
}
