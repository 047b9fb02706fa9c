package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// episodeRow is one page that a rule would have sent.
type episodeRow struct {
	Labels     map[string]string `json:"labels"`
	Since      storage.Time      `json:"since"`
	FiredAt    storage.Time      `json:"fired_at"`
	ResolvedAt *storage.Time     `json:"resolved_at"` // null = still firing at the end
	DurationS  float64           `json:"duration_s"`  // from fired to resolved, or to the end
	Night      bool              `json:"night"`       // fired between 22:00 and 07:00 in --tz
	Timeline   []uint64          `json:"-"`           // minutes firing in each part of the range
}

// backtestParts is the number of equal parts of the range that a row's timeline shows.
const backtestParts = 48

func newAlertBacktest() *cobra.Command {
	var a alerting
	q := question{}
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Walk the rules over the past: when would they have paged, for how long, how often at night",
		Long: `backtest evaluates the rules over stored responses with the code that check and run use, and lists each page that would
have been sent. Nights are from 22:00 to 07:00 in --tz.`,
		Example: `  query alert backtest --since 7d
  query alert backtest --rules errata-alerts.yaml --from 2026-11-01 --to 2026-11-08`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return backtest(cmd, &a, &q) },
	}
	a.registerRules(cmd)
	q.clickhouse.Register(cmd.Flags())
	q.display.RegisterFormat(cmd.Flags())
	q.registerRange(cmd.Flags(), "7d")
	return cmd
}

func backtest(cmd *cobra.Command, a *alerting, q *question) error {
	file, err := a.readRules()
	if err != nil {
		return err
	}
	return q.run(cmd, func(ctx context.Context, db *storage.DB, p printer) error {
		engine, err := a.engine(db, file)
		if err != nil {
			return err
		}
		bar := cli.Bar(p.notes, -1, "")
		engine.Progress = func(rule string, done, all int) { showProgress(bar, rule, done, all) }
		if !cli.IsTerminal(p.notes) {
			engine.Progress = tellProgress(p.notes, time.Now)
		}
		lives, err := engine.Backtest(ctx, q.filter.From, q.filter.To)
		cli.Finish(bar)
		if err != nil {
			return err
		}
		answer := storage.Answer[episodeRow]{From: storage.Time{Time: q.filter.From}, To: storage.Time{Time: q.filter.To}, Rows: []episodeRow{}, Notes: []string{}}
		for _, life := range lives {
			for _, e := range life.Episodes {
				answer.Rows = append(answer.Rows, episode(life, e, q.filter, p.options.Location))
			}
		}
		answer.Notes = append(answer.Notes, backtestNote(answer.Rows, file, q.filter))
		return show(p, episodeColumns(), &answer, shown{whole: &answer})
	})
}

// showProgress draws which rule is walked, and how many of what it may tell have been looked at.
func showProgress(bar *progressbar.ProgressBar, rule string, done, all int) {
	bar.Describe(rule)
	if all > 0 {
		bar.ChangeMax(all)
	}
	cli.Advance(bar, int64(done))
}

// progressEvery is how often progress is told where no bar can be drawn: short walks say nothing.
const progressEvery = 10 * time.Second

// tellProgress writes what showProgress draws, a line every ten seconds, for logs and pipes.
func tellProgress(w io.Writer, now func() time.Time) func(rule string, done, all int) {
	last := now()
	return func(rule string, done, all int) {
		if now().Sub(last) < progressEvery {
			return
		}
		last = now()
		if all == 0 {
			cli.Note(w, "walking rule %s", rule)
			return
		}
		cli.Note(w, "walking rule %s: %s of %s looked at", rule, cli.Count(int64(done)), cli.Count(int64(all)))
	}
}

func episode(life alert.Life, e alert.Episode, f storage.Filter, zone *time.Location) episodeRow {
	end := e.Resolved
	if end.IsZero() {
		end = f.To
	}
	row := episodeRow{
		Labels: life.Labels, Since: storage.Time{Time: e.Since}, FiredAt: storage.Time{Time: e.Fired}, ResolvedAt: instant(e.Resolved),
		DurationS: end.Sub(e.Fired).Seconds(), Night: atNight(e.Fired.In(zone)), Timeline: make([]uint64, backtestParts),
	}
	part := f.To.Sub(f.From) / backtestParts
	for i := range row.Timeline {
		from := f.From.Add(time.Duration(i) * part)
		row.Timeline[i] = overlap(from, from.Add(part), e.Fired, end)
	}
	return row
}

// overlap is how many seconds two stretches of time share, at least one if they touch.
func overlap(from, to, start, end time.Time) uint64 {
	if start.Before(from) {
		start = from
	}
	if end.After(to) {
		end = to
	}
	if !start.Before(end) {
		return 0
	}
	return uint64(max(1, end.Sub(start).Seconds()))
}

func atNight(t time.Time) bool { return t.Hour() >= 22 || t.Hour() < 7 }

// backtestNote sums up what being on call would have been like.
func backtestNote(rows []episodeRow, file *alert.File, f storage.Filter) string {
	nights := 0
	for _, r := range rows {
		if r.Night {
			nights++
		}
	}
	return plural(len(rows), "page") + " in " + span(f.To.Sub(f.From)) + " under " + plural(len(file.Rules), "rule") + ", " + plural(nights, "page") + " at night"
}

// span writes whole days as days and whole hours as hours.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Round(time.Minute); {
	case d >= day && d%day == 0:
		return plural(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	default:
		return strings.TrimSuffix(d.String(), "0s")
	}
}

func episodeColumns() []render.Column[episodeRow] {
	label := func(name string) func(episodeRow) any { return func(r episodeRow) any { return r.Labels[name] } }
	return []render.Column[episodeRow]{
		{Name: "alertname", Title: "RULE", Value: label("alertname")},
		{Name: "severity", Value: label("severity"), Priority: 3},
		{Name: "about", Value: func(r episodeRow) any { return alertAbout(alertRow{Labels: r.Labels}) }},
		{Name: "since", Kind: render.Time, Place: render.RawOnly},
		{Name: "fired_at", Title: "PAGED", Kind: render.Time},
		{Name: "resolved_at", Kind: render.Time, Place: render.RawOnly},
		{Name: "duration_s", Title: "LASTED", Kind: render.Seconds},
		{Name: "night", Priority: 2},
		{Name: "timeline", Kind: render.Spark, Priority: 1, Place: render.TableOnly, Value: func(r episodeRow) any { return r.Timeline }},
	}
}
