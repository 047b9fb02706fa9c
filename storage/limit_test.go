package storage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	epoch   = 1_795_000_000_000 / 86_400_000 * 86_400_000 // a midnight
	aSecond = int64(1000)
	aMinute = 60 * aSecond
	anHour  = 60 * aMinute
)

// limiter says whether it admits a call.
type limiter func(at int64) bool

// byTheClock admits the first calls of every window that begins at a multiple of its length.
func byTheClock(limit int, length, phase int64) limiter {
	window, n := int64(-1), 0
	return func(at int64) bool {
		if w := (at - phase) / length; w != window {
			window, n = w, 0
		}
		n++
		return n <= limit
	}
}

// fromFirstCall begins a window with the first call after the one before.
func fromFirstCall(limit int, length int64) limiter {
	opened, n := int64(0), 0
	return func(at int64) bool {
		if at >= opened+length {
			opened, n = at, 0
		}
		n++
		return n <= limit
	}
}

// sliding admits a call when fewer than limit were admitted within the length before it.
func sliding(limit int, length int64) limiter {
	var recent []int64
	return func(at int64) bool {
		for len(recent) > 0 && recent[0] <= at-length {
			recent = recent[1:]
		}
		if len(recent) >= limit {
			return false
		}
		recent = append(recent, at)
		return true
	}
}

// tokens holds limit tokens and gains as many in one length.
func tokens(limit int, length int64) limiter {
	level, before := float64(limit), int64(0)
	return func(at int64) bool {
		level = min(float64(limit), level+float64(limit)/float64(length)*float64(at-before))
		before = at
		if level < 1 {
			return false
		}
		level--
		return true
	}
}

// demand makes calls at random, so many a second on average, from one time of the day to another.
func demand(rng *rand.Rand, from, to int64, perSecond float64) []int64 {
	var calls []int64
	for at := float64(epoch + from); at < float64(epoch+to); {
		calls = append(calls, int64(at))
		at += rng.ExpFloat64() * 1000 / perSecond
	}
	return calls
}

// throttled lets a limiter decide, and counts as limit_traffic.sql does.
func throttled(admit limiter, calls []int64) []call {
	var admitted, rejected []int64
	for _, at := range calls {
		if admit(at) {
			admitted = append(admitted, at)
		} else {
			rejected = append(rejected, at)
		}
	}
	return asTraffic(admitted, rejected)
}

func asTraffic(admitted, rejected []int64) []call {
	exact := map[int64]bool{} // minutes
	var w window
	for _, at := range rejected {
		for near := int64(-1); near <= 1; near++ {
			exact[at/aMinute+near] = true
		}
		w.rejections = append(w.rejections, rejection{at: at})
	}
	var slots []call
	for _, at := range admitted {
		if !exact[at/aMinute] {
			at = at / 1000 * 1000
		}
		if n := len(slots); n > 0 && slots[n-1].at == at {
			slots[n-1].admitted++
			continue
		}
		slots = append(slots, call{at: at, admitted: 1})
	}
	return withRejections(slots, []*window{&w}, orders()[0].at)
}

func TestInferredLimit(t *testing.T) {
	lengths := []struct {
		seconds int64
		limit   int
	}{{1, 20}, {10, 50}, {60, 300}, {3600, 1000}}
	for _, l := range lengths {
		length := l.seconds * 1000
		kinds := map[string]func() limiter{
			"clock":   func() limiter { return byTheClock(l.limit, length, 0) },
			"phase":   func() limiter { return byTheClock(l.limit, length, length*2/7) },
			"first":   func() limiter { return fromFirstCall(l.limit, length) },
			"sliding": func() limiter { return sliding(l.limit, length) },
			"tokens":  func() limiter { return tokens(l.limit, length) },
		}
		rate := float64(l.limit) / float64(l.seconds)
		for kind, limiter := range kinds {
			for _, over := range []float64{1.3, 2, 5} {
				t.Run(fmt.Sprintf("%ds/%s/%.1f", l.seconds, kind, over), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(l.seconds), uint64(over*10)))
					start := 9 * anHour
					lasts := max(5*aMinute, 4*length)
					calls := slices.Concat(
						demand(rng, start-anHour, start, 0.3*rate),
						demand(rng, start, start+lasts, over*rate),
						demand(rng, start+lasts, start+lasts+anHour, 0.3*rate))
					traffic := throttled(limiter(), calls)
					got := inferLimit(traffic, usualWindows(), 0)
					require.EqualValues(t, l.seconds, got.windowS, "%+v", got)
					require.InEpsilon(t, l.limit, got.limit, 0.05)
				})
			}
		}
	}
}

