package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseInstant(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	require.NoError(t, err)
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	f := func(text, want string) {
		t.Helper()
		got, err := ParseInstant(text, now, zone)
		require.NoError(t, err)
		require.Equal(t, want, got.UTC().Format(time.RFC3339Nano))
	}
	f("now", "2026-03-29T12:00:00Z")
	f("90m", "2026-03-29T10:30:00Z")
	f("2d", "2026-03-27T12:00:00Z")
	f("2026-03-29T14:00:00Z", "2026-03-29T14:00:00Z")
	f("2026-03-29T14:00:00.5+02:00", "2026-03-29T12:00:00.5Z")
	f("2026-03-29", "2026-03-28T23:00:00Z")       // midnight of winter time
	f("2026-03-29 14:00", "2026-03-29T12:00:00Z") // the clocks have gone forward
	for _, text := range []string{"", "yesterday", "-1h", "0s", "1.5d", "2026-13-01", "99999999w"} {
		_, err := ParseInstant(text, now, zone)
		require.ErrorContains(t, err, "cannot read", text)
	}
}

func TestParseDuration(t *testing.T) {
	f := func(text string, want time.Duration) {
		t.Helper()
		got, err := ParseDuration(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	f("30m", 30*time.Minute)
	f("1h30m", 90*time.Minute)
	f("7d", 7*24*time.Hour)
	f("2w", 14*24*time.Hour)
}

func TestDays(t *testing.T) {
	var n int
	flag := Days(&n)
	require.Empty(t, flag.String())
	for text, want := range map[string]int{"14d": 14, "2w": 14, "48h": 2, "180d": 180} {
		require.NoError(t, flag.Set(text))
		require.Equal(t, want, n)
	}
	require.NoError(t, flag.Set("2w"))
	require.Equal(t, "14d", flag.String())
	for _, text := range []string{"", "14", "36h", "0d", "-3d", "soon"} {
		require.ErrorContains(t, flag.Set(text), "whole days", text)
	}
	require.Equal(t, 14, n, "a mistake changes nothing")
}

// Local times around the ends of summer time; days begin where the clocks let them.
func TestInstantsOnTheClock(t *testing.T) {
	f := func(zone, text, want string) {
		t.Helper()
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		got, err := ParseInstant(text, time.Now(), location)
		if err != nil {
			require.EqualError(t, err, want)
			return
		}
		require.Equal(t, want, got.Format(time.RFC3339))
	}
	f("Europe/Copenhagen", "2026-03-29 01:59", "2026-03-29T01:59:00+01:00")
	f("Europe/Copenhagen", "2026-03-29 02:30", "the clocks of Europe/Copenhagen skip 2026-03-29 02:30")
	f("Europe/Copenhagen", "2026-03-29 03:00", "2026-03-29T03:00:00+02:00")
	f("Europe/Copenhagen", "2026-10-25 01:59", "2026-10-25T01:59:00+02:00")
	f("Europe/Copenhagen", "2026-10-25 02:30", "2026-10-25 02:30 comes twice in Europe/Copenhagen: give 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00")
	f("Europe/Copenhagen", "2026-10-25 03:00", "2026-10-25T03:00:00+01:00")
	f("Europe/Copenhagen", "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00")
	f("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-05 01:45 comes twice in Australia/Lord_Howe: give 2026-04-05T01:45:00+11:00 or 2026-04-05T01:45:00+10:30")
	f("Asia/Beirut", "2026-03-29", "2026-03-29T01:00:00+03:00") // its midnight is skipped
	f("Europe/Copenhagen", "2026-03-29", "2026-03-29T00:00:00+01:00")
	f("Europe/Copenhagen", "2026-10-25", "2026-10-25T00:00:00+02:00")
}
