package instant

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRFC3339_AgainstStandardLibrary(t *testing.T) {
	for day := -70*365 + 100; day < 329*365; day += 13 {
		at := time.Unix(int64(day)*86_400+int64(day%86_400), 0).UTC()
		got, ok := RFC3339([]byte(at.Format(time.RFC3339)))
		require.True(t, ok, at)
		require.Equal(t, at.UnixMilli(), got, at)
	}
}

func TestRFC3339_Malformed(t *testing.T) {
	for _, text := range []string{
		"", "2026-09-18", "2026-09-18T12:00:00", "2026-09-18T12:00:00.5", "2026-09-18T12:00:00X", "2026-09-18T12:00:00+24:00", "2026-09-18T12:00:00+01:60",
		"2026-09-18T12:00:00+1:000", "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z", "2026-09-18T24:00:00Z", "2026-09-18T12:60:00Z", "2026-09-18T12:00:61Z",
		"20x6-09-18T12:00:00Z", "2026-0:-18T12:00:00Z", "2026-09-18T12:00:0/Z", "2026/09/18T12:00:00Z", "2026-09-18_12:00:00Z", "2026-09-18T12:00:00 01:00",
	} {
		_, ok := RFC3339([]byte(text))
		require.False(t, ok, text)
	}
}
