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
	more := with(o.Known.parameters(), map[string]any{"by": list(o.By), "errors_only": o.ErrorsOnly})
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

// NewCodes returns the errors that appeared in the range for the first time, of vendors that had been known
// for history before the range.
func (db *DB) NewCodes(ctx context.Context, f Filter, history time.Duration, known Known) ([]NewCode, error) {
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return nil, err
	}
	var codes []NewCode
	more := with(known.parameters(), map[string]any{"history_ms": uint64(history.Milliseconds())})
	err = q.ask(ctx, "alert_new_codes", more, func(rows driver.Rows) error {
		var c NewCode
		var first int64
		err := rows.Scan(&c.Vendor, &c.Code, &first)
		c.FirstSeen = millis(first).Time
		codes = append(codes, c)
		return err
	})
	return codes, err
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

// Usual compares errors of one kind with the vendor's successes, in the range and in the hours before it.
type Usual struct {
	Errors, Successes uint64
	Hours             uint64  // before the range in which the vendor answered
	PerSuccess        float64 // errors, in the median of these hours
}

// Usual looks at a kind of error in the range, and as long before it as history says.
func (db *DB) Usual(ctx context.Context, f Filter, kind ErrorKind, history time.Duration) (Usual, error) {
	f.Vendors, f.Statuses, f.Codes, f.Categories = []string{kind.Vendor}, nil, nil, nil
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return Usual{}, err
	}
	var u Usual
	more := map[string]any{"kind_status": kind.Status, "kind_code": kind.Code, "since": f.From.UTC().Add(-history)}
	err = q.ask(ctx, "alert_usual", more, func(rows driver.Rows) error {
		return rows.Scan(&u.Errors, &u.Successes, &u.Hours, &u.PerSuccess)
	})
	return u, err
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