// TestInferredWithNoise: one call in fifty is rejected for another reason.
func TestInferredWithNoise(t *testing.T) {
	for name, admit := range map[string]limiter{
		"clock": byTheClock(300, aMinute, 0), "sliding": sliding(300, aMinute), "first": fromFirstCall(300, aMinute),
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			noisy := func(at int64) bool { return rng.IntN(50) > 0 && admit(at) }
			got := inferLimit(throttled(noisy, demand(rng, 9*anHour, 9*anHour+10*aMinute, 12)), usualWindows(), 0)
			require.EqualValues(t, 60, got.windowS, "%+v", got)
			require.InEpsilon(t, 300, got.limit, 0.05)
		})
	}
}

// TestInferredWhenCallsOvertake: answers take their time, so the log is not in the order in which the limiter saw the calls.
func TestInferredWhenCallsOvertake(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(13, seed))
		length := []int64{10, 30, 60}[seed%3] * aSecond
		limit := int(length / aSecond * 5)
		admit := byTheClock(limit, length, rng.Int64N(length))
		var admitted, rejected []int64
		for _, at := range demand(rng, 9*anHour, 9*anHour+10*aMinute, 8) {
			if answered := at + 20 + rng.Int64N(100); admit(at) {
				admitted = append(admitted, answered)
			} else {
				rejected = append(rejected, answered)
			}
		}
		slices.Sort(admitted)
		slices.Sort(rejected)
		got := inferLimit(asTraffic(admitted, rejected), usualWindows(), 0)
		require.EqualValues(t, length/aSecond, got.windowS, "seed %d: %+v", seed, got)
		require.InEpsilon(t, limit, got.limit, 0.05, "seed %d", seed)
	}
}

