package ratelimit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordMS is 15 January 2024, 10:30:00.500 UTC.
const (
	recordMS  = int64(1705314600500)
	recordSec = int64(1705314600)
	week      = int64(7 * 24 * 3600 * 1000)
	date      = "Mon, 15 Jan 2024 10:29:50 GMT"
)

func TestRetryAfter_Success(t *testing.T) {
	f := func(value, date string, want int64) {
		t.Helper()
		ms, ok := RetryAfter([]byte(value), []byte(date), recordMS)
		require.True(t, ok, value)
		require.Equal(t, want, ms, value)
	}
	f("0", "", 0)
	f("120", "", 120_000)
	f(" 120\t", date, 120_000)
	f("007", "", 7000)
	f("1.5", "", 1500)
	f("0.0001", "", 1)
	f("2.000", "", 2000)
	f("604800", "", week)
	f("604801", "", week)
	f("999999999", "", week)
	f("1000000000", "", week)
	// Unix times
	f("1000000001", "", 0)
	f("1705314660", "", 59_500)
	f("1705314660", date, 70_000)
	f("1705314660.25", "", 59_750)
	f("1705314660123", "", 59_623)
	f("1705314660123456", "", 59_623)
	f("1705314660123456789", "", 59_623)
	f("9999999999", "", week)
	f("9223372036854775807", "", week)
	// HTTP-dates
	f("Mon, 15 Jan 2024 10:31:00 GMT", date, 70_000)
	f("Mon, 15 Jan 2024 10:31:00 GMT", "", 59_500)
	f("Mon, 15 Jan 2024 10:31:00 GMT", "yesterday", 59_500)
	f("Monday, 15-Jan-24 10:31:00 GMT", date, 70_000)
	f("Mon Jan 15 10:31:00 2024", date, 70_000)
	f("Thu Feb  1 10:31:00 2024", date, week)
	f("Mon, 15 Jan 2024 10:31:00 GMT", "Monday, 15-Jan-24 10:29:50 GMT", 70_000)
	f("Sun, 06 Nov 1994 08:49:37 GMT", date, 0)
	f("Sunday, 06-Nov-94 08:49:37 GMT", date, 0)
	f("Sun Nov  6 08:49:37 1994", date, 0)
	f("Fri, 31 Dec 9999 23:59:59 GMT", date, week)
	f("Mon, 15 Jan 2024 10:30:60 GMT", date, 70_000)
	// what no standard says and servers send
	f("120, 120", "", 120_000)
	f("5s", "", 5000)
	f("1m30s", date, 90_000)
	f("2024-01-15T10:31:00Z", "", 59_500)
	f("2024-01-15T11:31:00+01:00", date, 70_000)
}

func TestRetryAfterMS(t *testing.T) {
	f := func(value string, want int64, wantOK bool) {
		t.Helper()
		ms, ok := RetryAfterMS([]byte(value))
		require.Equal(t, wantOK, ok, value)
		require.Equal(t, want, ms, value)
	}
	f("250", 250, true)
	f(" 0 ", 0, true)
	f("20.5", 21, true)
	f("99999999999", week, true)
	f("-1", 0, false)
	f("250ms", 0, false)
	f("", 0, false)
}

func TestRetryAfter_Failure(t *testing.T) {
	f := func(value string) {
		t.Helper()
		ms, ok := RetryAfter([]byte(value), []byte(date), recordMS)
		require.False(t, ok, value)
		require.Zero(t, ms, value)
	}
	f("")
	f(" ")
	f("-1")
	f("+5")
	f("1,5")
	f("1.")
	f(".5")
	f("1e3")
	f("0x10")
	f("soon")
	f("soon, 120")
	f("99999999999999999999")
	f("9223372036854775808")
	f("Mon, 15 Jan 2024 10:31:00")
	f("Mon, 15 Jan 2024 10:31:00 CET")
	f("Mon, 32 Jan 2024 10:31:00 GMT")
	f("Mon, 30 Feb 2024 10:31:00 GMT")
	f("Mon, 15 Foo 2024 10:31:00 GMT")
	f("Xxx, 15 Jan 2024 10:31:00 GMT")
	f("Mon, 15 Jan 2024 24:31:00 GMT")
	f("Mon, 15 Jan 2024 1x:31:00 GMT")
	f("Mon, 15-Jan-24 10:31:00 GMT")
	f("2024-01-15T10:31:00")
	f("5 apples")
}

