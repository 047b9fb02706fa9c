package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// trendBuckets is the number of equal parts of the range that TopRow.Trend counts.
const trendBuckets = 24

// TopOptions choose the groups of a Top answer.
type TopOptions struct {
	By    []string // group columns, of GroupColumns; nil = vendor, status, code
	Limit int      // groups returned; 0 = 20

	// Advice says what to do about an error; nil leaves TopRow.Advice empty. It is asked only for
	// groups by vendor, status and code.
	Advice func(vendor string, status int, code string) string
}

// GroupColumns are the columns that errors can be grouped by.
func GroupColumns() []string {
	return []string{"vendor", "service", "environment", "endpoint", "status", "code", "category", "retry", "fingerprint"}
}

func (o TopOptions) withDefaults() (TopOptions, error) {
	if len(o.By) == 0 {
		o.By = []string{"vendor", "status", "code"}
	}
	for _, column := range o.By {
		if !slices.Contains(GroupColumns(), column) {
			return o, &UsageError{Field: "by", Value: column, Valid: GroupColumns()}
		}
	}
	if o.Limit < 0 {
		return o, &UsageError{Field: "limit", Value: strconv.Itoa(o.Limit), Valid: []string{"0 or more"}}
	}
	if o.Limit == 0 {
		o.Limit = 20
	}
	return o, nil
}

// topQuestion is one Top answer in the making.
type topQuestion struct {
	*question
	options TopOptions
	answer  Answer[TopRow]
	groups  uint64 // all, shown or not
}

