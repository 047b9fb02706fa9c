package storage

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// AlertColumns are what the counts of a minute can be grouped by, in the order of MinuteCount.Key.
func AlertColumns() []string {
	return []string{"vendor", "service", "environment", "endpoint", "status", "code", "category"}
}

// MinutesOptions choose what Minutes counts.
type MinutesOptions struct {
	By         []string // of AlertColumns
	ErrorsOnly bool     // spares reading the successes: Responses stays 0
	Once       bool     // an error whose record was written twice counts once
	Known      Known
}

// Known are errors that do not count: all of a vendor, or one code of it.
type Known struct {
	Vendors []string
	Codes   [][2]string // vendor, code
}

func (k Known) parameters() map[string]any {
	codes := make([]string, 0, len(k.Codes))
	for _, c := range k.Codes {
		codes = append(codes, c[0]+"\n"+c[1])
	}
	return map[string]any{"known_vendors": list(k.Vendors), "known_codes": codes}
}

// MinuteCount counts one group in one minute.
type MinuteCount struct {
	Minute                      int64    // since 1970, UTC
	Key                         []string // by AlertColumns; "" for a column that does not make groups
	Responses, Errors, Unparsed uint64
}

// Minutes counts responses and errors per minute and group, in no order. Groups without any have no entry.
func (db *DB) Minutes(ctx context.Context, f Filter, o MinutesOptions) ([]MinuteCount, error) {
	for _, column := range o.By {
		if !slices.Contains(AlertColumns(), column) {
			return nil, &UsageError{Field: "by", Value: column, Valid: AlertColumns()}
		}
	}
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	var counts []MinuteCount
	more := with(o.Known.parameters(), map[string]any{"by": list(o.By), "errors_only": o.ErrorsOnly, "once": o.Once})
	err = q.ask(ctx, "alert_minutes", more, func(rows driver.Rows) error {
		var c MinuteCount
		err := rows.Scan(&c.Minute, &c.Key, &c.Responses, &c.Errors, &c.Unparsed)
		counts = append(counts, c)
		return err
	})
	return counts, err
}

// Observed returns the minutes (since 1970) of the range in which any record has its time, sorted.
func (db *DB) Observed(ctx context.Context, f Filter) ([]int64, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	var minutes []int64
	err = q.ask(ctx, "alert_observed", nil, func(rows driver.Rows) error {
		var minute int64
		err := rows.Scan(&minute)
		minutes = append(minutes, minute)
		return err
	})
	slices.Sort(minutes)
	return minutes, err
}

// NewCode is an error that was never seen before.
type NewCode struct {
	Vendor, Code string
	FirstSeen    time.Time
}

// newCodeHours is how far before a range most codes that are not new have been seen last. The others are looked
// for in all of the table.
const newCodeHours = 6 * time.Hour

// NewCodes returns the errors that appeared in the range for the first time, of vendors that had been known
// for history before.
func (db *DB) NewCodes(ctx context.Context, f Filter, history time.Duration, known Known) ([]NewCode, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	vendors, names := []string{}, []string{}
	more := with(known.parameters(), map[string]any{"since": f.From.UTC().Add(-newCodeHours)})
	err = q.ask(ctx, "alert_new_codes", more, func(rows driver.Rows) error {
		var vendor, code string
		err := rows.Scan(&vendor, &code)
		vendors, names = append(vendors, vendor), append(names, code)
		return err
	})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var codes []NewCode
	more = map[string]any{"new_vendors": vendors, "new_codes": names}
	err = q.ask(ctx, "alert_first_seen", more, func(rows driver.Rows) error {
		var c NewCode
		var first, met int64
		err := rows.Scan(&c.Vendor, &c.Code, &first, &met)
		c.FirstSeen = millis(first).Time
		if !c.FirstSeen.Before(f.From) && c.FirstSeen.Sub(millis(met).Time) >= history {
			codes = append(codes, c)
		}
		return err
	})
	return codes, err
}

// CallCount is how many calls got an error in one minute (since 1970), however often each was repeated in it.
type CallCount struct {
	Vendor, Code string
	Minute       int64
	Calls        uint64
}

// NewCodeCalls counts the calls of the range that got one of the codes, by vendor, code and minute.
func (db *DB) NewCodeCalls(ctx context.Context, f Filter, codes []NewCode) ([]CallCount, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	vendors, names := []string{}, []string{}
	for _, c := range codes {
		vendors, names = append(vendors, c.Vendor), append(names, c.Code)
	}
	var counts []CallCount
	more := map[string]any{"new_vendors": vendors, "new_codes": names}
	err = q.ask(ctx, "alert_new_calls", more, func(rows driver.Rows) error {
		var c CallCount
		err := rows.Scan(&c.Vendor, &c.Code, &c.Minute, &c.Calls)
		counts = append(counts, c)
		return err
	})
	return counts, err
}

