package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// Stream prints rows as they come: a header once, then every batch behind the one before. The columns of a
// table only grow, and the header is printed again when they do.
type Stream[R any] struct {
	w       io.Writer
	columns []Column[R]
	options Options
	begun   bool
	natural []int // the widest text of each column so far
	layout  []int // what the header was printed for
}

// NewStream starts a stream of table, tsv, csv or jsonl. The other formats print answers, which end.
func NewStream[R any](w io.Writer, columns []Column[R], o Options) (*Stream[R], error) {
	switch o.Format {
	case FormatTable, FormatTSV, FormatCSV, FormatJSONLines:
		return &Stream[R]{w: w, columns: columns, options: o.withDefaults()}, nil
	case FormatJSON, FormatMarkdown:
	}
	return nil, fmt.Errorf("%s is printed as a whole: rows that keep coming need table, tsv, csv or jsonl", o.Format)
}

// Write prints rows in one piece.
func (s *Stream[R]) Write(rows []R) error {
	table, err := NewTable(s.columns, rows)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := s.print(&buf, table); err != nil {
		return fmt.Errorf("render %s: %w", s.options.Format, err)
	}
	if _, err := s.w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", s.options.Format, err)
	}
	return nil
}

func (s *Stream[R]) print(buf *bytes.Buffer, t *Table) error {
	begun := s.begun
	s.begun = true
	switch s.options.Format {
	case FormatTable:
		s.printTable(buf, t)
		return nil
	case FormatJSONLines:
		return printJSONLines(buf, t)
	case FormatTSV, FormatCSV, FormatJSON, FormatMarkdown:
	}
	if err := printAs(buf, Answer{Table: t}, s.options); err != nil {
		return err
	}
	if begun { // the header stands in the first line
		_, _ = buf.ReadBytes('\n') //nolint:errcheck // a buffer with a header has a line
	}
	return nil
}

// printTable prints the rows under the widths of all rows so far.
func (s *Stream[R]) printTable(buf *bytes.Buffer, t *Table) {
	if len(t.rows) == 0 {
		return
	}
	g := newGrid(t, s.options)
	for i, width := range s.natural {
		g.widths[i] = max(g.widths[i], width)
	}
	s.natural = slices.Clone(g.widths)
	g.fit(s.options.Width)
	p := painter{on: s.options.Colour}
	if layout := g.layout(); !slices.Equal(layout, s.layout) {
		s.layout = layout
		g.line(buf, p, g.titles, func(int) string { return sgrBold })
		g.rule(buf, p)
	}
	for i, r := range t.rows {
		g.line(buf, p, g.rows[i], func(c int) string { return sgrOf(r.tones[c]) })
		g.below(buf, p, g.rows[i], s.options.Width)
	}
}

// layout is where each column begins; the width of the last one changes nothing for the others.
func (g *grid) layout() []int {
	var list []int
	for i, c := range g.shown {
		list = append(list, c)
		if i < len(g.shown)-1 {
			list = append(list, g.widths[c])
		}
	}
	return list
}
