package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	// limitMargin is how far around the range a window that overlaps it is followed: quotas can be daily.
	limitMargin   = 24 * time.Hour
	limitGap      = time.Minute
	maxRejections = 500_000
)

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
	TopServices  []string    `json:"top_services"` // who called most within the scope, at most five
}

// RetryAfter sums up the waits that a vendor asked for, in milliseconds.
type RetryAfter struct {
	Min    int64   `json:"min"`
	Median float64 `json:"median"`
	Max    int64   `json:"max"`
}

// LimitSource says where a limit is known from.
type LimitSource string

// The sources. The rows do not say whether a quota stood in a header or in the body, so what the
// response stated is LimitSourceHeader.
const (
	LimitSourceHeader   LimitSource = "header"
	LimitSourceInferred LimitSource = "inferred"
	LimitSourceNone     LimitSource = "none"
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
	options LimitOptions
	answer  Answer[LimitRow]
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
	l := &limitQuestion{question: q, options: o, answer: newAnswer[LimitRow](f)}
	rejections, err := l.readRejections(ctx)
	if err != nil {
		return Answer[LimitRow]{}, err
	}
	for _, series := range splitSeries(rejections) {
		if err := l.answerSeries(ctx, series); err != nil {
			return Answer[LimitRow]{}, err
		}
	}
	slices.SortFunc(l.answer.Rows, compareLimits)
	l.answer.cutTo(o.Limit)
	return l.answer, finish(ctx, q, &l.answer, "rate-limit windows")
}

// compareLimits puts the window with the most rejections first.
func compareLimits(a, b LimitRow) int {
	if a.Rejected != b.Rejected {
		return int(b.Rejected) - int(a.Rejected)
	}
	if c := a.Start.Compare(b.Start.Time); c != 0 {
		return c
	}
	return strings.Compare(a.Vendor+"\x00"+a.Credential+"\x00"+a.Service+"\x00"+a.Scope, b.Vendor+"\x00"+b.Credential+"\x00"+b.Service+"\x00"+b.Scope)
}

func (l *limitQuestion) margins() map[string]any {
	return map[string]any{
		"since":          l.filter.From.Add(-limitMargin).UTC(),
		"until":          l.filter.To.Add(limitMargin).UTC(),
		"gap_ms":         limitGap.Milliseconds(),
		"max_rejections": uint64(maxRejections),
	}
}

func (l *limitQuestion) readRejections(ctx context.Context) ([]rejection, error) {
	var rejections []rejection
	err := l.ask(ctx, "limit_rejections", l.margins(), func(rows driver.Rows) error {
		var r rejection
		err := rows.Scan(&r.payer.vendor, &r.payer.credential, &r.payer.service, &r.service, &r.endpoint.method, &r.endpoint.route,
			&r.at, &r.started, &r.wait, &r.policy, &r.quota, &r.windowS)
		rejections = append(rejections, r)
		return err
	})
	if len(rejections) >= maxRejections {
		l.answer.Notes = append(l.answer.Notes, "only "+strconv.Itoa(maxRejections)+" rejections were looked at: windows may be missing or too short, narrow the range or the filters")
	}
	return rejections, err
}

// answerSeries adds the windows of one policy. Policies are asked for one by one because their windows
// may overlap.
func (l *limitQuestion) answerSeries(ctx context.Context, s series) error {
	next, err := l.readAdmitted(ctx, s)
	if err != nil {
		return err
	}
	windows := l.relevant(findWindows(s.rejections, next))
	if err := l.readSpent(ctx, s.policy, windows); err != nil {
		return err
	}
	if err := l.readInferred(ctx, s, windows); err != nil {
		return err
	}
	for _, w := range windows {
		l.answer.Rows = append(l.answer.Rows, w.describe())
	}
	return nil
}

// relevant keeps the windows that overlap the range and have enough rejections.
func (l *limitQuestion) relevant(windows []window) []window {
	return slices.DeleteFunc(windows, func(w window) bool {
		return len(w.rejections) < l.options.MinRejections ||
			w.start() >= l.filter.To.UnixMilli() || w.end < l.filter.From.UnixMilli()
	})
}

