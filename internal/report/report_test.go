package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const hostile = "<script>alert(1)</script>\x1b[31m](http://evil.example) | ![x](y) `z` \u202e@all"

func sample() Report {
	at := time.Date(2026, 3, 14, 11, 0, 0, 0, time.UTC)
	rate := 0.25
	return Report{
		Vendor: hostile, From: at, To: at.Add(time.Hour), CompleteUntil: &at, Written: at, Responses: 4000, Errors: 1000, Throttled: 10, ErrorRate: &rate,
		Cost:  Cost{Wasted: 12, Retries: 20, RateLimited: 15 * time.Minute, Waited: 90 * time.Second},
		Codes: []Code{{Status: 503, Code: hostile, Count: 990, Share: 0.99, ErrorRate: &rate, Endpoints: 2, FirstSeen: at, LastSeen: at, Message: hostile, Counts: []uint64{0, 1, 9}}, {Code: "dns", Count: 10, Share: 0.01}},
		Timeline: Timeline{
			Start: at, Step: time.Minute, Bands: []Band{{at.Add(time.Minute), at.Add(20 * time.Minute)}},
			Series: []Series{{hostile, []uint64{0, 5, 900, 85}}, {"others", []uint64{1, 0, 0, 9}}},
		},
		Storms:   []Storm{{Caller: hostile, Endpoint: hostile, Start: at, End: at, Codes: hostile, Attempts: 30, Operations: 10, Wasted: 12, Outcome: "recovered"}},
		Windows:  []Window{{Caller: "several", Scope: hostile, Start: at, End: at, Rejected: 10, Admitted: 5, Limit: "60 per 1m0s"}},
		Spikes:   []Spike{{Status: 503, Code: hostile, Start: at, End: at, Count: 900, Expected: 3.14, New: true}},
		Examples: []Example{{Time: at, Endpoint: "GET /x", Host: hostile, Status: 503, Code: hostile, Message: hostile, TraceID: hostile, VendorRequestID: hostile}},
		Notes:    []string{hostile},
	}
}

func TestHTMLIsSafeAndWhole(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().HTML(&b))
	page := b.String()
	for _, never := range []string{"<script", "\x1b", "\u202e", "<img", "src=", "href=", "url(", "@import", "#-8", "{{", "<nil>", "ZgotmplZ"} {
		require.NotContains(t, strings.ToLower(page), strings.ToLower(never))
	}
	require.Contains(t, page, "default-src 'none'", "the policy")
	require.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m")
	require.Contains(t, page, "15m in which")
	require.Equal(t, 1, strings.Count(page, "<svg"))
	require.Contains(t, page, "var(--c0)")
	require.Contains(t, page, "var(--wash)")
	require.NotContains(t, page[strings.Index(page, "<svg"):], "#010203", "every colour is the page's")
	requireWellFormed(t, page[strings.Index(page, "<svg"):strings.Index(page, "</svg>")+6])
}

// requireWellFormed reads the picture to its end.
func requireWellFormed(t *testing.T, svg string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestMarkdownIsText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().Markdown(&b))
	document := b.String()
	for _, never := range []string{"<script", "\x1b", "\u202e", " ![x]", "#-8", "<nil>", "@all", "://"} {
		require.NotContains(t, document, never)
	}
	require.Contains(t, document, "| 503 | &lt;script&gt;")
	require.Contains(t, document, "▁▂█")
	columns := 0
	for line := range strings.Lines(document) {
		if strings.HasPrefix(line, "| Status") {
			columns = strings.Count(line, "|")
		}
		if strings.HasPrefix(line, "| 503") {
			require.Equal(t, columns, strings.Count(line, "|")-strings.Count(line, `\|`), "no text makes a cell")
		}
	}
}

func TestEmptyReport(t *testing.T) {
	var page, document bytes.Buffer
	at := time.Date(2026, 3, 14, 11, 0, 0, 0, time.UTC)
	r := Report{Vendor: "acme", From: at, To: at.Add(time.Hour), Written: at}
	require.NoError(t, r.HTML(&page))
	require.NoError(t, r.Markdown(&document))
	require.Contains(t, page.String(), "There were no errors.")
	require.NotContains(t, page.String(), "<svg")
	require.Contains(t, document.String(), "There were no errors.")
}

func TestTicksAreRound(t *testing.T) {
	at := time.Date(2026, 3, 14, 11, 7, 0, 0, time.UTC)
	for _, length := range []time.Duration{10 * time.Second, time.Minute, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		ticks := timeTicks(float64(at.Unix()), float64(at.Add(length).Unix()))
		require.NotEmpty(t, ticks, length)
		require.LessOrEqual(t, len(ticks), 12, length)
	}
	require.Equal(t, "11:30", timeTicks(float64(at.Unix()), float64(at.Add(5*time.Hour).Unix()))[0].Label)
	for _, tick := range wholeTicks(0, 2) {
		require.Equal(t, float64(int(tick.Value)), tick.Value)
	}
}
