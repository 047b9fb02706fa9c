// Command answers measures what the questions cost on tables of 1, 10 and 100 million rows over 30 days, 5 % of
// them errors, in the embedded engine. `make bench-answers` runs it.
//
// The tables are made once, in some minutes, and kept in the user's cache directory (2.5 GB); every later run only
// asks. Every row derives from its number, so that two machines ask the same rows.
//
// CPU time and memory are what the engine reports of each statement, so that they say something on a busy machine
// too; times by the clock need a quiet one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/errata-dev/errata/internal/embedded"
)

func main() {
	embedded.MaybeRunEngine()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "answers:", err)
		os.Exit(exitCode(err))
	}
}

func exitCode(err error) int {
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

var errUsage = errors.New("usage")

type options struct {
	dir        string
	sizes      []int // millions of rows
	runs       int
	only       string
	plot       string
	serve      bool
	statements bool
	end        time.Time
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("answers", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.dir, "dir", "", "where the tables are kept; default: errata/bench-answers in the user's cache directory")
	sizes := fs.String("sizes", "1,10,100", "millions of rows to ask about")
	fs.IntVar(&o.runs, "runs", 5, "how often each question is asked, after once to warm up")
	fs.StringVar(&o.only, "only", "", "ask only the questions whose names contain this")
	fs.BoolVar(&o.serve, "serve", false, "make the tables, print where the engine listens, and keep it running until interrupted")
	fs.BoolVar(&o.statements, "statements", false, "print the cost of every statement of the last run to stderr")
	fs.StringVar(&o.plot, "plot", "", "write the answers' cost against rows to this SVG file")
	end := fs.String("to", "", "end of the 30 days, RFC 3339, a midnight in UTC, for tables that are made now; default: the last midnight")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	var err error
	if o.sizes, err = parseSizes(*sizes); err == nil {
		o.end, err = parseEnd(*end)
	}
	if err == nil && (o.runs < 1 || fs.NArg() > 0) {
		err = errors.New("want at least one run, and no further arguments")
	}
	if err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	return o, o.findDir()
}

func parseSizes(text string) ([]int, error) {
	var sizes []int
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(part)
		if err != nil || size < 1 || size > 1000 {
			return nil, fmt.Errorf("sizes: %q: want millions of rows, 1 to 1000", part)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

func parseEnd(text string) (time.Time, error) {
	if text == "" {
		return time.Now().UTC().Truncate(day), nil
	}
	end, err := time.Parse(time.RFC3339, text)
	if err == nil && !end.Equal(end.Truncate(day)) {
		err = fmt.Errorf("to: %s: want a midnight in UTC: the days of the table are days of the calendar", text)
	}
	return end, err
}

func (o *options) findDir() error {
	if o.dir != "" {
		return nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("no cache directory, name one with -dir: %w", err)
	}
	o.dir = filepath.Join(cache, "errata", "bench-answers")
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: o.dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	var tables []*table
	for _, size := range o.sizes {
		t, err := openTable(ctx, engine.URL(), size, o.end, stderr)
		if err != nil {
			return err
		}
		defer t.close()
		tables = append(tables, t)
	}
	if o.serve {
		return serve(ctx, tables, stdout)
	}
	return report(ctx, stdout, stderr, engine.Version(), tables, o)
}

// serve tells where the tables are, until the context ends.
func serve(ctx context.Context, tables []*table, stdout io.Writer) error {
	for _, t := range tables {
		if _, err := fmt.Fprintf(stdout, "%s --from %s --to %s\n", t.url(), t.from.Format(time.RFC3339), t.to.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}
