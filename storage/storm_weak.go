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
	minuteMS          = 1000 * minuteS
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
	unit           unit
	start          int64   // Unix seconds, the first minute
	end            int64   // after the last minute
	calls, failing uint64  // of its minutes
	expected       float64 // calls that are ordinary
}

// weakStorms finds storms of units whose operations cannot be told apart.
func (s *stormQuestion) weakStorms(ctx context.Context) ([]storm, error) {
	more := s.margins()
	more["min_failing"] = uint64(math.Ceil(s.options.Amplification))
	failing, err := s.readMinutes(ctx, "storm_failing", more)
	if err != nil {
		return nil, err
	}
	// What fails no more often than it ordinarily fails does not fail more often than it is called.
	// So only the units with a surge over their own failures need their calls counted, which are many.
	for u, minutes := range failing {
		if len(s.findSurges(u, minutes)) == 0 {
			delete(failing, u)
		}
	}
	if len(failing) == 0 {
		return nil, nil
	}
	units, err := s.readMinutes(ctx, "storm_minutes", with(s.margins(), unitLists("unit", slices.Collect(maps.Keys(failing)))))
	if err != nil {
		return nil, err
	}
	var surges []surge
	for _, u := range slices.SortedFunc(maps.Keys(units), unit.compare) {
		for _, found := range s.findSurges(u, units[u]) {
			if found.failing >= uint64(s.options.MinAttempts) && found.failing > found.calls-found.failing {
				surges = append(surges, found)
			}
		}
	}
	return s.readSurges(ctx, surges)
}

// unitLists are the parameters that name units: one list for each part of their names.
func unitLists(prefix string, units []unit) map[string]any {
	n := len(units)
	vendors, services, methods, routes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, u := range units {
		vendors[i], services[i], methods[i], routes[i] = u.vendor, u.service, u.method, u.route
	}
	return map[string]any{prefix + "_vendors": vendors, prefix + "_services": services, prefix + "_methods": methods, prefix + "_routes": routes}
}

func (s *stormQuestion) readMinutes(ctx context.Context, statement string, more map[string]any) (map[unit][]minuteCount, error) {
	units := map[unit][]minuteCount{}
	err := s.ask(ctx, statement, more, func(rows driver.Rows) error {
		var u unit
		var m minuteCount
		err := rows.Scan(&u.vendor, &u.service, &u.method, &u.route, &m.minute, &m.calls, &m.failing)
		units[u] = append(units[u], m)
		return err
	})
	return units, err
}

// findSurges finds those of one unit.
func (s *stormQuestion) findSurges(u unit, minutes []minuteCount) []surge {
	return findSurges(u, minutes, s.begins/1000/minuteS*minuteS, s.options)
}

// findSurges walks the minutes of one unit, in order. A surge starts when the failures of a minute
// reach k times the median calls of the hour before, at least k; that median then holds until it ends.
func findSurges(u unit, minutes []minuteCount, history int64, o StormOptions) []surge {
	var surges []surge
	level := 0.0 // ordinary calls per minute; 0 = no surge
	for i, m := range minutes {
		n := len(surges)
		if level > 0 && (m.minute != surges[n-1].end || float64(m.failing) < o.Amplification*level) {
			level = 0
		}
		if level == 0 {
			ordinary, known := ordinaryLevel(minutes[:i], m.minute, history)
			if !known || float64(m.failing) < o.Amplification*ordinary {
				continue
			}
			level = ordinary
			if n == 0 || m.minute-surges[n-1].end > int64(o.Gap/time.Second) {
				surges = append(surges, surge{unit: u, start: m.minute})
			}
		}
		surges[len(surges)-1].add(m, level)
	}
	return surges
}

// add extends a surge to a minute in which so many calls were to be expected.
func (s *surge) add(m minuteCount, expected float64) {
	s.end = m.minute + minuteS
	s.calls += m.calls
	s.failing += m.failing
	s.expected += expected
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
	for i := len(before) - 1; i >= 0 && before[i].minute >= since; i-- {
		calls[(before[i].minute-since)/minuteS] = float64(before[i].calls)
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
		total++
		return err
	})
	if err != nil {
		return nil, err
	}
	s.noteCut(total)
	var storms []storm
	for i, list := range calls {
		if found, ok := surges[i].storm(list, s.end, s.options); ok {
			storms = append(storms, found)
		}
	}
	return storms, nil
}

// edges are where a surge begins and ends within the minutes beside its own, which it covers in part: where the failures
// in excess of k times the ordinary, counted from its own minutes on, are most.
func (s surge) edges(calls []attempt, k float64) (from, to int64) {
	before := excess{origin: s.start * 1000, at: s.start * 1000, perMS: k * s.level() / minuteMS}
	after := excess{origin: s.end * 1000, at: s.end * 1000, perMS: before.perMS}
	for _, call := range slices.Backward(calls) {
		if call.failed == 1 && call.at < before.origin {
			before.add(call.at)
		}
	}
	for _, call := range calls {
		if call.failed == 1 && call.at >= after.origin && call.at < after.origin+minuteMS {
			after.add(call.at + 1)
		}
	}
	return before.at, after.at
}

// level is how many calls a minute are ordinary.
func (s surge) level() float64 { return s.expected * minuteS / float64(s.end-s.start) }

// excess counts failures away from an origin, less those that a rate allows.
type excess struct {
	origin, at  int64 // at = the failure at which it was greatest
	perMS       float64
	n, greatest float64
}

func (e *excess) add(at int64) {
	e.n++
	if now := e.n - e.perMS*math.Abs(float64(at-e.origin)); now > e.greatest {
		e.greatest, e.at = now, at
	}
}

// storm makes one run of the failures among a unit's calls, which come in order and reach a minute before
// the surge and a minute and a gap beyond it. It is false when there are too few, or too few for each path: those are no retries.
func (s surge) storm(calls []attempt, dataEnd int64, o StormOptions) (storm, bool) {
	var failures []attempt
	paths := map[uint64]struct{}{}
	recovered, mixed := false, false
	from, to := s.edges(calls, o.Amplification)
	expected := s.level() * float64(to-from) / minuteMS
	for _, call := range calls {
		switch {
		case call.failed == 1 && call.at >= from && call.at < to:
			failures = append(failures, call)
			paths[call.operation] = struct{}{}
			mixed = mixed || recovered
			recovered = false
		case call.failed == 0 && len(failures) > 0:
			last := &failures[len(failures)-1]
			recovered = recovered || call.started-last.at < last.patience(o.Gap.Milliseconds())
		}
	}
	if len(failures) < o.MinAttempts || float64(len(failures)) < o.Amplification*float64(len(paths)) {
		return storm{}, false
	}
	last := &failures[len(failures)-1]
	// Where calls succeed all along, a success is no end.
	if mixed && dataEnd-last.at < last.patience(o.Gap.Milliseconds()) {
		recovered = false
	}
	return storm{unit: s.unit, runs: [][]attempt{failures}, end: last.at, expected: expected, recovered: recovered}, true
}

func (s *stormQuestion) surgeParameters(surges []surge) map[string]any {
	units := make([]unit, len(surges))
	starts, ends := make([]int64, len(surges)), make([]int64, len(surges))
	for i, found := range surges {
		units[i] = found.unit
		starts[i], ends[i] = found.start*1000-minuteMS, found.end*1000+minuteMS+s.options.Gap.Milliseconds()
	}
	more := with(s.margins(), unitLists("storm", units))
	more["storm_starts"], more["storm_ends"] = starts, ends
	return more
}
