package storage

import (
	"cmp"
	"slices"
	"sort"
)

// payer is whose quota a call spends: a credential's, else a service's.
type payer struct{ vendor, credential, service string } // service only without a credential

func (p payer) name() string { return cmp.Or(p.credential, p.service) }

type endpoint struct{ method, route string }

func (e endpoint) String() string { return unit{method: e.method, route: e.route}.endpoint() }

// payerEndpoint is a payer on one endpoint, or on all of them when the endpoint is empty.
type payerEndpoint struct {
	payer    payer
	endpoint endpoint
}

func (k payerEndpoint) compare(o payerEndpoint) int {
	return cmp.Or(
		cmp.Compare(k.payer.vendor, o.payer.vendor), cmp.Compare(k.payer.credential, o.payer.credential), cmp.Compare(k.payer.service, o.payer.service),
		cmp.Compare(k.endpoint.method, o.endpoint.method), cmp.Compare(k.endpoint.route, o.endpoint.route))
}

// instant is the time of a rejection, in Unix milliseconds.
type instant struct {
	payerEndpoint
	at int64
}

// rejection is one throttled response. Times are Unix milliseconds.
type rejection struct {
	payerEndpoint
	service string
	policy  string
	at      int64 // of the response
	started int64 // of the request
	wait    int64 // Retry-After; -1 = not stated
	quota   int64 // advertised; 0 = not
	windowS int64 // advertised; 0 = not
}

// gap is how long after an admitted response a further rejection still belongs to the same window.
func (r rejection) gap() int64 { return max(limitGap.Milliseconds(), r.windowS*1000) }

// series are the rejections under one policy, "" for none, by time.
type series struct {
	policy     string
	rejections []rejection
}

// splitSeries splits rejections by policy, keeping their order.
func splitSeries(rejections []rejection) []series {
	var list []series
	index := map[string]int{}
	for _, r := range rejections {
		i, known := index[r.policy]
		if !known {
			i = len(list)
			index[r.policy] = i
			list = append(list, series{policy: r.policy})
		}
		list[i].rejections = append(list[i].rejections, r)
	}
	return list
}

// mixesEndpoints says whether any payer was rejected on more than one endpoint.
func (s series) mixesEndpoints() bool {
	only := map[payer]endpoint{}
	for _, r := range s.rejections {
		if e, known := only[r.payer]; known && e != r.endpoint {
			return true
		}
		only[r.payer] = r.endpoint
	}
	return false
}

// times returns when a payer was rejected, on one endpoint or on all.
func (s series) times(key payerEndpoint) []int64 {
	var times []int64
	for _, r := range s.rejections {
		if r.payer == key.payer && (key.endpoint == endpoint{} || r.endpoint == key.endpoint) {
			times = append(times, r.at)
		}
	}
	return times
}

// window is a time in which one payer was throttled.
type window struct {
	payer      payer
	endpoint   endpoint // empty when several endpoints were throttled
	policy     string
	rejections []rejection // by time, at least one
	end        int64       // Unix milliseconds

	admitted      uint64
	earlyAdmitted uint64
	spent         map[string]uint64 // admitted calls by service
	inferred      inference
}

func (w *window) start() int64       { return w.rejections[0].at }
func (w *window) last() rejection    { return w.rejections[len(w.rejections)-1] }
func (w *window) key() payerEndpoint { return payerEndpoint{w.payer, w.endpoint} }

// findWindows builds the windows of one series. Next holds the first admitted response after a
// rejection, on its endpoint and, under the empty endpoint, on any.
//
// Whether one endpoint or all were throttled shows only in the result, so windows are built for each
// endpoint, closed by admissions on that endpoint, and those that overlap become one window of all.
func findWindows(rejections []rejection, next map[instant]int64) []window {
	groups := map[payerEndpoint][]rejection{}
	for _, r := range rejections {
		groups[r.payerEndpoint] = append(groups[r.payerEndpoint], r)
	}
	var windows []window
	for key, list := range groups {
		windows = append(windows, endpointWindows(key, list, next)...)
	}
	slices.SortFunc(windows, func(a, b window) int {
		return cmp.Or(payerEndpoint{payer: a.payer}.compare(payerEndpoint{payer: b.payer}), cmp.Compare(a.start(), b.start()), a.key().compare(b.key()))
	})
	return mergeWindows(windows, next)
}

// endpointWindows splits the rejections of one endpoint where a response was admitted and no rejection
// followed within the gap.
func endpointWindows(key payerEndpoint, rejections []rejection, next map[instant]int64) []window {
	var windows []window
	start := 0
	for i, r := range rejections {
		admitted, isAdmitted := next[instant{key, r.at}]
		if i+1 < len(rejections) && (!isAdmitted || rejections[i+1].at-admitted < r.gap()) {
			continue
		}
		windows = append(windows, newWindow(key, rejections[start:i+1], next))
		start = i + 1
	}
	return windows
}

