package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

func newTop() *cobra.Command {
	q := question{whole: true}
	var o storage.TopOptions
	var vendors definitions
	cmd := &cobra.Command{
		Use:   "top",
		Short: "The most frequent errors: counts, rates, change, what to do",
		Long: `top groups errors by vendor, status and code and counts them exactly: the rows, "other" and "total" add up. The rate is of
all responses of that vendor under the same filters; where --by leaves the vendor out, OF ALL is the share of the responses of all
vendors. The change is against the window of equal length before. Distinct operations of more than 2 million errors are estimated,
which a note says; --exact counts up to 20 million. A range of --since ends with the running minute, of a week and more with the
running hour: from and to are in the answer.`,
		Example: `  query top --since 24h
  query top --vendor truelayer --by endpoint,code
  query top --by service --category rate_limit -o json`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			vendors.start()
			o.Advice = vendors.advice
			o.By = distinct(o.By)
			return ask(cmd, &q, topColumns(o.By), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.TopRow], error) {
				answer, err := db.Top(ctx, q.filter, o)
				return answer, errors.Join(err, vendors.err())
			})
		},
	}
	q.register(cmd)
	vendors.register(cmd.Flags())
	cmd.Flags().StringSliceVar(&o.By, "by", nil, "group by these instead: vendor, service, endpoint, status, code, category, retry, fingerprint, environment")
	cmd.Flags().BoolVar(&o.Exact, "exact", false, "count the operations of up to 20 million errors to the last one; without it, of up to 2 million")
	cmd.Flags().IntVar(&o.Limit, "limit", 20, "show so many groups; the rest is summed as other")
	return cmd
}

// distinct leaves out what was named before.
func distinct(names []string) []string {
	var list []string
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// topColumns shows the columns that make the groups first, in the order in which they were asked for.
func topColumns(by []string) []render.Column[storage.TopRow] {
	if len(by) == 0 {
		by = []string{"vendor", "status", "code"}
	}
	var columns []render.Column[storage.TopRow]
	for _, name := range by {
		column := render.Column[storage.TopRow]{Name: name}
		switch name {
		case "status", "category":
			column.Tone = topTone
		case "code":
			column.LeastWidth = 28
		}
		columns = append(columns, column)
	}
	if !slices.Contains(by, "category") {
		columns = append(columns, render.Column[storage.TopRow]{Name: "category", Priority: 5, Tone: topTone})
	}
	if !slices.Contains(by, "retry") {
		columns = append(columns, render.Column[storage.TopRow]{Name: "retry", Priority: 6})
	}
	rate, advice := "OF ALL", latestMessage
	if slices.Contains(by, "vendor") {
		rate = "RATE"
	}
	if slices.Contains(by, "code") || slices.Contains(by, "fingerprint") {
		advice = adviceOrMessage
	}
	return append(columns, []render.Column[storage.TopRow]{
		{Name: "count", Kind: render.Number},
		{Name: "share", Kind: render.Percent, Priority: 4},
		{Name: "error_rate", Title: rate, Kind: render.Percent, Priority: 2},
		{Name: "change", Kind: render.Change, Priority: 1},
		{Name: "trend", Kind: render.Spark, Priority: 3},
		{Name: "services", Kind: render.Number, Place: render.RawOnly},
		{Name: "endpoints", Kind: render.Number, Place: render.RawOnly},
		{Name: "operations", Kind: render.Number, Place: render.RawOnly},
		{Name: "first_seen", Kind: render.Time, Place: render.RawOnly},
		{Name: "last_seen", Title: "LAST", Kind: render.Age, Priority: 7},
		{Name: "previous_count", Kind: render.Number, Place: render.RawOnly},
		{Name: "message", Place: render.RawOnly},
		{Name: "advice", Place: render.RawOnly},
		{Name: "what to do", Place: render.TableWrap, MinWidth: 60, Value: advice},
	}...)
}

// adviceOrMessage is what helps most in one line: the catalogue's advice, else the vendor's own words.
func adviceOrMessage(r storage.TopRow) any {
	if r.Advice != "" {
		return r.Advice
	}
	return r.Message
}

// latestMessage is for groups of several errors: it need not be that of the most frequent one.
func latestMessage(r storage.TopRow) any {
	if r.Message == "" {
		return ""
	}
	return "latest: " + r.Message
}

func topTone(r storage.TopRow) render.Tone { return render.CategoryTone(r.Category) }