func top(ctx context.Context, conn querier, f Filter, o TopOptions) (Answer[TopRow], error) {
	o, err := o.withDefaults()
	if err != nil {
		return Answer[TopRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[TopRow]{}, err
	}
	t := &topQuestion{question: q, options: o, answer: newAnswer[TopRow](f)}
	// Rates come after groups: what is inserted in between then cannot lift a rate above 1.
	for _, step := range []func(context.Context) error{t.readGroups, t.readTrend, t.readMessages, t.readRates} {
		if err := step(ctx); err != nil {
			return Answer[TopRow]{}, err
		}
	}
	t.shape()
	return t.answer, finish(ctx, q, &t.answer, "errors")
}

func (t *topQuestion) readGroups(ctx context.Context) error {
	t.answer.Total = &Total{}
	more := map[string]any{"by": t.options.By, "limit": uint64(t.options.Limit)}
	return t.ask(ctx, "top_groups", more, func(rows driver.Rows) error {
		var r TopRow
		var category, retry string
		err := rows.Scan(append(r.key.targets(), &r.Count, &r.Services, &r.Endpoints, &r.Operations,
			&r.FirstSeen.Time, &r.LastSeen.Time, &r.messageAt, &category, &retry, &t.answer.Total.Count, &t.groups)...)
		r.Category, r.Retry = category, retry
		r.Trend = make([]uint64, trendBuckets)
		t.answer.Rows = append(t.answer.Rows, r)
		return err
	})
}

// byKey indexes the shown rows.
func (t *topQuestion) byKey() map[groupKey]*TopRow {
	rows := make(map[groupKey]*TopRow, len(t.answer.Rows))
	for i := range t.answer.Rows {
		rows[t.answer.Rows[i].key] = &t.answer.Rows[i]
	}
	return rows
}

func (t *topQuestion) readTrend(ctx context.Context) error {
	shown := t.byKey()
	if len(shown) == 0 {
		return nil
	}
	more := t.shown()
	more["previous"] = t.filter.From.Add(-t.filter.To.Sub(t.filter.From)).UTC()
	return t.ask(ctx, "top_trend", more, func(rows driver.Rows) error {
		var key groupKey
		var bucket int8
		var count uint64
		err := rows.Scan(append(key.targets(), &bucket, &count)...)
		row := shown[key]
		switch {
		case err != nil || row == nil:
			return err
		case bucket < 0:
			row.PreviousCount = count
		case bucket < trendBuckets:
			row.Trend[bucket] = count
		}
		return nil
	})
}

func (t *topQuestion) readMessages(ctx context.Context) error {
	shown := t.byKey()
	var times []time.Time
	for _, row := range t.answer.Rows {
		if row.messageAt.Year() > 1970 { // maxIf over nothing is the epoch
			times = append(times, row.messageAt)
		}
	}
	if len(times) == 0 {
		return nil
	}
	more := t.shown()
	more["message_times"] = times
	return t.ask(ctx, "top_messages", more, func(rows driver.Rows) error {
		var key groupKey
		var at time.Time
		var message string
		err := rows.Scan(append(key.targets(), &at, &message)...)
		if row := shown[key]; err == nil && row != nil && row.messageAt.Equal(at) {
			row.Message = message
		}
		return err
	})
}

// shown returns the parameters that prune a statement to the shown groups.
func (t *topQuestion) shown() map[string]any {
	rows := t.answer.Rows
	return map[string]any{
		"by":                 t.options.By,
		"shown_vendors":      distinct(rows, func(k groupKey) string { return k.vendor }),
		"shown_services":     distinct(rows, func(k groupKey) string { return k.service }),
		"shown_environments": distinct(rows, func(k groupKey) string { return k.environment }),
		"shown_endpoints":    distinct(rows, func(k groupKey) string { return k.endpoint }),
		"shown_statuses":     distinct(rows, func(k groupKey) uint16 { return k.status }),
		"shown_codes":        distinct(rows, func(k groupKey) string { return k.code }),
		"shown_categories":   distinct(rows, func(k groupKey) string { return k.category }),
		"shown_retries":      distinct(rows, func(k groupKey) string { return k.retry }),
		"shown_fingerprints": distinct(rows, func(k groupKey) uint64 { return k.fingerprint }),
	}
}

func distinct[T string | uint16 | uint64](rows []TopRow, of func(groupKey) T) []T {
	values := make([]T, 0, len(rows))
	for _, row := range rows {
		values = append(values, of(row.key))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// readRates sets the error rates, unless successes of the range may be gone.
func (t *topQuestion) readRates(ctx context.Context) error {
	if len(t.answer.Rows) == 0 {
		return nil
	}
	days, err := t.successesExpired(ctx)
	if err != nil {
		return err
	}
	if days > 0 {
		t.answer.Notes = append(t.answer.Notes, fmt.Sprintf("no error rates: successes are kept for %d days, and some of this range were inserted before", days))
		return nil
	}
	totals, err := t.readTotals(ctx)
	if err != nil {
		return err
	}
	var all uint64
	for _, count := range totals {
		all += count
	}
	for i := range t.answer.Rows {
		row := &t.answer.Rows[i]
		population := all
		if slices.Contains(t.options.By, "vendor") {
			population = totals[row.key.vendor]
		}
		row.ErrorRate = ratio(row.Count, population)
	}
	return nil
}

// readTotals counts all responses, by vendor.
func (t *topQuestion) readTotals(ctx context.Context) (map[string]uint64, error) {
	vendors := []string{}
	if slices.Contains(t.options.By, "vendor") {
		vendors = distinct(t.answer.Rows, func(k groupKey) string { return k.vendor })
	}
	totals := map[string]uint64{}
	return totals, t.ask(ctx, "totals", map[string]any{"shown_vendors": vendors}, func(rows driver.Rows) error {
		var vendor string
		var count uint64
		err := rows.Scan(&vendor, &count)
		totals[vendor] = count
		return err
	})
}

func ratio(part, whole uint64) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}

// shape derives the members that need no server.
func (t *topQuestion) shape() {
	total := t.answer.Total.Count
	other := total
	for i := range t.answer.Rows {
		row := &t.answer.Rows[i]
		row.show(t.options.By)
		row.Share = float64(row.Count) / float64(total)
		if row.PreviousCount > 0 {
			change := (float64(row.Count) - float64(row.PreviousCount)) / float64(row.PreviousCount)
			row.Change = &change
		}
		if t.options.Advice != nil && row.Vendor != nil && row.Status != nil && row.Code != nil {
			row.Advice = t.options.Advice(*row.Vendor, int(*row.Status), *row.Code)
		}
		other -= row.Count
	}
	t.answer.Other = &Other{Count: other}
	if total > 0 {
		t.answer.Other.Share = float64(other) / float64(total)
	}
	t.answer.Cut = int(t.groups) - len(t.answer.Rows)
}