func TestInferredFromFewRejections(t *testing.T) {
	f := func(limit int, length int64, admit limiter, calls []int64) {
		t.Helper()
		got := inferLimit(throttled(admit, calls), usualWindows(), 0)
		require.EqualValues(t, length/1000, got.windowS, "%+v", got)
		require.EqualValues(t, limit, got.limit)
		require.Less(t, got.rejections, 25)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	steady := demand(rng, 9*anHour, 9*anHour+10*aMinute, 4.8)
	f(300, aMinute, byTheClock(300, aMinute, 0), steady)
	// One minute is too much, and nothing more is known than that all its first calls passed.
	once := slices.Concat(demand(rng, 8*anHour, 9*anHour, 2), demand(rng, 9*anHour, 9*anHour+52*aSecond, 5), demand(rng, 9*anHour+60*aSecond, 10*anHour, 2))
	f(250, aMinute, byTheClock(250, aMinute, 0), once)
}

// TestInferredHours: six hours or a day are told where they end twice, or at midnight, or where the vendor says how long to wait.
func TestInferredHours(t *testing.T) {
	const sixHours, aDay = 6 * anHour, 24 * anHour
	f := func(name string, wantS, wantLimit int64, waitMS int64, admit limiter, calls []int64) {
		t.Helper()
		traffic := throttled(admit, calls)
		last := len(traffic) - 1
		for ; traffic[last].admitted > 0; last-- {
		}
		first := last
		for ; first > 0 && traffic[first-1].admitted == 0; first-- {
		}
		w := window{end: traffic[min(last+1, len(traffic)-1)].at}
		for _, c := range traffic[first : last+1] {
			w.rejections = append(w.rejections, rejection{refusal: &refusal{}, at: c.at, wait: waitMS})
		}
		got := w.infer(traffic)
		require.EqualValues(t, wantS, got.windowS, "%s: %+v", name, got)
		if wantS > 0 {
			require.InEpsilon(t, wantLimit, got.limit, 0.05, name)
		}
	}
	rng := rand.New(rand.NewPCG(11, 12))
	days := demand(rng, 0, 50*anHour, 1200./86400)
	f("two daily quotas", 86_400, 1000, -1, byTheClock(1000, aDay, 0), days)
	f("two daily quotas, and late ones spent in six hours", 86_400, 613, -1, byTheClock(613, aDay, 0),
		slices.Concat(demand(rng, 17*anHour+30*aMinute, 24*anHour, 0.03), demand(rng, 41*anHour+30*aMinute, 50*anHour, 0.03)))
	f("four calls a day of one user, asked every hour and a half", 86_400, 4, -1, byTheClock(4, aDay, 0), demand(rng, -24*anHour, 50*anHour, 1./5400))
	once := slices.Concat(demand(rng, 0, 15*anHour, 300./86400), demand(rng, 15*anHour, 26*anHour, 0.05))
	f("one daily quota that ends at midnight", 86_400, 1000, -1, byTheClock(1000, aDay, 0), once)
	f("four calls a day, spent once, asked every 40 minutes", 86_400, 4, -1, byTheClock(4, aDay, 0),
		slices.Concat(demand(rng, 0, 3*anHour, 1./1200), demand(rng, 3*anHour, 46*anHour, 1./2400)))
	f("one daily quota that ends some time", 0, 0, -1, byTheClock(1000, aDay, 22*anHour+7*aMinute), once)
	f("the same, with Retry-After", 86_400, 1000, 2*anHour, byTheClock(1000, aDay, 22*anHour+7*aMinute), once)
	f("six hours, once", 0, 0, -1, byTheClock(500, sixHours, 0), slices.Concat(demand(rng, 0, 12*anHour, 0.01), demand(rng, 12*anHour, 20*anHour, 0.04)))
	f("six hours, four times", 21_600, 500, -1, byTheClock(500, sixHours, 0), demand(rng, 0, 26*anHour, 0.04))
}

// TestInferredFromStatedReset: the first call after an hourly quota may come long after the reset that its rejections name.
func TestInferredFromStatedReset(t *testing.T) {
	const limit, phase = 500, 17 * aMinute
	rng := rand.New(rand.NewPCG(15, 16))
	spent := 9*anHour + phase
	calls := slices.Concat(demand(rng, spent-100*aMinute, spent-10*aMinute, 0.03), demand(rng, spent-10*aMinute, spent+50*aMinute, 0.3), demand(rng, spent+anHour+70*aSecond, spent+2*anHour, 0.03))
	traffic := throttled(byTheClock(limit, anHour, phase), calls)
	require.Zero(t, inferLimit(traffic, []int64{3600}, limit), "by the calls alone")
	for i, c := range traffic {
		if c.admitted == 0 {
			traffic[i].until = epoch + spent + anHour
		}
	}
	got := inferLimit(traffic, []int64{3600}, limit)
	require.EqualValues(t, 3600, got.windowS)
	require.Equal(t, got.rejections, got.explained)
}

// TestNoLimitInferredFromOutage: all calls of some minutes are rejected. What the hour before them held is no limit, but where
// it is a round number by chance.
func TestNoLimitInferredFromOutage(t *testing.T) {
	told := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(17, seed))
		rate, from, lasts := []float64{0.5, 2, 5}[seed%3], 9*anHour+rng.Int64N(anHour), (5+rng.Int64N(300))*aSecond
		up := func(at int64) bool { return at < epoch+from || at >= epoch+from+lasts }
		if inferLimit(throttled(up, demand(rng, from-anHour, from+lasts+anHour, rate)), usualWindows()[:9], 0).limit > 0 {
			told++
		}
	}
	require.LessOrEqual(t, told, 2)
}

