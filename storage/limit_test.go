package storage

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// traffic counts admitted calls into slots as limit_traffic.sql does.
func trafficOf(admitted, rejections []int64) admissions {
	rejecting := map[int64]bool{}
	for _, at := range rejections {
		rejecting[at/1000] = true
	}
	counts := map[int64]uint64{}
	for _, at := range admitted {
		if !rejecting[at/1000] {
			at = at / 1000 * 1000
		}
		counts[at]++
	}
	var a admissions
	for slot := range counts {
		a.slots = append(a.slots, slot)
	}
	slices.Sort(a.slots)
	for _, slot := range a.slots {
		a.counts = append(a.counts, counts[slot])
	}
	return a
}

const epoch = 1_795_000_000_000 / 86_400_000 * 86_400_000 // a midnight

// throttle lets a limiter decide over calls every so many milliseconds.
func throttle(from, to, every int64, admit func(at int64) bool) (admitted, rejected []int64) {
	for at := epoch + from; at < epoch+to; at += every {
		if admit(at) {
			admitted = append(admitted, at)
		} else {
			rejected = append(rejected, at)
		}
	}
	return admitted, rejected
}

// byTheClock admits the first calls of every window that begins at a multiple of its length.
func byTheClock(limit int, length, phase int64) func(int64) bool {
	window, n := int64(-1), 0
	return func(at int64) bool {
		if w := (at - phase) / length; w != window {
			window, n = w, 0
		}
		n++
		return n <= limit
	}
}

// sliding admits a call when fewer than limit were admitted within the length before it.
func sliding(limit int, length int64) func(int64) bool {
	var recent []int64
	return func(at int64) bool {
		recent = slices.DeleteFunc(recent, func(t int64) bool { return t <= at-length })
		if len(recent) >= limit {
			return false
		}
		recent = append(recent, at)
		return true
	}
}

func TestInferredLimit(t *testing.T) {
	f := func(wantLimit, wantWindowS int64, admitted, rejected []int64) {
		t.Helper()
		got := inferLimit(trafficOf(admitted, rejected), rejected, usualWindows())
		require.EqualValues(t, wantWindowS, got.windowS)
		require.InEpsilon(t, wantLimit, got.limit, 0.1)
	}
	const minute, hour = 60_000, 3_600_000
	a, r := throttle(0, 10*minute, 50, byTheClock(300, minute, 0))
	f(300, 60, a, r)
	a, r = throttle(15_000, 10*minute, 90, byTheClock(100, minute, 15_000)) // windows begin with the first call
	f(100, 60, a, r)
	a, r = throttle(0, 10*minute, 50, sliding(300, minute))
	f(300, 60, a, r)
	a, r = throttle(0, 5*hour, 1000, byTheClock(1000, hour, 0))
	f(1000, 3600, a, r)
	a, r = throttle(0, 30*hour, 20_000, byTheClock(1500, 24*hour, 0))
	f(1500, 86400, a, r)
}

func TestNoLimitInferred(t *testing.T) {
	f := func(admitted, rejected []int64) {
		t.Helper()
		require.Zero(t, inferLimit(trafficOf(admitted, rejected), rejected, usualWindows()).limit)
	}
	f(nil, nil)
	f(nil, []int64{epoch})
	f([]int64{epoch}, nil)
	// Every other call fails, whatever was admitted: the quotas are somebody else's.
	rng := rand.New(rand.NewPCG(1, 2))
	a, r := throttle(0, 3_600_000, 2_000, func(at int64) bool { return at < epoch+1_800_000 || rng.IntN(2) == 0 })
	f(a, r)
}

// TestWindowsPartitionRejections builds windows from random rejections and admissions: each rejection
// is in exactly one window, and windows of one payer do not overlap.
func TestWindowsPartitionRejections(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		rejections, next := randomRejections(rng)
		windows := findWindows(rejections, next)
		seen := 0
		for i, w := range windows {
			seen += len(w.rejections)
			require.True(t, slices.IsSortedFunc(w.rejections, func(a, b rejection) int { return int(a.at - b.at) }))
			require.GreaterOrEqual(t, w.end, w.last().at)
			if i > 0 && windows[i-1].payer == w.payer {
				require.Greater(t, w.start(), windows[i-1].end)
			}
			for _, r := range w.rejections {
				require.Equal(t, w.payer, r.payer)
				require.True(t, w.endpoint == endpoint{} || w.endpoint == r.endpoint)
			}
		}
		require.Equal(t, len(rejections), seen)
	}
}

// randomRejections makes a random history and what limit_admitted.sql would say about it.
func randomRejections(rng *rand.Rand) ([]rejection, map[instant]int64) {
	var rejections []rejection
	admitted := map[payerEndpoint][]int64{}
	at := int64(0)
	for range 1 + rng.IntN(60) {
		at += 1 + rng.Int64N(60_000)
		key := payerEndpoint{payer{vendor: "v", credential: string('a' + rune(rng.IntN(2)))}, endpoint{"GET", string('a' + rune(rng.IntN(3)))}}
		if rng.IntN(2) == 0 {
			admitted[key] = append(admitted[key], at)
			admitted[payerEndpoint{payer: key.payer}] = append(admitted[payerEndpoint{payer: key.payer}], at)
			continue
		}
		rejections = append(rejections, rejection{payerEndpoint: key, at: at, started: at, wait: rng.Int64N(40_000) - 1, windowS: rng.Int64N(2) * 90})
	}
	next := map[instant]int64{}
	for _, r := range rejections {
		for _, key := range []payerEndpoint{r.payerEndpoint, {payer: r.payer}} {
			if i := slices.IndexFunc(admitted[key], func(a int64) bool { return a > r.at }); i >= 0 {
				next[instant{key, r.at}] = admitted[key][i]
			}
		}
	}
	return rejections, next
}

func TestEarlyRejections(t *testing.T) {
	f := func(want uint64, rejections ...rejection) {
		t.Helper()
		w := window{rejections: rejections}
		require.Equal(t, want, w.earlyRejections())
	}
	at := func(at, duration, wait int64) rejection {
		return rejection{at: at, started: at - duration, wait: wait, service: "s"}
	}
	f(0, at(0, 0, 1000))
	f(1, at(0, 0, 1000), at(999, 0, 1000))
	f(0, at(0, 0, 1000), at(1000, 0, 1000))
	f(0, at(0, 0, 1000), at(500, 600, 1000))                  // sent before the first was answered
	f(1, at(0, 0, 5000), at(1500, 0, 100), at(5100, 0, 1000)) // the longer wait holds
	f(2, at(0, 0, 5000), at(1500, 0, 100), at(4900, 0, -1))
	other := at(500, 0, 1000)
	other.service = "other" // has received nothing yet
	f(0, at(0, 0, 1000), other)
}
