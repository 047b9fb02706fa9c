package render

import (
	"bytes"
	"strings"
)

// gap stands between two columns, indent before a text that moved below its row.
const (
	gap    = "  "
	indent = "  ↳ "
)

// printTable writes a table without frames: a header, a rule, the rows, and footers under a rule.
func printTable(buf *bytes.Buffer, t *Table, o Options) {
	g := newGrid(t, o)
	g.fit(o.Width)
	p := painter{on: o.Colour}
	g.line(buf, p, g.titles, func(int) string { return sgrBold })
	g.rule(buf, p)
	for i, r := range t.rows {
		g.line(buf, p, g.rows[i], func(c int) string { return sgrOf(r.tones[c]) })
		g.below(buf, p, g.rows[i], o.Width)
	}
	if len(g.footers) > 0 {
		g.rule(buf, p)
	}
	for _, texts := range g.footers {
		g.line(buf, p, texts, func(int) string { return "" })
	}
}

// grid is the table as texts, and which of its columns are shown how wide.
type grid struct {
	columns []column
	titles  []string
	rows    [][]string
	footers [][]string
	widths  []int // of all columns; of use for those shown
	shown   []int
	moved   []int // texts below their rows
}

func newGrid(t *Table, o Options) *grid {
	g := &grid{columns: t.columns, shown: t.visible(Place.forPeople), widths: make([]int, len(t.columns))}
	for _, c := range t.columns {
		g.titles = append(g.titles, Escape(c.title))
	}
	for _, r := range t.rows {
		g.rows = append(g.rows, g.texts(r.cells, o))
	}
	for _, cells := range t.footers {
		g.footers = append(g.footers, g.texts(blank(cells), o))
	}
	for i, title := range g.titles {
		g.widths[i] = textWidth(title)
	}
	for _, texts := range append(g.rows, g.footers...) {
		for i, text := range texts {
			g.widths[i] = max(g.widths[i], textWidth(text))
		}
	}
	return g
}

func (g *grid) texts(cells []any, o Options) []string {
	texts := make([]string, len(cells))
	for i, v := range cells {
		texts[i] = display(v, g.columns[i].kind, o)
	}
	return texts
}

// line writes one row of the shown columns, without blanks at its end.
func (g *grid) line(buf *bytes.Buffer, p painter, texts []string, style func(column int) string) {
	blanks := 0
	for n, c := range g.shown {
		if n > 0 {
			blanks += len(gap)
		}
		text := cut(texts[c], g.widths[c])
		free := g.widths[c] - textWidth(text)
		if g.columns[c].kind.rightAligned() {
			blanks += free
		}
		if text != "" {
			buf.WriteString(strings.Repeat(" ", blanks))
			p.paint(buf, text, style(c))
			blanks = 0
		}
		if !g.columns[c].kind.rightAligned() {
			blanks += free
		}
	}
	buf.WriteByte('\n')
}

func (g *grid) rule(buf *bytes.Buffer, p painter) {
	rules := make([]string, len(g.columns))
	for i, width := range g.widths {
		rules[i] = strings.Repeat("─", width)
	}
	g.line(buf, p, rules, func(int) string { return sgrMuted })
}

// below writes the texts that found no place in the row.
func (g *grid) below(buf *bytes.Buffer, p painter, texts []string, width int) {
	var parts []string
	for _, c := range g.moved {
		if texts[c] != "" && texts[c] != null {
			parts = append(parts, texts[c])
		}
	}
	if len(parts) == 0 {
		return
	}
	p.paint(buf, cut(indent+strings.Join(parts, " · "), width), sgrMuted)
	buf.WriteByte('\n')
}

// The SGR sequences used, and no others.
const (
	sgrReset = "\x1b[0m"
	sgrBold  = "\x1b[1m"
	sgrMuted = "\x1b[2m"
)

func sgrOf(t Tone) string {
	switch t {
	case ToneGood:
		return "\x1b[32m"
	case ToneWarn:
		return "\x1b[35m" // magenta: yellow is lost on a white background
	case ToneBad:
		return "\x1b[31m"
	case ToneMuted:
		return sgrMuted
	case TonePlain:
	}
	return ""
}

// painter writes text, in colour when that is on.
type painter struct{ on bool }

func (p painter) paint(buf *bytes.Buffer, text, sgr string) {
	if !p.on || sgr == "" {
		buf.WriteString(text)
		return
	}
	buf.WriteString(sgr)
	buf.WriteString(text)
	buf.WriteString(sgrReset)
}
