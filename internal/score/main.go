// Command score measures the answers: it writes logs whose storms, throttled windows and spikes are
// known, loads them through the parsers into an engine of its own, asks the questions, and prints how
// many events were found, how many rows were false, and how far the figures are off.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/errata-dev/errata/internal/embedded"
	"github.com/errata-dev/errata/internal/score/traffic"
	"github.com/errata-dev/errata/storage"
)

type settings struct {
	seeds    int
	first    uint64
	size     float64
	only     string
	verbose  bool
	dump     string
	logNames string
	floor    float64
}

func main() {
	embedded.MaybeRunEngine()
	var s settings
	flag.IntVar(&s.seeds, "seeds", 5, "how many logs of each kind")
	flag.Uint64Var(&s.first, "seed", 1, "the first seed")
	flag.Float64Var(&s.size, "size", 1, "size of events and noise")
	flag.StringVar(&s.only, "only", "top,storms,limits,spikes", "questions to ask")
	flag.BoolVar(&s.verbose, "verbose", false, "list every miss, false row and wrong figure")
	flag.StringVar(&s.dump, "dump", "", "write the logs into this directory, as JSON lines, and ask nothing")
	flag.StringVar(&s.logNames, "logs", "day,week,fresh", "logs to write")
	flag.Float64Var(&s.floor, "floor", 0.95, "fail when precision or recall of a question is lower; top has to be exact")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.dump != "" {
		return s.dumpLogs()
	}
	dir, err := os.MkdirTemp("", "score-")
	if err != nil {
		return err
	}
	engine, err := embedded.OpenClickHouse(ctx, embedded.Options{DataDir: dir})
	if err != nil {
		return err
	}
	r, err := s.measure(ctx, engine.URL())
	if err = errors.Join(err, engine.Close(), os.RemoveAll(dir)); err != nil {
		return err
	}
	if s.verbose {
		for _, note := range r.notes {
			fmt.Println(note)
		}
	}
	return errors.Join(r.print(os.Stdout), r.check(s.floor))
}

func (s settings) measure(ctx context.Context, url string) (*result, error) {
	r := newResult()
	for i := range s.seeds {
		for _, log := range s.logs(s.first + uint64(i)) {
			if err := s.measureLog(ctx, url, log, r); err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", log.Name, log.Seed, err)
			}
		}
	}
	return r, nil
}

func (s settings) logs(seed uint64) []*traffic.Log {
	var logs []*traffic.Log
	if strings.Contains(s.logNames, "day") {
		logs = append(logs, traffic.Day(seed, s.size))
	}
	if strings.Contains(s.logNames, "week") {
		logs = append(logs, traffic.Week(seed, s.size))
	}
	if strings.Contains(s.logNames, "fresh") {
		logs = append(logs, traffic.Fresh(seed, s.size))
	}
	return logs
}

func (s settings) measureLog(ctx context.Context, url string, log *traffic.Log, r *result) error {
	fmt.Fprintf(os.Stderr, "%s, seed %d: %d records, %d events and decoys\n", log.Name, log.Seed, len(log.Calls), len(log.Events))
	db, o, err := open(ctx, url, fmt.Sprintf("score_%s_%d", log.Name, log.Seed))
	if err != nil {
		return err
	}
	err = load(ctx, o, log)
	if err == nil {
		err = s.ask(ctx, db, log, r)
	}
	return errors.Join(err, db.Close())
}

func (s settings) ask(ctx context.Context, db *storage.DB, log *traffic.Log, r *result) error {
	if err := s.askPart(ctx, &scorer{db: db, log: log, result: r, from: log.From, to: log.To}); err != nil {
		return err
	}
	quarter := (log.To - log.From) / 4
	part := &scorer{db: db, log: log, result: r, part: ", a quarter", from: log.From + quarter + 17_003, to: log.From + 2*quarter + 40_719}
	return s.askPart(ctx, part)
}

func (s settings) askPart(ctx context.Context, sc *scorer) error {
	for _, q := range []struct {
		name string
		ask  func(context.Context) error
	}{{"top", sc.top}, {"storms", sc.storms}, {"limits", sc.limits}, {"spikes", sc.spikes}} {
		if !strings.Contains(s.only, q.name) || q.name == "spikes" && sc.log.Name == "day" || q.name == "top" && sc.part != "" {
			continue
		}
		if err := q.ask(ctx); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	return nil
}

func (s settings) dumpLogs() error {
	for i := range s.seeds {
		for _, log := range s.logs(s.first + uint64(i)) {
			var text []byte
			for _, c := range log.Calls {
				text = append(c.Append(text), '\n')
			}
			if err := os.WriteFile(fmt.Sprintf("%s/%s-%d.jsonl", s.dump, log.Name, log.Seed), text, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
