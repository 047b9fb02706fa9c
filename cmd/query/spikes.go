package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/storage"
)

// mostTimes is the largest ratio that a table states.
const mostTimes = 999

func newSpikes() *cobra.Command {
	var q question
	var o storage.SpikeOptions
	var vendors definitions
	cmd := &cobra.Command{
		Use:   "spikes",
		Short: "Errors far more frequent than they ordinarily are",
		Long: `spikes compares the errors of every minute with the day before, of the same vendor, status and code. A spike has at least
20 errors in five minutes, three times as many as expected, more than chance explains, in two of three minutes. A code
that the vendor had never sent before needs the 20 errors only. Spikes of one vendor at the same time are one incident.`,
		Example: `  query spikes
  query spikes --since 24h --vendor truelayer
  query spikes --lift 5 --floor 50 -o json`,
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			vendors.start()
			o.Advice = vendors.advice
			return ask(cmd, &q, spikeColumns(), func(ctx context.Context, db *storage.DB) (storage.Answer[storage.SpikeRow], error) {
				answer, err := db.Spikes(ctx, q.filter, o)
				return answer, errors.Join(err, vendors.err())
			})
		},
	}
	q.register(cmd)
	vendors.register(cmd.Flags())
	flags := cmd.Flags()
	flags.IntVar(&o.Floor, "floor", 20, "least errors in five minutes")
	flags.Float64Var(&o.Lift, "lift", 3, "least ratio to the baseline")
	flags.Float64Var(&o.PValue, "p-value", 1e-6, "how improbable the five minutes have to be by the baseline")
	flags.IntVar(&o.Limit, "limit", 20, "show so many spikes")
	return cmd
}

func spikeColumns() []render.Column[storage.SpikeRow] {
	return []render.Column[storage.SpikeRow]{
		{Name: "vendor"},
		{Name: "status"},
		{Name: "code"},
		{Name: "start", Kind: render.Time},
		{Name: "end", Kind: render.Time, Place: render.RawOnly},
		{Name: "lasted", Kind: render.Seconds, Place: render.TableOnly, Value: func(r storage.SpikeRow) any { return r.DurationS }},
		{Name: "count", Kind: render.Number},
		{Name: "expected", Kind: render.Number, Priority: 2},
		{Name: "ratio", Kind: render.Number, Place: render.RawOnly},
		{Name: "times", Kind: render.Number, Place: render.TableOnly, Value: times},
		{Name: "score", Kind: render.Number, Place: render.RawOnly},
		{Name: "new", Place: render.RawOnly},
		{Name: "severity", Tone: spikeTone, Priority: 3},
		{Name: "trend", Kind: render.Spark, Place: render.TableOnly, Priority: 1, Value: func(r storage.SpikeRow) any { return r.Trend }},
		{Name: "incident", Place: render.RawOnly},
		{Name: "what", Place: render.TableWrap, MinWidth: 60, Value: spikeStory},
	}
}

// times is the ratio for people. Where next to nothing was expected it says little more than the count does.
func times(r storage.SpikeRow) any {
	if r.Ratio != nil && *r.Ratio > mostTimes {
		return fmt.Sprintf(">%d", mostTimes)
	}
	return r.Ratio
}

// spikeStory says in one line what else is known: that the code is new, what it belongs to, and what to do.
func spikeStory(r storage.SpikeRow) any {
	var parts []string
	if r.New {
		parts = append(parts, "never seen before")
	} else if r.Ratio == nil {
		parts = append(parts, "none expected")
	}
	if r.Related > 1 {
		parts = append(parts, "one incident with "+cli.Count(int64(r.Related-1))+" more")
	}
	if r.Advice != "" {
		parts = append(parts, r.Advice)
	} else if r.Message != "" {
		parts = append(parts, r.Message)
	}
	return strings.Join(parts, " · ")
}

func spikeTone(r storage.SpikeRow) render.Tone {
	if r.Severity == storage.SeverityCritical {
		return render.ToneBad
	}
	return render.ToneWarn
}
