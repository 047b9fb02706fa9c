package storage

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	minuteS           = 60
	minHistoryMinutes = 10
)

// minuteCount is what one unit did in one calendar minute.
type minuteCount struct {
	minute         int64 // Unix seconds
	calls, failing uint64
}

// surge is a stretch of minutes in which a unit with weak keys failed far more often than it
// ordinarily calls.
type surge struct {
	unit     unit
	start    int64 // Unix seconds, the first minute
	end      int64 // after the last minute
	expected float64
}

// weakStorms finds storms of units whose operations cannot be told apart.
func (s *stormQuestion) weakStorms(ctx context.Context) ([]storm, error) {
	units, err := s.readMinutes(ctx)
	if err != nil || len(units) == 0 {
		return nil, err
	}
	history, err := s.readHistory(ctx)
	if err != nil {
		return nil, err
	}
	var surges []surge
	for _, u := range slices.SortedFunc(maps.Keys(units), unit.compare) {
		for _, found := range findSurges(units[u], history, s.options) {
			found.unit = u
			surges = append(surges, found)
		}
	}
	return s.readSurges(ctx, surges)
}

func (s *stormQuestion) readMinutes(ctx context.Context) (map[unit][]minuteCount, error) {
	more := s.margins()
	more["min_failing"] = uint64(math.Ceil(s.options.Amplification))
	units := map[unit][]minuteCount{}
	err := s.ask(ctx, "storm_minutes", more, func(rows driver.Rows) error {
		var u unit
		var m minuteCount
		err := rows.Scan(&u.vendor, &u.service, &u.method, &u.route, &m.minute, &m.calls, &m.failing)
		units[u] = append(units[u], m)
		return err
	})
	return units, err
}

// readHistory returns the minute, in Unix seconds, from which on a missing call means that there was
// none, rather than that there was no data yet.
func (s *stormQuestion) readHistory(ctx context.Context) (int64, error) {
	more := s.margins()
	var first int64
	var count uint64
	// Mostly the data is older than the range; only data that begins within it costs a full scan.
	for _, until := range []time.Time{s.filter.From.Add(time.Minute), s.filter.To.Add(stormMargin)} {
		more["history_until"] = until.UTC()
		err := s.ask(ctx, "storm_history", more, func(rows driver.Rows) error { return rows.Scan(&first, &count) })
		if err != nil || count > 0 {
			return first / 1000 / minuteS * minuteS, err
		}
	}
	return s.filter.To.Unix(), nil
}

// findSurges walks the minutes of one unit, in order. A surge starts when the failures of a minute
// reach k times the median calls of the hour before, at least k; that median then holds until it ends.
func findSurges(minutes []minuteCount, history int64, o StormOptions) []surge {
	var surges []surge
	level := 0.0 // ordinary calls per minute; 0 = no surge
	for i, m := range minutes {
		n := len(surges)
		if level > 0 && (m.minute != surges[n-1].end || float64(m.failing) < o.Amplification*level) {
			level = 0
		}
		if level > 0 {
			surges[n-1].end += minuteS
			surges[n-1].expected += level
			continue
		}
		ordinary, known := ordinaryLevel(minutes[:i], m.minute, history)
		if !known || float64(m.failing) < o.Amplification*ordinary {
			continue
		}
		level = ordinary
		if n > 0 && m.minute-surges[n-1].end <= int64(o.Gap/time.Second) {
			surges[n-1].end = m.minute + minuteS
			surges[n-1].expected += level
			continue
		}
		surges = append(surges, surge{start: m.minute, end: m.minute + minuteS, expected: level})
	}
	return surges
}

// ordinaryLevel returns the median calls per minute of the hour before a minute, at least 1. It is
// unknown with less than ten minutes of history.
func ordinaryLevel(before []minuteCount, minute, history int64) (level float64, known bool) {
	since := max(minute-int64(historyMargin/time.Second), history)
	n := int((minute - since) / minuteS)
	if n < minHistoryMinutes {
		return 0, false
	}
	calls := make([]float64, n) // minutes without a row had no calls
	for _, m := range before {
		if m.minute >= since {
			calls[(m.minute-since)/minuteS] = float64(m.calls)
		}
	}
	return math.Max(1, median(calls)), true
}

// readSurges fetches the calls of surges and makes storms of them.
func (s *stormQuestion) readSurges(ctx context.Context, surges []surge) ([]storm, error) {
	if len(surges) == 0 {
		return nil, nil
	}
	calls := make([][]attempt, len(surges))
	total := 0
	err := s.ask(ctx, "storm_unit_calls", s.surgeParameters(surges), func(rows driver.Rows) error {
		var index uint64
		var a attempt
		err := rows.Scan(append([]any{&index}, append(a.targets(), &a.code)...)...)
		a.unit = surges[index].unit
		calls[index] = append(calls[index], a)
		s.end = max(s.end, a.at)
		total++
		return err
	})
	if err != nil {
		return nil, err
	}
	s.noteCut(total)
	var storms []storm
	for i, list := range calls {
		if found, ok := surges[i].storm(list, s.options); ok {
			storms = append(storms, found)
		}
	}
	return storms, nil
}

// storm makes one run of the failures among a unit's calls, which come in order and reach a gap beyond
// the surge. It is false when there are too few.
func (s surge) storm(calls []attempt, o StormOptions) (storm, bool) {
	var failures []attempt
	recovered := false
	for _, call := range calls {
		switch {
		case call.failed == 1 && call.at < s.end*1000:
			failures = append(failures, call)
			recovered = false
		case call.failed == 0 && len(failures) > 0:
			last := &failures[len(failures)-1]
			recovered = recovered || call.started-last.at < last.patience(o.Gap.Milliseconds())
		}
	}
	if len(failures) < o.MinAttempts {
		return storm{}, false
	}
	return storm{
		unit: s.unit, runs: [][]attempt{failures}, end: failures[len(failures)-1].at,
		expected: s.expected, recovered: recovered,
	}, true
}

func (s *stormQuestion) surgeParameters(surges []surge) map[string]any {
	more := s.margins()
	n := len(surges)
	vendors, services, methods, routes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	starts, ends := make([]int64, n), make([]int64, n)
	for i, found := range surges {
		vendors[i], services[i], methods[i], routes[i] = found.unit.vendor, found.unit.service, found.unit.method, found.unit.route
		starts[i], ends[i] = found.start*1000, found.end*1000+s.options.Gap.Milliseconds()
	}
	more["storm_vendors"], more["storm_services"], more["storm_methods"], more["storm_routes"] = vendors, services, methods, routes
	more["storm_starts"], more["storm_ends"] = starts, ends
	return more
}
