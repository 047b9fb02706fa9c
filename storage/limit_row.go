package storage

import (
	"cmp"
	"slices"
	"sort"
)

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
