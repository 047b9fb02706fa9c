package render

import (
	"bytes"
	"strings"
)

// printCSV follows RFC 4180. Texts that a spreadsheet would take for a formula get an apostrophe in
// front; numbers never do.
func printCSV(buf *bytes.Buffer, t *Table) {
	columns := t.visible(Place.forPrograms)
	for i, c := range columns {
		separate(buf, i, ',')
		buf.WriteString(cellCSV(t.columns[c].name))
	}
	buf.WriteString("\r\n")
	for _, r := range t.rows {
		for i, c := range columns {
			separate(buf, i, ',')
			buf.WriteString(cellCSV(r.cells[c]))
		}
		buf.WriteString("\r\n")
	}
}

func separate(buf *bytes.Buffer, i int, by byte) {
	if i > 0 {
		buf.WriteByte(by)
	}
}

func cellCSV(v any) string {
	text := raw(v)
	if isText(v) {
		text = guardFormula(escapeLines(text))
	}
	return quoteCSV(text)
}

// guardFormula keeps spreadsheets from running a text. The full-width signs are read as the plain
// ones by some.
func guardFormula(text string) string {
	first := strings.IndexAny(text, "=+-@\t\r\n＝＋－＠")
	if first == 0 {
		return "'" + text
	}
	return text
}

// escapeLines escapes as Escape does, but for line ends and tabs, which CSV can carry.
func escapeLines(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		end := strings.IndexAny(text, "\t\r\n")
		if end < 0 {
			b.WriteString(Escape(text))
			break
		}
		b.WriteString(Escape(text[:end]))
		b.WriteByte(text[end])
		text = text[end+1:]
	}
	return b.String()
}

func quoteCSV(text string) string {
	if !strings.ContainsAny(text, "\",\r\n") && strings.TrimSpace(text) == text {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// printTSV writes one line per row: tabs and line ends inside a text are escaped, and so is the
// backslash, which makes the escapes unambiguous.
func printTSV(buf *bytes.Buffer, t *Table) {
	columns := t.visible(Place.forPrograms)
	for i, c := range columns {
		separate(buf, i, '\t')
		buf.WriteString(cellTSV(t.columns[c].name))
	}
	buf.WriteByte('\n')
	for _, r := range t.rows {
		for i, c := range columns {
			separate(buf, i, '\t')
			buf.WriteString(cellTSV(raw(r.cells[c])))
		}
		buf.WriteByte('\n')
	}
}

func cellTSV(text string) string { return Escape(strings.ReplaceAll(text, `\`, `\\`)) }
