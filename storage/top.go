package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/errata-dev/errata/parsers"
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
	if err := checkListed(o.Limit); err != nil {
		return o, err
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
	every   uint64 // one operation in so many is counted
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
	for _, step := range []func(context.Context) error{t.readSize, t.readGroups, t.readOperations, t.readMessages, t.readRates} {
		if err := step(ctx); err != nil {
			return Answer[TopRow]{}, err
		}
	}
	t.shape()
	return t.answer, finish(ctx, q, &t.answer, "errors")
}

// Distinct operations take memory and time for each error. Of a range with very many, one in sampleEvery is counted for a
// start: which ones is told by their hash, so that an operation counts with all its attempts or with none. Groups that are
// too small for such an estimate are then counted to the last operation.
const sampleEvery = 16

// Both are variables for tests.
var (
	maxCountedErrors uint64 = 20_000_000 // takes about 800 MB of the server
	minSampledErrors uint64 = 1 << 16    // a sample of 4096 is within 1.6 % two times in three
)

func (t *topQuestion) readSize(ctx context.Context) error {
	var errors uint64
	t.every = 1
	err := t.ask(ctx, "top_size", nil, func(rows driver.Rows) error { return rows.Scan(&errors) })
	if errors > maxCountedErrors {
		t.every = sampleEvery
	}
	return err
}

func (t *topQuestion) readGroups(ctx context.Context) error {
	t.answer.Total = &Total{}
	more := map[string]any{
		"by": t.options.By, "limit": uint64(t.options.Limit), "every": t.every,
		"previous": t.filter.From.Add(-t.filter.To.Sub(t.filter.From)).UTC(),
	}
	return t.ask(ctx, "top_groups", more, func(rows driver.Rows) error {
		var r TopRow
		var buckets, categories, retries []uint64
		var category parsers.Category
		var retry parsers.Retry
		err := rows.Scan(append(r.group.targets(), &r.Count, &r.Services, &r.Endpoints, &r.Operations,
			&r.FirstSeen.Time, &r.LastSeen.Time, &categories, &retries, (*uint8)(&category), (*uint8)(&retry), &buckets, &t.answer.Total.Count, &t.groups)...)
		if err == nil {
			r.PreviousCount, r.Trend = buckets[0], buckets[1:]
			r.Category, r.Retry = category.String(), retry.String()
		}
		t.answer.Rows = append(t.answer.Rows, r)
		return err
	})
}

// readOperations turns what the sample has into estimates, and counts where it is too small for that.
func (t *topQuestion) readOperations(ctx context.Context) error {
	if t.every == 1 {
		return nil
	}
	small := t.only(func(row *TopRow) bool { return row.Count < minSampledErrors })
	for i := range t.answer.Rows {
		row := &t.answer.Rows[i]
		row.Operations = min(row.Count, row.Operations*t.every)
	}
	if len(small) < len(t.answer.Rows) {
		t.answer.Notes = append(t.answer.Notes, fmt.Sprintf("operations of groups of %d errors or more are estimated from every %dth, to about 2 %%: a shorter range has exact ones", minSampledErrors, t.every))
	}
	if len(small) == 0 {
		return nil
	}
	return t.ask(ctx, "top_operations", t.shown(small), func(rows driver.Rows) error {
		var key, operations uint64
		err := rows.Scan(&key, &operations)
		if row := small[key]; row != nil {
			row.Operations = operations
		}
		return err
	})
}

// readMessages finds the latest message of each shown group: with its last error as a rule, else with an earlier one.
func (t *topQuestion) readMessages(ctx context.Context) error {
	times := make([]time.Time, 0, len(t.answer.Rows))
	for i := range t.answer.Rows {
		times = append(times, t.answer.Rows[i].LastSeen.Time)
	}
	if err := t.readMessagesAt(ctx, times); err != nil {
		return err
	}
	return t.readMessagesAt(ctx, []time.Time{})
}

// readMessagesAt looks at these instants, or at the whole range, for the groups that have no message yet.
func (t *topQuestion) readMessagesAt(ctx context.Context, times []time.Time) error {
	silent := t.only(func(row *TopRow) bool { return row.Message == "" })
	if len(silent) == 0 {
		return nil
	}
	return t.ask(ctx, "top_messages", with(t.shown(silent), map[string]any{"times": times}), func(rows driver.Rows) error {
		var key uint64
		var at time.Time
		var message string
		err := rows.Scan(&key, &at, &message)
		// An instant that was looked at for another group is no matter: there may be a later message.
		if row := silent[key]; row != nil && (len(times) == 0 || at.Equal(row.LastSeen.Time)) {
			row.Message = message
		}
		return err
	})
}

// only returns the shown groups that are chosen, by key.
func (t *topQuestion) only(chosen func(*TopRow) bool) map[uint64]*TopRow {
	groups := map[uint64]*TopRow{}
	for i := range t.answer.Rows {
		if row := &t.answer.Rows[i]; chosen(row) {
			groups[row.group.key] = row
		}
	}
	return groups
}

// shown returns the parameters that prune a statement to these groups.
func (t *topQuestion) shown(groups map[uint64]*TopRow) map[string]any {
	keys, vendors, codes := []uint64{}, []string{}, []string{}
	for i := range t.answer.Rows { // in their order, so that the same question is the same text
		if g := t.answer.Rows[i].group; groups[g.key] != nil {
			keys, vendors, codes = append(keys, g.key), append(vendors, g.vendor), append(codes, g.code)
		}
	}
	return map[string]any{"by": t.options.By, "shown_keys": keys, "shown_vendors": vendors, "shown_codes": codes}
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
			population = totals[row.group.vendor]
		}
		row.ErrorRate = ratio(row.Count, population)
	}
	return nil
}

// readTotals counts all responses, by vendor.
func (t *topQuestion) readTotals(ctx context.Context) (map[string]uint64, error) {
	vendors := []string{}
	if slices.Contains(t.options.By, "vendor") {
		for _, row := range t.answer.Rows {
			vendors = append(vendors, row.group.vendor)
		}
	}
	first, last := wholeHours(t.filter.From, t.filter.To)
	more := map[string]any{"shown_vendors": vendors, "first_hour": first, "last_hour": last}
	totals := map[string]uint64{}
	return totals, t.ask(ctx, "totals", more, func(rows driver.Rows) error {
		var vendor string
		var count uint64
		err := rows.Scan(&vendor, &count)
		totals[vendor] = count
		return err
	})
}

// wholeHours returns the hours that lie within [from, to) as a whole, from the first one's start to the last one's end.
// Without any, both are from.
func wholeHours(from, to time.Time) (first, last time.Time) {
	last = to.UTC().Truncate(time.Hour)
	if first = from.UTC().Truncate(time.Hour); first.Before(from) {
		first = first.Add(time.Hour)
	}
	if !first.Before(last) {
		return from.UTC(), from.UTC()
	}
	return first, last
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
