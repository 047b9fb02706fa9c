package storage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

const (
	maxInferred = 100     // payers whose limit is inferred
	maxTries    = 5       // windows of one payer that are looked at; the others are taken for like them
	maxSlots    = 100_000 // of one payer
	maxAllSlots = 4_000_000
)

// nearby is how long around a window traffic tells of a limit, and how long before it when the quota is
// for hours or a day.
const (
	nearby  = 2 * time.Hour
	farther = 26 * time.Hour
)

// readInferred infers the limits, and window lengths, that nobody stated.
func (l *limitQuestion) readInferred(ctx context.Context, windows []*window) error {
	open := slices.DeleteFunc(slices.Clone(windows), func(w *window) bool { return w.quota() > 0 && w.windowS() > 0 })
	for byEndpoint, list := range splitByKey(open) {
		byPayer := map[payerEndpoint][]*window{}
		var keys []payerEndpoint
		slices.SortStableFunc(list, func(a, b *window) int { return cmp.Compare(len(b.rejections), len(a.rejections)) })
		for _, w := range list {
			if byPayer[w.key] == nil {
				keys = append(keys, w.key)
			}
			byPayer[w.key] = append(byPayer[w.key], w)
		}
		if len(keys) > maxInferred {
			l.note(fmt.Sprintf("limits were inferred for the %d callers with the longest windows, of %d", maxInferred, len(keys)))
			keys = keys[:maxInferred]
		}
		for _, order := range orders() {
			traffic, err := l.readTraffic(ctx, keys, byPayer, uint8(byEndpoint), order.sent)
			if err != nil {
				return err
			}
			for _, key := range keys {
				inferAll(byPayer[key], withRejections(traffic[key], slices.Concat(byPayer[key], l.beside[key]), order.at), order.infer)
			}
			keys = slices.DeleteFunc(keys, func(k payerEndpoint) bool {
				return slices.ContainsFunc(byPayer[k], func(w *window) bool { return w.inferred.limit > 0 })
			})
		}
	}
	return nil
}

// order is one in which a limiter may have seen the calls: by when they were answered, as the log has them, or by when they were
// sent. Slow answers overtake each other, which matters for limiters of seconds.
type order struct {
	sent  bool
	at    func(rejection) int64
	infer func(*window, []call) inference
}

func orders() []order {
	return []order{
		{at: func(r rejection) int64 { return r.at }, infer: (*window).infer},
		{sent: true, at: func(r rejection) int64 { return r.started }, infer: (*window).inferBrief},
	}
}

// readTraffic returns the admitted calls of payers around their windows, by time: of the answers, or of when calls were sent.
func (l *limitQuestion) readTraffic(ctx context.Context, keys []payerEndpoint, windows map[payerEndpoint][]*window, byEndpoint uint8, sent bool) (map[payerEndpoint][]call, error) {
	traffic := map[payerEndpoint][]call{}
	if len(keys) == 0 {
		return traffic, nil
	}
	var names payerList
	first, last := windows[keys[0]][0].start(), int64(0)
	for _, key := range keys {
		names.add(key)
		for _, w := range windows[key] {
			first, last = min(first, w.start()), max(last, w.end)
		}
	}
	more := with(names.parameters(byEndpoint), map[string]any{
		"since": time.UnixMilli(first).Add(-farther).UTC(), "until": time.UnixMilli(last).Add(nearby).UTC(), "max_slots": uint64(min(maxSlots, maxAllSlots/len(keys))), "sent": sent,
	})
	err := l.ask(ctx, "limit_traffic", more, func(rows driver.Rows) error {
		var payer uint64
		var slots []int64
		var counts []uint64
		err := rows.Scan(&payer, &slots, &counts)
		calls := make([]call, len(slots))
		for i, at := range slots {
			calls[len(slots)-1-i] = call{at: at, admitted: counts[i]}
		}
		traffic[keys[payer]] = calls
		return err
	})
	return traffic, err
}

// inferAll infers the limits of one payer's windows, which come by rejections: of the first ones from the
// calls around each, since a limit can change; the others have that of the nearest.
func inferAll(windows []*window, all []call, infer func(*window, []call) inference) {
	tried := windows[:min(len(windows), maxTries)]
	for _, w := range tried {
		w.inferred = infer(w, all)
	}
	for _, w := range windows {
		nearest := slices.MinFunc(tried, func(a, b *window) int {
			return cmp.Or(cmp.Compare(distance(a, w), distance(b, w)))
		})
		if w.inferred.limit == 0 && nearest.quota() == w.quota() {
			w.inferred = nearest.inferred
		}
	}
}

// distance is how far the starts of two windows are apart; a window without an inference is far.
func distance(of, from *window) int64 {
	if of.inferred.limit == 0 {
		return 1 << 62
	}
	return max(of.start()-from.start(), from.start()-of.start())
}

// withRejections mixes admitted calls with the rejections of windows, by time; of one time, the admitted
// ones first.
func withRejections(admitted []call, windows []*window, at func(rejection) int64) []call {
	calls := slices.Clone(admitted)
	for _, w := range windows {
		for _, r := range w.rejections {
			calls = append(calls, call{at: at(r), until: r.until()})
		}
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.at, b.at) })
	return calls
}

