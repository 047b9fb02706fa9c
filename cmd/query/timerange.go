package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/cli"
)

func toText(v any) string { return fmt.Sprint(v) }

// setRange turns --since, or --from and --to, into the half-open range of the filter.
func (q *question) setRange(zone *time.Location) error {
	q.filter.To = q.now
	if q.to != "" {
		to, err := instant(q.to, q.now, zone)
		if err != nil {
			return cli.Usagef("--to: %w", err)
		}
		q.filter.To = to
	}
	if q.from != "" {
		from, err := instant(q.from, q.now, zone)
		if err != nil {
			return cli.Usagef("--from: %w", err)
		}
		q.filter.From = from
	} else {
		since, err := duration(q.since)
		if err != nil {
			return cli.Usagef("--since: %w", err)
		}
		q.filter.From = q.filter.To.Add(-since)
	}
	if !q.filter.From.Before(q.filter.To) {
		return cli.Usagef("the range is empty: it starts at %s and ends at %s",
			q.filter.From.In(zone).Format(time.RFC3339), q.filter.To.In(zone).Format(time.RFC3339))
	}
	return nil
}

// layouts are the absolute forms of --from and --to; those without a zone are read in --tz.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}

// instant reads a point in time: absolute, "now", or a duration ago.
func instant(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	if ago, err := duration(text); err == nil {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("cannot read %q: give 2026-11-20, \"2026-11-20 14:00\", 2026-11-20T14:00:00Z, now, or 6h for six hours ago", text)
}

// duration reads a positive duration: Go's form, and whole days and weeks (7d, 2w).
func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = longDuration(text)
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("cannot read %q: give a duration such as 30m, 12h, 7d or 2w", text)
	}
	return d, nil
}

func longDuration(text string) (time.Duration, error) {
	day := 24 * time.Hour
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, found := strings.CutSuffix(text, unit); found {
			n, err := strconv.ParseInt(number, 10, 16)
			return time.Duration(n) * length, err
		}
	}
	return 0, strconv.ErrSyntax
}