// TestNoLimitInferred: what is rejected does not depend on how much was admitted.
func TestNoLimitInferred(t *testing.T) {
	f := func(traffic []call) {
		t.Helper()
		require.Zero(t, inferLimit(traffic, usualWindows(), 0))
	}
	f(nil)
	f(asTraffic(nil, []int64{epoch}))
	f(asTraffic([]int64{epoch}, nil))
	rng := rand.New(rand.NewPCG(1, 2))
	for _, share := range []float64{0.02, 0.1, 0.3, 0.6, 0.9, 0.97} {
		for _, rate := range []float64{0.1, 1, 5} {
			perUser := func(int64) bool { return rng.Float64() >= share }
			f(throttled(perUser, demand(rng, 0, 2*anHour, rate)))
			even := make([]int64, 0, 7200)
			for at := int64(epoch); at < epoch+2*anHour; at += int64(1000/rate) + rng.Int64N(100) {
				even = append(even, at)
			}
			f(throttled(perUser, even))
		}
	}
	// Strays: three rejections within ordinary traffic.
	for range 50 {
		calls := demand(rng, 0, 4*anHour, 1)
		stray := len(calls)/2 + rng.IntN(1000)
		f(throttled(func(at int64) bool { return at < calls[stray] || at > calls[stray+2] }, calls))
	}
	// At most four calls at a time.
	var running []int64
	f(throttled(func(at int64) bool {
		running = slices.DeleteFunc(running, func(end int64) bool { return end <= at })
		if len(running) >= 4 {
			return false
		}
		running = append(running, at+int64(300+rng.ExpFloat64()*700))
		return true
	}, demand(rng, 0, anHour, 5)))
}

// TestWindowsPartitionRejections builds windows from random rejections and admissions: each rejection
// is in exactly one window, and none follows the response that closes a window within the gap.
func TestWindowsPartitionRejections(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		s, admitted := randomStream(rng)
		windows := s.windows(firstAfter(s, admitted))
		var seen []rejection
		for i, w := range windows {
			seen = append(seen, w.rejections...)
			require.GreaterOrEqual(t, w.end, w.last().at)
			if i > 0 {
				closed := windows[i-1].end
				require.Contains(t, admitted, closed)
				require.GreaterOrEqual(t, w.start()-closed, windows[i-1].last().gap())
			}
		}
		require.Equal(t, s.rejections, seen)
	}
}

func (r rejection) gap() int64 { return limitGapOf(r.windowS) }

func randomStream(rng *rand.Rand) (s rejectionStream, admitted []int64) {
	at := int64(0)
	windowS := rng.Int64N(2) * 90
	for range 1 + rng.IntN(60) {
		at += 1 + rng.Int64N(60_000)
		if rng.IntN(2) == 0 {
			admitted = append(admitted, at)
			continue
		}
		s.rejections = append(s.rejections, rejection{refusal: &refusal{windowS: windowS}, at: at, wait: rng.Int64N(40_000) - 1})
	}
	return s, admitted
}

// firstAfter says what limit_admitted.sql would.
func firstAfter(s rejectionStream, admitted []int64) map[int]int64 {
	next := map[int]int64{}
	for _, p := range s.pauses() {
		if i := slices.IndexFunc(admitted, func(a int64) bool { return a > s.rejections[p].at }); i >= 0 {
			next[p] = admitted[i]
		}
	}
	return next
}

func TestEarlyRejections(t *testing.T) {
	f := func(want uint64, rejections ...rejection) {
		t.Helper()
		w := window{rejections: rejections}
		require.Equal(t, want, w.earlyRejections())
	}
	from := func(service string, at, duration, wait int64) rejection {
		return rejection{refusal: &refusal{service: service}, at: at, started: at - duration, wait: wait}
	}
	at := func(at, duration, wait int64) rejection { return from("s", at, duration, wait) }
	f(0, at(0, 0, 1000))
	f(1, at(0, 0, 1000), at(999, 0, 1000))
	f(0, at(0, 0, 1000), at(1001, 0, 1000))
	f(0, at(0, 0, 1000), at(1000, 0, 1000))
	f(0, at(0, 0, 1000), at(500, 600, 1000))                  // sent before the first was answered
	f(1, at(0, 0, 1000), at(1100, 200, 1000))                 // sent in time, answered later
	f(1, at(0, 0, 5000), at(1500, 0, 100), at(5100, 0, 1000)) // the longer wait holds
	f(2, at(0, 0, 5000), at(1500, 0, 100), at(4900, 0, -1))
	f(0, at(0, 0, 1000), from("other", 500, 0, 1000)) // has received nothing yet
}
