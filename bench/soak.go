package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// soakOptions say how long the whole way is watched under a steady load.
type soakOptions struct {
	duration time.Duration
	rate     int // records a second
	every    time.Duration
	stream   string
}

// soakTopic and soakGroup name the topic and the ingester's group.
const (
	soakTopic = "soak"
	soakGroup = "soak"
)

func runSoak(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseSoakFlags(args, stderr)
	if err != nil {
		return err
	}
	s := &soak{options: o, out: stdout}
	if err := s.run(ctx, progressLog(stderr)); err != nil {
		return err
	}
	return s.verdict()
}

func parseSoakFlags(args []string, stderr io.Writer) (soakOptions, error) {
	var o soakOptions
	fs := flag.NewFlagSet("bench soak", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.DurationVar(&o.duration, "duration", time.Hour, "how long records are produced")
	fs.IntVar(&o.rate, "rate", 100_000, "records a second")
	fs.DurationVar(&o.every, "every", time.Minute, "how often a line is printed")
	fs.StringVar(&o.stream, "stream", "mix", "records to produce: problems, mix (5 % errors), errors, pages or successes")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.duration < time.Second || o.rate < 1 || o.every < time.Second || fs.NArg() > 0 {
		return o, fmt.Errorf("%w: want at least a second, one record a second, a line a second, and no further arguments", errUsage)
	}
	if _, err := streamsNamed(o.stream); err != nil || o.stream == "all" || strings.Contains(o.stream, ",") {
		return o, fmt.Errorf("%w: want one stream, not %q", errUsage, o.stream)
	}
	return o, nil
}

func (o soakOptions) records() int { return int(float64(o.rate) * o.duration.Seconds()) }

// soak is a broker, a ClickHouse and an ingester under a steady load, and what was seen of them.
type soak struct {
	options soakOptions
	out     io.Writer
	engine  *engine
	broker  *broker
	table   *database
	probe   *probe
	samples []sample
	loading time.Duration // how long producing all records took
	wrong   []string      // what the table lacks, or has twice
}

func (s *soak) run(ctx context.Context, log zerolog.Logger) (err error) {
	if s.engine, err = openEngine(ctx, log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.engine.close(ctx)) }()
	if s.broker, err = startBroker(ctx, map[string]int32{soakTopic: partitions}, soakGroup); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.broker.end()) }()
	if s.table, err = s.engine.freshDatabase(ctx); err != nil {
		return err
	}
	return s.watch(ctx)
}

// watch starts the ingester and the load, and samples until every record is committed.
func (s *soak) watch(ctx context.Context) error {
	ingester, err := startChild(ctx, assignment{
		Role: roleIngest, Topic: soakTopic, Group: soakGroup, Records: s.options.records(), Broker: s.broker.addr, ClickHouse: s.table.url(),
	})
	if err != nil {
		return err
	}
	if s.probe, err = openProbe(s.engine, s.broker, ingester, s.table); err != nil {
		return errors.Join(err, ingester.end())
	}
	defer s.probe.close()
	loaded, consumed := make(chan error, 1), make(chan error, 1)
	go func() {
		loaded <- s.broker.publish(ctx, assignment{
			Topic: soakTopic, Stream: s.options.stream, Records: s.options.records(), Rate: s.options.rate, Group: soakGroup,
		})
	}()
	go func() { consumed <- ingester.receive(new(ingested)) }()
	err = s.sample(ctx, loaded, consumed)
	return errors.Join(err, ingester.end())
}

// soakPatience is how long the ingester may be busy with the rest after the last record was produced.
const soakPatience = 5 * time.Minute

func (s *soak) sample(ctx context.Context, loaded, consumed <-chan error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if _, err := io.WriteString(s.out, soakHeading); err != nil {
		return err
	}
	ticker := time.NewTicker(s.options.every)
	defer ticker.Stop()
	start := time.Now()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-loaded:
			if err != nil {
				return err
			}
			loaded, s.loading = nil, time.Since(start)
			late := time.AfterFunc(soakPatience, func() { cancel(errors.New("the ingester has not read all")) })
			defer late.Stop()
		case err := <-consumed:
			return errors.Join(err, s.look(ctx), s.check(ctx))
		case <-ticker.C:
			if err := s.look(ctx); err != nil {
				return err
			}
		}
	}
}

// look adds a sample and prints it.
func (s *soak) look(ctx context.Context) error {
	found, err := s.probe.look(ctx)
	if err != nil {
		return err
	}
	s.samples = append(s.samples, found)
	_, err = io.WriteString(s.out, found.line())
	return err
}

// check compares the table with the topic.
func (s *soak) check(ctx context.Context) error {
	ends, err := s.probe.watch.ends(ctx, soakTopic)
	if err != nil {
		return err
	}
	for partition, end := range ends {
		wrong, err := s.table.compare(ctx, partition, uint64(end))
		if err != nil {
			return err
		}
		if wrong != "" {
			s.wrong = append(s.wrong, wrong)
		}
	}
	return nil
}

// The bounds of a healthy soak.
const (
	maxSoakMemory = 256e6            // bytes of the ingester
	maxSoakParts  = 100              // active parts of one partition, which merging must come back to
	maxSoakLag    = 10 * time.Second // of records, which the ingester must come back to
)

// errSoak is a soak that has shown something wrong.
var errSoak = errors.New("soak failed")

// verdict judges the samples. A number that only ever grows is seen in its minimum of the last third.
func (s *soak) verdict() error {
	wrong := s.wrong
	var memory uint64
	for _, one := range s.samples {
		memory = max(memory, one.memory)
	}
	if memory > maxSoakMemory {
		wrong = append(wrong, fmt.Sprintf("the ingester had %d MB, at most %d are allowed", memory/1e6, int(maxSoakMemory/1e6)))
	}
	last := s.samples[2*len(s.samples)/3:]
	if parts := slices.MinFunc(last, func(a, b sample) int { return int(a.Largest) - int(b.Largest) }); parts.Largest > maxSoakParts {
		wrong = append(wrong, fmt.Sprintf("merging does not keep up: a partition had %d active parts and more", parts.Largest))
	}
	lag := slices.MinFunc(last, func(a, b sample) int { return int(a.lag - b.lag) })
	if float64(lag.lag) > maxSoakLag.Seconds()*float64(s.options.rate) {
		wrong = append(wrong, fmt.Sprintf("the ingester does not keep up: it was %d records behind and more", lag.lag))
	}
	// The generator waits where it is too far before the ingester.
	if s.loading > s.options.duration*21/20+maxSoakLag {
		wrong = append(wrong, fmt.Sprintf("producing the records of %v took %v", s.options.duration, s.loading.Round(time.Second)))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %s", errSoak, strings.Join(wrong, "; "))
	}
	_, err := fmt.Fprintf(s.out, "\n%d records, each one row.\n", s.options.records())
	return err
}
