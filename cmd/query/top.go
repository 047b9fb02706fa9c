package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/storage"
)

func newTop() *cobra.Command {
	var q question
	var o storage.TopOptions
	cmd := &cobra.Command{
		Use:   "top",
		Short: "The most frequent errors: exact counts, rates, change and what to do",
		Long: `top groups errors by vendor, status and code and counts them exactly: the rows, "other" and "total" add up. The rate is of
all responses of that vendor under the same filters; the change is against the window of equal length before.`,
		Example: `  query top --since 24h
  query top --vendor truelayer --by endpoint,code
  query top --by service --category rate_limit -o json`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			registry, err := parsers.New(parsers.Options{})
			if err != nil {
				return err
			}
			return ask(cmd, &q, topColumns(o.By), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.TopRow], error) {
				answer, err := db.Top(ctx, q.filter, o)
				advise(registry, answer.Rows)
				return answer, err
			})
		},
	}
	q.register(cmd)
	cmd.Flags().StringSliceVar(&o.By, "by", nil, "group by these instead: vendor, service, endpoint, status, code, category, retry, fingerprint, environment")
	cmd.Flags().IntVar(&o.Limit, "limit", 20, "show so many groups; the rest is summed as other")
	return cmd
}
