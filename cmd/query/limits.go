package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

func newLimits() *cobra.Command {
	var q question
	var o storage.LimitOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "limits",
		Short: "Rate-limit windows: when, by how much, who spent the quota",
		Long: `limits rebuilds the windows in which a vendor throttled us, from its headers where it sends them and from the traffic where
it does not. A window is of one credential, or of one service where the log names no credential, and of one policy, endpoint or
vendor. It begins with a rejection and closes with the first admitted response after which no rejection follows within a minute,
or within the vendor's own window if that is longer.

FROM says where the limit is known from: header, body or catalogue of the vendor, inferred from the calls that were admitted and
rejected (a note says how much that explains), or none. EARLY counts calls that were sent while a Retry-After, which their service
had already received, was pending. SPENT BY names first who spent most of the quota. CALLER is the service, or the credential that several services share.`,
		Example: `  query limits
  query limits --since 7d --vendor truelayer -o markdown
  query limits --all                    single stray rejections too`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all {
				o.MinRejections = 1
			}
			return ask(cmd, &q, limitColumns(), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.LimitRow], error) {
				return db.Limits(ctx, q.filter, o)
			})
		},
	}
	q.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&o.MinRejections, "rejections", 3, "least rejections of a window")
	flags.BoolVar(&all, "all", false, "also single stray rejections: --rejections 1")
	flags.IntVar(&o.Limit, "limit", 20, "show so many windows")
	return cmd
}

func limitColumns() []render.Column[storage.LimitRow] {
	return []render.Column[storage.LimitRow]{
		{Name: "vendor"},
		{Name: "caller", Place: render.TableOnly, Value: func(w storage.LimitRow) any { return cmp.Or(w.Service, w.Credential) }},
		{Name: "service", Place: render.RawOnly},
		{Name: "credential", Place: render.RawOnly},
		{Name: "scope", Place: render.RawOnly},
		{Name: "quota", Title: "SCOPE", Place: render.TableWrap, MinWidth: 24, Value: func(w storage.LimitRow) any { return limitStory(w) }},
		{Name: "start", Kind: render.Time},
		{Name: "end", Kind: render.Time, Place: render.RawOnly},
		{Name: "duration_s", Title: "LASTED", Kind: render.Seconds},
		{Name: "rejected", Kind: render.Number},
		{Name: "admitted", Kind: render.Number, Priority: 3},
		{Name: "refused", Kind: render.Bar, Place: render.TableOnly, Priority: 7, Value: func(w storage.LimitRow) any {
			return float64(w.Rejected) / float64(w.Rejected+w.Admitted)
		}},
		{Name: "limit", Kind: render.Number},
		{Name: "window_s", Title: "PER", Kind: render.Seconds},
		{Name: "limit_source", Title: "FROM", Priority: 2},
		{Name: "retry_after_ms.min", Kind: render.Millis, Place: render.RawOnly},
		{Name: "retry_after_ms.median", Title: "RETRY-AFTER", Kind: render.Millis, Priority: 4},
		{Name: "retry_after_ms.max", Kind: render.Millis, Place: render.RawOnly},
		{Name: "early_retries", Title: "EARLY", Kind: render.Number, Priority: 1},
		{Name: "top_services", Title: "SPENT BY", Kind: render.List, Priority: 6},
	}
}

// limitStory is the line below a window. FROM is left out of a narrow table, and nobody shall take for the vendor's word what is not.
func limitStory(w storage.LimitRow) string {
	if w.LimitSource == storage.LimitSourceInferred {
		return quotaOf(w) + " · limit inferred from traffic"
	}
	return quotaOf(w)
}

// quotaOf says in words which calls the quota is of: an endpoint stands for itself.
func quotaOf(w storage.LimitRow) string {
	switch {
	case w.Scope == "vendor":
		return "all endpoints"
	case strings.Contains(w.Scope, " /"):
		return w.Scope
	}
	return "policy " + w.Scope
}
