package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/errata-dev/errata/internal/cli"
	"github.com/errata-dev/errata/internal/config"
)

// week is the shortest --since that ends with the running hour.
const week = 7 * 24 * time.Hour

func toText(v any) string { return fmt.Sprint(v) }

// settleStart lets a range begin but once: a flag wins over a setting of the environment or the file.
func (q *question) settleStart(flags *pflag.FlagSet) error {
	since, from := flags.Changed("since"), flags.Changed("from")
	if since && from {
		return cli.Usagef("--since and --from both say where the range starts: give one of them")
	}
	if since {
		q.from = ""
	}
	return nil
}

// setRange turns --since, or --from and --to, into the half-open range of the filter.
func (q *question) setRange(zone *time.Location) error {
	q.filter.To = q.now
	if q.to != "" {
		to, err := config.ParseInstant(q.to, q.now, zone)
		if err != nil {
			return cli.Usagef("--to: %w", err)
		}
		q.filter.To = to
	}
	if q.from != "" {
		from, err := config.ParseInstant(q.from, q.now, zone)
		if err != nil {
			return cli.Usagef("--from: %w", err)
		}
		q.filter.From = from
	} else {
		since, err := config.ParseDuration(q.since)
		if err != nil {
			return cli.Usagef("--since: %w", err)
		}
		if q.whole && q.to == "" {
			// The table counts whole minutes beside its rows, and of days whole hours. Nothing that has happened is left out at this end.
			unit := time.Minute
			if since >= week {
				unit = time.Hour
			}
			q.filter.To = q.now.Add(unit - 1).Truncate(unit)
		}
		q.filter.From = q.filter.To.Add(-since)
	}
	if !q.filter.From.Before(q.filter.To) {
		return cli.Usagef("the range is empty: it starts at %s and ends at %s",
			q.filter.From.In(zone).Format(time.RFC3339), q.filter.To.In(zone).Format(time.RFC3339))
	}
	return nil
}
