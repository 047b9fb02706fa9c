package ratelimit

import "testing"

func BenchmarkRetryAfter(b *testing.B) {
	for _, value := range []string{"120", date} {
		b.Run(value, func(b *testing.B) {
			value, dated := []byte(value), []byte(date)
			b.ReportAllocs()
			for b.Loop() {
				RetryAfter(value, dated, recordMS)
			}
		})
	}
}

func BenchmarkFromHeaders(b *testing.B) {
	for name, lines := range map[string]string{
		"none":    "",
		"draft10": "RateLimit: \"default\";r=50;t=30\nRateLimit-Policy: \"default\";q=100;w=60",
		"github":  "X-RateLimit-Limit: 5000\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1705314660",
	} {
		b.Run(name, func(b *testing.B) {
			headers := parseHeaders(lines)
			get := func(name string) []byte { return headers[name] }
			b.ReportAllocs()
			for b.Loop() {
				FromHeaders(get, recordMS)
			}
		})
	}
}
