package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

func newTimeline() *cobra.Command {
	q := question{whole: true}
	var o storage.TimelineOptions
	cmd := &cobra.Command{
		Use:   "timeline",
		Short: "The top codes over time, with windows, storms and spikes",
		Long: `timeline draws the codes with the most errors over time, one line each, under the lines of all responses and all
errors. Letters below mark when we were throttled, when somebody was in a retry storm and when a code spiked; the legend
says which and how long. A pipe gets the counts, one row for each code and bucket, and -o json the marks as well.`,
		Example: `  query timeline
  query timeline --since 24h --vendor truelayer
  query timeline --since 7d --step 1h -o csv > counts.csv
  query timeline --watch`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return q.run(cmd, func(ctx context.Context, db *storage.DB, p printer) error {
				o.Zone, o.Columns = p.options.Location, p.options.PictureWidth()
				if f := p.options.Format; f != render.FormatTable && f != render.FormatMarkdown {
					o.Columns = 0 // what programs read does not depend on a terminal
				}
				answer, err := db.Timeline(ctx, q.filter, o)
				if err != nil {
					return err
				}
				return show(p, timelineColumns(), &answer.Answer, shown{whole: &answer, picture: picture(&answer)})
			})
		},
	}
	q.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&o.Codes, "limit", 10, "show so many codes")
	flags.Var(config.Interval(&o.Step, time.Second), "step", "length of a bucket: 30s, 5m, 1h (default: what fits)")
	flags.StringSliceVar(&o.Marks, "marks", storage.MarkKinds(), "what is marked: some of "+strings.Join(storage.MarkKinds(), ", ")+", or none")
	return cmd
}

func timelineColumns() []render.Column[storage.TimelineRow] {
	return []render.Column[storage.TimelineRow]{
		{Name: "start", Kind: render.Time},
		{Name: "end", Kind: render.Time},
		{Name: "vendor"},
		{Name: "status"},
		{Name: "code"},
		{Name: "count", Kind: render.Number},
	}
}

// picture is the answer as it is drawn; nil when there is nothing to see.
func picture(a *storage.TimelineAnswer) *render.Timeline {
	t := &render.Timeline{End: a.To.Time, Step: time.Duration(a.StepS) * time.Second}
	all, errors := render.Series{Label: "all responses"}, render.Series{Label: "all errors"}
	var known []bool
	for _, b := range a.Buckets {
		t.Starts = append(t.Starts, b.Start.Time)
		errors.Values = append(errors.Values, b.Errors)
		errors.Total += b.Errors
		if b.Responses != nil {
			all.Values, known = append(all.Values, *b.Responses), append(known, *b.Responses > 0)
			all.Total += *b.Responses
		}
	}
	if all.Total+errors.Total == 0 {
		return nil
	}
	if errors.Known = known; known != nil {
		all.Known = known
		t.Overall = append(t.Overall, all)
	}
	t.Overall = append(t.Overall, errors)
	for _, c := range a.Codes {
		t.Lines = append(t.Lines, render.Series{Label: errorName(c.Vendor, c.Status, c.Code), Total: c.Count, Values: c.Counts, Known: known, Tone: render.CategoryTone(c.Category)})
	}
	t.Tracks = tracks(a.Marks)
	return t
}

// errorName is an error in one line.
func errorName(vendor string, status uint16, code string) string {
	return strings.TrimSpace(vendor + " " + statusText(status) + " " + code)
}

// statusText is a status as a person reads it: a call without a response has none.
func statusText(status uint16) string {
	if status == 0 {
		return "no response"
	}
	return strconv.Itoa(int(status))
}

// tracks sorts the marks by kind and puts into words what they are.
func tracks(marks []storage.TimelineMark) []render.Track {
	list := []render.Track{
		{Name: "limits", Kind: "limit", Tone: render.ToneWarn},
		{Name: "storms", Kind: "storm", Tone: render.ToneBad},
		{Name: "spikes", Kind: "spike", Tone: render.ToneBad},
	}
	for i := range list {
		for _, m := range marks {
			if m.Kind == list[i].Kind {
				list[i].Marks = append(list[i].Marks, render.Mark{Start: m.Start.Time, End: m.End.Time, Parts: markParts(m)})
			}
		}
	}
	return list
}

func markParts(m storage.TimelineMark) []string {
	switch {
	case m.Limit != nil:
		return limitParts(m.Limit)
	case m.Storm != nil:
		return stormParts(m.Storm)
	case m.Spike != nil:
		return spikeParts(m.Spike)
	}
	return nil
}

func limitParts(r *storage.LimitRow) []string {
	parts := []string{r.Vendor + " " + cmp.Or(r.Service, r.Credential), cli.Count(int64(r.Rejected)) + " rejected"}
	if r.Limit != nil && r.WindowS != nil {
		parts = append(parts, fmt.Sprintf("limit %s per %s", cli.Count(*r.Limit), render.Span(time.Duration(*r.WindowS)*time.Second)))
	}
	return append(parts, quotaOf(*r))
}

func stormParts(r *storage.StormRow) []string {
	calls := fmt.Sprintf("%s attempts of %s calls", cli.Count(int64(r.Attempts)), cli.Count(int64(r.Operations)))
	return []string{r.Vendor + " " + r.Service, calls, strings.ReplaceAll(string(r.Outcome), "_", " "), r.Endpoint, strings.Join(r.Codes, ", ")}
}

func expectedText(n float64) string {
	if n < 0.1 {
		return "almost none"
	}
	return strconv.FormatFloat(n, 'f', 1, 64)
}

func spikeParts(r *storage.SpikeRow) []string {
	parts := []string{errorName(r.Vendor, r.Status, r.Code)}
	if r.Ratio != nil {
		parts = append(parts, cli.Count(int64(r.Count))+" instead of "+expectedText(r.Expected))
	} else {
		parts = append(parts, cli.Count(int64(r.Count))+" errors")
	}
	if r.New {
		parts = append(parts, "never seen before")
	}
	return append(parts, string(r.Severity))
}
