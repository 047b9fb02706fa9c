package ratelimit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fields reads "name: value" lines in their order.
func fields(lines string) []Field {
	var all []Field
	for line := range strings.Lines(lines) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			all = append(all, Field{[]byte(name), []byte(value)})
		}
	}
	return all
}

func TestFromFields_Success(t *testing.T) {
	f := func(lines, want string) {
		t.Helper()
		l, ok := FromFields(fields(lines), recordMS)
		require.True(t, ok, lines)
		require.Equal(t, want, describe(l), lines)
	}
	// Shopify, Salesforce: used before limit
	f("X-Shopify-Shop-Api-Call-Limit: 39/40", "limit=40 remaining=1")
	f("X-Shopify-Shop-Api-Call-Limit: 41/40", "limit=40 remaining=0")
	f("Sforce-Limit-Info: api-usage=18/5000", "limit=5000 remaining=4982")
	f("Sforce-Limit-Info: api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", "limit=5000 remaining=4975")
	// BigCommerce
	f("X-Rate-Limit-Requests-Left: 0\nX-Rate-Limit-Requests-Quota: 150\nX-Rate-Limit-Time-Reset-Ms: 15000\nX-Rate-Limit-Time-Window-Ms: 30000", "limit=150 remaining=0 reset_ms=15000")
	// Trello
	f("X-Rate-Limit-Api-Key-Interval-Ms: 10000\nX-Rate-Limit-Api-Key-Max: 300\nX-Rate-Limit-Api-Key-Remaining: 299\nX-Rate-Limit-Api-Token-Interval-Ms: 10000\nX-Rate-Limit-Api-Token-Max: 100\nX-Rate-Limit-Api-Token-Remaining: 7", "limit=100 remaining=7 window=10")
	// Contentful
	f("X-Contentful-RateLimit-Hour-Limit: 36000\nX-Contentful-RateLimit-Hour-Remaining: 35883\nX-Contentful-RateLimit-Reset: 1\nX-Contentful-RateLimit-Second-Limit: 10\nX-Contentful-RateLimit-Second-Remaining: 0", "limit=10 remaining=0 reset_ms=1000 window=1 policy=second")
	// HubSpot
	f("X-HubSpot-RateLimit-Daily: 250000\nX-HubSpot-RateLimit-Daily-Remaining: 249000\nX-HubSpot-RateLimit-Interval-Milliseconds: 10000\nX-HubSpot-RateLimit-Max: 100\nX-HubSpot-RateLimit-Remaining: 3", "limit=100 remaining=3 window=10")
	// DocuSign
	f("X-BurstLimit-Remaining: 499\nX-BurstLimit-Limit: 500", "limit=500 remaining=499")
	// Xero
	f("X-DayLimit-Remaining: 4982\nX-MinLimit-Remaining: 0\nX-Rate-Limit-Problem: minute", "remaining=0 window=60 policy=minute")
	// Etsy
	f("x-limit-per-second: 10\nx-remaining-this-second: 9\nx-limit-per-day: 10000\nx-remaining-today: 8", "limit=10000 remaining=8 window=86400 policy=day")
	// Strava, Riot: a column for each window
	f("X-RateLimit-Limit: 200,2000\nX-RateLimit-Usage: 120,2010", "limit=2000 remaining=0")
	f("X-App-Rate-Limit: 20:1,100:120\nX-App-Rate-Limit-Count: 1:1,90:120", "limit=100 remaining=10 window=120")
	// Meta
	f(`X-App-Usage: {"call_count":28,"total_time":25,"total_cputime":31}`, "limit=100 remaining=69")
	f(`X-Business-Use-Case-Usage: {"123":[{"type":"ads_management","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19}]}`, "limit=100 remaining=0 reset_ms=1140000")
	// Zendesk, Freshdesk, Discogs, SurveyMonkey, Azure, Yelp
	f("X-Rate-Limit: 700\nX-Rate-Limit-Remaining: 699", "limit=700 remaining=699")
	f("X-RateLimit-Total: 3000\nX-RateLimit-Remaining: 12\nX-RateLimit-Used-CurrentRequest: 1", "limit=3000 remaining=12")
	f("X-Discogs-Ratelimit: 60\nX-Discogs-Ratelimit-Remaining: 59\nX-Discogs-Ratelimit-Used: 1", "limit=60 remaining=59")
	f("X-Ratelimit-App-Global-Minute-Limit: 120\nX-Ratelimit-App-Global-Minute-Remaining: 0\nX-Ratelimit-App-Global-Minute-Reset: 14", "limit=120 remaining=0 reset_ms=14000 window=60 policy=minute")
	f("x-ms-ratelimit-remaining-subscription-reads: 11999", "remaining=11999")
	f("RateLimit-DailyLimit: 5000\nRateLimit-Remaining: 4000\nRateLimit-ResetTime: 2024-01-15T10:31:00Z", "limit=5000 remaining=4000 reset_ms=59500 window=86400")
	// spellings of no one in particular
	f("X-Quota-Limit: 10\nX-Quota-Used: 4\nX-Quota-Reset: 60", "limit=10 remaining=6 reset_ms=60000")
	f("Quota-Remaining: 0\nQuota-Reset: Mon, 15 Jan 2024 10:31:00 GMT", "remaining=0 reset_ms=59500")
	f("X-Acme-Api-Quota-Monthly: 1000\nX-Acme-Api-Quota-Monthly-Remaining: 0", "limit=1000 remaining=0 window=2592000 policy=month")
	f("http_x_ratelimit_limit: 4\nhttp_x_ratelimit_remaining: 3\nhttp_x_ratelimit_reset: 86399", "limit=4 remaining=3 reset_ms=86399000")
	f("Fastly-RateLimit-Remaining: 998\nFastly-RateLimit-Reset: 1705314660", "remaining=998 reset_ms=59500")
}

