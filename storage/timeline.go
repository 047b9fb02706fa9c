package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// maxTimelineBuckets and maxTimelineCodes bound the memory of a timeline.
	maxTimelineBuckets = 2000
	maxTimelineCodes   = 1000
)

// TimelineOptions say how a timeline is drawn. The zero value means the defaults.
type TimelineOptions struct {
	Codes   int            // codes returned; 0 = 10
	Step    time.Duration  // length of a bucket, whole seconds; 0 = the shortest usual one that makes at most Columns buckets
	Columns int            // 0 = 60
	Zone    *time.Location // buckets begin at round times of this zone; nil = UTC
	Marks   []string       // of MarkKinds; nil = all
}

// TimelineAnswer is the answer of Timeline: what errors there were when, and beside them what stood out.
type TimelineAnswer struct {
	Answer[TimelineRow]
	StepS   int64            `json:"step_s"`
	Buckets []TimelineBucket `json:"buckets"`
	Marks   []TimelineMark   `json:"marks"`

	// Codes are the rows once more, one element a code.
	Codes []TimelineCode `json:"-"`
}

// TimelineRow counts one code in one bucket. Buckets without that code have a row with count 0.
type TimelineRow struct {
	Start  Time   `json:"start"`
	End    Time   `json:"end"`
	Vendor string `json:"vendor"`
	Status uint16 `json:"status"`
	Code   string `json:"code"`
	Count  uint64 `json:"count"`
}

// TimelineBucket counts all codes in one bucket, shown or not.
type TimelineBucket struct {
	Start     Time    `json:"start"`
	End       Time    `json:"end"`
	Errors    uint64  `json:"errors"`
	Responses *uint64 `json:"responses"` // errors and successes of the same callers; nil = successes are no longer stored
}

// TimelineCode is one line of the picture.
type TimelineCode struct {
	Vendor   string
	Status   uint16
	Code     string
	Category string // the one of its fullest bucket
	Count    uint64
	Counts   []uint64 // by bucket
}

func (o TimelineOptions) withDefaults() (TimelineOptions, error) {
	if o.Step < 0 || o.Step%time.Second != 0 {
		return o, &UsageError{Field: "step", Value: o.Step.String(), Valid: []string{"whole seconds, such as 30s, 5m or 1h"}}
	}
	if o.Codes < 0 || o.Codes > maxTimelineCodes {
		return o, &UsageError{Field: "limit", Value: strconv.Itoa(o.Codes), Valid: []string{fmt.Sprintf("0 to %d", maxTimelineCodes)}}
	}
	for _, kind := range o.Marks {
		if kind == "none" {
			continue
		}
		if !slices.Contains(MarkKinds(), kind) {
			return o, &UsageError{Field: "marks", Value: kind, Valid: MarkKinds()}
		}
	}
	if o.Codes == 0 {
		o.Codes = 10
	}
	if o.Columns <= 0 {
		o.Columns = 60
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Marks == nil {
		o.Marks = MarkKinds()
	}
	return o, nil
}

// usualSteps are lengths of buckets that begin at round times.
func usualSteps() []time.Duration {
	const s, m, h = time.Second, time.Minute, time.Hour
	return []time.Duration{
		s, 2 * s, 5 * s, 10 * s, 15 * s, 20 * s, 30 * s, m, 90 * s, 2 * m, 3 * m, 4 * m, 5 * m, 6 * m, 10 * m, 12 * m, 15 * m, 20 * m, 30 * m,
		h, 2 * h, 3 * h, 4 * h, 6 * h, 8 * h, 12 * h, 24 * h, 48 * h, 7 * 24 * h, 14 * 24 * h, 28 * 24 * h, 91 * 24 * h, 364 * 24 * h,
	}
}

// ruler divides the range into buckets. The first and the last one are cut by the range.
type ruler struct {
	origin time.Time // start of the first bucket, at or before from
	step   time.Duration
	count  int
}

// newRuler counts the buckets from midnight, so that they begin at round times.
func newRuler(from, to time.Time, zone *time.Location, step time.Duration) ruler {
	local := from.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	origin := midnight.Add(from.Sub(midnight) / step * step)
	length := to.UnixMilli() - origin.UnixMilli()
	return ruler{origin: origin.UTC(), step: step, count: int((length + step.Milliseconds() - 1) / step.Milliseconds())}
}

// measure chooses the step, unless it was given.
func measure(f Filter, o TimelineOptions) (ruler, error) {
	if o.Step > 0 {
		r := newRuler(f.From, f.To, o.Zone, o.Step)
		if r.count > maxTimelineBuckets {
			return ruler{}, &UsageError{Field: "step", Value: o.Step.String(), Valid: []string{fmt.Sprintf("at most %d buckets in the range", maxTimelineBuckets)}}
		}
		return r, nil
	}
	columns := min(o.Columns, maxTimelineBuckets)
	for _, step := range usualSteps() {
		if r := newRuler(f.From, f.To, o.Zone, step); r.count <= columns {
			return r, nil
		}
	}
	const day = 24 * time.Hour
	days := (f.To.UnixMilli()-f.From.UnixMilli())/day.Milliseconds()/int64(columns) + 2 // for the rest, and the ragged ends
	return newRuler(f.From, f.To, o.Zone, time.Duration(days)*day), nil
}

// buckets are empty ones, cut to the range.
func (r ruler) buckets(from, to time.Time) []TimelineBucket {
	list := make([]TimelineBucket, r.count)
	start := r.origin
	for i := range list {
		end := start.Add(r.step)
		list[i].Start, list[i].End = Time{start}, Time{end}
		start = end
	}
	if len(list) > 0 {
		list[0].Start, list[len(list)-1].End = Time{from.UTC()}, Time{to.UTC()}
	}
	return list
}

func (r ruler) parameters() map[string]any {
	return map[string]any{"origin_ms": r.origin.UnixMilli(), "step_ms": r.step.Milliseconds()}
}

// timelineQuestion is one Timeline answer in the making.
type timelineQuestion struct {
	*question
	options TimelineOptions
	ruler   ruler
	answer  TimelineAnswer
}

// Timeline returns the largest codes of the range over time, and the rate-limit windows, storms and spikes
// in it.
func (db *DB) Timeline(ctx context.Context, f Filter, o TimelineOptions) (TimelineAnswer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return TimelineAnswer{}, err
	}
	q, err := newQuestion(db.conn, f)
	if err != nil {
		return TimelineAnswer{}, err
	}
	r, err := measure(f, o)
	if err != nil {
		return TimelineAnswer{}, err
	}
	t := &timelineQuestion{question: q, options: o, ruler: r, answer: TimelineAnswer{
		Answer: newAnswer[TimelineRow](f), StepS: int64(r.step.Seconds()), Buckets: r.buckets(f.From, f.To), Marks: []TimelineMark{},
	}}
	for _, step := range []func(context.Context) error{t.readCodes, t.readTraffic, t.readMarks} {
		if err := step(ctx); err != nil {
			return TimelineAnswer{}, err
		}
	}
	return t.answer, finish(ctx, q, &t.answer.Answer, "errors")
}

