package storage

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLimitSource stores rejections whose facts say where their quota stood.
func TestLimitSource(t *testing.T) {
	db, o := openMigrated(t)
	f := Filter{From: parseCaseTime(t, "09:00"), To: parseCaseTime(t, "11:00")}
	for name, c := range map[string]struct {
		facts string
		want  LimitSource
	}{
		"header":    {`{"rate_limit":{"limit":100,"window_s":60}}`, LimitSourceHeader},
		"body":      {`{"rate_limit":{"limit":100,"window_s":60,"source":"body"}}`, LimitSourceBody},
		"catalogue": {`{"rate_limit":{"limit":100,"window_s":60,"source":"catalogue"},"body":"\"source\":\"header\""}`, LimitSourceCatalogue},
	} {
		insertCase(t, o, parseRows(t, "10:00:00 error GET /a vendor="+name+" status=429 cat=rate_limit x=5 every=1s"))
		require.NoError(t, db.conn.Exec(t.Context(), "ALTER TABLE responses UPDATE facts = ? WHERE vendor = ? SETTINGS mutations_sync = 1", c.facts, name))
		f.Vendors = []string{name}
		a, err := db.Limits(t.Context(), f, LimitOptions{})
		require.NoError(t, err)
		require.Len(t, a.Rows, 1, name)
		require.Equal(t, c.want, a.Rows[0].LimitSource, name)
		require.EqualValues(t, 100, *a.Rows[0].Limit, name)
		require.EqualValues(t, 60, *a.Rows[0].WindowS, name)
	}
}
