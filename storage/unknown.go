package storage

import (
	"context"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// hasAlternatives tells whether a filter has several values, of which one can match nothing unnoticed.
func (f Filter) hasAlternatives() bool {
	return max(len(f.Vendors), len(f.Services), len(f.Environments), len(f.Endpoints), len(f.Codes), len(f.Sources)) > 1
}

// hasNames tells whether any filter has values that can be mistyped.
func (f Filter) hasNames() bool {
	return len(f.Vendors)+len(f.Services)+len(f.Environments)+len(f.Endpoints)+len(f.Codes)+len(f.Sources) > 0
}

// readUnknown returns the values of the filters that no response of the range has, each filter taken alone.
func (q *question) readUnknown(ctx context.Context) ([]UnknownValue, error) {
	if !q.filter.hasNames() {
		return nil, nil
	}
	var vendors, services, environments, endpoints, codes, sources []string
	err := q.ask(ctx, "known_values", nil, func(rows driver.Rows) error {
		return rows.Scan(&vendors, &services, &environments, &endpoints, &codes, &sources)
	})
	if err != nil {
		return nil, err
	}
	var unknown []UnknownValue
	add := func(filter string, values, known []string, same func(value, known string) bool) {
		unknown = append(unknown, unknownOf(filter, values, known, same)...)
	}
	equal := func(value, known string) bool { return value == known }
	add("vendor", q.filter.Vendors, vendors, equal)
	add("service", q.filter.Services, services, equal)
	add("environment", q.filter.Environments, environments, equal)
	add("endpoint", q.filter.Endpoints, endpoints, sameEndpoint)
	add("code", q.filter.Codes, codes, equal)
	add("source", q.filter.Sources, sources, sameSource)
	return unknown, nil
}

// unknownOf returns the values that are none of those known. Where nothing is known, nothing is said: the range
// is empty, not the value wrong.
func unknownOf(filter string, values, known []string, same func(value, known string) bool) []UnknownValue {
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	var unknown []UnknownValue
	for _, value := range values {
		if !slices.ContainsFunc(known, func(k string) bool { return same(value, k) }) {
			unknown = append(unknown, UnknownValue{Filter: filter, Value: value, Known: known})
		}
	}
	return unknown
}

// sameEndpoint compares as the filter does: with the method, or the route alone.
func sameEndpoint(value, known string) bool {
	_, route, _ := strings.Cut(known, " ")
	return route == value || slices.Contains(endpoints([]string{value}), known)
}

// sameSource lets a source stand for its later generations: name~2.
func sameSource(value, known string) bool {
	base, number, _ := strings.Cut(known, "~")
	return value == known || value == base && strings.Trim(number, "0123456789") == ""
}
