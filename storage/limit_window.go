package storage

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// window is a time in which one payer was throttled.
type window struct {
	key        payerEndpoint // without an endpoint when several were throttled
	policy     string
	rejections []rejection // by time, at least one
	end        int64       // Unix milliseconds
	cut        bool        // may begin before, or end after, what was looked at

	admitted      uint64
	earlyAdmitted uint64
	spent         map[string]spending // by service
	inferred      inference
}

// spending counts the admitted calls of one service.
type spending struct{ before, meanwhile uint64 }

func (w *window) owner() payerEndpoint { return w.key }
func (w *window) from() int64          { return w.start() }
func (w *window) start() int64         { return w.rejections[0].at }
func (w *window) last() rejection      { return w.rejections[len(w.rejections)-1] }

// gap is how long after an admitted response a further rejection still belongs to the same window.
func (w *window) gap() int64 { return limitGapOf(w.windowS()) }

func limitGapOf(windowS int64) int64 { return max(limitGap.Milliseconds(), windowS*1000) }

// buildWindows builds all windows. Whether one endpoint or several were throttled shows only in the
// result: so windows are built from all rejections of a payer, closed by any admission, and where one of
// them saw one endpoint alone, that endpoint's are built anew, closed by its own admissions.
func (l *limitQuestion) buildWindows(ctx context.Context, rejections []rejection) ([]*window, error) {
	windows, err := l.cut(ctx, streamsOfPayers(rejections), 0)
	if err != nil {
		return nil, err
	}
	wide, streams := splitByEndpoint(windows)
	streams = slices.DeleteFunc(streams, func(s rejectionStream) bool { return len(s.rejections) < l.options.MinRejections })
	narrow, err := l.cut(ctx, streams, 1)
	return append(wide, narrow...), err
}

// splitByEndpoint keeps the windows in which several endpoints were throttled and makes streams of the
// rejections of the others. One that lies between two others of its endpoint divides them.
func splitByEndpoint(windows []*window) (wide []*window, narrow []rejectionStream) {
	type part struct {
		key    payerEndpoint
		policy string
		before int // wide windows of the payer
	}
	index := map[part]int{}
	passed := map[part]int{}
	for _, w := range windows {
		of := part{key: payerEndpoint{payer: w.key.payer}, policy: w.policy}
		if w.endpoints() > 1 {
			passed[of]++
			wide = append(wide, w)
			continue
		}
		p := part{key: payerEndpoint{w.key.payer, w.rejections[0].endpoint}, policy: w.policy, before: passed[of]}
		i, known := index[p]
		if !known {
			i = len(narrow)
			index[p] = i
			narrow = append(narrow, rejectionStream{key: p.key, policy: p.policy, continued: p.before > 0})
		}
		narrow[i].rejections = append(narrow[i].rejections, w.rejections...)
	}
	return wide, narrow
}

func (w *window) endpoints() int {
	distinct := map[endpoint]struct{}{}
	for _, r := range w.rejections {
		distinct[r.endpoint] = struct{}{}
	}
	return len(distinct)
}

// cut divides streams into windows, those of one stream in order.
func (l *limitQuestion) cut(ctx context.Context, streams []rejectionStream, byEndpoint uint8) ([]*window, error) {
	var windows []*window
	for _, list := range lanes(streams) {
		next, err := l.readAdmitted(ctx, list, byEndpoint)
		if err != nil {
			return nil, err
		}
		for i, s := range list {
			list := s.windows(next[i])
			list[0].cut = !s.beginsClosed(next[i])
			for _, w := range list {
				w.cut = w.cut || w.start() < l.since.UnixMilli() || max(w.end, w.last().at)+w.gap() > l.until.UnixMilli() && l.until.Before(time.Now())
			}
			windows = append(windows, list...)
		}
	}
	return windows, nil
}

// throttling is what lanes can be made of: the time of some rejections of one key.
type throttling interface {
	owner() payerEndpoint
	from() int64
	last() rejection
}

// lanes divides a list so that those of one key do not overlap within a part: a statement could not tell
// apart what does.
func lanes[S throttling](list []S) [][]S {
	slices.SortStableFunc(list, func(a, b S) int { return cmp.Compare(a.from(), b.from()) })
	var parts [][]S
	var ends []map[payerEndpoint]int64
	for _, s := range list {
		lane := slices.IndexFunc(ends, func(e map[payerEndpoint]int64) bool {
			end, used := e[s.owner()]
			return !used || end < s.from()
		})
		if lane < 0 {
			lane = len(parts)
			parts, ends = append(parts, nil), append(ends, map[payerEndpoint]int64{})
		}
		parts[lane] = append(parts[lane], s)
		ends[lane][s.owner()] = s.last().at
	}
	return parts
}

// pauses returns the indexes of the rejections that may be the last of a window: no other follows within
// the gap.
func (s rejectionStream) pauses() []int {
	var list []int
	gaps := s.gaps()
	for i, r := range s.rejections {
		if i+1 == len(s.rejections) || s.rejections[i+1].at-r.at > gaps[i] {
			list = append(list, i)
		}
	}
	return list
}

