// Package truth says what the answers should be: it judges the calls of a log by the definitions of
// docs/design.md, section 7, and by what decision 005 adds to them. It shares no code with the answers,
// sees every call instead of rows, and sorts and loops where they group: what both get wrong in the same
// way has to be in the definitions.
package truth

import (
	"cmp"
	"slices"

	"github.com/errata-dev/errata/internal/score/traffic"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
)

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Clone(values)
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// groups puts calls together, keeping their order; keys come in the order of their first calls.
func groups[K comparable](calls []*traffic.Call, key func(*traffic.Call) K) (keys []K, byKey map[K][]*traffic.Call) {
	byKey = map[K][]*traffic.Call{}
	for _, c := range calls {
		k := key(c)
		if _, known := byKey[k]; !known {
			keys = append(keys, k)
		}
		byKey[k] = append(byKey[k], c)
	}
	return keys, byKey
}

// kindOf names the event or decoy that most of the calls belong to.
func kindOf(log *traffic.Log, calls []*traffic.Call) (kind string, event *traffic.Event) {
	counts := map[*traffic.Event]int{}
	for _, c := range calls {
		if c.Event != nil {
			counts[c.Event]++
		}
	}
	for e, n := range counts {
		if event == nil || n > counts[event] {
			event = e
		}
	}
	if event != nil {
		return event.Kind, event
	}
	return DecoyOf(log, calls[0].Vendor, calls[0].Service, calls[0].Endpoint()), nil
}

// Noise is what belongs to no event and no decoy.
const Noise = "noise"

// DecoyOf names the decoy of a target.
func DecoyOf(log *traffic.Log, vendor, service, endpoint string) string {
	for _, e := range log.Events {
		if e.Question == "" && e.Vendor == vendor && e.Service == service && (endpoint == "" || e.Endpoint == endpoint) {
			return e.Kind
		}
	}
	return Noise
}

func sortBy[T any, K cmp.Ordered](items []T, key func(T) K) {
	slices.SortStableFunc(items, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}
