package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

func newErrors() *cobra.Command {
	var q question
	var o storage.ErrorsOptions
	var f follow
	cmd := &cobra.Command{
		Use:   "errors",
		Short: "Single rows, newest first; --follow goes on with new ones",
		Long: `errors lists single errors, newest first; with --kind also dead letters (records that could not be understood, with the
reason) and successes. The table shows what a person needs first; -o json and -o jsonl have every member.

With --follow it prints the newest rows, the newest last, and then each row that is stored from then on, once, until it is
interrupted. The range chooses the rows to begin with; those that follow are told by when they were stored, so that a late
one is not missed. Rows that ` + "`ingest repair`" + ` mends below others are not shown again.`,
		Example: `  query errors --vendor truelayer --code provider_timeout
  query errors --kind dead_letter --since 7d
  query errors --follow --vendor truelayer
  query errors --status 429 -o jsonl | jq '[.time, .service, .retry_after_ms]'`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.on {
				return f.run(cmd, &q, o)
			}
			return ask(cmd, &q, errorColumns(o.Kind), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.ErrorRow], error) {
				return db.Errors(ctx, q.filter, o)
			})
		},
	}
	q.register(cmd)
	cmd.Flags().Var(config.Choice(&o.Kind, "error", "error", "dead_letter", "success"), "kind", "kind of row: error, dead_letter or success")
	cmd.Flags().IntVar(&o.Limit, "limit", 50, "at most so many rows")
	f.register(cmd.Flags())
	return cmd
}

func errorColumns(kind string) []render.Column[storage.ErrorRow] {
	if kind == "dead_letter" {
		return []render.Column[storage.ErrorRow]{
			{Name: "time", Kind: render.Time},
			{Name: "reason"},
			{Name: "topic", Priority: 2},
			{Name: "partition", Kind: render.Number},
			{Name: "offset", Kind: render.Number},
			{Name: "body", Place: render.Wrap},
		}
	}
	return []render.Column[storage.ErrorRow]{
		{Name: "time", Kind: render.Time},
		{Name: "vendor"},
		{Name: "service", Priority: 2},
		{Name: "method", Priority: 4},
		{Name: "route", Priority: 3},
		{Name: "status", Kind: render.Number},
		{Name: "code"},
		{Name: "category", Priority: 5, Tone: func(r storage.ErrorRow) render.Tone { return render.CategoryTone(r.Category) }},
		{Name: "retry", Priority: 6},
		{Name: "trace_id", Place: render.RawOnly},
		{Name: "message", Place: render.Wrap},
	}
}