func (t *timelineQuestion) readCodes(ctx context.Context) error {
	more := with(t.ruler.parameters(), map[string]any{"limit": uint64(t.options.Codes)})
	var all uint64
	err := t.ask(ctx, "timeline_codes", more, func(rows driver.Rows) error {
		c := TimelineCode{Counts: make([]uint64, len(t.answer.Buckets))}
		var buckets []int64
		var counts []uint64
		if err := rows.Scan(&c.Vendor, &c.Status, &c.Code, &c.Category, &c.Count, &buckets, &counts, &all); err != nil {
			return err
		}
		for i, bucket := range buckets {
			c.Counts[bucket] = counts[i]
		}
		t.add(c)
		return nil
	})
	t.answer.Cut = int(all) - len(t.answer.Codes)
	return err
}

func (t *timelineQuestion) add(c TimelineCode) {
	t.answer.Codes = append(t.answer.Codes, c)
	for i, b := range t.answer.Buckets {
		t.answer.Rows = append(t.answer.Rows, TimelineRow{Start: b.Start, End: b.End, Vendor: c.Vendor, Status: c.Status, Code: c.Code, Count: c.Counts[i]})
	}
}

// readTraffic counts all errors and all responses, the latter unless successes of the range may be gone.
func (t *timelineQuestion) readTraffic(ctx context.Context) error {
	days, err := t.successesExpired(ctx)
	if err != nil {
		return err
	}
	if days > 0 {
		t.answer.Notes = append(t.answer.Notes, fmt.Sprintf("no counts of responses: successes are kept for %d days, and some of this range were inserted before", days))
	}
	for i := range t.answer.Buckets {
		if days == 0 {
			t.answer.Buckets[i].Responses = new(uint64)
		}
	}
	return t.ask(ctx, "timeline_traffic", t.ruler.parameters(), func(rows driver.Rows) error {
		var bucket int64
		var errors, responses uint64
		if err := rows.Scan(&bucket, &errors, &responses); err != nil {
			return err
		}
		b := &t.answer.Buckets[bucket]
		if b.Errors = errors; b.Responses != nil {
			*b.Responses = responses
		}
		return nil
	})
}
