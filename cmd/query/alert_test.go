package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/alert"
	"github.com/errata-dev/errata/storage"
)

// TestNights: whether somebody was woken is a matter of the clock on the wall, on the nights that change it too.
func TestNights(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	require.NoError(t, err)
	for fired, night := range map[string]bool{
		"2026-03-28T05:30:00Z": true,  // 06:30
		"2026-03-29T05:30:00Z": false, // 07:30: the clocks went forward
		"2026-03-29T04:30:00Z": true,  // 06:30
		"2026-10-24T05:30:00Z": false, // 07:30
		"2026-10-25T05:30:00Z": true,  // 06:30: the clocks went back
		"2026-10-25T06:00:00Z": false,
		"2026-10-24T20:00:00Z": true,  // 22:00
		"2026-10-25T20:30:00Z": false, // 21:30
		"2026-03-28T21:00:00Z": true,
		"2026-03-29T20:00:00Z": true,
		"2026-03-29T19:59:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, fired)
		require.NoError(t, err)
		f := storage.Filter{From: at.Add(-24 * time.Hour), To: at.Add(24 * time.Hour)}
		row := episode(alert.Life{}, alert.Episode{Since: at, Fired: at, Resolved: at.Add(2 * time.Hour)}, f, zone)
		require.Equal(t, night, row.Night, fired)
		require.InDelta(t, 7200, row.DurationS, 0, "two hours are two hours, whatever the wall says")
	}
}

func TestSpan(t *testing.T) {
	require.Equal(t, "7 days", span(7*24*time.Hour))
	require.Equal(t, "1 day", span(24*time.Hour))
	require.Equal(t, "25 hours", span(25*time.Hour+20*time.Second))
	require.Equal(t, "1h30m", span(90*time.Minute))
}

// TestTellProgress: who reads a log hears of a long walk every ten seconds, and nothing of a short one.
func TestTellProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	tell := tellProgress(&out, func() time.Time { return now })
	for i := range 1200 {
		tell("error-spike", i, 1200)
		now = now.Add(10 * time.Millisecond)
	}
	require.Equal(t, "walking rule error-spike: 1,000 of 1,200 looked at\n", out.String())
	now = now.Add(10 * time.Second)
	tell("error-rate", 0, 0)
	require.Contains(t, out.String(), "walking rule error-rate\n")
}