// AlertEvidence describes the errors behind an alert; lists hold the most frequent, or the newest, few.
type AlertEvidence struct {
	Count     uint64
	Codes     []string // "504 provider_timeout"
	Services  []string
	Endpoints []string
	Message   string // of the newest error that has one
	TraceIDs  []string
	Offsets   []string // topic/partition@offset
	Commonest ErrorKind
}

// ErrorKind names one kind of error.
type ErrorKind struct {
	Vendor string
	Status uint16
	Code   string
}

// AlertEvidence looks at the errors of the range and filter.
func (db *DB) AlertEvidence(ctx context.Context, f Filter) (AlertEvidence, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return AlertEvidence{}, err
	}
	var e AlertEvidence
	err = q.ask(ctx, "alert_evidence", nil, func(rows driver.Rows) error {
		return rows.Scan(&e.Count, &e.Codes, &e.Services, &e.Endpoints, &e.Message, &e.TraceIDs, &e.Offsets,
			&e.Commonest.Vendor, &e.Commonest.Status, &e.Commonest.Code)
	})
	return e, err
}

// HourCount counts one hour (since 1970).
type HourCount struct {
	Hour              int64
	Errors, Successes uint64
}

// Hours counts errors and successes in the whole hours of [since, until), those with any. The filter's status, code and
// category narrow the errors only; its range is not used.
func (db *DB) Hours(ctx context.Context, f Filter, since, until time.Time) ([]HourCount, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	var hours []HourCount
	more := map[string]any{"since": since.UTC().Truncate(time.Hour), "until": until.UTC().Truncate(time.Hour)}
	err = q.ask(ctx, "alert_hours", more, func(rows driver.Rows) error {
		var h HourCount
		err := rows.Scan(&h.Hour, &h.Errors, &h.Successes)
		hours = append(hours, h)
		return err
	})
	return hours, err
}

// Course adds up the errors of each minute (since 1970) in course: of those listed, sorted, or of all in [since, until)
// when none is. A record that was written twice counts once; beyond a hundred a minute the counts are
// estimates. The filter's range is not used.
func (db *DB) Course(ctx context.Context, f Filter, since, until time.Time, minutes []int64, course map[int64]uint64) error {
	return db.addUp(ctx, f, course, map[string]any{"minutes": list64(minutes), "since": since.UTC(), "until": until.UTC(), "calls": false})
}

// FailedCalls is Course over the filter's range, but that a call counts once in a minute, however often it was tried, where an
// idempotency key tells that.
func (db *DB) FailedCalls(ctx context.Context, f Filter) (map[int64]uint64, error) {
	calls := map[int64]uint64{}
	return calls, db.addUp(ctx, f, calls, map[string]any{"minutes": list64(nil), "since": f.From.UTC(), "until": f.To.UTC(), "calls": true})
}

func (db *DB) addUp(ctx context.Context, f Filter, course map[int64]uint64, more map[string]any) error {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return err
	}
	return q.ask(ctx, "alert_course", more, func(rows driver.Rows) error {
		var m int64
		var count uint64
		err := rows.Scan(&m, &count)
		course[m] += count
		return err
	})
}

// Successes counts those of the range. The filter's status, code and category do not apply.
func (db *DB) Successes(ctx context.Context, f Filter) (count uint64, err error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return 0, err
	}
	err = q.ask(ctx, "alert_successes", nil, func(rows driver.Rows) error { return rows.Scan(&count) })
	return count, err
}

// SuccessesBeside counts those of the services that the errors of the range came from: in the range, and from since up to it.
func (db *DB) SuccessesBeside(ctx context.Context, f Filter, since time.Time) (during, before uint64, err error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return 0, 0, err
	}
	err = q.ask(ctx, "alert_beside", map[string]any{"since": since.UTC()}, func(rows driver.Rows) error { return rows.Scan(&during, &before) })
	return during, before, err
}

// Records counts the errors of the range: rows, and records, of which some may have been written more than once.
func (db *DB) Records(ctx context.Context, f Filter) (rows, records uint64, err error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return 0, 0, err
	}
	err = q.ask(ctx, "alert_records", nil, func(r driver.Rows) error { return r.Scan(&rows, &records) })
	return rows, records, err
}

// CompleteUntil returns the instant up to which everything has been ingested, and a note when an ingester
// has stopped; the zero time when no ingester has reported yet.
func (db *DB) CompleteUntil(ctx context.Context) (time.Time, string, error) {
	now := time.Now()
	q, err := newQuestion(db.conn, Filter{From: now.Add(-time.Hour), To: now})
	if err != nil {
		return time.Time{}, "", err
	}
	until, note, err := q.completeUntil(ctx)
	if err != nil || until == nil {
		return time.Time{}, note, err
	}
	return until.Time, note, nil
}
