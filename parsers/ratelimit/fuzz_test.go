package ratelimit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"120", "1.5", "1705314660", date, "Monday, 15-Jan-24 10:31:00 GMT", "Mon Jan 15 10:31:00 2024", "-1"} {
		f.Add([]byte(value), []byte(date), recordMS)
	}
	f.Fuzz(func(t *testing.T, value, date []byte, recordMS int64) {
		recordMS &= 1<<42 - 1
		ms, ok := RetryAfter(value, date, recordMS)
		require.GreaterOrEqual(t, ms, int64(0))
		require.LessOrEqual(t, ms, week)
		require.True(t, ok || ms == 0)
	})
}

func FuzzFromHeaders(f *testing.F) {
	f.Add([]byte(`"a";r=1;t=2, b;r=3`), []byte(`"a";q=100;w=60;pk=:aGk=:`), []byte("100, 100;w=60"), []byte("1, 2"), []byte("6m0s"))
	f.Add([]byte("limit=1, remaining=2, reset=3"), []byte("100;w=60"), []byte("5"), []byte("0"), []byte("2024-01-15T10:31:00Z"))
	f.Add([]byte(`"a\"b";x=?1;y`), []byte(""), []byte("x"), []byte(""), []byte(date))
	f.Fuzz(func(t *testing.T, current, policy, limit, remaining, reset []byte) {
		for _, base := range []string{"ratelimit", "x-ratelimit", "x-rate-limit"} {
			headers := map[string][]byte{
				"ratelimit": current, "ratelimit-policy": policy,
				base + "-limit": limit, base + "-remaining": remaining, base + "-reset": reset,
				base + "-remaining-seconds": reset, base + "-reset-after": reset, base + "-used": remaining,
			}
			l, ok := FromHeaders(func(name string) []byte { return headers[name] }, recordMS)
			require.Equal(t, ok, l.stated())
			for _, n := range []int64{l.Limit, l.Remaining, l.ResetAt, l.WindowS} {
				require.GreaterOrEqual(t, n, int64(Absent))
			}
			if l.ResetAt != Absent {
				require.LessOrEqual(t, l.ResetAt, recordMS+week)
				require.GreaterOrEqual(t, l.ResetAt, recordMS-week)
			}
		}
	})
}

func FuzzFromFields(f *testing.F) {
	for _, lines := range []string{
		"X-Shopify-Shop-Api-Call-Limit: 39/40", "Sforce-Limit-Info: api-usage=18/5000; x=1/2(a)", "X-App-Rate-Limit: 20:1,100:120\nX-App-Rate-Limit-Count: 1:1,90:120",
		`X-App-Usage: {"call_count":28,"estimated_time_to_regain_access":19}`, "X-Rate-Limit-Time-Reset-Ms: 15000\nX-Rate-Limit-Requests-Left: 0", "x-quota-daily: 1\nx-quota-day-left: 0",
	} {
		f.Add([]byte(lines))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		l, ok := FromFields(fields(string(lines)), recordMS)
		require.Equal(t, ok, l.stated())
		for _, n := range []int64{l.Limit, l.Remaining, l.ResetAt, l.WindowS} {
			require.GreaterOrEqual(t, n, int64(Absent))
		}
		if l.ResetAt != Absent {
			require.LessOrEqual(t, l.ResetAt, recordMS+week)
		}
	})
}
