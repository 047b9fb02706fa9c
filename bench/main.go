// Command bench measures what errata costs: the CPU time per record, user and system, of each part of the way
// from Kafka to ClickHouse and of the whole way, so that every later change is seen. `make bench` runs it.
//
// It needs no set-up: it starts a broker, a load generator and an ingester as processes of their own, by
// executing itself anew, and the embedded ClickHouse. Every process is measured for itself.
//
// It refuses to claim anything by the clock: what a machine does in a second depends on who else is on it.
// Records per second are printed for information only.
//
// `bench soak` watches the whole way under a steady load for an hour, and `bench cost` measures whether a record costs
// the same with many partitions, in a trickle and in a large table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/errata-dev/errata/internal/embedded"
)

func main() {
	embedded.MaybeRunEngine()
	maybeRunRole()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	if err != nil && !interrupted && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(exitCode(err, interrupted))
}

func exitCode(err error, interrupted bool) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case interrupted:
		return 130
	}
	return 1
}

var errUsage = errors.New("usage")

type options struct {
	records int
	runs    int
	streams []stream
	parts   []part

	profiles string // directory; "" = none
	print    func(io.Writer, *report) error
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "soak":
			return runSoak(ctx, args[1:], stdout, stderr)
		case "cost":
			return runCost(ctx, args[1:], stdout, stderr)
		}
	}
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	r, err := measure(ctx, o, progressLog(stderr))
	if err != nil {
		return err
	}
	return o.print(stdout, r)
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&o.records, "records", 500_000, "records of each stream; the broker holds them in memory, about 1.1 kB each")
	fs.IntVar(&o.runs, "runs", 5, "how often everything is measured")
	stream := fs.String("stream", "problems,mix,errors,pages", "records to measure with, of problems, mix (5 % errors), errors, pages, successes; or all")
	only := fs.String("parts", "", "measure these only, of "+strings.Join(partNames(), ", ")+"; empty = all but the "+partCollector+", which is built first")
	fs.StringVar(&o.profiles, "profile", "", "`directory` for CPU profiles of the ingester: <stream>.pprof, <stream>.txt and <stream>.svg")
	asJSON := fs.Bool("json", false, "print JSON with the value of every run instead of a Markdown table")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.records < 1 || o.runs < 1 || fs.NArg() > 0 {
		return o, fmt.Errorf("%w: want at least one record and one run, and no further arguments", errUsage)
	}
	var err error
	if o.streams, err = streamsNamed(*stream); err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.parts, err = partsNamed(*only); err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	o.print = printMarkdown
	if *asJSON {
		o.print = printJSON
	}
	return o, nil
}
