// Command faults breaks everything around the ingester, and the ingester itself, and checks that every record
// of the topic is one row of the table afterwards. `make faults` runs the long form, `make faults-short` the
// short one.
//
// Nothing in it is simulated but the records: the ingesters are the built command as processes of their own,
// ClickHouse is the embedded engine, killed and stopped like any process, and Kafka is a broker process or
// three brokers of a real Apache Kafka. The judge is another Kafka client than the one under test.
//
// What is broken and when is drawn from a seed that every line of the result shows; -seed repeats it. The
// operating system still decides how processes interleave, so a seed repeats what was done, not what came of
// it: the timeline in the trial's directory tells both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/errata-dev/errata/internal/embedded"
)

func main() {
	embedded.MaybeRunEngine()
	maybeRunBroker()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

type options struct {
	only    []string // ids or names; empty = all
	short   bool
	seed    uint64
	mutants bool
	keep    bool
	list    bool
	lanes   int    // trials at a time
	table   string // file for the results as a Markdown table; "" = none
	ingest  string // a built command to test instead of this source
	older   string // a built command of an older version for F19; "" = this source under another version
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	fs := flag.NewFlagSet("faults", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&only, "only", "", "faults to run, such as F1,F6 or F9/parts (default: all)")
	fs.BoolVar(&o.short, "short", false, "few rounds of everything")
	fs.Uint64Var(&o.seed, "seed", 0, "repeat the run with this seed (default: a new one)")
	fs.BoolVar(&o.mutants, "mutants", false, "remove one rule of the protocol at a time; the fault that it is there for must then fail")
	fs.BoolVar(&o.keep, "keep", false, "keep the directories of trials that passed, too")
	fs.BoolVar(&o.list, "list", false, "list the faults and end")
	fs.StringVar(&o.ingest, "ingest", "", "test this built command `ingest` (default: build it from this source)")
	fs.StringVar(&o.older, "older", "", "for F19: the command of an older version (default: this source as another version)")
	fs.IntVar(&o.lanes, "lanes", 2, "trials at a time")
	fs.StringVar(&o.table, "markdown", "", "write the results as a Markdown table to this `file`")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if fs.NArg() > 0 || o.lanes < 1 {
		return o, fmt.Errorf("%w: want no further arguments and at least one lane", errUsage)
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1 << 32)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(matrix(), o.only)
	if err != nil {
		return err
	}
	if o.list {
		return list(stdout, chosen)
	}
	h, err := newHarness(o, stdout)
	if err != nil {
		return err
	}
	if o.mutants {
		err = h.runMutants(ctx, mutants())
	} else {
		err = h.runAll(ctx, chosen)
	}
	return errors.Join(err, h.writeTable(), h.close())
}

func list(w io.Writer, faults []fault) error {
	for _, f := range faults {
		if _, err := fmt.Fprintf(w, "%-18s %s\n", f.String(), f.what); err != nil {
			return fmt.Errorf("list: %w", err)
		}
	}
	return nil
}
