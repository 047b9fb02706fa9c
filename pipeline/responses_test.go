package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

func TestResponsesAreCounted(t *testing.T) {
	m := newMetrics()
	row := func(vendor string, kind parsers.Kind, status uint16, category parsers.Category) *parsers.Row {
		return &parsers.Row{Vendor: []byte(vendor), Kind: kind, Status: status, Category: category}
	}
	var counts tally
	for range 3 {
		counts.row(row("acme", parsers.KindSuccess, 200, 0), 10)
	}
	limited := row("acme", parsers.KindError, 429, parsers.CategoryRateLimit)
	counts.row(limited, 10)
	counts.row(limited, 10)
	counts.row(row("acme", parsers.KindError, 0, parsers.CategoryNetwork), 10)
	counts.row(row("acme", parsers.KindDeadLetter, 0, 0), 10)
	counts.bury(limited) // the table refused it
	m.count(&counts)
	require.NoError(t, testutil.CollectAndCompare(m.responses.counter, strings.NewReader(`
# HELP errata_responses_total Responses delivered, by vendor, class of the HTTP status (none without a response) and category of the error (empty for a success).
# TYPE errata_responses_total counter
errata_responses_total{category="",status_class="2xx",vendor="acme"} 3
errata_responses_total{category="rate_limit",status_class="4xx",vendor="acme"} 1
errata_responses_total{category="network",status_class="none",vendor="acme"} 1
`)))
}

// TestVendorLabelsAreBounded: hosts come from records, and anybody can write records.
func TestVendorLabelsAreBounded(t *testing.T) {
	m := newMetrics()
	for i := range 1000 {
		counts := tally{}
		counts.row(&parsers.Row{Vendor: fmt.Appendf(nil, "host%d", i), Kind: parsers.KindSuccess, Status: 200}, 1)
		m.count(&counts)
	}
	require.Equal(t, maxVendorLabels+1, testutil.CollectAndCount(m.responses.counter))
	require.InDelta(t, 1000-maxVendorLabels, testutil.ToFloat64(m.responses.counter.WithLabelValues(otherVendor, "2xx", "")), 0)
}
