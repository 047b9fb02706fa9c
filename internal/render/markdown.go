package render

import (
	"bytes"
	"strings"
	"time"
)

// printMarkdown writes a table as GitHub reads it. Times are in full, with their zone: a document outlives the day
// and travels.
func printMarkdown(buf *bytes.Buffer, t *Table, o Options) {
	o.Now = time.Time{}
	columns := t.visible(Place.forPeople)
	titles, rules := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		titles[i], rules[i] = EscapeMarkdown(Escape(t.columns[c].title)), "---"
		if t.columns[c].kind.rightAligned() {
			rules[i] = "---:"
		}
	}
	printMarkdownLine(buf, titles)
	printMarkdownLine(buf, rules)
	for _, r := range t.rows {
		printMarkdownLine(buf, t.markdownCells(columns, r.cells, o))
	}
	for _, cells := range t.footers {
		printMarkdownLine(buf, t.markdownCells(columns, blank(cells), o))
	}
}

func (t *Table) markdownCells(columns []int, cells []any, o Options) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = display(cells[c], t.columns[c].kind, o)
		if at, ok := cells[c].(time.Time); ok {
			texts[i] += at.In(o.Location).Format(" MST")
		}
		if t.columns[c].kind == Link && strings.HasPrefix(texts[i], "https://") {
			texts[i] = "<" + linkEscaper.Replace(texts[i]) + ">"
			continue
		}
		texts[i] = EscapeMarkdown(texts[i])
	}
	return texts
}

// linkEscaper writes what would end a link, or its cell, as URLs do.
var linkEscaper = strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", " ", "%20")

// blank replaces nulls, which in a footer mean nothing.
func blank(cells []any) []any {
	out := make([]any, len(cells))
	for i, v := range cells {
		if out[i] = v; v == nil {
			out[i] = ""
		}
	}
	return out
}

func printMarkdownLine(buf *bytes.Buffer, texts []string) {
	buf.WriteString("| ")
	buf.WriteString(strings.Join(texts, " | "))
	buf.WriteString(" |\n")
}

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`,
	"#", `\#`, "!", `\!`, "~", `\~`, "$", `\$`, "@", "@&#8203;", "://", ":&#47;&#47;", "www.", "www&#46;",
)

// EscapeMarkdown keeps a text from being anything but text: no link, no picture, no mention, no table cell of its own. Sites look
// for mentions and e-mail addresses in what they have rendered: only a space of no width breaks those.
func EscapeMarkdown(text string) string { return markdownEscaper.Replace(text) }
