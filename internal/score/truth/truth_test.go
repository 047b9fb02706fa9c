package truth

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/score/traffic"
)

const noon = int64(1_794_000_000_000)

func target() *traffic.Target {
	return &traffic.Target{Vendor: "v", Service: "s", Credential: "c", Method: "GET", Host: "h", Route: "/r"}
}

func down() *traffic.Failure { return &traffic.Failure{Status: 503, Code: "down", Retry: "yes"} }

func limited() *traffic.Failure {
	return &traffic.Failure{Status: 429, Code: "slow", Category: "rate_limit", Retry: "yes"}
}

// calls are at seconds after noon; those of failures fail.
func calls(t *traffic.Target, f *traffic.Failure, seconds ...int64) []*traffic.Call {
	var list []*traffic.Call
	for _, s := range seconds {
		list = append(list, &traffic.Call{Target: t, At: noon + s*1000, Path: "/r", Failure: f, WaitMS: -1})
	}
	return list
}

func logOf(calls ...*traffic.Call) *traffic.Log {
	l := &traffic.Log{From: noon - hour, To: noon + hour, Start: noon - hour, Calls: calls}
	sortBy(l.Calls, func(c *traffic.Call) int64 { return c.At })
	return l
}

func TestStormByHand(t *testing.T) {
	list := append(calls(target(), down(), 0, 2, 6, 14, 30), calls(target(), nil, 62)...)
	list[2].WaitMS = 10_000 // the fourth comes two seconds early
	storms := Storms(logOf(list...))
	require.Len(t, storms, 1)
	s := storms[0]
	require.Equal(t, 6, s.Attempts)
	require.Equal(t, 1, s.Operations)
	require.Equal(t, 4, s.Wasted)
	require.Equal(t, 1, s.Early)
	require.Equal(t, "exponential", s.Backoff)
	require.False(t, s.Jitter)
	require.Equal(t, "recovered", s.Outcome)
	require.InDelta(t, 8000, s.MedianGapMS, 0)
}

func TestNoStormByHand(t *testing.T) {
	f := func(list []*traffic.Call) {
		t.Helper()
		require.Empty(t, Storms(logOf(list...)))
	}
	f(calls(target(), down(), 0, 2, 4, 6))
	f(calls(target(), down(), 0, 61, 122, 183, 244, 305))
	together := calls(target(), down(), 1, 2, 3, 4, 5, 6, 7)
	for i, c := range together {
		c.Duration = int64(i+1) * 1000
	}
	f(together)
	f(append(calls(target(), nil, -300, -240, -180, -120, -60), calls(target(), down(), 0, 50, 100, 150, 200, 250)...))
}

func TestWindowByHand(t *testing.T) {
	rejections := calls(target(), limited(), 0, 10, 50)
	rejections[2].WaitMS = 20_000
	list := append(rejections, calls(target(), nil, -5, 20, 55, 58, 200)...)
	limits := Limits(logOf(list...))
	require.Len(t, limits, 1)
	l := limits[0]
	require.Equal(t, 3, l.Rejected)
	require.Equal(t, 1, l.Admitted)
	require.Equal(t, noon, l.Start)
	require.Equal(t, noon+55_000, l.End)
	require.Equal(t, "GET /r", l.Scope)
	require.Empty(t, Limits(logOf(append(calls(target(), limited(), 0, 100, 200), calls(target(), nil, 1, 101, 201)...)...)))
}
