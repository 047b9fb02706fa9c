package storage

import (
	"cmp"
	"slices"
)

const maxTopServices = 5

// describe returns the row of a window.
func (w *window) describe() LimitRow {
	row := LimitRow{
		Vendor: w.key.payer.vendor, Credential: w.key.payer.credential, Service: w.service(), Scope: w.scope(),
		Start: millis(w.start()), End: millis(w.end), DurationS: float64(w.end-w.start()) / 1000,
		Rejected: uint64(len(w.rejections)), Admitted: w.admitted,
		LimitSource: LimitSourceNone, RetryAfterMS: w.retryAfter(),
		EarlyRetries: w.earlyAdmitted + w.earlyRejections(), TopServices: w.topServices(), support: w.support(),
	}
	if seconds := cmp.Or(w.windowS(), w.inferred.windowS); seconds > 0 {
		row.WindowS = &seconds
	}
	switch quota := w.quota(); {
	case quota > 0:
		row.Limit, row.LimitSource = &quota, w.source(quota)
	case w.inferred.limit > 0:
		row.Limit, row.LimitSource = &w.inferred.limit, LimitSourceInferred
	}
	return row
}

func (w *window) scope() string {
	switch {
	case w.policy != "":
		return w.policy
	case w.key.endpoint != endpoint{}:
		return w.key.endpoint.String()
	}
	return "vendor"
}

// spender is what one service did in a window.
type spender struct {
	name                         string
	before, admitted, rejections uint64
}

// spenders returns the services, those that spent most of the quota first; of equals the one that called
// most.
func (w *window) spenders() []spender {
	byName := map[string]spender{}
	for name, n := range w.spent {
		byName[name] = spender{name: name, before: n.before, admitted: n.meanwhile}
	}
	for _, r := range w.rejections {
		s := byName[r.service]
		s.name = r.service
		s.rejections++
		byName[r.service] = s
	}
	list := make([]spender, 0, len(byName))
	for _, s := range byName {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b spender) int {
		return cmp.Or(cmp.Compare(b.before+b.admitted, a.before+a.admitted), cmp.Compare(b.rejections, a.rejections), cmp.Compare(a.name, b.name))
	})
	return list
}

// service returns the only service that called in the window, or "".
func (w *window) service() string {
	for _, s := range w.spenders() {
		if s.name != w.rejections[0].service && s.admitted+s.rejections > 0 {
			return ""
		}
	}
	return w.rejections[0].service
}

func (w *window) topServices() []string {
	names := []string{}
	for _, s := range w.spenders() {
		if s.name != "" && len(names) < maxTopServices {
			names = append(names, s.name)
		}
	}
	return names
}

func (w *window) quota() int64 {
	return mostFrequent(w.rejections, func(r rejection) int64 { return r.quota })
}

func (w *window) windowS() int64 {
	return mostFrequent(w.rejections, func(r rejection) int64 { return r.windowS })
}

// source is where the quota stood.
func (w *window) source(quota int64) LimitSource {
	i := slices.IndexFunc(w.rejections, func(r rejection) bool { return r.quota == quota })
	return w.rejections[i].source
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
