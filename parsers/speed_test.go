package parsers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// successWithBody is a success of the usual kind that was logged with its body of 300 bytes.
const successWithBody = `{"time":"2026-09-18T12:00:00.250Z","service":"onboarding","environment":"production","method":"GET",` +
	`"url":"https://api.truelayer.com/data/v1/accounts/f1234560abf9f57287637624def39087/balance","status":200,"duration_ms":182.5,` +
	`"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","response_headers":{"Content-Type":"application/json","Date":"Fri, 18 Sep 2026 12:00:00 GMT"},` +
	`"response_body":"{\"results\":[{\"account_id\":\"f1234560abf9f57287637624def39087\",\"currency\":\"GBP\",\"available\":3279.0,\"current\":1161.2,\"overdraft\":1000,\"update_timestamp\":\"2026-09-18T11:59:58.011Z\",` +
	`\"provider\":{\"display_name\":\"Mock\",\"provider_id\":\"mock\"}}],\"status\":\"Succeeded\",\"next\":null}"}`

// referenceRecord and referenceBody are what encoding/json reads the same records into: the yardstick
// of every figure here, because it is measured in the same breath on the same busy machine.
type referenceRecord struct {
	Time         time.Time         `json:"time"`
	Service      string            `json:"service"`
	Environment  string            `json:"environment"`
	Method       string            `json:"method"`
	URL          string            `json:"url"`
	Status       int               `json:"status"`
	DurationMS   float64           `json:"duration_ms"`
	TraceID      string            `json:"trace_id"`
	Headers      map[string]string `json:"response_headers"`
	ResponseBody string            `json:"response_body"`
}

type referenceBody struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	TraceID  string `json:"trace_id"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
}

func readReference(tb testing.TB, value string) {
	var record referenceRecord
	if err := json.Unmarshal([]byte(value), &record); err != nil {
		tb.Fatal(err)
	}
	var body referenceBody
	if err := json.Unmarshal([]byte(record.ResponseBody), &body); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkReference(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		readReference(b, problem)
	}
}

// BenchmarkInTurns measures CPU time, not time, of small batches in turns with the reference, and
// reports the least of each: other programs on the machine only ever add to it.
func BenchmarkInTurns(b *testing.B) {
	r, row := newRegistry(b), new(Row)
	parse := func(value string) func() {
		rec := &Record{Value: []byte(value)}
		return func() { r.Parse(rec, row) }
	}
	out := make([]byte, 0, 4096)
	var unseen [][]byte // the same problem with other ids, each too rare to be remembered
	for i := range 4096 {
		value := strings.ReplaceAll(problem, "f1234560abf9f57287637624def39087", fmt.Sprintf("f1234560abf9f57287637624%08x", i*77))
		unseen = append(unseen, []byte(strings.ReplaceAll(value, "10000 ms", fmt.Sprintf("%d ms", 10000+i))))
	}
	next := 0
	subjects := []struct {
		name string
		work func()
	}{
		{"reference", func() { readReference(b, problem) }},
		{"problem", parse(problem)},
		{"unseen", func() { next++; r.Parse(&Record{Value: unseen[next%len(unseen)]}, row) }},
		{"success", parse(success)},
		{"success+body", parse(successWithBody)},
		{"print", func() { r.Parse(&Record{Value: []byte(problem)}, row); out = row.AppendJSON(out[:0], 1) }},
	}
	const batch = 500
	costs := make([][]float64, len(subjects))
	for b.Loop() {
		for i, s := range subjects {
			from := threadCPU(b)
			for range batch {
				s.work()
			}
			costs[i] = append(costs[i], float64(threadCPU(b)-from)/batch)
		}
	}
	for i, s := range subjects {
		b.ReportMetric(slices.Min(costs[i]), s.name+"-ns")
	}
	b.ReportMetric(0, "ns/op")
}

// threadCPU is the CPU time of this process; the benchmark is all that runs in it.
func threadCPU(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
