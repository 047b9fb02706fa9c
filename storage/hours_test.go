package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// counter counts how often the hours of spikes are asked for.
type counter struct {
	querier
	hours int
}

func (c *counter) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if strings.Contains(query, "GROUP BY hour, source, vendor, status, code") {
		c.hours++
	}
	return c.querier.Query(ctx, query, args...)
}

// TestHoursAreBounded: of a vendor with ids in its codes the hours are too many to be kept. Spikes are found as without them,
// and it is not tried again at each evaluation.
func TestHoursAreBounded(t *testing.T) {
	db, options := openMigrated(t)
	rows := heartbeat + "10:30:10 error GET /a code=down x=60 every=5s\n"
	for i := range 300 {
		rows += fmt.Sprintf("%02d:%02d:00 error GET /b vendor=ids code=id-%d\n", i/60+5, i%60, i)
	}
	insertCase(t, options, parseRows(t, rows))
	f := Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "12:00")}
	want, err := db.Spikes(t.Context(), f, SpikeOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"acme down new 10:30 10:36 critical"}, told(want))

	for _, most := range []int{0, 100, 4000} {
		h := &Hours{most: most}
		asked := &counter{querier: db.conn}
		evaluate := func() {
			require.NoError(t, h.Refresh(t.Context(), db, f.From.Add(-9*day), f.To.Add(day)))
			got, err := spikes(t.Context(), asked, f, SpikeOptions{hours: h})
			require.NoError(t, err)
			require.Equal(t, want.Rows, got.Rows, most)
			require.GreaterOrEqual(t, h.room(), 0)
			minutes, err := h.Minutes(t.Context(), db, f, MinutesOptions{By: []string{"vendor"}, ErrorsOnly: true})
			require.NoError(t, err)
			require.NotEmpty(t, minutes)
			require.GreaterOrEqual(t, h.room(), 0, "whatever is asked")
		}
		for range 3 {
			evaluate()
		}
		require.Equal(t, 1, asked.hours, most)
		require.Equal(t, most != 0, h.statement(keyOf("spikes", f)).refused, most)
		h.since = h.since.Add(-time.Hour)
		evaluate()
		require.Equal(t, 2, asked.hours, "after an hour it is tried again")
	}
}
