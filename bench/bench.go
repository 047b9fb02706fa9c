package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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
	contents map[string]contents // of errata's table, by stream
	results  results

	collectorDir string // "" = not built yet
}

// part is one measurement, made once in every run for each stream.
type part struct {
	name    string
	measure func(context.Context, *bench, stream, record) error
	asked   bool // only when it is asked for
}

// record notes one measured value.
type record func(what string, unit unit, value float64)

// parts are measured in this order.
func parts() []part {
	return []part{
		{name: "fetch", measure: measureFetch},
		{name: "parse", measure: measureParse},
		{name: "encode", measure: measureEncode},
		{name: "insert", measure: measureInsert},
		{name: partWhole, measure: measureWhole},
		{name: partKafkaEngine, measure: measureKafkaEngine},
		{name: partCollector, measure: measureCollector, asked: true},
		{name: partRatios, measure: measureRatios},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// partsNamed returns the parts of a list, in their own order, or all that need no asking for.
func partsNamed(list string) (found []part, err error) {
	wanted := map[string]bool{partRatios: true}
	for name := range strings.SplitSeq(list, ",") {
		if list != "" && !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("part %q: want %s", name, strings.Join(partNames(), ", "))
		}
		wanted[name] = true
	}
	for _, p := range parts() {
		if wanted[p.name] || list == "" && !p.asked {
			found = append(found, p)
		}
	}
	return found, nil
}

const (
	partRatios      = "ratios"
	partWhole       = "whole way"
	partKafkaEngine = "Kafka engine"
	partCollector   = "OpenTelemetry Collector"
)

// recordsOf is how many records of a stream are in its topic. Large ones are fewer, because the broker holds them in
// memory.
func (b *bench) recordsOf(s stream) int { return max(1, b.options.records/max(1, s.fewer)) }

// measure sets everything up, measures all parts in every run, and cleans up.
func measure(ctx context.Context, o options, log zerolog.Logger) (_ *report, err error) {
	b := &bench{options: o, log: log, corpora: map[string]*corpus{}, contents: map[string]contents{}}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	for n := range o.runs {
		if err := b.run(ctx, n+1); err != nil {
			return nil, err
		}
	}
	if err := b.explainProfiles(ctx); err != nil {
		return nil, err
	}
	return b.report(ctx)
}

func (b *bench) open(ctx context.Context) (err error) {
	if b.registry, err = parsers.New(parsers.Options{}); err != nil {
		return err
	}
	for _, s := range b.options.streams {
		if b.corpora[s.name], err = newCorpus(s, b.recordsOf(s)); err != nil {
			return err
		}
	}
	if b.engine, err = openEngine(ctx, b.log); err != nil {
		return err
	}
	if b.broker, err = startBroker(ctx, topicsOf(b.options.streams), ""); err != nil {
		return err
	}
	for _, s := range b.options.streams {
		b.log.Info().Str("stream", s.name).Int("records", b.recordsOf(s)).Msg("loading the broker")
		if err := b.broker.load(ctx, s, b.recordsOf(s)); err != nil {
			return err
		}
	}
	return nil
}

// topicsOf has one topic for each stream, named like it.
func topicsOf(streams []stream) map[string]int32 {
	topics := map[string]int32{}
	for _, s := range streams {
		topics[s.name] = partitions
	}
	return topics
}

// run measures everything once. The parts take turns, so that what else the machine is busy with hits all
// alike.
func (b *bench) run(ctx context.Context, n int) error {
	idle, err := measureIdle(ctx, b)
	if err != nil {
		return err
	}
	b.results.add(key{"idle", "", "ClickHouse", unitMillisecondsPerSecond}, idle)
	for _, p := range b.options.parts {
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
	if b.collectorDir != "" {
		faults = append(faults, os.RemoveAll(b.collectorDir))
	}
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
