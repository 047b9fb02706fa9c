package storage

import (
	"cmp"
	"slices"
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
