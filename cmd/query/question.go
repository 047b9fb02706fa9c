package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// question is what every subcommand has in common: where to ask, about which responses, and how to print.
type question struct {
	clickhouse config.ClickHouse
	display    config.Display
	filter     storage.Filter
	since      string
	from, to   string
	watch      time.Duration
	now        time.Time
	whole      bool // --since ends with the running minute, of a week with the running hour
}

func (q *question) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	q.registerRange(flags, "1h")
	registerFilter(flags, &q.filter)
	q.display.Register(flags)
	q.clickhouse.Register(flags)
	config.InSection(flags, config.SectionPrinting, q.addWatch)
}

func (q *question) addWatch(flags *pflag.FlagSet) {
	flags.Var(config.Interval(&q.watch, time.Second), "watch", "ask again every so often, 5s unless stated, until interrupted; a terminal is redrawn, a pipe is appended to")
	flags.Lookup("watch").NoOptDefVal = "5s"
}

func (q *question) registerRange(flags *pflag.FlagSet, since string) {
	config.InSection(flags, config.SectionTime, func(flags *pflag.FlagSet) {
		flags.StringVar(&q.since, "since", since, "ask about so long before --to: 30m, 12h, 7d, 2w")
		flags.StringVar(&q.from, "from", "", "start of the range, included: 2026-11-20, \"2026-11-20 14:00\", RFC 3339, or 6h for six hours ago")
		flags.StringVar(&q.to, "to", "", "end of the range, not included (default: now)")
	})
}

func registerFilter(flags *pflag.FlagSet, f *storage.Filter) {
	config.InSection(flags, config.SectionResponses, func(flags *pflag.FlagSet) { addFilter(flags, f) })
}

func addFilter(flags *pflag.FlagSet, f *storage.Filter) {
	flags.StringSliceVar(&f.Vendors, "vendor", nil, "only these vendors; repeatable or comma-separated, as are all filters")
	flags.StringSliceVar(&f.Services, "service", nil, "only calls of these services of ours")
	flags.StringSliceVar(&f.Environments, "environment", nil, "only these environments")
	flags.StringArrayVar(&f.Endpoints, "endpoint", nil, "only these endpoints, \"GET /data/v1/accounts/{id}\" or the route alone")
	flags.StringSliceVar(&f.Statuses, "status", nil, "only these statuses: 429, 4xx, 0 for calls without a response")
	flags.StringSliceVar(&f.Codes, "code", nil, "only these error codes")
	flags.StringSliceVar(&f.Categories, "category", nil, "only these categories: auth, permission, validation, not_found, conflict, gone, precondition, payment, rate_limit, unsupported, timeout, upstream, server, network, other")
	flags.StringSliceVar(&f.Sources, "source", nil, "only these log streams")
}

// ask opens ClickHouse, asks, and prints; columns say how the answer's rows look.
func ask[R any](cmd *cobra.Command, q *question, columns []render.Column[R], put func(context.Context, *storage.DB) (storage.Answer[R], error)) error {
	return q.run(cmd, func(ctx context.Context, db *storage.DB, p printer) error {
		answer, err := put(ctx, db)
		if err != nil {
			return err
		}
		return show(p, columns, &answer, shown{whole: &answer})
	})
}

// asking puts the question once and prints the answer.
type asking func(ctx context.Context, db *storage.DB, p printer) error

// run asks once, or again and again with --watch.
func (q *question) run(cmd *cobra.Command, put asking) error {
	p, err := q.printer(cmd)
	if err != nil {
		return err
	}
	store, err := openStore(cmd, q.clickhouse, cli.Read)
	if err != nil {
		return err
	}
	if q.watch > 0 {
		err = kept(cmd.Context(), store, func() error { return q.keepAsking(cmd, store.DB, put) })
	} else {
		err = put(cmd.Context(), store.DB, p)
	}
	return asUsage(errors.Join(err, store.Close()))
}

