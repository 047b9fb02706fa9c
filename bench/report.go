package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
)

// report is what bench prints.
type report struct {
	Processor  string        `json:"processor"`
	Cores      int           `json:"cores"`
	Go         string        `json:"go"`
	ClickHouse string        `json:"clickhouse"`
	Records    int           `json:"records"` // of each stream
	Runs       int           `json:"runs"`
	Streams    []streamFacts `json:"streams"`
	Results    []*result     `json:"results"`
}

// streamFacts describe the records of a stream.
type streamFacts struct {
	Name        string  `json:"name"`
	RecordBytes float64 `json:"record_bytes"` // mean length of a value
	ErrorShare  float64 `json:"error_share"`
}

func (b *bench) report(ctx context.Context) (*report, error) {
	processors, err := cpu.InfoWithContext(ctx)
	if err != nil || len(processors) == 0 {
		return nil, fmt.Errorf("name of the processor: %w", err)
	}
	r := &report{
		Processor: processors[0].ModelName, Cores: runtime.NumCPU(), Go: runtime.Version(), ClickHouse: b.engine.server.Version(),
		Records: b.options.records, Runs: b.options.runs, Results: b.results.list,
	}
	for _, s := range b.options.streams {
		c := b.corpora[s.name]
		n := float64(c.len())
		r.Streams = append(r.Streams, streamFacts{Name: s.name, RecordBytes: float64(len(c.values)) / n, ErrorShare: float64(c.errors) / n})
	}
	return r, nil
}

func printJSON(w io.Writer, r *report) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	if err := out.Encode(r); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return nil
}

// printMarkdown prints the report with one column for each stream.
func printMarkdown(w io.Writer, r *report) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d cores; %s; ClickHouse %s; %d records a stream; %d runs.\n", r.Processor, r.Cores, r.Go, r.ClickHouse, r.Records, r.Runs)
	for _, s := range r.Streams {
		fmt.Fprintf(&text, "Stream %s: records of %.0f bytes, %.1f %% errors.\n", s.Name, s.RecordBytes, 100*s.ErrorShare)
	}
	text.WriteString("\nMedian of the runs (minimum–maximum); µs are CPU time, user and system.\n\n| part | what | unit |")
	for _, s := range r.Streams {
		text.WriteString(" " + s.Name + " |")
	}
	text.WriteString("\n|---|---|---|" + strings.Repeat("---:|", len(r.Streams)) + "\n")
	for _, row := range r.rows() {
		fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", row.Part, row.What, row.Unit, strings.Join(row.cells, " | "))
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	return nil
}

// row is one quantity, of every stream.
type row struct {
	key   // without a stream
	cells []string
}

func (r *report) rows() []*row {
	var rows []*row
	known := map[key]*row{}
	for _, v := range r.Results {
		k := v.key
		k.Stream = ""
		if known[k] == nil {
			known[k] = &row{key: k, cells: make([]string, len(r.Streams))}
			rows = append(rows, known[k])
		}
		known[k].cells[r.column(v.Stream)] = v.Unit.format(v.summary)
	}
	return rows
}

// column of a stream. What belongs to none stands in the first.
func (r *report) column(stream string) int {
	return max(0, slices.IndexFunc(r.Streams, func(s streamFacts) bool { return s.Name == stream }))
}