// readAdmitted finds the first admitted response after rejections, on their own endpoint and on any.
func (l *limitQuestion) readAdmitted(ctx context.Context, s series) (map[instant]int64, error) {
	next := map[instant]int64{}
	ways := []uint8{1, 0}
	if !s.mixesEndpoints() {
		ways = ways[:1]
	}
	for _, byEndpoint := range ways {
		more := with(l.margins(), map[string]any{"policy": s.policy, "by_endpoint": byEndpoint})
		err := l.ask(ctx, "limit_admitted", more, func(rows driver.Rows) error {
			var at instant
			var admitted int64
			err := rows.Scan(&at.payer.vendor, &at.payer.credential, &at.payer.service, &at.endpoint.method, &at.endpoint.route, &at.at, &admitted)
			next[at] = admitted
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

// windowLists are the parallel parameters that name windows, or payers, to the server.
func windowLists(prefix string, windows []*window) map[string]any {
	n := len(windows)
	vendors, credentials, services := make([]string, n), make([]string, n), make([]string, n)
	methods, routes := make([]string, n), make([]string, n)
	starts, ends := make([]int64, n), make([]int64, n)
	for i, w := range windows {
		vendors[i], credentials[i], services[i] = w.payer.vendor, w.payer.credential, w.payer.service
		methods[i], routes[i] = w.endpoint.method, w.endpoint.route
		starts[i], ends[i] = w.start(), w.last().at
	}
	return map[string]any{
		prefix + "_vendors": vendors, prefix + "_credentials": credentials, prefix + "_services": services,
		prefix + "_methods": methods, prefix + "_routes": routes, prefix + "_starts": starts, prefix + "_ends": ends,
	}
}

// byScope splits windows into those of one endpoint and those of all; the former first.
func byScope(windows []window) [2][]*window {
	var split [2][]*window
	for i := range windows {
		kind := 0
		if windows[i].endpoint == (endpoint{}) {
			kind = 1
		}
		split[kind] = append(split[kind], &windows[i])
	}
	return split
}

// readSpent counts who was admitted between the first and the last rejection of each window.
func (l *limitQuestion) readSpent(ctx context.Context, policy string, windows []window) error {
	for kind, list := range byScope(windows) {
		if len(list) == 0 {
			continue
		}
		more := with(with(l.margins(), windowLists("window", list)), map[string]any{"policy": policy, "by_endpoint": uint8(1 - kind)})
		err := l.ask(ctx, "limit_spent", more, func(rows driver.Rows) error {
			var index, admitted, early uint64
			var service string
			err := rows.Scan(&index, &service, &admitted, &early)
			w := list[index]
			w.admitted += admitted
			w.earlyAdmitted += early
			w.spent[service] += admitted
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readInferred infers the limits that nobody stated from the traffic of a day and the range.
func (l *limitQuestion) readInferred(ctx context.Context, s series, windows []window) error {
	for kind, list := range byScope(windows) {
		list = slices.DeleteFunc(list, func(w *window) bool { return w.quota() > 0 })
		if len(list) == 0 {
			continue
		}
		payers := slices.Clone(list)
		slices.SortFunc(payers, func(a, b *window) int { return a.key().compare(b.key()) })
		payers = slices.CompactFunc(payers, func(a, b *window) bool { return a.key() == b.key() })
		more := with(with(l.margins(), windowLists("payer", payers)), map[string]any{"policy": s.policy, "by_endpoint": uint8(1 - kind)})
		more["until"] = l.filter.To.UTC()
		traffic := map[payerEndpoint]admissions{}
		err := l.ask(ctx, "limit_traffic", more, func(rows driver.Rows) error {
			var index uint64
			var a admissions
			err := rows.Scan(&index, &a.slots, &a.counts)
			traffic[payers[index].key()] = a
			return err
		})
		if err != nil {
			return err
		}
		for _, w := range list {
			w.infer(traffic[w.key()], s.times(w.key()))
			l.noteInferred(w)
		}
	}
	return nil
}

func (l *limitQuestion) noteInferred(w *window) {
	if w.inferred.limit == 0 {
		return
	}
	note := fmt.Sprintf("the limit of %s %s is inferred from traffic: about %d per %d s, which explains %d of %d rejections",
		w.payer.vendor, w.payer.name(), w.inferred.limit, w.inferred.windowS, w.inferred.explained, w.inferred.rejections)
	if !slices.Contains(l.answer.Notes, note) {
		l.answer.Notes = append(l.answer.Notes, note)
	}
}