// openStore reaches the ClickHouse of the settings, unless it has but a part of the rows.
func openStore(cmd *cobra.Command, c config.ClickHouse, access cli.Access) (*cli.Store, error) {
	store, err := cli.OpenStore(cmd.Context(), c, access, cmd.ErrOrStderr())
	if err != nil || store.Cluster != nil || store.Embedded() {
		return store, err
	}
	if err := store.Local.CheckWhole(cmd.Context()); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// kept looks after the engine while ask goes on: an embedded one that died answers again.
func kept(ctx context.Context, store *cli.Store, ask func() error) error {
	ctx, stop := context.WithCancel(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() { store.Keep(ctx, zerolog.Nop()) })
	defer keeper.Wait()
	defer stop()
	return ask()
}

func asUsage(err error) error {
	var usage *storage.UsageError
	if errors.As(err, &usage) {
		if near := config.Nearest(usage.Value, usage.Valid); near != "" {
			return cli.Usagef("--%w (did you mean %q?)", err, near)
		}
		return cli.Usagef("--%w", err)
	}
	return err
}

// printer knows where and how an answer is printed.
type printer struct {
	out, notes io.Writer
	options    render.Options
	explain    bool
	command    func(arguments []string) string // the command line, with another range
}

// printer checks the display settings and the range, before any server is asked.
func (q *question) printer(cmd *cobra.Command) (printer, error) {
	q.now = time.Now()
	options, err := cli.RenderOptions(q.display, cmd.OutOrStdout(), q.now)
	if err != nil {
		return printer{}, err
	}
	if err := checkNamed(cmd.Flags()); err != nil {
		return printer{}, err
	}
	if err := q.settleStart(cmd.Flags()); err != nil {
		return printer{}, err
	}
	if err := q.setRange(options.Location); err != nil {
		return printer{}, err
	}
	return printer{
		out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr(), options: options, explain: q.display.Explain,
		command: func(try []string) string { return commandLine(cmd, try) },
	}, nil
}

// checkNamed refuses a filter without a value: a script whose variable is empty would be answered about everything.
func checkNamed(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok && len(list.GetSlice()) == 0 {
			err = cli.Usagef("--%s is empty: give it a value, or leave it out", f.Name)
		}
	})
	return err
}

// shown is what else an answer consists of.
type shown struct {
	whole   any // what json prints
	picture *render.Timeline
}

// show prints an answer, and its notes.
func show[R any](p printer, columns []render.Column[R], a *storage.Answer[R], s shown) error {
	table, err := render.NewTable(columns, a.Rows)
	if err != nil {
		return err
	}
	addFooter(table, columns[0].Name, a.Other, a.Total)
	a.Notes = p.advise(a.Notes, a.Try, a.Unknown)
	if len(a.Rows) > 0 || s.picture != nil || p.options.Format != render.FormatTable {
		if err := render.Write(p.out, render.Answer{Table: table, Whole: s.whole, Picture: s.picture}, p.options); err != nil {
			return err
		}
	}
	if p.explain {
		explain(p.notes, a.Explain)
	}
	return render.WriteNotes(p.notes, append(a.Notes, complete(a.CompleteUntil, p.options.Location)...))
}

// complete says how far the answer can be trusted.
func complete(until *storage.Time, zone *time.Location) []string {
	if until == nil {
		return nil
	}
	return []string{"complete until " + until.In(zone).Format("2006-01-02 15:04:05 MST")}
}

// addFooter makes the list of groups sum up; the labels stand in its first column.
func addFooter(table *render.Table, label string, other *storage.Other, total *storage.Total) {
	if total == nil || total.Count == 0 {
		return
	}
	if other != nil && other.Count > 0 {
		table.AddFooter(map[string]any{label: "other", "count": other.Count, "share": other.Share})
	}
	table.AddFooter(map[string]any{label: "total", "count": total.Count})
}

// explain prints what was asked of ClickHouse and what it cost.
func explain(w io.Writer, statements []storage.Statement) {
	for _, s := range statements {
		cli.Note(w, "-- %s: %s rows, %s bytes read in %s", s.Name, cli.Count(int64(s.Rows)), cli.Count(int64(s.Bytes)), s.Elapsed.Round(100*time.Microsecond))
		for _, p := range s.Parameters {
			cli.Note(w, "--   %s = %s", p.Name, render.Escape(strings.TrimSpace(toText(p.Value))))
		}
		cli.Note(w, "%s\n", strings.TrimSpace(s.SQL))
	}
}
