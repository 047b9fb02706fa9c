package storage

import (
	"cmp"
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// counted is an attempt whose client said which one of its call it was.
type counted struct {
	attempt
	counter uint16
}

// readCounted fetches the attempts of calls that only the client's own count tells apart.
func (s *stormQuestion) readCounted(ctx context.Context) ([]attempt, error) {
	var list []counted
	err := s.ask(ctx, "storm_counted", s.margins(), func(rows driver.Rows) error {
		var c counted
		err := rows.Scan(append([]any{&c.counter}, c.unitTargets()...)...)
		list = append(list, c)
		return err
	})
	s.noteCut(len(list))
	return tellApart(list, s.options.Gap.Milliseconds()), err
}

// tellApart gives each counted call an operation of its own. An attempt continues the call that waits
// longest for an attempt of that number, as clients with one schedule do; without any it begins a call,
// of which the earlier attempts were not logged.
func tellApart(list []counted, gap int64) []attempt {
	slices.SortStableFunc(list, func(a, b counted) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.at, b.at), cmp.Compare(a.counter, b.counter))
	})
	attempts := make([]attempt, 0, len(list))
	var waiting map[uint16][]attempt // by the number of the failed attempt
	calls := uint64(0)
	for i, c := range list {
		if i == 0 || list[i-1].operation != c.operation {
			waiting = map[uint16][]attempt{}
		}
		queue := waiting[c.counter-1]
		for len(queue) > 0 && !c.continues(&queue[0], gap) {
			queue = queue[1:]
		}
		next := c.attempt
		if len(queue) > 0 {
			next.operation, queue = queue[0].operation, queue[1:]
		} else {
			calls++
			next.operation = calls
		}
		waiting[c.counter-1] = queue
		if next.failed == 1 {
			waiting[c.counter] = append(waiting[c.counter], next)
		}
		attempts = append(attempts, next)
	}
	return attempts
}