// Every date that the package reads must be the date that the standard library reads.
func TestParseHTTPDate_AgreesWithTime(t *testing.T) {
	for _, format := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		for day := range 366 * 9 {
			at := time.Date(2019, 1, 1+day, day%24, day%60, day%59, 0, time.UTC)
			got, ok := parseHTTPDate([]byte(at.Format(format)), recordMS)
			require.True(t, ok, at.Format(format))
			require.Equal(t, at.UnixMilli(), got, at.Format(format))
		}
	}
}

// parseHeaders reads "name: value" lines.
func parseHeaders(lines string) map[string][]byte {
	headers := map[string][]byte{}
	for line := range strings.Lines(lines) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok {
			headers[strings.ToLower(name)] = []byte(value)
		}
	}
	return headers
}

func fromLines(lines string) (Limit, bool) {
	headers := parseHeaders(lines)
	return FromHeaders(func(name string) []byte { return headers[name] }, recordMS)
}

// describe prints what is stated: limit/remaining, the reset in seconds after the record, the window.
func describe(l Limit) string {
	var b strings.Builder
	number := func(prefix string, n int64) {
		if n != Absent {
			fmt.Fprintf(&b, "%s%d ", prefix, n)
		}
	}
	number("limit=", l.Limit)
	number("remaining=", l.Remaining)
	if l.ResetAt != Absent {
		number("reset_ms=", l.ResetAt-recordMS)
	}
	number("window=", l.WindowS)
	if len(l.Policy) > 0 {
		fmt.Fprintf(&b, "policy=%s", l.Policy)
	}
	return strings.TrimSpace(b.String())
}

