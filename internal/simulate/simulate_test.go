package simulate

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func end() time.Time { return time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC) }

func generate(t testing.TB, o Options) *Generator {
	t.Helper()
	if o.End.IsZero() {
		o.End = end()
	}
	g, err := New(o)
	require.NoError(t, err)
	return g
}

// each calls f for every record of the log.
func each(g *Generator, f func(value, key []byte, fact Fact)) {
	buf := make([]byte, 0, 4096)
	for {
		value, key, ok := g.Next(buf)
		if !ok {
			return
		}
		f(value, key, g.Fact())
		buf = value
	}
}

func digest(g *Generator) uint64 {
	h := fnv.New64a()
	each(g, func(value, key []byte, _ Fact) {
		_, _ = h.Write(value)
		_, _ = h.Write(key)
	})
	return h.Sum64()
}

func TestSameOptionsSameBytes(t *testing.T) {
	o := Options{Seed: 7, Records: 20_000}
	first := digest(generate(t, o))
	require.Equal(t, first, digest(generate(t, o)))
	require.NotEqual(t, first, digest(generate(t, Options{Seed: 8, Records: 20_000})))
}

func TestTruthIsDeterministic(t *testing.T) {
	truth := func() string {
		g := generate(t, Options{Seed: 3, Records: 20_000})
		each(g, func(_, _ []byte, _ Fact) {})
		text, err := json.Marshal(g.Truth())
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, truth(), truth())
}

func TestEventsLeaveTheRestAlone(t *testing.T) {
	ordinary := func(events []Event) (values []string) {
		g := generate(t, Options{Seed: 1, Records: 5000, Malformed: -1, Decoys: DecoysOff, Events: events})
		each(g, func(_, _ []byte, f Fact) {
			if _, ok := g.last.source.(*background); ok {
				values = append(values, f.Endpoint+f.Code+utc(f.TimeMS).String())
			}
		})
		return values
	}
	without := ordinary([]Event{})
	require.NotEmpty(t, without)
	require.Equal(t, without, ordinary(nil))
}

func TestRecordsAreValidJSONUnlessBroken(t *testing.T) {
	g := generate(t, Options{Seed: 2, Records: 60_000, Malformed: 0.01})
	seen := map[string]int{}
	each(g, func(value, _ []byte, f Fact) {
		seen[f.Kind+f.Reason]++
		require.Equal(t, f.Reason != "not_json", json.Valid(value), "%s", value)
		require.NotContains(t, string(value), "\n")
		if f.Kind != "dead_letter" {
			requireMembers(t, value, f)
		}
	})
	for _, want := range []string{"success", "error", "dead_letternot_json", "dead_letterno_time", "dead_letterbad_status"} {
		require.Positive(t, seen[want], want)
	}
}

// requireMembers checks what can be read without a parser of ours.
func requireMembers(t *testing.T, value []byte, f Fact) {
	t.Helper()
	var record struct {
		Time    any
		Status  int
		Error   string
		Service string
		Method  string
		URL     string
		Host    string
		Path    string
		Body    any `json:"response_body"`
	}
	require.NoError(t, json.Unmarshal(value, &record), "%s", value)
	require.NotNil(t, record.Time)
	require.Equal(t, f.Status, record.Status)
	require.Equal(t, f.Status == 0, record.Error != "")
	require.Equal(t, f.Service, record.Service)
	require.Equal(t, f.Method, record.Method)
	require.True(t, strings.HasPrefix(record.URL, "https://") || record.Host != "" && strings.HasPrefix(record.Path, "/"))
	if text, ok := record.Body.(string); ok && f.Code != "" && f.Code != "multiple" {
		require.Contains(t, text, f.Code, "the code stands in the body")
	}
}

func TestRecordsComeInTheOrderOfTime(t *testing.T) {
	g := generate(t, Options{Seed: 4, Records: 30_000})
	last := end().Add(-DefaultDuration).UnixMilli()
	each(g, func(_, _ []byte, f Fact) {
		at := g.last.at
		require.GreaterOrEqual(t, at, last)
		require.Less(t, at, end().UnixMilli())
		last = at
	})
}

func TestTruthSums(t *testing.T) {
	g := generate(t, Options{Seed: 5, Records: 30_000, Malformed: 0.002})
	kinds, codes := map[string]int64{}, map[CodeCount]int64{}
	each(g, func(_, _ []byte, f Fact) {
		kinds[f.Kind]++
		if f.Kind == "error" {
			codes[CodeCount{f.Vendor, f.Status, f.Code, f.Category, 0}]++
		}
	})
	truth := g.Truth()
	require.Equal(t, kinds["success"], truth.Successes)
	require.Equal(t, kinds["error"], truth.Errors)
	require.Equal(t, kinds["dead_letter"], truth.DeadLetters)
	require.Equal(t, truth.Records, truth.Successes+truth.Errors+truth.DeadLetters)
	require.NotEmpty(t, truth.Codes)
	for _, c := range truth.Codes {
		require.Equal(t, codes[CodeCount{c.Vendor, c.Status, c.Code, c.Category, 0}], c.Count)
	}
	var responses, failed int64
	for _, e := range truth.Endpoints {
		responses, failed = responses+e.Responses, failed+e.Errors
	}
	require.Equal(t, truth.Successes+truth.Errors, responses)
	require.Equal(t, truth.Errors, failed)
}