// gaps are the gaps after each rejection: what it advertises, else what the one before or after it did.
func (s rejectionStream) gaps() []int64 {
	gaps := make([]int64, len(s.rejections))
	stated := int64(0)
	if i := slices.IndexFunc(s.rejections, func(r rejection) bool { return r.windowS > 0 }); i >= 0 {
		stated = s.rejections[i].windowS
	}
	for i, r := range s.rejections {
		if r.windowS > 0 {
			stated = r.windowS
		}
		gaps[i] = limitGapOf(stated)
	}
	return gaps
}

// beforeAll stands for a rejection before what was looked at.
const beforeAll = -1

// beginsClosed says whether the first rejection of the stream belongs to no earlier one.
func (s rejectionStream) beginsClosed(next map[int]int64) bool {
	admitted, isAdmitted := next[beforeAll]
	return s.continued || isAdmitted && s.rejections[0].at-admitted >= s.gaps()[0]
}

// windows divides the stream where a response was admitted and no rejection followed within the gap. Next
// holds the first response admitted after the rejections at pauses.
func (s rejectionStream) windows(next map[int]int64) []*window {
	var windows []*window
	gaps, first := s.gaps(), 0
	for _, i := range s.pauses() {
		admitted, isAdmitted := next[i]
		isLast := i+1 == len(s.rejections)
		if !isLast && (!isAdmitted || s.rejections[i+1].at-admitted < gaps[i]) {
			continue
		}
		end := admitted
		if !isAdmitted {
			end = s.rejections[i].at + max(0, s.rejections[i].wait)
		}
		windows = append(windows, &window{
			key: s.key, policy: s.policy, rejections: s.rejections[first : i+1], end: end, spent: map[string]spending{},
		})
		first = i + 1
	}
	return windows
}

// readAdmitted finds, for each stream, the first response admitted after each of its pauses began, or since
// responses are looked at.
func (l *limitQuestion) readAdmitted(ctx context.Context, streams []rejectionStream, byEndpoint uint8) ([]map[int]int64, error) {
	next := make([]map[int]int64, len(streams))
	var names payerList
	var of, pauses []int
	payers, ats := []uint64{}, []int64{}
	since, until := l.since.UnixMilli(), l.until.UnixMilli()
	for i, s := range streams {
		next[i] = map[int]int64{}
		payer := names.add(s.key)
		for _, p := range append([]int{beforeAll}, s.pauses()...) {
			if from, to := s.pause(p); from < until && to > since {
				of, pauses = append(of, i), append(pauses, p)
				payers, ats = append(payers, payer), append(ats, max(from, since-1))
			}
		}
	}
	if len(ats) == 0 {
		return next, nil
	}
	more := with(names.parameters(byEndpoint), map[string]any{
		"pause_payers": payers, "pause_ats": ats, "since": l.since.UTC(), "until": l.until.UTC(),
	})
	err := l.ask(ctx, "limit_admitted", more, func(rows driver.Rows) error {
		var pause uint64
		var first int64
		err := rows.Scan(&pause, &first)
		next[of[pause]][pauses[pause]] = first
		return err
	})
	return next, err
}

// pause returns from when to when no call was rejected: after the rejection with that index.
func (s rejectionStream) pause(index int) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if s.continued && index == beforeAll {
		return 0, 0
	}
	if index >= 0 {
		from = s.rejections[index].at
	}
	if index+1 < len(s.rejections) {
		to = s.rejections[index+1].at
	}
	return from, to
}

// payerList names payers to the server, each once.
type payerList struct {
	index map[payerEndpoint]uint64
	keys  []payerEndpoint
}

func (p *payerList) add(key payerEndpoint) uint64 {
	if p.index == nil {
		p.index = map[payerEndpoint]uint64{}
	}
	i, known := p.index[key]
	if !known {
		i = uint64(len(p.keys))
		p.index[key] = i
		p.keys = append(p.keys, key)
	}
	return i
}

func (p *payerList) parameters(byEndpoint uint8) map[string]any {
	n := len(p.keys)
	vendors, credentials, services := make([]string, n), make([]string, n), make([]string, n)
	methods, routes := make([]string, n), make([]string, n)
	for i, k := range p.keys {
		vendors[i], credentials[i], services[i] = k.payer.vendor, k.payer.credential, k.payer.service
		methods[i], routes[i] = k.endpoint.method, k.endpoint.route
	}
	return map[string]any{
		"payer_vendors": vendors, "payer_credentials": credentials, "payer_services": services,
		"payer_methods": methods, "payer_routes": routes, "by_endpoint": byEndpoint,
	}
}

func compareRejections(a, b rejection) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.service, b.service), cmp.Compare(a.endpoint.route, b.endpoint.route), cmp.Compare(a.endpoint.method, b.endpoint.method))
}
