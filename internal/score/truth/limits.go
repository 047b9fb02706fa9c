package truth

import (
	"cmp"
	"slices"

	"github.com/errata-dev/errata/internal/score/traffic"
)

// Limit is what a row of `query limits` should say.
type Limit struct {
	Kind                               string
	Event                              *traffic.Event
	Vendor, Service, Credential, Scope string
	Start, End                         int64
	Rejected, Admitted                 int
	Limit, WindowS                     int64  // advertised; 0 = not
	Source                             string // header or body; "" = nothing advertised
	Waits                              []float64
	Early                              int
	TopServices                        []string
}

const (
	limitGap      = minute
	minRejections = 3
)

func throttled(c *traffic.Call) bool { return c.Failure != nil && c.Failure.Category == "rate_limit" }

func admitted(c *traffic.Call) bool {
	return !throttled(c) && (c.Failure == nil || c.Failure.Status != 0)
}

// Limits judges the calls of a log.
func Limits(log *traffic.Log) []Limit {
	type payer struct{ vendor, credential, service string }
	_, byPayer := groups(log.Calls, func(c *traffic.Call) payer {
		if c.Credential == "" {
			return payer{c.Vendor, "", c.Service}
		}
		return payer{c.Vendor, c.Credential, ""}
	})
	var list []Limit
	for _, calls := range byPayer {
		if slices.ContainsFunc(calls, throttled) {
			list = append(list, limitsOf(log, calls)...)
		}
	}
	list = slices.DeleteFunc(list, func(l Limit) bool {
		return l.Rejected < minRejections || l.End < log.From || l.Start >= log.To
	})
	slices.SortFunc(list, func(a, b Limit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Credential, b.Credential))
	})
	return list
}

// limitsOf finds the windows of one payer: those of each endpoint, and one for all where they overlap.
func limitsOf(log *traffic.Log, calls []*traffic.Call) []Limit {
	endpoints, byEndpoint := groups(calls, func(c *traffic.Call) string { return c.Endpoint() })
	var list []Limit
	for _, endpoint := range endpoints {
		list = append(list, windows(log, byEndpoint[endpoint], endpoint)...)
	}
	for i, a := range list {
		for _, b := range list[i+1:] {
			if a.Scope != b.Scope && a.Start <= b.End && b.Start <= a.End {
				return windows(log, calls, "vendor")
			}
		}
	}
	return list
}

// windows walks through the calls of one scope.
func windows(log *traffic.Log, calls []*traffic.Call, scope string) []Limit {
	var list []Limit
	for i := 0; i < len(calls); i++ {
		if !throttled(calls[i]) {
			continue
		}
		last, closing := i, -1
		for j := i; j < len(calls) && closing < 0; j++ {
			switch {
			case throttled(calls[j]):
				last = j
			case admitted(calls[j]) && !followed(calls[j:], calls[last]):
				closing = j
			}
		}
		list = append(list, window(log, calls, i, last, closing, scope))
		if i = last; closing > 0 {
			i = closing
		}
	}
	return list
}

// followed reports whether a rejection follows the first call within the gap.
func followed(calls []*traffic.Call, rejection *traffic.Call) bool {
	gap := limitGap
	if q := rejection.Quota; q != nil && (q.Dialect == traffic.DialectDraft || q.Dialect == traffic.DialectThree) {
		gap = max(gap, q.WindowS*1000)
	}
	for _, c := range calls {
		if c.At > calls[0].At+gap {
			return false
		}
		if throttled(c) {
			return true
		}
	}
	return false
}

func window(log *traffic.Log, calls []*traffic.Call, first, last, closing int, scope string) Limit {
	l := Limit{Vendor: calls[first].Vendor, Credential: calls[first].Credential, Scope: scope, Start: calls[first].At}
	l.End = calls[last].At + max(0, calls[last].WaitMS)
	if closing > 0 {
		l.End = calls[closing].At
	}
	var rejections []*traffic.Call
	services, spent := map[string]bool{}, map[string]int{}
	for _, c := range calls[first:] {
		if c.At >= l.End && c != calls[last] {
			break
		}
		spent[c.Service]++
		if admitted(c) {
			l.Admitted++
		}
		if throttled(c) {
			rejections = append(rejections, c)
			services[c.Service] = true
			l.advertised(c)
		}
	}
	l.Rejected = len(rejections)
	l.Kind, l.Event = kindOf(log, rejections)
	if l.Service = calls[first].Service; len(services) > 1 {
		l.Service = ""
	}
	for service := range spent {
		l.TopServices = append(l.TopServices, service)
	}
	slices.Sort(l.TopServices)
	l.Early = early(calls[first:], l.End)
	return l
}

// advertised reads what one rejection says.
func (l *Limit) advertised(c *traffic.Call) {
	if c.WaitMS >= 0 {
		l.Waits = append(l.Waits, float64(c.WaitMS))
	}
	q := c.Quota
	if q == nil || q.Limit == 0 {
		return
	}
	l.Limit, l.Source = q.Limit, "header"
	switch q.Dialect {
	case traffic.DialectDraft:
		l.WindowS, l.Scope = q.WindowS, q.Policy
	case traffic.DialectThree:
		l.WindowS = q.WindowS
	default:
	}
}

// early counts the calls up to the end that were sent although their service had been told to wait.
func early(calls []*traffic.Call, end int64) int {
	count := 0
	bySent := slices.Clone(calls)
	sortBy(bySent, (*traffic.Call).Sent)
	next, until := 0, map[string]int64{}
	for _, c := range bySent {
		for next < len(calls) && calls[next].At <= c.Sent() {
			if r := calls[next]; throttled(r) && r.WaitMS > 0 {
				until[r.Service] = max(until[r.Service], r.At+r.WaitMS)
			}
			next++
		}
		if c.At < end && c.Sent() < until[c.Service] {
			count++
		}
	}
	return count
}
