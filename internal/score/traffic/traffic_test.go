package traffic

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// The parser must read of every record what the log's truth takes for granted.
func TestRecordsMeanWhatTheLogSays(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes under the race detector, and nothing runs at once")
	}
	registry, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	var row parsers.Row
	var buf []byte
	wrong := map[string]string{}
	for i, c := range slices.Concat(Day(1, 0.05).Calls, Week(1, 0.05).Calls, Fresh(1, 1).Calls) {
		if i%5 != 0 {
			continue
		}
		buf = c.Append(buf[:0])
		require.True(t, json.Valid(buf), "%s", buf)
		registry.Parse(&parsers.Record{Value: buf, Source: c.Source, Topic: "t", Offset: int64(i)}, &row)
		require.Equal(t, c.At, row.Time)
		require.Equal(t, c.Vendor, string(row.Vendor))
		require.Equal(t, c.Route, string(row.Route))
		require.Equal(t, c.Failure != nil, row.Kind == parsers.KindError, "%s", buf)
		if f := c.Failure; f != nil {
			if f.Code != string(row.Code) || f.Category != row.Category.String() || c.Retry() != row.Retry.String() || c.WaitMS != row.RetryAfterMS {
				wrong[f.Code] = row.Category.String() + " " + row.Retry.String() + " " + fmt.Sprint(row.RetryAfterMS, c.WaitMS) + string(buf)
			}
			if q := c.Quota; q != nil && q.Limit > 0 {
				require.Equal(t, q.Limit, row.RateLimit.Limit, "%s", buf)
			}
		}
	}
	require.Empty(t, wrong)
}

func TestSameSeedSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes under the race detector, and nothing runs at once")
	}
	bytes := func() (all []byte) {
		for _, c := range Day(3, 0.05).Calls {
			all = c.Append(all)
		}
		return all
	}
	require.Equal(t, bytes(), bytes())
}
