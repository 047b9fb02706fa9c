// Command alerts measures the default alert rules: weeks of ordinary traffic must page nobody, and spikes
// that are written minute by minute must page soon. It prints a table for docs/alerting.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/embedded"
)

type settings struct {
	weeks   int
	seeds   int
	first   uint64
	verbose bool
	cost    string
	at      string
}

func main() {
	embedded.MaybeRunEngine()
	var s settings
	flag.IntVar(&s.weeks, "weeks", 4, "weeks of ordinary traffic, at each volume")
	flag.IntVar(&s.seeds, "seeds", 2, "how often the spikes are written anew")
	flag.Uint64Var(&s.first, "seed", 1, "the first seed")
	flag.BoolVar(&s.verbose, "verbose", false, "list every page in ordinary traffic, and the spikes behind")
	flag.StringVar(&s.cost, "cost", "", "instead: what a tick costs on the table at this URL, such as one of go run ./bench/answers -serve")
	flag.StringVar(&s.at, "at", "", "the instant of the last tick of -cost, RFC 3339")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "alerts:", err)
		os.Exit(1)
	}
}

// run prints what it has measured, also when that is not good enough.
func run(ctx context.Context, s settings) error {
	rules, err := alert.Decode("default rules", alert.DefaultFile)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if s.cost != "" {
		err = s.measureCost(ctx, &out, rules)
	} else {
		err = s.measureFresh(ctx, &out, rules)
	}
	_, writeErr := out.WriteTo(os.Stdout)
	return errors.Join(err, writeErr)
}

func (s settings) measureCost(ctx context.Context, out *bytes.Buffer, rules *alert.File) error {
	at, err := time.Parse(time.RFC3339, s.at)
	if err != nil {
		return fmt.Errorf("at: %w", err)
	}
	return measureCost(ctx, out, s.cost, at, rules)
}

// measureFresh measures in an engine of its own.
func (s settings) measureFresh(ctx context.Context, out *bytes.Buffer, rules *alert.File) error {
	dir, err := os.MkdirTemp("", "alerts-")
	if err != nil {
		return err
	}
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: dir})
	if err != nil {
		return err
	}
	return errors.Join(s.measure(ctx, engine.URL(), out, rules), engine.Close(), os.RemoveAll(dir))
}

func (s settings) measure(ctx context.Context, url string, out *bytes.Buffer, rules *alert.File) error {
	var told *bytes.Buffer
	if s.verbose {
		told = out
	}
	var quiet []quietResult
	for _, v := range volumes[:min(s.weeks, 1)*len(volumes)] {
		r, err := measureQuiet(ctx, url, rules, v, s.weeks*7, s.first, told)
		if err != nil {
			return err
		}
		quiet = append(quiet, r)
	}
	printQuiet(out, quiet)
	var outcomes []outcome
	for i := range s.seeds {
		more, err := measureSpikes(ctx, url, rules, spikePlans(), s.first+uint64(i))
		if err != nil {
			return err
		}
		outcomes = append(outcomes, more...)
	}
	if len(outcomes) > 0 {
		printSpikes(out, outcomes)
	}
	return verdict(quiet, outcomes)
}
