package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	Exact bool     // count operations to the last one, though there are millions of errors

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
	salt    uint64  // makes the keys of groups unpredictable
	groups  uint64  // all, shown or not
	every   uint64  // one operation in so many is counted
	traffic traffic // what the rates divide by
	expired uint32  // days that successes are kept, if some of the range may be gone
}

// readRows reads all members but the rates.
func (t *topQuestion) readRows(ctx context.Context, q *question) error {
	for _, step := range []func(context.Context, *question) error{t.readSizedGroups, t.readOperations, t.readMessages} {
		if err := step(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// readSizedGroups does not wait for the size of a short range: as a rule there are few enough errors to count each operation.
// Where there are not, the groups that have been begun are given up.
func (t *topQuestion) readSizedGroups(ctx context.Context, q *question) error {
	steps := []func(context.Context, *question) error{t.readSize}
	if first, last := whole(t.filter.From, t.filter.To, day); !first.Before(last) {
		steps = append(steps, t.groupsOf(1))
	}
	err := q.together(ctx, steps...)
	if isSampled := errors.Is(err, errSample); !isSampled && (err != nil || len(steps) == 2) {
		return err
	}
	t.answer.Rows = t.answer.Rows[:0]
	return t.groupsOf(t.every)(ctx, q)
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
	t := &topQuestion{question: q, options: o, answer: newAnswer[TopRow](f), salt: rand.Uint64()}
	if err := t.together(ctx, t.readRows, t.readExpired, t.readTraffic, readComplete); err != nil {
		return Answer[TopRow]{}, err
	}
	if err := t.setRates(ctx); err != nil {
		return Answer[TopRow]{}, err
	}
	t.shape()
	return t.answer, finish(ctx, q, &t.answer, "errors")
}

// Distinct operations take memory and time for each error: a third of the answer over millions. Of a range with that many, one
// in some is counted for a start: which ones is told by their hash, so that an operation counts with all its attempts or with
// none. Groups that are too small for such an estimate are then counted to the last operation.
//
// They are variables for tests.
var (
	maxCountedErrors uint64 = 2_000_000  // unless Exact
	maxExactErrors   uint64 = 20_000_000 // takes about 800 MB of the server
	minSample        uint64 = 1 << 12    // errors of a group: within 1.6 % two times in three
)

// sampled is the operations of which one is counted. The projection days has the same.
const sampled = 16

// readSize returns errSample when there are too many errors to count each operation.
func (t *topQuestion) readSize(ctx context.Context, q *question) error {
	var size uint64
	err := q.ask(ctx, "top_size", nil, func(rows driver.Rows) error { return rows.Scan(&size) })
	switch {
	case err != nil:
		return err
	case size > maxExactErrors || size > maxCountedErrors && !t.options.Exact:
		t.every = sampled
	default:
		t.every = 1
		return nil
	}
	return errSample
}

var errSample = errors.New("too many errors to count each operation")

// groupsOf reads the groups, with one in so many operations.
func (t *topQuestion) groupsOf(every uint64) func(context.Context, *question) error {
	return func(ctx context.Context, q *question) error { return t.readGroups(ctx, q, every) }
}

func (t *topQuestion) readGroups(ctx context.Context, q *question, every uint64) error {
	t.answer.Total = &Total{}
	more := map[string]any{
		"by": t.options.By, "salt": t.salt, "limit": uint64(t.options.Limit), "every": every, "sampled": every > 1,
		"previous": t.filter.From.Add(-t.filter.To.Sub(t.filter.From)).UTC(),
	}
	name := "top_groups"
	if every > 1 && t.hasDays() {
		name, more = "top_days", with(more, wholeDays(t.filter.From, t.filter.To))
	}
	return q.ask(ctx, name, more, func(rows driver.Rows) error {
		var r TopRow
		var buckets, pairs []uint64
		err := rows.Scan(append(r.group.targets(t.options.By), &r.Count, &r.Services, &r.Endpoints, &r.Operations,
			&r.FirstSeen.Time, &r.LastSeen.Time, &pairs, &buckets, &t.answer.Total.Count, &t.groups)...)
		if err == nil {
			r.PreviousCount, r.Trend = buckets[0], buckets[1:]
			category, retry := mostCommon(pairs)
			r.Category, r.Retry = category.String(), retry.String()
		}
		t.answer.Rows = append(t.answer.Rows, r)
		return err
	})
}

// hasDays tells whether the projection days has what the answer says of whole days: nothing beside its columns is asked for,
// and no part of the trend begins within an hour.
func (t *topQuestion) hasDays() bool {
	f := t.filter
	first, last := whole(f.From, f.To, day)
	beside := len(f.Services) + len(f.Environments) + len(f.Endpoints) + len(f.Sources)
	for _, column := range t.options.By {
		if !slices.Contains([]string{"vendor", "status", "code", "category", "retry"}, column) {
			beside++
		}
	}
	return beside == 0 && first.Before(last) && f.From.Equal(f.From.Truncate(time.Hour)) && f.To.Sub(f.From)%(trendBuckets*time.Hour) == 0
}

// wholeDays returns the parameters of top_days: the days within [from, to), and within the equal window before.
func wholeDays(from, to time.Time) map[string]any {
	firstDay, lastDay := whole(from, to, day)
	firstPast, lastPast := whole(from.Add(-to.Sub(from)), from, day)
	return map[string]any{"first_day": firstDay, "last_day": lastDay, "first_past": firstPast, "last_past": lastPast}
}

// mostCommon returns the category and the advice that came most often, the first of the vocabulary among equals. The pairs
// are counts by 5 * category + advice.
func mostCommon(pairs []uint64) (parsers.Category, parsers.Retry) {
	var categories [16]uint64
	var retries [5]uint64
	for i, n := range pairs {
		categories[i/5] += n
		retries[i%5] += n
	}
	return parsers.Category(largest(categories[:])), parsers.Retry(largest(retries[:]))
}

// largest returns the place of the largest number, the first among equals.
func largest(numbers []uint64) int { return slices.Index(numbers, slices.Max(numbers)) }

// readOperations turns what the sample has into estimates, and counts where it is too small for that.
func (t *topQuestion) readOperations(ctx context.Context, q *question) error {
	if t.every == 1 {
		return nil
	}
	small := t.only(func(row *TopRow) bool { return row.Count < minSample*t.every })
	for i := range t.answer.Rows {
		row := &t.answer.Rows[i]
		row.Operations = min(row.Count, row.Operations*t.every)
	}
	if len(small) < len(t.answer.Rows) {
		t.answer.Notes = append(t.answer.Notes, t.estimateNote())
	}
	if len(small) == 0 {
		return nil
	}
	return q.ask(ctx, "top_operations", t.shown(small), func(rows driver.Rows) error {
		var key, operations uint64
		err := rows.Scan(&key, &operations)
		if row := small[key]; row != nil {
			row.Operations = operations
		}
		return err
	})
}

func (t *topQuestion) estimateNote() string {
	exact := "a shorter range and --exact have exact ones"
	if t.options.Exact { // and too many for it
		exact = "a shorter range has exact ones"
	}
	return fmt.Sprintf("operations of groups of %d errors or more are estimated from every %dth, to about 2 %%: %s", minSample*t.every, t.every, exact)
}

// readMessages finds the latest message of each shown group: with its last error as a rule, else with an earlier one.
func (t *topQuestion) readMessages(ctx context.Context, q *question) error {
	times := make([]time.Time, 0, len(t.answer.Rows))
	for i := range t.answer.Rows {
		times = append(times, t.answer.Rows[i].LastSeen.Time)
	}
	if err := t.readMessagesAt(ctx, q, times); err != nil {
		return err
	}
	return t.readMessagesAt(ctx, q, []time.Time{})
}

// readMessagesAt looks at these instants, or at the whole range, for the groups that have no message yet.
func (t *topQuestion) readMessagesAt(ctx context.Context, q *question, times []time.Time) error {
	silent := t.only(func(row *TopRow) bool { return row.Message == "" })
	if len(silent) == 0 {
		return nil
	}
	return q.ask(ctx, "top_messages", with(t.shown(silent), map[string]any{"times": times}), func(rows driver.Rows) error {
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
	return map[string]any{"by": t.options.By, "salt": t.salt, "shown_keys": keys, "shown_vendors": vendors, "shown_codes": codes}
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
