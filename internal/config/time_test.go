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
