package parsers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// waitTime is the time of the records of this file, in Unix milliseconds: 15 January 2024, 10:30:00 UTC.
const waitTime = int64(1705314600000)

// answerOf makes the record of a response from "name: value" lines and a body, with the clock of the
// vendor ten seconds behind.
func answerOf(t testing.TB, status int, lines, body string) []byte {
	t.Helper()
	headers := map[string]string{"Date": "Mon, 15 Jan 2024 10:29:50 GMT"}
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		headers["Content-Type"] = "application/json"
	}
	for line := range strings.Lines(lines) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			headers[name] = value
		}
	}
	value, err := json.Marshal(map[string]any{
		"time": waitTime, "method": "GET", "url": "https://api.acme.example/v1/things", "status": status,
		"response_headers": headers, "response_body": body,
	})
	require.NoError(t, err)
	return value
}

const never = -1

// TestWaits is what a caller is told to wait, in milliseconds, by headers and bodies.
func TestWaits(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	f := func(status int, lines, body string, want int64, retry string) {
		t.Helper()
		r.Parse(&Record{Value: answerOf(t, status, lines, body)}, row)
		said := fmt.Sprintf("%d %s\n%s\n%s", status, lines, body, row.AppendJSON(nil, 1))
		require.Equal(t, want, row.RetryAfterMS, said)
		require.Contains(t, said, `"retry":"`+retry+`"`)
	}
	const week = 604_800_000
	const limited, broken = `{"error":"Too many requests"}`, `{"error":"Out of order"}`

	// Retry-After
	f(429, "Retry-After: 120", limited, 120_000, "after")
	f(503, "retry-after: 0", broken, 0, "after")
	f(429, "Retry-After: 1.5", limited, 1500, "after")
	f(429, "Retry-After: 0.0001", limited, 1, "after")
	f(429, "Retry-After: Mon, 15 Jan 2024 10:31:00 GMT", limited, 70_000, "after") // by the clock of the vendor
	f(429, "Retry-After: Monday, 15-Jan-24 10:31:00 GMT", limited, 70_000, "after")
	f(429, "Retry-After: Mon, 15 Jan 2024 10:00:00 GMT", limited, 0, "after")
	f(429, "Retry-After: 2024-01-15T10:31:00Z", limited, 70_000, "after")
	f(429, "Retry-After: 1705314660", limited, 70_000, "after")
	f(429, "Retry-After: 1705314660000", limited, 70_000, "after")
	f(429, "Retry-After: 30s", limited, 30_000, "after")
	f(429, "Retry-After: 99999999", limited, week, "after")
	f(429, "Retry-After: Fri, 31 Dec 2999 23:59:59 GMT", limited, week, "after")
	f(429, "Retry-After: -5", limited, never, "yes")
	f(429, "Retry-After: soon", limited, never, "yes")
	f(429, "Retry-After: soon\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 7", limited, 7000, "after")
	f(404, "Retry-After: 5", `{"error":"No such thing"}`, 5000, "after")

	// the same under other names
	f(429, "Retry-After-Ms: 250\nRetry-After: 1", limited, 250, "after")
	f(429, "x-ms-retry-after-ms: 1375", limited, 1375, "after")
	f(429, "retry-after-ms: soon\nRetry-After: 2", limited, 2000, "after")
	f(429, "X-Retry-After: 17", limited, 17_000, "after")
	f(429, "Retry-In: 3", limited, 3000, "after")
	f(429, "X-RateLimit-Retry-After: 1705314660", limited, 70_000, "after")
	f(429, "X-Rate-Limit-Retry-After-Seconds: 55", limited, 55_000, "after")
	f(429, "X-Retry-After: 17\nRetry-After: 4", limited, 4000, "after")

	// quotas: the reset counts when the quota is gone, or when the response says that it is
	f(429, "RateLimit: \"default\";r=0;t=30\nRateLimit-Policy: \"default\";q=100;w=60", limited, 30_000, "after")
	f(429, `RateLimit: "day";r=12;t=3600, minute;r=0;t=9`, limited, 9000, "after")
	f(429, "Retry-After: 4\nRateLimit: default;r=0;t=30", limited, 4000, "after")
	f(429, "RateLimit-Limit: 100\nRateLimit-Remaining: 0\nRateLimit-Reset: 50", limited, 50_000, "after")
	f(429, "RateLimit: limit=100, remaining=0, reset=5", limited, 5000, "after")
	f(403, "X-RateLimit-Limit: 60\nX-RateLimit-Remaining: 0\nX-RateLimit-Used: 60\nX-RateLimit-Reset: 1705314660", `{"message":"API rate limit exceeded for 192.0.2.7."}`, 60_000, "after")
	f(429, "X-RateLimit-Limit: 60\nX-RateLimit-Used: 60\nX-RateLimit-Reset: 1705314660000", limited, 60_000, "after")
	f(429, "x-rate-limit-limit: 300\nx-rate-limit-remaining: 0\nx-rate-limit-reset: 1705314601.5", limited, 1500, "after")
	f(429, "x-ratelimit-used: 600\nx-ratelimit-remaining: 0.0\nx-ratelimit-reset: 588.0", limited, 588_000, "after")
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2024-01-15T10:31:00Z", limited, 60_000, "after")
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2024-01-15T10:31Z", limited, 60_000, "after")
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: Mon, 15 Jan 2024 10:31:00 GMT", limited, 60_000, "after")
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1705314600.5\nX-RateLimit-Reset-After: 0.5", limited, 500, "after")
	f(429, "x-ratelimit-remaining-requests: 10\nx-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s", limited, 360_000, "after")
	f(429, "X-Rate-Limit-Requests-Left: 0\nX-Rate-Limit-Requests-Quota: 150\nX-Rate-Limit-Time-Reset-Ms: 15000", limited, 15_000, "after")
	f(429, `X-Business-Use-Case-Usage: {"1":[{"call_count":100,"estimated_time_to_regain_access":2}]}`, limited, 120_000, "after")
	f(429, "X-RateLimit-Reset: 45", limited, 45_000, "after")
	f(429, "X-RateLimit-Remaining: 4999\nX-RateLimit-Reset: 1705314660", limited, never, "yes") // another quota is gone
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1705314500", limited, never, "yes")    // it is whole again
	f(500, "X-RateLimit-Remaining: 12\nX-RateLimit-Reset: 45", broken, never, "unknown")
	f(422, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 45", `{"error":"Name is missing"}`, 45_000, "no")
	f(429, "X-MBX-USED-WEIGHT-1M: 1200", limited, never, "yes")

	// bodies
	f(429, "", `{"message":"You are being rate limited.","retry_after":64.57,"global":false}`, 64_570, "after")
	f(429, "", `{"error":"Too many requests","retryAfter":5}`, 5000, "after")
	f(429, "", `{"error":"Too many requests","retry_after_ms":1500}`, 1500, "after")
	f(429, "", `{"error":"Too many requests","retryAfterSeconds":"12"}`, 12_000, "after")
	f(429, "", `{"error":"Too many requests","retry_in":9}`, 9000, "after")
	f(429, "", `{"error":"Too many requests","wait":3}`, 3000, "after")
	f(429, "", `{"code":429,"message":"Too many requests","waitTime":4000}`, 4000, "after")
	f(429, "", `{"title":"Too many requests","status":429,"rateLimitNext":"2024-01-15T10:31:00Z"}`, 60_000, "after")
	f(429, "", `{"error":{"type":"usage_limit_reached","message":"Limit reached","resets_at":1705314660}}`, 60_000, "after")
	f(429, "", `{"error":"Too many requests","reset_at":"2024-01-15T11:31:00+01:00"}`, 60_000, "after")
	f(429, "", `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}`, 35_000, "after")
	f(429, "", `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED","retryAfter":2}}]}`, 2000, "after")
	f(429, "", `{"error":"rate_limited","error_description":"Slow down","retry_after":"1 minute"}`, 60_000, "after")
	f(429, "", `{"error":"Too many requests","retry_after":"1m20s"}`, 80_000, "after")
	f(429, "", `{"error":"Too many requests","retry_after":1705314660}`, 60_000, "after")
	f(429, "", `{"error":"Too many requests","retry_after":-3}`, never, "yes")
	f(429, "", `{"error":"Too many requests","retry_after":null}`, never, "yes")
	f(429, "", `{"error":"Too many requests","retry_after":{"x":[]}}`, never, "yes")
	f(429, "", `{"error":"Too many requests","retry_after":1e3}`, never, "yes")
	f(429, "", `{"error":"Too many requests","msBeforeNext":2750}`, 2750, "after")
	f(503, "", `{"title":"Maintenance","status":503,"detail":"Back soon","retryAfter":600}`, 600_000, "after")
	f(429, "Retry-After: 2", `{"error":"Too many requests","retry_after":64}`, 2000, "after")
	f(429, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 7", `{"error":"Too many requests","retry_after":64}`, 7000, "after")
	f(429, "", "<error><message>Too many requests</message><retryAfter>8</retryAfter></error>", 8000, "after")

	// sentences, of rate limits only
	f(429, "", `{"error":"Rate limit reached, please try again in 20s."}`, 20_000, "after")
	f(429, "", `{"detail":"Request was throttled. Expected available in 15 seconds."}`, 15_000, "after")
	f(429, "", `{"message":"Please wait 2 minutes and 5 seconds before trying again."}`, 125_000, "after")
	f(429, "", `{"message":"Try again in 120ms."}`, 120, "after")
	f(429, "", `{"message":"Try again in 3 weeks."}`, never, "yes")
	f(429, "", `{"message":"Limit of 100 requests per 60 seconds reached"}`, never, "yes")
	f(400, "", `{"error":"The link expires after 15 minutes"}`, never, "no")
	f(504, "", `{"error":"The provider did not answer after 30 seconds"}`, never, "yes")
}

// TestQuotas is what the headers say of quotas, as the row holds it.
func TestQuotas(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	f := func(lines, want string) {
		t.Helper()
		r.Parse(&Record{Value: answerOf(t, 429, lines, `{"error":"Too many requests"}`)}, row)
		l := row.RateLimit
		require.Equal(t, want, fmt.Sprintf("%d/%d/%d %s", l.Remaining, l.Limit, l.WindowS, l.Policy), lines)
	}
	f("RateLimit: \"a\";r=5;t=30, b;r=2;t=1\nRateLimit-Policy: \"a\";q=100;w=60;qu=\"requests\", b;q=10;w=1;pk=:dXNlcg==:", "2/10/1 b")
	f("X-RateLimit-Limit: 5000\nX-RateLimit-Remaining: 0\nX-RateLimit-Used: 5000\nX-RateLimit-Resource: core", "0/5000/-1 core")
	f("X-RateLimit-Limit-Minute: 20\nX-RateLimit-Remaining-Minute: 0", "0/20/60 minute")
	f("X-Shopify-Shop-Api-Call-Limit: 40/40", "0/40/-1 ")
	f("Sforce-Limit-Info: api-usage=5001/5000", "0/5000/-1 ")
	f("X-HubSpot-RateLimit-Daily: 250000\nX-HubSpot-RateLimit-Daily-Remaining: 1", "1/250000/86400 day")
	f("X-Quota-Limit: 10\nX-Quota-Remaining: 0", "0/10/-1 ")
	f("X-Rate-Limit: 700\nX-Rate-Limit-Remaining: 0", "0/700/-1 ")
	f("X-App-Usage: {\"call_count\":99,\"total_time\":20}", "1/100/-1 ")
	f("X-MBX-USED-WEIGHT-1M: 1200", "-1/-1/-1 ")
	f("X-RateLimit-Limit: 5, 6;w=\nX-RateLimit-Remaining: none", "-1/-1/-1 ")
	f("X-Pagination-Limit: 20", "-1/-1/-1 ")
}
