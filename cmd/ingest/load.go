package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/pipeline"
)

func newLoad() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "load FILE…|-",
		Short: "Publish files of response logs to the topic, ingest them, and end when all are in ClickHouse",
		Long: `load publishes response logs, one JSON object a line, to the topic, consumes them as a member of the consumer group
and ends when everything it published is in ClickHouse. Memory stays bounded whatever the size of the input. A line that
cannot be understood becomes a dead letter with its reason; it stops nothing.`,
		Example: `  ingest load responses.jsonl
  zcat responses-*.jsonl.gz | ingest load -
  ingest load --brokers kafka:9092 --clickhouse clickhouse://errata@clickhouse:9000/errata responses.jsonl`,
		Args: cli.Args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			return load(cmd, s, files)
		},
	}
	s.register(cmd.Flags())
	cmd.Flags().Lookup("log-level").DefValue = "warn"
	s.log.Level = "warn" // the summary says what matters; a log line would tear the progress bar
	return cmd
}

func load(cmd *cobra.Command, s settings, files []string) error {
	size, err := inputSize(files)
	if err != nil {
		return err
	}
	sum, err := feed(cmd.Context(), cmd.ErrOrStderr(), s, feeding{
		what: "ingesting", size: size, done: deliveredBytes,
		publish: func(ctx context.Context, p *pipeline.Publisher) (pipeline.Published, error) {
			return publishFiles(ctx, cmd, p, files)
		},
	})
	if err != nil {
		return err
	}
	sum.print(cmd.ErrOrStderr())
	return nil
}

// inputSize is the sum of the files' sizes, or -1 when one of them is a pipe.
func inputSize(files []string) (int64, error) {
	var sum int64
	for _, name := range files {
		if name == "-" {
			return -1, nil
		}
		info, err := os.Stat(name)
		if err != nil {
			return 0, noFile(err)
		}
		if !info.Mode().IsRegular() {
			return -1, nil
		}
		sum += info.Size()
	}
	return sum, nil
}

// deliveredBytes is how much of the input has arrived: every record had a line end.
func deliveredBytes(s pipeline.Stats) int64 { return s.Bytes + s.Records }

func publishFiles(ctx context.Context, cmd *cobra.Command, p *pipeline.Publisher, files []string) (pipeline.Published, error) {
	var sum pipeline.Published
	err := eachFile(cmd, files, func(in io.Reader) error {
		one, err := p.Publish(ctx, in)
		sum.Records += one.Records
		sum.Bytes += one.Bytes
		sum.Truncated += one.Truncated
		return err
	})
	return sum, err
}

// feeding is one run of records through topic and group: a file, standard input or the simulator.
type feeding struct {
	what    string
	size    int64                      // where the progress bar ends, -1 = unknown
	done    func(pipeline.Stats) int64 // how far it is
	publish func(context.Context, *pipeline.Publisher) (pipeline.Published, error)
	prepare func(context.Context, *station) error // before the first record; may be nil
}

// feed publishes, ingests, and returns when the group has committed all that was published.
func feed(ctx context.Context, stderr io.Writer, s settings, f feeding) (sum summary, err error) {
	if len(s.kafka.Topics) != 1 {
		return sum, cli.Usagef("--topic: give exactly one topic to publish to, not %d", len(s.kafka.Topics))
	}
	var publisher *pipeline.Publisher
	st, err := openStation(ctx, s, stderr, func(topic string, partition int32, offset int64) {
		publisher.Committed(topic, partition, offset)
	})
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if f.prepare != nil {
		if err := f.prepare(ctx, st); err != nil {
			return sum, err
		}
	}
	if publisher, err = st.newPublisher(); err != nil {
		return sum, err
	}
	defer publisher.Close()
	return st.feed(ctx, stderr, publisher, f)
}

func (st *station) newPublisher() (*pipeline.Publisher, error) {
	o := st.options
	p, err := pipeline.NewPublisher(pipeline.PublisherOptions{
		Brokers: o.Brokers, Topic: o.Topics[0], TLS: o.TLS, SASL: o.SASL, Group: o.Group,
	}, st.log)
	if err != nil {
		return nil, fmt.Errorf("publisher: %w", err)
	}
	return p, nil
}

// feed runs the ingester beside the publishing, and ends it when all that was published is committed.
func (st *station) feed(ctx context.Context, stderr io.Writer, publisher *pipeline.Publisher, f feeding) (summary, error) {
	started := time.Now()
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	consuming, stopConsuming := context.WithCancel(running)
	ended := make(chan error, 1)
	go func() {
		err := st.ingester.Run(consuming)
		stop(err) // a publisher must not wait for an ingester that has ended
		ended <- err
	}()
	undraw := st.draw(stderr, f)
	published, err := f.publish(running, publisher)
	if err == nil {
		err = publisher.WaitUntil(running, publisher.Ends())
	}
	stopConsuming()
	runErr := <-ended
	undraw()
	sum := summary{published: published, stats: st.ingester.Stats(), elapsed: time.Since(started)}
	switch {
	case runErr != nil:
		return sum, fmt.Errorf("ingesting: %w", runErr)
	case err != nil && ctx.Err() != nil:
		return sum, ctx.Err() // interrupted; what was committed stays
	case err != nil:
		return sum, fmt.Errorf("publishing: %w", err)
	}
	return sum, nil
}

// draw shows the delivered bytes as a bar until the returned function is called.
func (st *station) draw(stderr io.Writer, f feeding) (undraw func()) {
	bar := cli.Bar(stderr, f.size, f.what)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				cli.Finish(bar)
				return
			case <-tick.C:
				cli.Advance(bar, f.done(st.ingester.Stats()))
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// summary is what a person wants to know at the end.
type summary struct {
	published pipeline.Published
	stats     pipeline.Stats
	elapsed   time.Duration
}

func (s summary) print(w io.Writer) {
	seconds := max(s.elapsed.Seconds(), 0.001)
	cli.Note(w, "%s in %s (%s/s): %s, %s, %s%s",
		cli.Plural(s.stats.Records, "record"), s.elapsed.Round(10*time.Millisecond), cli.Plural(int64(float64(s.stats.Records)/seconds), "record"),
		cli.Plural(s.stats.Errors, "error"), cli.Plural(s.stats.Successes, "success"), cli.Plural(s.stats.DeadLetters, "dead letter"), reasons(s.stats.Reasons))
	if n := s.published.Truncated; n > 0 {
		cli.Note(w, "%s longer than a Kafka message may be: the beginning was kept", cli.Plural(n, "line"))
	}
	if n := s.stats.Reasons[parsers.ReasonBatched.String()]; n > 0 {
		cli.Note(w, "%s of several responses became no row: set the batch size to 1 in front of the Collector's Kafka exporter", cli.Plural(n, "record"))
	}
	if n := s.stats.DeadLetters; n > 0 {
		cli.Note(w, "see them with: %s errors --kind dead_letter --since 30d", typedQuery())
	}
}

func reasons(counts map[string]int64) string {
	if len(counts) == 0 {
		return ""
	}
	list := make([]string, 0, len(counts))
	for reason, n := range counts {
		list = append(list, fmt.Sprintf("%s %s", cli.Count(n), reason))
	}
	sort.Strings(list)
	return " (" + strings.Join(list, ", ") + ")"
}
