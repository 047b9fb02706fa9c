package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/commandline"
	"github.com/errata-dev/errata/internal/simulate"
	"github.com/errata-dev/errata/pipeline"
)

// demoSource is the source of the demo's rows: it tells them from a user's own.
const demoSource = "demo"

func newDemo() *cobra.Command {
	var s settings
	var records int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way on simulated traffic of six vendors",
		Long: `demo simulates a day of responses of six vendors, with two retry storms, two rate-limit windows and one spike in its
last 50 minutes, sends them through an embedded Kafka broker and the consumer group into the embedded ClickHouse, and
asks the four questions. The data stays in the data directory, so that you can go on asking; the next demo replaces it.`,
		Example: `  ingest demo
  ingest demo --records 2000000 --seed 7 --data-dir /tmp/errata-demo`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd, s, simulate.Options{Seed: seed, Records: records, End: time.Now().Truncate(time.Millisecond)})
		},
	}
	s.clickhouse.Register(cmd.Flags())
	s.log.Register(cmd.Flags())
	s.log.Level = "warn"
	cmd.Flags().IntVar(&records, "records", 200_000, "about how many records to simulate")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the simulation: the same seed makes the same traffic")
	return cmd
}

func demo(cmd *cobra.Command, s settings, o simulate.Options) error {
	s.kafka.Topics, s.partitions, s.brokerListen = []string{"demo"}, 4, "127.0.0.1:0"
	s.group.Name, s.group.Source = "errata-demo", demoSource
	stderr := cmd.ErrOrStderr()
	generator, err := simulate.New(o)
	if err != nil {
		return cli.Usagef("%w", err)
	}
	cli.Note(stderr, "Simulating about %s response logs of six vendors over the last 24 hours,", cli.Count(int64(o.Records)))
	cli.Note(stderr, "through an embedded Kafka broker into the embedded ClickHouse in %s.", cli.DataDir(s.clickhouse))
	sum, err := feed(cmd.Context(), stderr, s, feeding{
		what: "ingesting", size: int64(o.Records),
		done:    func(s pipeline.Stats) int64 { return s.Records },
		prepare: replaceDemo,
		publish: func(ctx context.Context, p *pipeline.Publisher) (pipeline.Published, error) {
			return p.Publish(ctx, &simulated{generator: generator})
		},
	})
	if err != nil {
		return err
	}
	sum.print(stderr)
	return showAnswers(cmd, s)
}

// replaceDemo empties the tables when they hold nothing but an earlier demo, and refuses to touch
// anybody's own data.
func replaceDemo(ctx context.Context, st *station) error {
	sources, err := st.store.DB.Sources(ctx)
	if err != nil {
		return err
	}
	for _, source := range sources {
		if source != demoSource {
			return fmt.Errorf("the data directory holds rows of your own (source %q), which the demo would mix with its own: give it a directory of its own with --data-dir DIR", source)
		}
	}
	return st.store.DB.Clear(ctx)
}

// simulated reads a generator's records as lines.
type simulated struct {
	generator *simulate.Generator
	buf       []byte
	rest      []byte
}

// Read fills p as far as it can: a reader that hands out single lines looks like a slow pipe, whose lines the
// publisher would send one by one.
func (s *simulated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(s.rest) == 0 && !s.next() {
			break
		}
		copied := copy(p[n:], s.rest)
		s.rest = s.rest[copied:]
		n += copied
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *simulated) next() bool {
	value, _, ok := s.generator.Next(s.buf)
	if !ok {
		return false
	}
	s.buf = append(value, '\n')
	s.rest = s.buf
	return true
}

// showAnswers runs the query command that was built beside this one, as a person would next.
func showAnswers(cmd *cobra.Command, s settings) error {
	query, err := queryCommand()
	if err != nil {
		return err
	}
	var where []string
	place := "" // of the data, as it is typed
	if dir := s.clickhouse.DataDir; dir != "" {
		where = []string{"--data-dir", dir}
		place = " --data-dir " + commandline.Quote(dir)
	}
	shown := displayName(query)
	for _, question := range []string{"top", "storms", "limits", "spikes"} {
		args := append([]string{question, "--output=table"}, where...)
		cli.Note(cmd.OutOrStdout(), "\n$ %s %s%s", shown, question, place)
		run := exec.CommandContext(cmd.Context(), query, args...)
		run.Stdin, run.Stdout, run.Stderr = nil, cmd.OutOrStdout(), cmd.ErrOrStderr()
		if err := run.Run(); err != nil {
			return fmt.Errorf("%s %s: %w", shown, question, err)
		}
	}
	cli.Note(cmd.OutOrStdout(), "\nThe data stays. Ask on:")
	for _, next := range []string{
		"timeline", "top --since 24h --by vendor,category", "errors --vendor bics --limit 5", "storms -o json",
		"report --vendor truelayer --out truelayer.html", "alert backtest --since 24h",
	} {
		cli.Note(cmd.OutOrStdout(), "  %s %s%s", shown, next, place)
	}
	cli.Note(cmd.OutOrStdout(), "  %s --help", shown)
	return nil
}

func queryCommand() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the query command: %w", err)
	}
	query := filepath.Join(filepath.Dir(self), "query")
	if _, err := os.Stat(query); err != nil {
		return "", fmt.Errorf("the data is in place, but the query command is not beside this one (%w): build it with `make build`", err)
	}
	return query, nil
}

// typedQuery is how a person would type the query command: the one beside this one, else any.
func typedQuery() string {
	query, err := queryCommand()
	if err != nil {
		return "query"
	}
	return displayName(query)
}

// displayName is how a person would type the path of a command.
func displayName(path string) string {
	if found, err := exec.LookPath(filepath.Base(path)); err == nil && found == path {
		return filepath.Base(path)
	}
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(dir, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}
