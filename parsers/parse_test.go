package parsers

import (
	"bytes"
	"encoding/base64"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/cases"
)

// problem is a record of some 550 bytes with a problem document of 300 in it.
const problem = `{"time":"2026-09-18T12:00:00.250Z","service":"onboarding","environment":"production","method":"GET",` +
	`"url":"https://api.truelayer.com/data/v1/accounts/f1234560abf9f57287637624def39087/balance","status":504,"duration_ms":10021.5,` +
	`"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","response_headers":{"Content-Type":"application/problem+json","Date":"Fri, 18 Sep 2026 12:00:00 GMT","Retry-After":"5"},` +
	`"response_body":"{\"type\":\"https://docs.truelayer.com/docs/verification-api-errors#provider_timeout\",\"title\":\"Provider Timeout\",\"status\":504,` +
	`\"trace_id\":\"96ce50247f87f540bb2d86771b3728b8\",\"detail\":\"The provider service timed out after 10000 ms.\",\"instance\":\"https://api.truelayer.com/data/v1/accounts\"}"}`

const success = `{"time":"2026-09-18T12:00:00.250Z","service":"onboarding","environment":"production","method":"GET",` +
	`"url":"https://api.truelayer.com/data/v1/accounts/f1234560abf9f57287637624def39087/balance","status":200,"duration_ms":182.5,` +
	`"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","response_headers":{"Content-Type":"application/json","Date":"Fri, 18 Sep 2026 12:00:00 GMT"}}`

func TestParseDoesNotAllocate(t *testing.T) {
	r := newRegistry(t)
	records := map[string][]byte{
		"problem": []byte(problem), "success": []byte(success),
		"no path": []byte(`{"time":1789732800,"status":500,"url":"https://api.example.com"}`), "fragment": []byte(`{"time":1789732800,"status":500,"url":"https://api.example.com#a"}`),
	}
	for _, c := range append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/generic/*.txtar")...) {
		records[c.Name] = c.Record
	}
	row := new(Row)
	out := make([]byte, 0, 8<<10)
	for name, value := range records {
		rec := &Record{Value: value, Topic: "responses"}
		steady(r, rec, row)
		require.Zero(t, testing.AllocsPerRun(20, func() { r.Parse(rec, row) }), name)
		require.Zero(t, testing.AllocsPerRun(20, func() { out = row.AppendJSON(out[:0], 1) }), name)
	}
}

// steady parses a record until nothing is left to be learned of it.
func steady(r *Registry, rec *Record, row *Row) {
	for range 2 * fitAfter {
		r.Parse(rec, row)
	}
}

func TestRowsDoNotLeakIntoEachOther(t *testing.T) {
	r := newRegistry(t)
	all := append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/generic/*.txtar")...)
	all = append(all, cases.Case{Name: "success", Record: []byte(success)}, cases.Case{Name: "broken", Record: []byte(`{`)})
	reused := new(Row)
	for j := range all {
		fresh := new(Row)
		r.Parse(&Record{Value: all[j].Record}, fresh)
		want := fresh.AppendJSON(nil, 1)
		for k := range 12 {
			i := (j + 1 + k*k*37) % len(all) // neighbours, which are of one kind, and others far away
			r.Parse(&Record{Value: all[i].Record}, reused)
			r.Parse(&Record{Value: all[j].Record}, reused)
			if got := reused.AppendJSON(nil, 1); !bytes.Equal(got, want) {
				require.Equal(t, string(want), string(got), "%s after %s", all[j].Name, all[i].Name)
			}
		}
	}
}

func TestRowKeepsWhereItCameFrom(t *testing.T) {
	r := newRegistry(t)
	row := new(Row)
	r.Parse(&Record{Value: []byte(problem), Source: "s", Topic: "t", Partition: 3, Offset: 9, LogTime: 1789732800001}, row)
	require.Equal(t, uint32(0xe3069283), checksumOf(t, r, "123456789"), "CRC-32C")
	require.Contains(t, string(row.AppendJSON(nil, 1)), `"source":"s","topic":"t","partition":3,"offset":9,"log_time":"2026-09-18T12:00:00.001Z"`)
}

func checksumOf(t *testing.T, r *Registry, value string) uint32 {
	t.Helper()
	row := new(Row)
	r.Parse(&Record{Value: []byte(value)}, row)
	return row.Checksum
}

func BenchmarkParseProblem(b *testing.B) { benchmark(b, problem) }
func BenchmarkParseSuccess(b *testing.B) { benchmark(b, success) }

func benchmark(b *testing.B, value string) {
	r := newRegistry(b)
	row := new(Row)
	rec := &Record{Value: []byte(value)}
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		r.Parse(rec, row)
	}
}

// FuzzParse: no input makes Parse panic, exceed its bounds, or answer differently the second time.
func FuzzParse(f *testing.F) {
	for _, c := range append(append(readCases(f, "vendors/*/testdata/*.txtar"), readCases(f, "testdata/generic/*.txtar")...), readCases(f, "testdata/bodies/*.txtar")...) {
		f.Add(c.Record)
	}
	for _, seed := range []string{success, `{"time":0,"error":"x"}`, `{"time":1,"status":500,"response_body_base64":"H4sIAAAAAAAA"}`, "[", "{", "\xff"} {
		f.Add([]byte(seed))
	}
	plain, binary := bodies("sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc")
	for _, body := range plain { // a body of every kind
		f.Add([]byte(marshal(object{"time": waitTime, "status": 429, "response_body": body})))
	}
	for _, body := range binary { // in every encoding
		f.Add([]byte(marshal(object{"time": waitTime, "status": 200, "response_body_base64": base64.StdEncoding.EncodeToString(body)})))
	}
	r := newRegistry(f)
	reused := new(Row)
	f.Fuzz(func(t *testing.T, value []byte) {
		kept := bytes.Clone(value)
		fresh := new(Row)
		r.Parse(&Record{Value: value}, reused)
		first := reused.AppendJSON(nil, 1)
		r.Parse(&Record{Value: value}, fresh)
		require.Equal(t, string(first), string(fresh.AppendJSON(nil, 1)))
		require.True(t, bytes.Equal(kept, value), "Parse writes to its input")
		requireBounded(t, fresh)
	})
}

// TestRegistryIsShared parses in several goroutines; the race detector watches.
func TestRegistryIsShared(t *testing.T) {
	r := newRegistry(t)
	all := append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/generic/*.txtar")...)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			row := new(Row)
			for i := range all {
				r.Parse(&Record{Value: all[i].Record}, row)
				r.Advice(string(row.Vendor), int(row.Status), string(row.Code))
			}
		})
	}
	group.Wait()
}