// infer tries the window lengths that the traffic near the window shows, then the longer ones.
func (w *window) infer(calls []call) inference {
	short, long := usualWindows(), []int64{}
	if i := slices.Index(short, int64(nearby.Seconds())/2); i >= 0 {
		short, long = short[:i+1], slices.DeleteFunc(slices.Clone(short[i:]), func(s int64) bool { return !w.shows(calls, s) })
	}
	if stated := w.windowS(); stated > 0 {
		short, long = []int64{stated}, []int64{stated}
	}
	// A limiter that advertises how long it will reject has a window at least as long, unless it punishes.
	wait := w.longestWait()
	if found := w.inferFrom(calls, atLeast(short, wait), atLeast(long, wait)); found.limit > 0 || wait == 0 {
		return found
	}
	return w.inferFrom(calls, short, long)
}

// inferBrief tries the window lengths that the time an answer takes matters for.
func (w *window) inferBrief(calls []call) inference {
	const brief = 4
	return inferLimit(w.around(calls, nearby), atLeast(usualWindows()[:brief], w.longestWait()), w.quota())
}

func (w *window) inferFrom(calls []call, short, long []int64) inference {
	if found := inferLimit(w.around(calls, nearby), short, w.quota()); found.limit > 0 {
		return found
	}
	far := w.around(calls, farther)
	return longestByClock(far, long, w.quota(), inferLimit(far, long, w.quota()))
}

// shows says whether the calls tell of windows as long as that. Nearly any hours fit a single episode: it takes two times
// at which calls were admitted again, or a Retry-After of more than an hour. One time is enough of days that end at midnight:
// it lies in the pause before that time, which is short.
func (w *window) shows(calls []call, seconds int64) bool {
	const anHour, aDay = 3600, 86_400
	if seconds <= anHour || w.longestWait() > anHour {
		return true
	}
	apart, before := 0, int64(math.MinInt64/2)
	for _, r := range resets(w.around(calls, farther)) {
		pause := r.at - r.since
		if seconds == aDay && pause < anHour*1000 && r.at%(aDay*1000) < pause {
			return true
		}
		if r.at-before > seconds*1000/2 {
			apart, before = apart+1, r.at
		}
	}
	return apart > 1
}

// reset is a time at which calls were admitted again, and the time of the call before.
type reset struct{ at, since int64 }

// resets are the times at which several calls were admitted after several rejections: a stray of either kind is none. A few
// calls count where several rejections follow: that was all of a small quota.
func resets(calls []call) (list []reset) {
	rejected := 0
	for i, c := range calls {
		if c.admitted == 0 {
			rejected++
			continue
		}
		if rejected >= veryFewRejections && admitsAgain(calls[i:min(i+2*veryFewRejections, len(calls))]) {
			list = append(list, reset{at: c.at, since: calls[i-1].at})
			rejected = 0
		}
	}
	return list
}

// admitsAgain says whether calls begin with several that were admitted, or a few and then several that were not.
func admitsAgain(calls []call) bool {
	n := slices.IndexFunc(calls, func(c call) bool { return c.admitted == 0 })
	if n < 0 || n >= veryFewRejections {
		return true
	}
	rejected := calls[n:min(n+veryFewRejections, len(calls))]
	return n > 1 && len(rejected) == veryFewRejections && !slices.ContainsFunc(rejected, func(c call) bool { return c.admitted > 0 })
}

// longestWait is the longest Retry-After of the window, in whole seconds; 0 = none was stated.
func (w *window) longestWait() int64 {
	longest := int64(0)
	for _, r := range w.rejections {
		longest = max(longest, r.wait/1000)
	}
	return longest
}

func atLeast(lengths []int64, seconds int64) []int64 {
	return slices.DeleteFunc(slices.Clone(lengths), func(s int64) bool { return s < seconds })
}

// around returns the calls from so long before the window until some time after it, as many as can be
// replayed.
func (w *window) around(calls []call, before time.Duration) []call {
	index := func(at int64) int { return sort.Search(len(calls), func(i int) bool { return calls[i].at >= at }) }
	start := index(w.start())
	first := max(index(w.start()-before.Milliseconds()), start-maxReplayed/2)
	last := min(index(w.end+nearby.Milliseconds()), start+maxReplayed/2)
	return calls[first:last]
}

// support is the note that says how much an inferred limit, or window, explains.
func (w *window) support() string {
	if w.inferred.limit == 0 {
		return ""
	}
	payer := w.key.payer
	what := "the limit of " + payer.vendor + " " + payer.name() + " is inferred from traffic: about " + strconv.FormatInt(w.inferred.limit, 10) + " per"
	if w.quota() > 0 {
		what = "the window of the limit of " + payer.vendor + " " + payer.name() + " is inferred from traffic:"
	}
	return fmt.Sprintf("%s %d s, which explains %d of %d rejections", what, w.inferred.windowS, w.inferred.explained, w.inferred.rejections)
}
