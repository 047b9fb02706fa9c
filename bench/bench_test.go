package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunEngine()
	maybeRunRole()
	os.Exit(m.Run())
}

// TestSmoke measures everything once with few records.
func TestSmoke(t *testing.T) {
	embedded.TestClickHouse(t) // skips where there is no engine
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--records", "1500", "--runs", "2", "--stream", "problems,pages", "--json"}, &out, io.Discard))
	var r report
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	require.Len(t, r.Streams, 2)
	measured := map[string]int{}
	for _, v := range r.Results {
		require.Len(t, v.Values, 2, v.key)
		measured[v.Part]++
		if v.Unit == unitRate || v.Unit == unitMebibytes || v.Unit == unitBytes || v.What == "ingester" || v.What == "errata" && v.Unit == unitMicroseconds {
			require.Positive(t, v.Min, v.key)
		}
	}
	for _, p := range parts() {
		require.Equal(t, !p.asked, measured[p.name] > 0, p.name)
	}
	var table strings.Builder
	require.NoError(t, printMarkdown(&table, &r))
	require.Contains(t, table.String(), "| whole way | ingester and ClickHouse, until consumed | µs/record |")
	require.Contains(t, table.String(), "| ratios | errata / Kafka engine, until consumed | ratio |")
}

func TestStreams(t *testing.T) {
	shares := map[string][2]float64{"mix": {0.045, 0.055}, "errors": {1, 1}, "successes": {0, 0}, "problems": {1, 1}, "pages": {1, 1}}
	lengths := map[string]int{"problems": 550, "pages": 3000}
	require.Len(t, shares, len(allStreams()))
	for _, s := range allStreams() {
		const n = 50_000
		c, err := newCorpus(s, n)
		require.NoError(t, err)
		require.Equal(t, n, c.len(), s.name)
		share := float64(c.errors) / n
		require.GreaterOrEqual(t, share, shares[s.name][0], s.name)
		require.LessOrEqual(t, share, shares[s.name][1], s.name)
		from, err := s.source(n)
		require.NoError(t, err)
		text, err := io.ReadAll(&lines{source: from})
		require.NoError(t, err)
		require.Equal(t, len(c.values)+n, len(text), "%s: the broker gets the same records", s.name)
		require.True(t, bytes.HasPrefix(text, append(c.value(0), '\n')), s.name)
		if length, ok := lengths[s.name]; ok {
			require.InDelta(t, length, len(c.values)/n, float64(length)/10, s.name)
		}
	}
}

func TestPeersAreCompared(t *testing.T) {
	own := contents{Rows: 10, Statuses: 4000, Times: 17_000, Services: 3, Failed: 10, WithCode: 10}
	same := own
	same.WithCode = 8 // an error may be understood or not
	require.NoError(t, same.sameRecords(own))
	for _, other := range []contents{
		{Rows: 9, Statuses: 4000, Times: 17_000, Services: 3},
		{Rows: 10, Statuses: 3600, Times: 17_000, Services: 3},
		{Rows: 10, Statuses: 4000, Services: 3},
		{Rows: 10, Statuses: 4000, Times: 17_000, Services: 2},
	} {
		require.Error(t, other.sameRecords(own))
	}
}

func TestFlagsAreChecked(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		err := run(t.Context(), args, io.Discard, io.Discard)
		require.ErrorIs(t, err, errUsage)
		require.ErrorContains(t, err, want)
		require.Equal(t, 2, exitCode(err, false))
	}
	f(`stream "mixed": want problems, mix, errors, pages, successes or all`, "--stream", "mix,mixed")
	f(`part "all": want fetch, parse,`, "--parts", "all")
	f("at least one record", "--records", "0")
	f("one run", "--runs", "0")
	f("no further arguments", "now")
	f("not defined", "--nope")
}
