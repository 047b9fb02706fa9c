package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/internal/report"
	"github.com/errata-dev/errata/storage"
)

// reportCommand is `query report`.
type reportCommand struct {
	question question
	options  storage.ReportOptions
	format   string
	out      string
	names    bool
}

func newReport() *cobra.Command {
	var r reportCommand
	cmd := &cobra.Command{
		Use:   "report --vendor NAME",
		Short: "A report to send to a vendor: what failed, when, at what cost",
		Long: `report writes a document about one vendor to send to that vendor: Markdown, or one HTML page that needs no network and no
script, prints well and follows the dark mode. It has the error codes, a chart, retry storms, rate-limit windows, spikes, what they cost,
and examples with trace ids and the vendor's own request ids. Times are UTC.

Nothing internal is in it: our services are "caller 1", "caller 2"; environments, credentials, paths, our request ids, the texts of calls
without a response and where the records lie are left out. --internal-names keeps the names of services. Texts were redacted before they were stored.`,
		Example: `  query report --vendor truelayer --since 7d --out truelayer.html
  query report --vendor bics --from 2026-11-20 --to 2026-11-21 -o markdown
  query report --vendor truv --environment production --internal-names -o html > truv.html`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	q, flags := &r.question, cmd.Flags()
	flags.StringVar(&r.out, "out", "", "write the report to this file instead of standard output")
	flags.VarP(config.Choice(&r.format, "auto", "auto", "html", "markdown"), "output", "o", "auto (by the name of --out, else markdown), html or markdown")
	flags.IntVar(&r.options.Examples, "examples", 3, "give so many examples of each code")
	flags.BoolVar(&r.names, "internal-names", false, "name our services to the vendor")
	q.registerRange(flags, "24h")
	registerFilter(flags, &q.filter)
	q.display.Output, q.display.Color = "auto", "auto"
	config.InSection(flags, config.SectionPrinting, func(flags *pflag.FlagSet) {
		flags.StringVar(&q.display.TZ, "tz", "Local", "time zone that --from and --to are read in; the report is in UTC")
	})
	q.display.RegisterExplain(flags)
	q.clickhouse.Register(flags)
	return cmd
}

func (r *reportCommand) run(cmd *cobra.Command) error {
	p, err := r.question.printer(cmd)
	if err != nil {
		return err
	}
	if n := len(r.question.filter.Vendors); n != 1 {
		return cli.Usagef("a report is about one vendor: give --vendor once, not %d times", n)
	}
	write, err := r.writer()
	if err != nil {
		return err
	}
	store, err := openStore(cmd, r.question.clickhouse, cli.Read)
	if err != nil {
		return err
	}
	answer, err := store.DB.Report(cmd.Context(), r.question.filter, r.options)
	if err := errors.Join(err, store.Close()); err != nil {
		return asUsage(err)
	}
	if err := r.save(p.out, func(w io.Writer) error { return write(r.compose(answer, cmd.Root().Version), w) }); err != nil {
		return err
	}
	if p.explain {
		explain(p.notes, answer.Explain)
	}
	notes := p.advise(answer.Notes, answer.Try, answer.Unknown)
	return render.WriteNotes(p.notes, append(notes, complete(answer.CompleteUntil, p.options.Location)...))
}

// writer chooses the format.
func (r *reportCommand) writer() (func(report.Report, io.Writer) error, error) {
	format := r.format
	if format == "auto" {
		switch ext := strings.ToLower(filepath.Ext(r.out)); ext {
		case ".html", ".htm":
			format = "html"
		case "", ".md", ".markdown":
			format = "markdown"
		default:
			return nil, cli.Usagef("--out: %s tells neither HTML nor Markdown: give -o html or -o markdown", ext)
		}
	}
	if format == "html" {
		return report.Report.HTML, nil
	}
	return report.Report.Markdown, nil
}

// save writes to the file, which appears whole or not at all, or else to standard output.
func (r *reportCommand) save(stdout io.Writer, write func(io.Writer) error) (err error) {
	if r.out == "" {
		return write(stdout)
	}
	directory := filepath.Dir(r.out)
	file, err := os.CreateTemp(directory, ".report-*")
	if err != nil {
		if path := new(fs.PathError); errors.As(err, &path) {
			err = path.Err // nobody has asked for the temporary file
		}
		return cli.Usagef("--out: cannot write in %s: %w", directory, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), r.out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// What the report lists at most; the rest is counted.
const maxReportRows = 20

// compose takes over what a vendor may know.
func (r *reportCommand) compose(a storage.ReportAnswer, version string) report.Report {
	out := report.Report{
		Vendor: r.question.filter.Vendors[0], From: a.From.Time, To: a.To.Time, Written: r.question.now, Version: version,
		Responses: a.Responses, Errors: a.Errors, Throttled: a.Throttled,
		Cost: reportCost(a), OtherCodes: a.Cut,
		CutStorms: max(0, len(a.Storms)-maxReportRows), CutWindows: max(0, len(a.Limits)-maxReportRows), CutSpikes: max(0, len(a.Spikes)-maxReportRows),
	}
	if a.CompleteUntil != nil {
		out.CompleteUntil = &a.CompleteUntil.Time
	}
	if a.Other != nil {
		out.OtherErrors = a.Other.Count
	}
	if f := r.question.filter; len(f.Services)+len(f.Environments)+len(f.Endpoints)+len(f.Statuses)+len(f.Codes)+len(f.Categories)+len(f.Sources) > 0 {
		out.Notes = append(out.Notes, "This report covers a part of our calls, or of the errors, only.")
	}
	callers := r.callers()
	out.Codes = reportCodes(a.Rows)
	for _, s := range a.Storms[:min(len(a.Storms), maxReportRows)] {
		out.Storms = append(out.Storms, reportStorm(s, callers(s.Service)))
	}
	for _, l := range a.Limits[:min(len(a.Limits), maxReportRows)] {
		out.Windows = append(out.Windows, reportWindow(l, callers(l.Service)))
	}
	for _, s := range a.Spikes[:min(len(a.Spikes), maxReportRows)] {
		out.Spikes = append(out.Spikes, report.Spike{Status: s.Status, Code: s.Code, Start: s.Start.Time, End: s.End.Time, Count: s.Count, Expected: s.Expected, New: s.New})
	}
	out.Examples = reportExamples(a)
	out.Timeline = reportTimeline(a)
	if out.ErrorRate = reportRate(a); out.ErrorRate == nil && a.Errors > 0 {
		out.Notes = append(out.Notes, "There are no error rates: the successes of a part of the range are no longer stored.")
	}
	return out
}

// reportRate is nil where top has no rates either: successes have expired.
func reportRate(a storage.ReportAnswer) *float64 {
	if a.Responses == 0 || len(a.Rows) > 0 && a.Rows[0].ErrorRate == nil {
		return nil
	}
	rate := float64(a.Errors) / float64(a.Responses)
	return &rate
}

// callers gives our services numbers in the order in which they appear, unless they may be named.
func (r *reportCommand) callers() func(service string) string {
	known := map[string]string{"": "several"}
	return func(service string) string {
		if r.names && service != "" {
			return service
		}
		if known[service] == "" {
			known[service] = fmt.Sprintf("caller %d", len(known))
		}
		return known[service]
	}
}

func reportCost(a storage.ReportAnswer) report.Cost {
	cost := report.Cost{Waited: a.Waited, RateLimited: openTime(a)}
	for _, s := range a.Storms {
		cost.Wasted += s.Wasted
		cost.Retries += s.Attempts - min(s.Attempts, s.Operations)
	}
	return cost
}

// openTime is how much of the range some window covers.
func openTime(a storage.ReportAnswer) time.Duration {
	var sum time.Duration
	last := a.From.Time
	for _, w := range byStart(a.Limits) {
		start, end := later(w.Start.Time, last), earlier(w.End.Time, a.To.Time)
		if end.After(start) {
			sum += end.Sub(start)
			last = end
		}
	}
	return sum
}
