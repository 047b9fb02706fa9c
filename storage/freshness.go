package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// finish adds to an answer how far its data is complete, why it is empty, which filters match nothing, and
// what was asked. Sought names the rows.
func finish[R any](ctx context.Context, q *question, a *Answer[R], sought string) error {
	until, note, err := q.completeUntil(ctx)
	if err != nil {
		return err
	}
	a.CompleteUntil = until
	a.Notes = appendNote(a.Notes, note)
	if len(a.Rows) == 0 || q.filter.hasAlternatives() {
		if a.Unknown, err = q.readUnknown(ctx); err != nil {
			return err
		}
	}
	if len(a.Rows) == 0 {
		note, try, err := q.explainEmpty(ctx, sought)
		if err != nil {
			return err
		}
		a.Notes, a.Try = appendNote(a.Notes, note), try
	}
	a.Explain = q.statements
	return nil
}

// appendNote adds a note that is not there yet.
func appendNote(notes []string, note string) []string {
	if note == "" || slices.Contains(notes, note) {
		return notes
	}
	return append(notes, note)
}

// completeness is the instant up to which every open partition has been ingested, nil without watermarks, and a note
// when an ingester has stopped.
type completeness struct {
	until *Time
	note  string
}

// completeUntil returns the completeness, as it was when the question first asked for it: it must not promise what was
// ingested since.
func (q *question) completeUntil(ctx context.Context) (*Time, string, error) {
	if q.complete == nil {
		if err := readComplete(ctx, q); err != nil {
			return nil, "", err
		}
	}
	return q.complete.until, q.complete.note, nil
}

// readComplete is a step of questions that ask several things side by side.
func readComplete(ctx context.Context, q *question) error {
	until, note, err := q.askComplete(ctx)
	q.complete = &completeness{until, note}
	return err
}

func (q *question) askComplete(ctx context.Context) (*Time, string, error) {
	var partitions, open, stopped uint64
	var openUntil, closedUntil, stoppedAt time.Time
	var source, topic string
	err := q.ask(ctx, "completeness", nil, func(rows driver.Rows) error {
		return rows.Scan(&partitions, &open, &openUntil, &closedUntil, &stopped, &stoppedAt, &source, &topic)
	})
	if err != nil || partitions == 0 {
		return nil, "", err
	}
	until := closedUntil
	if open > 0 {
		until = openUntil
	}
	note := ""
	if stopped > 0 {
		note = fmt.Sprintf("the ingester of %s/%s stopped at %s; %d of %d partitions are not being read", source, topic, formatTime(stoppedAt), stopped, partitions)
	}
	if until.Unix() <= 0 { // a partition of which nothing has been read
		return nil, note, nil
	}
	return &Time{until.UTC()}, note, nil
}

// dataRange is the range of time that the table holds.
type dataRange struct {
	first, last, now time.Time
	rows             uint64
}

func (q *question) readDataRange(ctx context.Context) (dataRange, error) {
	var r dataRange
	err := q.ask(ctx, "data_range", nil, func(rows driver.Rows) error {
		return rows.Scan(&r.first, &r.last, &r.rows, &r.now)
	})
	return r, err
}

// explainEmpty says why there are no rows, and with which arguments there may be some.
func (q *question) explainEmpty(ctx context.Context, sought string) (note string, try []string, err error) {
	r, err := q.readDataRange(ctx)
	if err != nil {
		return "", nil, err
	}
	note, try = describeEmpty(sought, q.filter.From, q.filter.To, r)
	return note, try, nil
}

func describeEmpty(sought string, from, to time.Time, r dataRange) (note string, try []string) {
	note = fmt.Sprintf("no %s between %s and %s", sought, formatTime(from), formatTime(to))
	if from.After(r.now) && !r.now.IsZero() {
		note += ", which is in the future"
	}
	if r.rows == 0 {
		return note + "; there is no data yet", nil
	}
	note += fmt.Sprintf("; data from %s to %s", formatTime(r.first), formatTime(r.last))
	if try = suggestRange(from, to, r); try != nil {
		note += ", try " + strings.Join(try, " ")
	}
	return note, try
}

// recent is how far back a range is still well said by --since.
const recent = 31 * 24 * time.Hour

// suggestRange returns the arguments of a range with data: the shortest usual --since that reaches further back
// than from and into the data, or the last day of data that ended long ago. It is nil when the range already covers
// all there is.
func suggestRange(from, to time.Time, r dataRange) []string {
	if !r.first.Before(from) && r.last.Before(to) {
		return nil
	}
	if r.now.Sub(r.last) > recent {
		return lastDay(from, to, r)
	}
	for _, hours := range []int{1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440, 2160, 4320, 8760} {
		since := r.now.Add(-time.Duration(hours) * time.Hour)
		if since.Before(from) && since.Before(r.last) {
			return []string{"--since", sinceText(hours)}
		}
	}
	return nil
}

// lastDay is the day up to the end of the data in whole hours; nil when the range covers it.
func lastDay(from, to time.Time, r dataRange) []string {
	end := r.last.UTC().Truncate(time.Hour).Add(time.Hour)
	start := end.Add(-24 * time.Hour)
	if !from.After(start) && r.last.Before(to) {
		return nil
	}
	return []string{"--from", start.Format(time.RFC3339), "--to", end.Format(time.RFC3339)}
}

func sinceText(hours int) string {
	if hours > 24 && hours%24 == 0 {
		return fmt.Sprintf("%dd", hours/24)
	}
	return fmt.Sprintf("%dh", hours)
}

// successesExpired returns how many days the table keeps successes if some of the range may have expired,
// else 0.
func (q *question) successesExpired(ctx context.Context) (days uint32, err error) {
	var expired uint64
	err = q.ask(ctx, "retention", nil, func(rows driver.Rows) error { return rows.Scan(&days, &expired) })
	if err != nil || expired == 0 {
		return 0, err
	}
	return days, nil
}
