package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/pipeline"
)

// runLoad is the load generator: it fills a topic with a stream and ends.
func runLoad(ctx context.Context, a assignment, answer *json.Encoder) error {
	streams, err := streamsNamed(a.Stream)
	if err != nil {
		return err
	}
	from, err := streams[0].source(a.Records)
	if err != nil {
		return err
	}
	options := pipeline.PublisherOptions{Brokers: []string{a.Broker}, Topic: a.Topic, BatchBytes: a.Batch}
	var text io.Reader = &lines{source: from}
	if a.Rate > 0 {
		// The broker holds in memory what the group has not read yet.
		options.Group, options.Ahead = a.Group, maxAhead
		text = &paced{lines: lines{source: from}, rate: a.Rate}
	}
	p, err := pipeline.NewPublisher(options, stderrLog())
	if err != nil {
		return err
	}
	defer p.Close()
	published, err := p.Publish(ctx, text)
	if err != nil {
		return err
	}
	return answer.Encode(published)
}

// maxAhead bounds how many bytes a paced generator may be before the ingester: a quarter of a minute of 100,000 records
// a second.
const maxAhead = 1 << 30

// paced is a stream's lines at so many a second. What was late is made up for.
type paced struct {
	lines
	rate  int
	start time.Time
	read  int
}

// Read returns one line, or the rest of it.
func (p *paced) Read(to []byte) (int, error) {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	if len(p.rest) == 0 {
		due := time.Duration(float64(p.read) / float64(p.rate) * float64(time.Second))
		if early := due - time.Since(p.start); early > time.Millisecond {
			time.Sleep(early)
		}
		p.read++
	}
	return p.readLine(to)
}

func stderrLog() zerolog.Logger {
	return zerolog.New(os.Stderr).Level(zerolog.WarnLevel)
}