func TestFromHeaders_Success(t *testing.T) {
	f := func(lines, want string) {
		t.Helper()
		l, ok := fromLines(lines)
		require.True(t, ok, lines)
		require.Equal(t, want, describe(l), lines)
	}
	// draft 10
	f(`RateLimit: "default";r=50;t=30`, "remaining=50 reset_ms=30000 policy=default")
	f("RateLimit: \"default\";r=50;t=30\nRateLimit-Policy: \"default\";q=100;w=60", "limit=100 remaining=50 reset_ms=30000 window=60 policy=default")
	f("RateLimit: default;r=0;t=30\nRateLimit-Policy: default;q=100;w=60", "limit=100 remaining=0 reset_ms=30000 window=60 policy=default")
	f("RateLimit: \"100-in-1min\"; r=95; t=25\nRateLimit-Policy: \"100-in-1min\"; q=100; w=60; pk=:MGMzNGM3YmU2MTlj:", "limit=100 remaining=95 reset_ms=25000 window=60 policy=100-in-1min")
	f("RateLimit: \"permin\";r=20;t=23, \"perhr\";r=19;t=2402\nRateLimit-Policy: \"permin\";q=50;w=60,\"perhr\";q=1000;w=3600", "limit=1000 remaining=19 reset_ms=2402000 window=3600 policy=perhr")
	f("RateLimit: \"perhr\";r=19;t=2402\nRateLimit-Policy: \"permin\";q=50;w=60,\"perhr\";q=1000;w=3600", "limit=1000 remaining=19 reset_ms=2402000 window=3600 policy=perhr")
	f("RateLimit: \"a\";r=0;t=5, \"b\";r=0;t=50\nRateLimit-Policy: \"a\";q=1;w=10, \"b\";q=2;w=100", "limit=2 remaining=0 reset_ms=50000 window=100 policy=b")
	f("RateLimit: \"x\";r=1\nRateLimit-Policy: \"y\";q=5;w=10", "limit=5 remaining=1 window=10 policy=x")
	f("RateLimit: \"x\";r=1\nRateLimit-Policy: \"y\";q=5;w=10, \"z\";q=6;w=11", "remaining=1 policy=x")
	f(`RateLimit-Policy: "burst";q=100;w=60,"daily";q=1000;w=86400`, "limit=100 window=60 policy=burst")
	f(`RateLimit-Policy: "peruser";q=65535;qu="content-bytes";w=10;pk=:sdfjLJUOUH==:`, "limit=65535 window=10 policy=peruser")
	f(`RateLimit: "a,b;r=9";r=1;acme-burst;t=2`, "remaining=1 reset_ms=2000 policy=a,b;r=9")
	f(`RateLimit: "d";r=1;t=99999999`, "remaining=1 reset_ms=604800000 policy=d")
	// drafts 03 to 07
	f("RateLimit: limit=100, remaining=0, reset=5\nRateLimit-Policy: 100;w=60", "limit=100 remaining=0 reset_ms=5000 window=60")
	f("RateLimit-Limit: 100\nRateLimit-Remaining: 0\nRateLimit-Reset: 50", "limit=100 remaining=0 reset_ms=50000")
	f("RateLimit-Limit: 100, 100;w=60\nRateLimit-Remaining: 1\nRateLimit-Reset: 50", "limit=100 remaining=1 reset_ms=50000 window=60")
	f("RateLimit-Limit: 10, 50;w=60, 10;w=1\nRateLimit-Remaining: 9", "limit=10 remaining=9 window=1")
	f("RateLimit-Limit: 10\nRateLimit-Policy: 10;w=1, 50;w=60\nRateLimit-Remaining: 9\nRateLimit-Reset: 1", "limit=10 remaining=9 reset_ms=1000 window=1")
	f("RateLimit-Reset: 1705314660", "reset_ms=59500")
	// X-RateLimit-*
	f("X-RateLimit-Limit: 5000\nX-RateLimit-Remaining: 4999\nX-RateLimit-Reset: 1705314660\nX-RateLimit-Used: 1\nX-RateLimit-Resource: core", "limit=5000 remaining=4999 reset_ms=59500 policy=core")
	f("X-RateLimit-Limit: 60\nX-RateLimit-Used: 60\nX-RateLimit-Reset: 1705314660123", "limit=60 remaining=0 reset_ms=59623")
	f("X-RateLimit-Limit: 60\nX-RateLimit-Used: 61", "limit=60 remaining=0")
	f("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 45", "remaining=0 reset_ms=45000")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset-After: 1.337", "limit=5 remaining=0 reset_ms=1337")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: 2024-01-15T10:31:00Z", "limit=5 reset_ms=59500")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: 2024-01-15T11:31:00.250+01:00", "limit=5 reset_ms=59750")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: Mon, 15 Jan 2024 10:31:00 GMT", "limit=5 reset_ms=59500")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: 9999999999", "limit=5 reset_ms=604800000")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: 1705314590", "limit=5 reset_ms=-10500")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Reset: 1000000001", "limit=5 reset_ms=-604800000")
	f(`X-RateLimit-Limit: 10, 10;w=1;name="per-ip", 40;w=60`+"\nX-RateLimit-Remaining: 3\nX-RateLimit-Reset: 1", "limit=10 remaining=3 reset_ms=1000 window=1 policy=per-ip")
	f("X-RateLimit-Limit: 1, 15000\nX-RateLimit-Policy: 1;w=1, 15000;w=2592000\nX-RateLimit-Remaining: 0, 1000\nX-RateLimit-Reset: 1, 1419704", "limit=1 remaining=0 reset_ms=1000 window=1")
	f("X-RateLimit-Limit: 1, 15000\nX-RateLimit-Policy: 1;w=1, 15000;w=2592000\nX-RateLimit-Remaining: 1, 0\nX-RateLimit-Reset: 1, 400000", "limit=15000 remaining=0 reset_ms=400000000 window=2592000")
	f("X-Rate-Limit-Limit: 100\nX-Rate-Limit-Remaining: 7\nX-Rate-Limit-Reset: 1705314660", "limit=100 remaining=7 reset_ms=59500")
	f("X-Rate-Limit-Limit: 100\nX-Rate-Limit-Remaining: 0\nX-Rate-Limit-Remaining-Seconds: 12", "limit=100 remaining=0 reset_ms=12000")
	f("X-RateLimit-Limit: unlimited\nX-RateLimit-Remaining: 5", "remaining=5")
	f("X-RateLimit-Limit: 5\nX-RateLimit-Remaining: -1", "limit=5")
	f("X-RateLimit-Remaining: 49.5", "remaining=49")
	// units and kinds
	f("X-RateLimit-Limit-Minute: 20\nX-RateLimit-Remaining-Minute: 0", "limit=20 remaining=0 window=60 policy=minute")
	f("X-RateLimit-Limit-Second: 5\nX-RateLimit-Remaining-Second: 4\nX-RateLimit-Limit-Hour: 100\nX-RateLimit-Remaining-Hour: 2", "limit=100 remaining=2 window=3600 policy=hour")
	f("X-RateLimit-Limit-Minute: 5\nX-RateLimit-Remaining-Minute: 0\nX-RateLimit-Limit-Day: 100\nX-RateLimit-Remaining-Day: 0", "limit=100 remaining=0 window=86400 policy=day")
	f("x-ratelimit-limit-requests: 60\nx-ratelimit-remaining-requests: 59\nx-ratelimit-reset-requests: 6m0s", "limit=60 remaining=59 reset_ms=360000 policy=requests")
	f("x-ratelimit-limit-requests: 60\nx-ratelimit-remaining-requests: 59\nx-ratelimit-reset-requests: 20ms\nx-ratelimit-limit-tokens: 150000\nx-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 1h2m3.5s", "limit=150000 remaining=0 reset_ms=3723500 policy=tokens")
	f("x-ratelimit-requests-limit: 500\nx-ratelimit-requests-remaining: 0\nx-ratelimit-requests-reset: 3600", "limit=500 remaining=0 reset_ms=3600000 policy=requests")
	f("anthropic-ratelimit-requests-limit: 50\nanthropic-ratelimit-requests-remaining: 0\nanthropic-ratelimit-requests-reset: 2024-01-15T10:31:00Z", "limit=50 remaining=0 reset_ms=59500 policy=requests")
	// precedence, and what is malformed is ignored
	f("RateLimit: \"d\";r=1\nX-RateLimit-Remaining: 9", "remaining=1 policy=d")
	f("RateLimit: \"d\";r=-1;t=5\nX-RateLimit-Remaining: 9", "remaining=9")
	f("RateLimit: \"d\";r=1.5\nX-RateLimit-Remaining: 9", "remaining=9")
	f("RateLimit: \"d\";r=x\nX-RateLimit-Remaining: 9", "remaining=9")
	f("RateLimit: \"d;r=1\nX-RateLimit-Remaining: 9", "remaining=9")
	f("RateLimit: \"d\";r=1 \"e\";r=2\nRateLimit-Limit: 9", "limit=9")
	f("RateLimit: \"d\";r=1\nRateLimit-Policy: \"d\";q=ten", "remaining=1 policy=d")
}

