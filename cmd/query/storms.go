package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

func newStorms() *cobra.Command {
	var q question
	var o storage.StormOptions
	cmd := &cobra.Command{
		Use:   "storms",
		Short: "Retry storms: who repeats failing calls, and what it costs",
		Long: `storms finds calls that were tried again and again after failures, and joins those of one vendor, service and
endpoint. What tells calls apart: an idempotency key, a trace id, the path, or the count of attempts that the log
states. Where nothing does, a storm is an endpoint that fails far more often than it is ordinarily called.

The table reads: ATTEMPTS for so many CALLS, AMPL = attempts per call. RETRIES is the share of the attempts that were
retries; a retry budget usually allows 10 %. EARLY were sent before the vendor's Retry-After had elapsed, WASTED failed
again. The line below has the endpoint, the codes (or statuses) from the most frequent on, and how the service paused.

No storms are pollers that go on at their usual pace, calls made side by side, and outages in which many calls fail
once or twice each.`,
		Example: `  query storms
  query storms --since 24h --service checkout -o json
  query storms --vendor github --code rate_limited
  query storms --attempts 3 --gap 5m          # what a stricter eye sees`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, &q, stormColumns(), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.StormRow], error) {
				return db.Storms(ctx, q.filter, o)
			})
		},
	}
	q.register(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&o.Gap, "gap", 0, "longest pause between two attempts of one run (default 1m, or the pending Retry-After if that is longer)")
	flags.IntVar(&o.MinAttempts, "attempts", 0, "least attempts of one operation (default 5)")
	flags.Float64Var(&o.Amplification, "amplification", 0, "least attempts per operation of a storm (default 3)")
	flags.IntVar(&o.Limit, "limit", 20, "show so many storms")
	return cmd
}

func stormColumns() []render.Column[storage.StormRow] {
	return []render.Column[storage.StormRow]{
		{Name: "vendor"},
		{Name: "service"},
		{Name: "method", Place: render.RawOnly},
		{Name: "endpoint", Place: render.RawOnly},
		{Name: "start", Kind: render.Time},
		{Name: "end", Kind: render.Time, Place: render.RawOnly},
		{Name: "duration_s", Title: "LASTED", Kind: render.Seconds},
		{Name: "codes", Kind: render.List, Place: render.RawOnly},
		{Name: "attempts", Kind: render.Number},
		{Name: "operations", Title: "CALLS", Kind: render.Number},
		{Name: "amplification", Title: "AMPL", Kind: render.Number},
		{Name: "retry_share", Title: "RETRIES", Kind: render.Percent, Priority: 4},
		{Name: "peak_per_s", Title: "PEAK/S", Kind: render.Number, Priority: 5},
		{Name: "median_gap_ms", Title: "GAP", Kind: render.Millis, Priority: 3},
		{Name: "backoff", Place: render.RawOnly},
		{Name: "jitter", Place: render.RawOnly},
		{Name: "early_retries", Title: "EARLY", Kind: render.Number, Priority: 2},
		{Name: "nonretryable_retries", Kind: render.Number, Place: render.RawOnly},
		{Name: "wasted", Kind: render.Number, Priority: 1},
		{Name: "outcome", Tone: stormTone},
		{Name: "what", Place: render.TableWrap, MinWidth: 60, Value: stormStory},
	}
}

// stormStory says in one line what was repeated, and how.
func stormStory(r storage.StormRow) any {
	backoff := map[storage.Backoff]string{
		storage.BackoffRetryAfter:  "waits for Retry-After",
		storage.BackoffExponential: "exponential backoff",
		storage.BackoffFixed:       "fixed interval",
		storage.BackoffNone:        "no backoff",
	}[r.Backoff]
	if r.Jitter && r.Backoff != storage.BackoffNone { // where nobody waits it says nothing
		backoff += " with jitter"
	}
	story := append([]string{r.Endpoint}, r.Codes...)
	for _, status := range r.Statuses {
		story = append(story, statusText(status))
	}
	if r.ByRate { // whose pauses nobody knows
		backoff = fmt.Sprintf("told by the rate, %d calls are usual", r.Operations)
	}
	story = append(story, backoff)
	if r.NonretryableRetries > 0 {
		story = append(story, fmt.Sprintf("%d retries after errors that say: do not retry", r.NonretryableRetries))
	}
	return strings.Join(story, " · ")
}

func stormTone(r storage.StormRow) render.Tone {
	switch r.Outcome {
	case storage.OutcomeRecovered:
		return render.ToneGood
	case storage.OutcomeOngoing:
		return render.ToneBad
	default:
		return render.ToneWarn
	}
}
