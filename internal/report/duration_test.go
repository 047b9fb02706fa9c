package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/report"
)

func TestDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"42ms":   42*time.Millisecond + 300*time.Microsecond,
		"7.3s":   7300 * time.Millisecond,
		"1m48s":  108_499 * time.Millisecond,
		"15m1s":  901_844 * time.Millisecond,
		"15m":    15 * time.Minute,
		"3h59m":  4*time.Hour - time.Second,
		"26h30m": 26*time.Hour + 30*time.Minute,
	} {
		require.Equal(t, want, report.Duration(d), d)
	}
}
