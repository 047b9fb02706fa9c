package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/errata-dev/errata/parsers"
)

// bench is what the measurements share.
type bench struct {
	options  options
	log      zerolog.Logger
	registry *parsers.Registry
	corpora  map[string]*corpus // by stream
	blocks   blockStore
	engine   *engine
	broker   *broker
	results  results
}

// part is one measurement, made once in every run for each stream.
type part struct {
	name    string
	measure func(context.Context, *bench, stream, record) error
}

// record notes one measured value.
type record func(what string, unit unit, value float64)

// parts are measured in this order. A peer, such as ClickHouse's own Kafka engine reading the same topics, is
// one more of them: it finds the broker and the engine in bench.
func parts() []part {
	return []part{
		{"fetch", measureFetch},
		{"parse", measureParse},
		{"encode", measureEncode},
		{"insert", measureInsert},
		{"whole way", measureWhole},
	}
}

// measure sets everything up, measures all parts in every run, and cleans up.
func measure(ctx context.Context, o options, log zerolog.Logger) (_ *report, err error) {
	b := &bench{options: o, log: log, corpora: map[string]*corpus{}}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	for n := range o.runs {
		if err := b.run(ctx, n+1); err != nil {
			return nil, err
		}
	}
	return b.report(ctx)
}

func (b *bench) open(ctx context.Context) (err error) {
	if b.registry, err = parsers.New(parsers.Options{}); err != nil {
		return err
	}
	for _, s := range b.options.streams {
		if b.corpora[s.name], err = newCorpus(s, b.options.records); err != nil {
			return err
		}
	}
	if b.engine, err = openEngine(ctx, b.log); err != nil {
		return err
	}
	if b.broker, err = startBroker(ctx); err != nil {
		return err
	}
	for _, s := range b.options.streams {
		b.log.Info().Str("stream", s.name).Int("records", b.options.records).Msg("loading the broker")
		if err := b.broker.load(ctx, s, b.options.records); err != nil {
			return err
		}
	}
	return nil
}

// run measures everything once. The parts take turns, so that what else the machine is busy with hits all
// alike.
func (b *bench) run(ctx context.Context, n int) error {
	idle, err := measureIdle(ctx, b)
	if err != nil {
		return err
	}
	b.results.add(key{"idle", "", "ClickHouse", unitMillisecondsPerSecond}, idle)
	for _, p := range parts() {
		for _, s := range b.options.streams {
			b.log.Info().Int("run", n).Int("of", b.options.runs).Str("part", p.name).Str("stream", s.name).Msg("measuring")
			note := func(what string, unit unit, value float64) {
				b.results.add(key{p.name, s.name, what, unit}, value)
			}
			if err := p.measure(ctx, b, s, note); err != nil {
				return fmt.Errorf("%s, %s: %w", p.name, s.name, err)
			}
		}
	}
	return nil
}

func (b *bench) close(ctx context.Context) error {
	var faults []error
	if b.broker != nil {
		faults = append(faults, b.broker.end())
	}
	if b.engine != nil {
		faults = append(faults, b.engine.close(ctx))
	}
	return errors.Join(faults...)
}

// progressLog tells a person how far bench is.
func progressLog(w io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: time.TimeOnly}).With().Timestamp().Logger()
}
