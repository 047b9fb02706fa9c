package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

func measureAll(ctx context.Context, tables []*table, o options, progress io.Writer) ([]result, error) {
	var results []result
	for _, q := range questions() {
		if !strings.Contains(q.name, o.only) {
			continue
		}
		for _, t := range tables {
			r := result{question: q, table: t}
			for run := range o.runs + 1 {
				c, err := q.measure(ctx, t)
				if err != nil {
					return nil, err
				}
				if run > 0 {
					r.costs = append(r.costs, c)
				}
			}
			results = append(results, r)
			if o.statements {
				if err := printStatements(progress, r); err != nil {
					return nil, err
				}
			}
		}
	}
	return results, nil
}

// printStatements shows where the last answer's time went.
func printStatements(w io.Writer, r result) error {
	for _, s := range r.costs[len(r.costs)-1].statements {
		_, err := fmt.Fprintf(w, "%s, %d M: %-18s %7.1f ms, %d rows, %.1f MB\n", r.question.name, r.table.millions, s.Name, ms(s.Elapsed), s.Rows, float64(s.Bytes)/1e6)
		if err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func report(ctx context.Context, stdout, progress io.Writer, version string, tables []*table, o options) error {
	results, err := measureAll(ctx, tables, o, progress)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d processors; %s; ClickHouse %s; %d runs after one to warm up.\n\n", runtime.NumCPU(), runtime.Version(), version, o.runs)
	b.WriteString("| question | rows, million | ms by the clock, median (min–max) | CPU ms | memory MB | statements | rows read, million | MB read |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, r := range results {
		wall := r.sorted(func(c cost) float64 { return ms(c.wall) })
		fmt.Fprintf(&b, "| %s | %d | %.0f (%.0f–%.0f) | %.0f | %.0f | %d | %.2f | %.0f |\n", r.question.name, r.table.millions,
			wall[len(wall)/2], wall[0], wall[len(wall)-1],
			r.median(func(c cost) float64 { return ms(c.cpu) }),
			r.median(func(c cost) float64 { return float64(c.memory) / 1e6 }),
			len(r.costs[0].statements),
			r.median(func(c cost) float64 { return float64(c.rows) / 1e6 }),
			r.median(func(c cost) float64 { return float64(c.bytes) / 1e6 }))
	}
	b.WriteString("\n")
	for _, kind := range []string{"error", "success"} {
		bytes, err := tables[len(tables)-1].measureStored(ctx, kind)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "- %s\n", bytes)
	}
	if o.plot != "" {
		if err := draw(o.plot, results); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, b.String())
	return err
}