func TestShareOfErrors(t *testing.T) {
	f := func(given, want float64) {
		t.Helper()
		g := generate(t, Options{Seed: 6, Records: 40_000, ErrorRate: given, Malformed: -1, Events: []Event{}, Decoys: DecoysOff})
		each(g, func(_, _ []byte, _ Fact) {})
		truth := g.Truth()
		require.InDelta(t, want, float64(truth.Errors)/float64(truth.Records), 0.01)
		require.Zero(t, truth.DeadLetters)
	}
	f(0, 0.05)
	f(-1, 0)
	f(0.3, 0.3)
}

func TestEveryVendorAndDocumentedCodeOccurs(t *testing.T) {
	g := generate(t, Options{Seed: 9, Records: 400_000, ErrorRate: 0.3})
	each(g, func(_, _ []byte, _ Fact) {})
	seen := map[string]bool{}
	for _, c := range g.Truth().Codes {
		seen[c.Vendor+" "+c.Code] = true
	}
	for _, v := range g.world.vendors {
		for _, p := range v.problems {
			if p.weight > 0 && !strings.Contains(p.on, "/workspaces") {
				require.True(t, seen[v.name+" "+p.code], "%s %d %s", v.name, p.status, p.code)
			}
		}
	}
}

func TestFilters(t *testing.T) {
	g := generate(t, Options{Seed: 1, Records: 3000, Vendors: []string{"truelayer"}, Services: []string{"checkout"}, Decoys: DecoysOff})
	each(g, func(_, _ []byte, f Fact) {
		if f.Kind != "dead_letter" {
			require.Equal(t, "truelayer", f.Vendor)
		}
	})
	require.Positive(t, g.Truth().Records)
}

func TestOptionsAreChecked(t *testing.T) {
	f := func(o Options, want string) {
		t.Helper()
		_, err := New(o)
		require.ErrorContains(t, err, want)
	}
	at := end()
	f(Options{}, "End is required")
	f(Options{End: at, Duration: time.Second}, "at least 1m")
	f(Options{End: at, Vendors: []string{"acme"}}, `no vendor "acme"`)
	f(Options{End: at, Services: []string{"acme"}}, `no service "acme"`)
	f(Options{End: at, Vendors: []string{"emnify"}, Services: []string{"checkout"}}, "none of the services")
	f(Options{End: at, ErrorRate: 2}, "shares up to 1")
	f(Options{End: at, Events: []Event{Spike{Vendor: "truv", Status: 400, Code: "nope", Start: at, PerMinute: 1, Duration: time.Hour}}}, `no error with status 400 and code "nope"`)
	f(Options{End: at, Events: []Event{Spike{Vendor: "truv", Status: 400, Code: "validation_error", Start: at, PerMinute: 1, Duration: time.Hour}}}, "outside the log")
	f(Options{End: at, Events: []Event{Storm{Vendor: "truv", Service: "checkout", Endpoint: "GET /x"}}}, "does not call")
}

func TestLargeBody(t *testing.T) {
	o := Options{Seed: 1, Records: 2000, LargeBody: 3 << 20, MaxRecord: 1 << 20}
	largest := 0
	g := generate(t, o)
	each(g, func(value, _ []byte, f Fact) {
		if largest = max(largest, len(value)); len(value) > 1<<20 {
			require.Equal(t, "too_large", f.Reason)
			require.True(t, json.Valid(value))
		}
	})
	require.Greater(t, largest, 3<<20)
	require.EqualValues(t, 1, g.Truth().Reasons["too_large"])
}

func TestMemoryStaysBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a million records")
	}
	g := generate(t, Options{Seed: 1, Records: 1_000_000})
	buf, n, largest := make([]byte, 0, 4096), 0, uint64(0)
	for {
		value, _, ok := g.Next(buf)
		if !ok {
			break
		}
		buf = value
		if n++; n%100_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			largest = max(largest, m.HeapAlloc)
		}
	}
	require.Greater(t, n, 1_000_000)
	require.Less(t, largest, uint64(16<<20))
}

func TestNextKeepsTheBuffer(t *testing.T) {
	g := generate(t, Options{Seed: 1, Records: 10_000})
	buf := make([]byte, 0, 1<<16)
	for range 1000 {
		_, _, ok := g.Next(buf)
		require.True(t, ok)
	}
	allocs := testing.AllocsPerRun(2000, func() { _, _, _ = g.Next(buf) })
	require.Less(t, allocs, 0.5)
}

func BenchmarkNext(b *testing.B) {
	g := generate(b, Options{Seed: 1, Records: 20_000_000})
	buf := make([]byte, 0, 1<<16)
	var size int64
	b.ReportAllocs()
	for b.Loop() {
		value, _, ok := g.Next(buf)
		if !ok {
			b.Fatal("the log ended early")
		}
		size += int64(len(value))
	}
	b.SetBytes(size / int64(b.N))
}

func TestKeysAreFew(t *testing.T) {
	keys := map[string]bool{}
	each(generate(t, Options{Seed: 1, Records: 20_000}), func(_, key []byte, _ Fact) {
		require.False(t, bytes.ContainsRune(key, '\n'))
		keys[string(key)] = true
	})
	require.Greater(t, len(keys), 30)
	require.Less(t, len(keys), 100)
}
