package storage

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writeThrottled writes what a service's calls of some minutes are answered, as long after they were sent as takes says.
func writeThrottled(b *strings.Builder, service string, admit limiter, perSecond float64, takes func(admitted bool) int64) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, at := range demand(rng, 10*anHour, 10*anHour+3*aMinute, perSecond) {
		kind, admitted := "error", admit(at)
		if admitted {
			kind = "success"
		}
		ms := takes(admitted)
		answered := time.UnixMilli(at + ms).UTC().Format("15:04:05.000")
		fmt.Fprintf(b, "%s %s GET /a vendor=acme service=%s ms=%d", answered, kind, service, ms)
		if !admitted {
			b.WriteString(" status=429 cat=rate_limit code=slow_down")
		}
		b.WriteByte('\n')
	}
}

// TestInferredForManyPayers throttles sixty services, each of which has a quota of its own.
func TestInferredForManyPayers(t *testing.T) {
	db, o := openMigrated(t)
	var b strings.Builder
	for i := range 60 {
		writeThrottled(&b, fmt.Sprintf("s%d", i), byTheClock(10, 10*aSecond, 0), 2, func(bool) int64 { return 20 })
	}
	insertCase(t, o, parseRows(t, b.String()))
	a, err := db.Limits(t.Context(), Filter{From: parseCaseTime(t, "09:00"), To: parseCaseTime(t, "11:00")}, LimitOptions{})
	require.NoError(t, err)
	require.Len(t, a.Rows, 60)
	for _, row := range a.Rows {
		require.NotNil(t, row.Limit, row.Service)
		require.EqualValues(t, 10, *row.Limit, row.Service)
		require.EqualValues(t, 10, *row.WindowS, row.Service)
	}
}

// TestInferredWhenAnswersAreSlow has answers that take seconds, rejections that take none: by the times of the answers, a limiter
// of ten seconds cannot be seen.
func TestInferredWhenAnswersAreSlow(t *testing.T) {
	db, o := openMigrated(t)
	rng := rand.New(rand.NewPCG(23, 24))
	slow := func(admitted bool) int64 {
		if admitted {
			return 100 + rng.Int64N(6000)
		}
		return 20
	}
	var b strings.Builder
	writeThrottled(&b, "clock", byTheClock(30, 10*aSecond, 0), 8, slow)
	writeThrottled(&b, "sliding", sliding(30, 10*aSecond), 8, slow)
	insertCase(t, o, parseRows(t, b.String()))
	a, err := db.Limits(t.Context(), Filter{From: parseCaseTime(t, "09:00"), To: parseCaseTime(t, "11:00")}, LimitOptions{})
	require.NoError(t, err)
	require.Len(t, a.Rows, 2)
	for _, row := range a.Rows {
		require.NotNil(t, row.Limit, row.Service)
		require.EqualValues(t, 30, *row.Limit, row.Service)
		require.EqualValues(t, 10, *row.WindowS, row.Service)
	}
}