func TestFromFields_Failure(t *testing.T) {
	f := func(lines string) {
		t.Helper()
		l, ok := FromFields(fields(lines), recordMS)
		require.False(t, ok, "%s: %s", lines, describe(l))
	}
	f("")
	f("X-Pagination-Limit: 20")
	f("X-Limit: 20\nX-Offset: 40")
	f("X-MBX-USED-WEIGHT-1M: 512")
	f("X-Memory-Usage: 12")
	f("X-RateLimit-Retry-After: 5")
	f("X-Acme-Quota: a lot\nX-Acme-Quota-Remaining: few")
	f("X-Shopify-Shop-Api-Call-Limit: 39/")
	f("X-Shopify-Shop-Api-Call-Limit: /40")
	f("X-App-Usage: {}")
	f("X-App-Usage: {\"call_count\":\"many\"}")
}

func TestFromFields_IsBounded(t *testing.T) {
	var many []Field
	for i := range 40 {
		name := "x-quota-" + strings.Repeat("a", i+1) + "-remaining"
		many = append(many, Field{[]byte(name), []byte("5")})
	}
	many = append(many, Field{[]byte(strings.Repeat("quota-", 100_000)), []byte(strings.Repeat("1/2,", 100_000))})
	l, ok := FromFields(many, recordMS)
	require.True(t, ok)
	require.Equal(t, "remaining=5", describe(l))
	require.Zero(t, testing.AllocsPerRun(20, func() { FromFields(many, recordMS) }))
}

func TestComplete(t *testing.T) {
	f := func(lines, want string) {
		t.Helper()
		l, _ := fromLines(lines)
		wider, _ := FromFields(fields(lines), recordMS)
		l.Complete(wider)
		require.Equal(t, want, describe(l), lines)
	}
	f("X-RateLimit-Limit: 200,2000\nX-RateLimit-Usage: 210,1000", "limit=200 remaining=0")
	f("RateLimit-DailyLimit: 5000\nRateLimit-Remaining: 4000\nRateLimit-ResetTime: 2024-01-15T10:31:00Z", "limit=5000 remaining=4000 reset_ms=59500 window=86400")
	f("X-RateLimit-Total: 3000\nX-RateLimit-Remaining: 12", "limit=3000 remaining=12")
	f("RateLimit: \"d\";r=1\nX-Acme-Quota: 5\nX-Acme-Quota-Left: 3", "remaining=1 policy=d")
	f("X-RateLimit-Remaining: 3\nX-RateLimit-Used: 7.0\nX-RateLimit-Reset: 588.0", "remaining=3 reset_ms=588000")
}
