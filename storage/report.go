package storage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What a report shows at most.
const (
	reportCodes   = 20
	reportSeries  = 6
	reportColumns = 96
)

// ReportOptions choose what a report holds. The zero value means the defaults.
type ReportOptions struct {
	Examples int // of each code
}

// ReportAnswer is all that a report about one vendor is made of. It holds names of our own: whoever writes the
// report leaves them out.
type ReportAnswer struct {
	Answer[TopRow]
	Responses uint64
	Errors    uint64
	Throttled uint64
	Waited    time.Duration // for the errors that state their duration
	Timed     uint64        // how many do
	Storms    []StormRow
	Limits    []LimitRow
	Spikes    []SpikeRow
	Timeline  TimelineAnswer
	Examples  []ReportExample
}

// ReportExample is one error, told in the vendor's words.
type ReportExample struct {
	Time            Time
	Vendor          string
	Host            string
	Method          string
	Route           string
	Status          uint16
	Code            string
	Message         string
	TraceID         string
	VendorRequestID string
	DurationMS      float32
}

// Report asks all questions about one vendor: f names it.
func (db *DB) Report(ctx context.Context, f Filter, o ReportOptions) (ReportAnswer, error) {
	r := reportQuestion{db: db, filter: f, options: o}
	if len(f.Vendors) != 1 {
		return r.answer, &UsageError{Field: "vendor", Value: strconv.Itoa(len(f.Vendors)) + " vendors", Valid: []string{"one vendor"}}
	}
	if o.Examples < 0 || o.Examples > 100 {
		return r.answer, &UsageError{Field: "examples", Value: strconv.Itoa(o.Examples), Valid: []string{"0 to 100"}}
	}
	for _, step := range []func(context.Context) error{r.readTop, r.readTotals, r.readEvents, r.readTimeline, r.readExamples} {
		if err := step(ctx); err != nil {
			return ReportAnswer{}, err
		}
	}
	return r.answer, nil
}

// reportQuestion collects the answer.
type reportQuestion struct {
	db      *DB
	filter  Filter
	options ReportOptions
	answer  ReportAnswer
}

func (r *reportQuestion) readTop(ctx context.Context) (err error) {
	r.answer.Answer, err = r.db.Top(ctx, r.filter, TopOptions{Limit: reportCodes})
	return err
}

func (r *reportQuestion) ask(ctx context.Context, name string, more map[string]any, scan func(driver.Rows) error) error {
	q, err := newQuestion(r.db.conn, r.filter)
	if err != nil {
		return err
	}
	err = q.ask(ctx, name, more, scan)
	r.answer.Explain = append(r.answer.Explain, q.statements...)
	return err
}

func (r *reportQuestion) readTotals(ctx context.Context) error {
	return r.ask(ctx, "report_totals", nil, func(rows driver.Rows) error {
		var ms float64
		err := rows.Scan(&r.answer.Responses, &r.answer.Errors, &r.answer.Throttled, &ms, &r.answer.Timed)
		r.answer.Waited = time.Duration(ms * float64(time.Millisecond))
		return err
	})
}

// readEvents asks the questions whose answers a report lists. All rows count: what they cost is summed.
func (r *reportQuestion) readEvents(ctx context.Context) error {
	storms, err := r.db.Storms(ctx, r.filter, StormOptions{})
	if err != nil {
		return err
	}
	limits, err := r.db.Limits(ctx, r.filter, LimitOptions{})
	if err != nil {
		return err
	}
	spikes, err := r.db.Spikes(ctx, r.filter, SpikeOptions{})
	if err != nil {
		return err
	}
	a := &r.answer
	a.Storms, a.Limits, a.Spikes = storms.Rows, limits.Rows, spikes.Rows
	a.Explain = slices.Concat(a.Explain, storms.Explain, limits.Explain, spikes.Explain)
	for _, notes := range [][]string{storms.Notes, limits.Notes, spikes.Notes} {
		for _, note := range notes {
			// That there were no storms is no news beside errors.
			isEmpty := strings.HasPrefix(note, "no ") && strings.Contains(note, " between ")
			if !isEmpty && !slices.Contains(a.Notes, note) {
				a.Notes = append(a.Notes, note)
			}
		}
	}
	return nil
}

func (r *reportQuestion) readTimeline(ctx context.Context) (err error) {
	r.answer.Timeline, err = r.db.Timeline(ctx, r.filter, TimelineOptions{Codes: reportSeries, Columns: reportColumns, Marks: []string{"none"}})
	r.answer.Explain = append(r.answer.Explain, r.answer.Timeline.Explain...)
	return err
}

func (r *reportQuestion) readExamples(ctx context.Context) error {
	statuses, codes := []uint16{}, []string{}
	for _, row := range r.answer.Rows {
		statuses, codes = append(statuses, *row.Status), append(codes, *row.Code)
	}
	if len(codes) == 0 {
		return nil
	}
	more := map[string]any{"shown_statuses": statuses, "shown_codes": codes, "examples": uint64(r.options.Examples)}
	return r.ask(ctx, "report_examples", more, func(rows driver.Rows) error {
		var e ReportExample
		err := rows.Scan(&e.Time.Time, &e.Vendor, &e.Host, &e.Method, &e.Route, &e.Status, &e.Code, &e.Message, &e.TraceID, &e.VendorRequestID, &e.DurationMS)
		r.answer.Examples = append(r.answer.Examples, e)
		return err
	})
}
