package storage

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// readSpent counts who was admitted between the first and the last rejection of each window, and who had
// been in the quota's window before: they spent what the rejected calls lacked.
func (l *limitQuestion) readSpent(ctx context.Context, windows []*window) error {
	for _, kind := range splitByKey(windows) {
		for _, list := range lanes(kind) {
			if err := l.readLane(ctx, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitByKey splits windows into those of all endpoints and those of one.
func splitByKey(windows []*window) [2][]*window {
	var split [2][]*window
	for _, w := range windows {
		split[w.byEndpoint()] = append(split[w.byEndpoint()], w)
	}
	return split
}

func (w *window) byEndpoint() uint8 {
	if w.key.endpoint == (endpoint{}) {
		return 0
	}
	return 1
}

// opened is since when calls spent the quota that then was gone.
func (w *window) opened() int64 {
	seconds := w.windowS()
	if seconds == 0 {
		seconds = w.inferred.windowS
	}
	return w.start() - limitGapOf(seconds)
}

// readLane counts for windows of one kind that do not overlap.
func (l *limitQuestion) readLane(ctx context.Context, windows []*window) error {
	more, first, last := laneParameters(windows)
	more["since"], more["until"] = time.UnixMilli(first).UTC(), time.UnixMilli(last+1).UTC()
	return l.ask(ctx, "limit_spent", more, func(rows driver.Rows) error {
		var index, before, admitted, early uint64
		var service string
		err := rows.Scan(&index, &service, &before, &admitted, &early)
		w := windows[index]
		w.admitted += admitted
		w.earlyAdmitted += early
		w.spent[service] = spending{before: before, meanwhile: admitted}
		return err
	})
}

// laneParameters returns the lists that name windows to the server, and the time that they span.
func laneParameters(windows []*window) (more map[string]any, first, last int64) {
	n := len(windows)
	var names payerList
	payers, opened, starts, ends := make([]uint64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	pendingWindows, pendingServices, since, until := []uint64{}, []string{}, []int64{}, []int64{}
	ended := map[payerEndpoint]int64{}
	for i, w := range windows {
		payers[i], starts[i], ends[i] = names.add(w.key), w.start(), w.last().at
		opened[i] = max(w.opened(), ended[w.key]+1)
		ended[w.key] = ends[i]
		for service, list := range w.pending() {
			for _, p := range list {
				pendingWindows, pendingServices = append(pendingWindows, uint64(i)), append(pendingServices, service)
				since, until = append(since, p.since), append(until, p.until)
			}
		}
	}
	more = with(names.parameters(windows[0].byEndpoint()), map[string]any{
		"window_payers": payers, "window_opened": opened, "window_starts": starts, "window_ends": ends,
		"pending_windows": pendingWindows, "pending_services": pendingServices, "pending_since": since, "pending_until": until,
	})
	return more, slices.Min(opened), slices.Max(ends)
}

// pending is a time in which a service knew that it had to wait.
type pending struct{ since, until int64 }

// pending returns, for each service, when a Retry-After that it had received was pending: by time, not
// overlapping.
func (w *window) pending() map[string][]pending {
	lists := map[string][]pending{}
	for _, r := range w.rejections {
		if r.wait <= 0 {
			continue
		}
		list := lists[r.service]
		if n := len(list); n > 0 && r.at < list[n-1].until {
			list[n-1].until = max(list[n-1].until, r.at+r.wait)
			continue
		}
		lists[r.service] = append(list, pending{r.at, r.at + r.wait})
	}
	return lists
}

// earlyRejections counts the rejected calls that were sent while a Retry-After, which their service had
// already received, was pending.
func (w *window) earlyRejections() (early uint64) {
	lists := w.pending()
	for _, r := range w.rejections {
		list := lists[r.service]
		after := sort.Search(len(list), func(i int) bool { return list[i].since >= r.started })
		if after > 0 && r.started < list[after-1].until {
			early++
		}
	}
	return early
}