func TestFromHeaders_Failure(t *testing.T) {
	f := func(lines string) {
		t.Helper()
		l, ok := fromLines(lines)
		require.False(t, ok, lines)
		require.Empty(t, describe(l), lines)
	}
	f("")
	f("Content-Type: application/json\nRetry-After: 5")
	f("RateLimit: ")
	f("RateLimit: ;r=1")
	f("RateLimit: \"d\"")
	f("RateLimit: \"d\";r=99999999999999999999")
	f("RateLimit-Policy: \"d\";w=60")
	f("RateLimit-Policy: \"d\";q=-1")
	f("X-RateLimit-Limit: a lot\nX-RateLimit-Remaining: few\nX-RateLimit-Reset: soon")
	f("X-RateLimit-Reset: -5")
	f("X-RateLimit-Reset: 2024-01-15T10:31:00")
	f("X-RateLimit-Reset: 2024-13-15T10:31:00Z")
	f("X-RateLimit-Remaining-Minute: x")
}

func TestMentions(t *testing.T) {
	f := func(name string, want bool) {
		t.Helper()
		require.Equal(t, want, Mentions([]byte(name)), name)
	}
	for _, group := range append([][]family{families[:]}, groups[:]...) {
		require.NotEmpty(t, group)
		for _, fam := range group {
			for _, name := range []string{fam.limit, fam.remaining, fam.used, fam.reset, fam.resetAfter, fam.policies, fam.name} {
				f(name, name != "")
			}
		}
	}
	f("ratelimit", true)
	f("ratelimit-policy", true)
	f("x-quota-left", true)
	f("x-app-usage", true)
	f("x-remaining-today", true)
	f("content-type", false)
	f("x-rate", false)
	f("rate-", false)
	f("accurate-limits", true)
}

func TestFromHeaders_CallsForNothing(t *testing.T) {
	calls := 0
	_, ok := FromHeaders(func(string) []byte { calls++; return nil }, recordMS)
	require.False(t, ok)
	require.Equal(t, 21, calls)
}

func TestNoAllocation(t *testing.T) {
	headers := parseHeaders("RateLimit: \"permin\";r=20;t=23, \"perhr\";r=19;t=2402\nRateLimit-Policy: \"permin\";q=50;w=60,\"perhr\";q=1000;w=3600")
	github := parseHeaders("X-RateLimit-Limit: 5000\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1705314660")
	value, dated := []byte("Mon, 15 Jan 2024 10:31:00 GMT"), []byte(date)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		RetryAfter(value, dated, recordMS)
		FromHeaders(func(name string) []byte { return headers[name] }, recordMS)
		FromHeaders(func(name string) []byte { return github[name] }, recordMS)
	}))
}