// newWindow ends a window at the first response admitted after its last rejection. If there is none, it
// ends when the last Retry-After does.
func newWindow(key payerEndpoint, rejections []rejection, next map[instant]int64) window {
	last := rejections[len(rejections)-1]
	end, isAdmitted := next[instant{key, last.at}]
	if !isAdmitted {
		end = last.at + max(0, last.wait)
	}
	return window{payer: key.payer, endpoint: key.endpoint, policy: last.policy, rejections: rejections, end: end, spent: map[string]uint64{}}
}

// mergeWindows joins windows of one payer that overlap or follow within the gap. They come by payer and
// start.
func mergeWindows(windows []window, next map[instant]int64) []window {
	var merged []window
	for _, w := range windows {
		n := len(merged)
		if n == 0 || merged[n-1].payer != w.payer || w.start()-merged[n-1].end >= merged[n-1].last().gap() {
			merged = append(merged, w)
			continue
		}
		all := slices.Concat(merged[n-1].rejections, w.rejections)
		slices.SortStableFunc(all, func(a, b rejection) int { return cmp.Compare(a.at, b.at) })
		key := payerEndpoint{payer: w.payer}
		if merged[n-1].endpoint == w.endpoint {
			key.endpoint = w.endpoint
		}
		end := merged[n-1].end
		merged[n-1] = newWindow(key, all, next)
		if _, isAdmitted := next[instant{key, merged[n-1].last().at}]; !isAdmitted {
			merged[n-1].end = max(end, merged[n-1].end)
		}
	}
	return merged
}

const maxTopServices = 5

// describe returns the row of a window.
func (w *window) describe() LimitRow {
	row := LimitRow{
		Vendor: w.payer.vendor, Credential: w.payer.credential, Service: w.service(), Scope: w.scope(),
		Start: millis(w.start()), End: millis(w.end), DurationS: float64(w.end-w.start()) / 1000,
		Rejected: uint64(len(w.rejections)), Admitted: w.admitted,
		LimitSource: LimitSourceNone, RetryAfterMS: w.retryAfter(),
		EarlyRetries: w.earlyAdmitted + w.earlyRejections(), TopServices: w.topServices(),
	}
	if stated := w.windowS(); stated > 0 {
		row.WindowS = &stated
	}
	switch quota := w.quota(); {
	case quota > 0:
		row.Limit, row.LimitSource = &quota, LimitSourceHeader
	case w.inferred.limit > 0:
		row.Limit, row.WindowS, row.LimitSource = &w.inferred.limit, &w.inferred.windowS, LimitSourceInferred
	}
	return row
}

func (w *window) scope() string {
	switch {
	case w.policy != "":
		return w.policy
	case w.endpoint != endpoint{}:
		return w.endpoint.String()
	}
	return "vendor"
}

// calls counts admitted and rejected calls by service.
func (w *window) calls() map[string]uint64 {
	calls := map[string]uint64{}
	for service, n := range w.spent {
		calls[service] += n
	}
	for _, r := range w.rejections {
		calls[r.service]++
	}
	return calls
}

// service returns the only service that called, or "".
func (w *window) service() string {
	calls := w.calls()
	if len(calls) > 1 {
		return ""
	}
	return w.rejections[0].service
}

func (w *window) topServices() []string {
	calls := w.calls()
	names := make([]string, 0, len(calls))
	for name := range calls {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(calls[b], calls[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), maxTopServices)]
}

func (w *window) quota() int64 {
	return mostFrequent(w.rejections, func(r rejection) int64 { return r.quota })
}

func (w *window) windowS() int64 {
	return mostFrequent(w.rejections, func(r rejection) int64 { return r.windowS })
}

// mostFrequent returns the most frequent positive value, the greatest of several, or 0.
func mostFrequent(rejections []rejection, of func(rejection) int64) int64 {
	counts := map[int64]int{}
	for _, r := range rejections {
		if v := of(r); v > 0 {
			counts[v]++
		}
	}
	var best int64
	for v, n := range counts {
		if n > counts[best] || n == counts[best] && v > best {
			best = v
		}
	}
	return best
}

func (w *window) retryAfter() *RetryAfter {
	var waits []float64
	for _, r := range w.rejections {
		if r.wait >= 0 {
			waits = append(waits, float64(r.wait))
		}
	}
	if len(waits) == 0 {
		return nil
	}
	return &RetryAfter{Min: int64(slices.Min(waits)), Median: median(waits), Max: int64(slices.Max(waits))}
}

// earlyRejections counts the rejected calls that were sent while a Retry-After, which their service had
// already received, was pending. Whether a time is that of the request or of the response, a call that
// waited is never counted: it must have been sent after the one and have ended before the other.
func (w *window) earlyRejections() (early uint64) {
	type received struct{ at, until int64 }
	pending := map[string][]received{}
	for _, r := range w.rejections {
		if r.wait <= 0 {
			continue
		}
		list := pending[r.service]
		until := r.at + r.wait
		if n := len(list); n > 0 {
			until = max(until, list[n-1].until)
		}
		pending[r.service] = append(list, received{r.at, until})
	}
	for _, r := range w.rejections {
		list := pending[r.service]
		sent := min(r.started, r.at-1) // a rejection does not precede itself
		before := sort.Search(len(list), func(i int) bool { return list[i].at > sent })
		if before > 0 && r.at < list[before-1].until {
			early++
		}
	}
	return early
}
