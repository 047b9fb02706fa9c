package storage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"
)

const (
	limitGap      = time.Minute
	maxRejections = 500_000
)

// limitMargins are how far around the range admitted responses are looked at, and rejections. The next are
// for windows that the former cannot tell whole: quotas can be daily.
func limitMargins() [][2]time.Duration {
	const day = 24 * time.Hour
	return [][2]time.Duration{{time.Hour, day + time.Hour}, {day + time.Hour, 8 * day}, {8 * day, 8 * day}}
}

// LimitOptions choose the windows of a Limits answer. The zero value means the defaults.
type LimitOptions struct {
	MinRejections int // of a window; 0 = 3, 1 = every window
	Limit         int // windows returned; 0 = all
}

// LimitRow is one window in which a vendor throttled us.
type LimitRow struct {
	Vendor       string      `json:"vendor"`
	Service      string      `json:"service"`    // "" when several services share the credential
	Credential   string      `json:"credential"` // "" when the log does not name it: then the service counts
	Scope        string      `json:"scope"`      // policy name, else METHOD /route if only one was throttled, else "vendor"
	Start        Time        `json:"start"`      // first rejection
	End          Time        `json:"end"`        // first admitted response, else last rejection plus its Retry-After
	DurationS    float64     `json:"duration_s"`
	Rejected     uint64      `json:"rejected"`
	Admitted     uint64      `json:"admitted"` // from start up to end, within the scope
	Limit        *int64      `json:"limit"`    // calls per window; nil = neither stated nor inferred
	WindowS      *int64      `json:"window_s"`
	LimitSource  LimitSource `json:"limit_source"`
	RetryAfterMS *RetryAfter `json:"retry_after_ms"` // nil = never stated
	EarlyRetries uint64      `json:"early_retries"`
	TopServices  []string    `json:"top_services"` // who spent the quota, the one that spent most first; at most five

	support string // a note: how much of the traffic the inferred limit or window explains; empty = nothing is inferred
}

// RetryAfter sums up the waits that a vendor asked for, in milliseconds.
type RetryAfter struct {
	Min    int64   `json:"min"`
	Median float64 `json:"median"`
	Max    int64   `json:"max"`
}

// LimitSource says where a limit is known from.
type LimitSource string

// The sources: the response's headers or body, the vendor's definition, the traffic, or nothing.
const (
	LimitSourceHeader    LimitSource = "header"
	LimitSourceBody      LimitSource = "body"
	LimitSourceCatalogue LimitSource = "catalogue"
	LimitSourceInferred  LimitSource = "inferred"
	LimitSourceNone      LimitSource = "none"
)

func (o LimitOptions) withDefaults() (LimitOptions, error) {
	for name, value := range map[string]int{"rejections": o.MinRejections, "limit": o.Limit} {
		if value < 0 {
			return o, &UsageError{Field: name, Value: strconv.Itoa(value), Valid: []string{"0 or more"}}
		}
	}
	if o.MinRejections == 0 {
		o.MinRejections = 3
	}
	return o, nil
}

// limitQuestion is one Limits answer in the making.
type limitQuestion struct {
	*question
	options      LimitOptions
	answer       Answer[LimitRow]
	since, until time.Time                   // where admitted responses are looked at
	beside       map[payerEndpoint][]*window // those that are not told
}

func limits(ctx context.Context, conn querier, f Filter, o LimitOptions) (Answer[LimitRow], error) {
	o, err := o.withDefaults()
	if err != nil {
		return Answer[LimitRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[LimitRow]{}, err
	}
	l := &limitQuestion{question: q, options: o, answer: newAnswer[LimitRow](f), beside: map[payerEndpoint][]*window{}}
	windows, err := l.findWindows(ctx)
	if err != nil {
		return Answer[LimitRow]{}, err
	}
	if err := errors.Join(l.readInferred(ctx, windows), l.readSpent(ctx, windows)); err != nil {
		return Answer[LimitRow]{}, err
	}
	for _, w := range windows {
		l.answer.Rows = append(l.answer.Rows, w.describe())
	}
	slices.SortFunc(l.answer.Rows, compareLimits)
	l.answer.cutTo(o.Limit)
	for _, row := range l.answer.Rows {
		if row.support != "" {
			l.note(row.support)
		}
	}
	return l.answer, finish(ctx, q, &l.answer, "rate-limit windows")
}

// compareLimits puts the window with the most rejections first.
func compareLimits(a, b LimitRow) int {
	return cmp.Or(
		cmp.Compare(b.Rejected, a.Rejected), a.Start.Compare(b.Start.Time),
		cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Credential, b.Credential), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Scope, b.Scope))
}

// findWindows returns the windows that the answer tells.
func (l *limitQuestion) findWindows(ctx context.Context) (found []*window, err error) {
	var cut map[payer]bool // those to look at again, further
	for _, margins := range limitMargins() {
		l.since, l.until = l.filter.From.Add(-margins[0]), l.filter.To.Add(margins[0])
		rejections, err := l.readRejections(ctx, margins[1], cut)
		if err != nil {
			return nil, err
		}
		windows, err := l.buildWindows(ctx, rejections)
		if err != nil {
			return nil, err
		}
		windows = l.relevant(windows)
		l.remember(windows)
		windows = slices.DeleteFunc(windows, func(w *window) bool { return !l.told(w) })
		cut = cutPayers(windows)
		if margins[0] == margins[1] {
			l.noteBeyond(windows)
			return append(found, windows...), nil
		}
		found = append(found, slices.DeleteFunc(windows, func(w *window) bool { return cut[w.key.payer] })...)
		if len(cut) == 0 {
			break
		}
	}
	return found, nil
}

// noteBeyond says so when a window may be longer than what was looked at.
func (l *limitQuestion) noteBeyond(windows []*window) {
	for _, w := range windows {
		if w.start()-w.gap() < l.since.UnixMilli() || w.end+w.gap() > l.until.UnixMilli() && l.until.Before(time.Now()) {
			l.note("windows are followed for 8 days around the range; one of them goes on beyond that")
		}
	}
}

// cutPayers are those with windows that may begin earlier, or end later, than was looked at.
func cutPayers(windows []*window) map[payer]bool {
	cut := map[payer]bool{}
	for _, w := range windows {
		if w.cut {
			cut[w.key.payer] = true
		}
	}
	return cut
}

func (l *limitQuestion) note(text string) {
	if !slices.Contains(l.answer.Notes, text) {
		l.answer.Notes = append(l.answer.Notes, text)
	}
}

// relevant keeps the windows that have enough rejections.
func (l *limitQuestion) relevant(windows []*window) []*window {
	return slices.DeleteFunc(windows, func(w *window) bool { return len(w.rejections) < l.options.MinRejections })
}

// told says whether a window overlaps the range and passes the filters on status, code and category.
func (l *limitQuestion) told(w *window) bool {
	return w.start() < l.filter.To.UnixMilli() && w.end >= l.filter.From.UnixMilli() &&
		slices.ContainsFunc(w.rejections, func(r rejection) bool { return r.matches })
}

// remember keeps the windows that are not told: their rejections show the limit of those that are. Whoever was looked at
// further has them anew.
func (l *limitQuestion) remember(windows []*window) {
	beside := map[payerEndpoint][]*window{}
	for _, w := range windows {
		if !l.told(w) {
			beside[w.key] = append(beside[w.key], w)
		}
	}
	maps.Copy(l.beside, beside)
}
