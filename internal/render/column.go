package render

import (
	"fmt"
	"reflect"
	"strings"
)

// Kind is what the values of a column are, which decides how a table shows them. The formats for
// programs print the value itself.
type Kind uint8

// The kinds. All but Text, List, Link, Spark and Bar are aligned to the right.
const (
	Text    Kind = iota
	List         // of texts or numbers
	Number       // thousands separated
	Percent      // a share: 0.125 is 12.5 %
	Change       // a relative change: 1.2 is +120 %
	Seconds      // a duration in seconds
	Millis       // a duration in milliseconds
	Time         // a point in time
	Age          // a point in time, shown as the time passed since
	Spark        // a list of numbers, drawn as bars
	Exact        // a number as it is, to the last digit
	Bar          // a share, drawn as a bar
	Link         // an address that can be trusted, one of a definition's: Markdown leaves no other alive
)

// Place says where a column appears.
type Place uint8

// The places. When a table is too narrow for it, the text of a Wrap or TableWrap column moves to a line
// of its own below the row.
const (
	Everywhere Place = iota
	TableOnly        // table and markdown
	RawOnly          // csv and tsv
	Wrap             // everywhere
	TableWrap        // table and markdown
)

func (p Place) wraps() bool { return p == Wrap || p == TableWrap }

// forPeople tells whether the place is in table and markdown; forPrograms, in csv and tsv.
func (p Place) forPeople() bool   { return p != RawOnly }
func (p Place) forPrograms() bool { return p != TableOnly && p != TableWrap }

// Tone is the meaning of a cell's colour. Only a terminal shows it.
type Tone uint8

// The tones.
const (
	TonePlain Tone = iota
	ToneGood
	ToneWarn
	ToneBad
	ToneMuted
)

// CategoryTone is the tone of an error category: bad when the vendor is at fault or out of reach,
// warning when the caller has to act.
func CategoryTone(category string) Tone {
	switch category {
	case "server", "upstream", "timeout", "network":
		return ToneBad
	case "rate_limit", "auth", "permission", "payment":
		return ToneWarn
	}
	return TonePlain
}

// Column describes one column over rows of type R.
type Column[R any] struct {
	// Name is the member in JSON and the header in csv and tsv. A point reaches into an object:
	// retry_after_ms.median.
	Name string
	// Title is the header for people; empty means the name in capitals.
	Title string
	Kind  Kind
	// Priority decides what is left out of a table that is too narrow: the highest first, 0 never.
	Priority int
	Place    Place
	// MinWidth, when positive, lets a table cut the texts of this column down to so many columns
	// before others are left out. A Wrap column has 32 unless stated.
	MinWidth int
	// LeastWidth, when positive, lets it cut them further once no text can move below its row any more.
	LeastWidth int
	// Value returns the cell; nil means the member called Name, found by its json tag. Values are
	// nil, strings, booleans, numbers, times, slices of these, and pointers, of which nil is null.
	Value func(R) any
	// Tone returns the tone of the cell; nil means plain.
	Tone func(R) Tone
}

// Table holds rows made ready for any format.
type Table struct {
	columns []column
	rows    []row
	footers [][]any
}

type column struct {
	name, title string
	kind        Kind
	priority    int
	place       Place
	minWidth    int
	leastWidth  int
}

type row struct {
	source any // for jsonl
	cells  []any
	tones  []Tone
}

// wrapWidth is what a text that may move below its row is cut down to first; longText is where any text is cut before
// other columns are left out for its sake.
const (
	wrapWidth = 32
	longText  = 40
)

// NewTable reads the cells of the rows. It fails when a column has no Value and its Name is no
// member of R.
func NewTable[R any](columns []Column[R], rows []R) (*Table, error) {
	t := &Table{rows: make([]row, len(rows))}
	values := make([]func(R) any, len(columns))
	for i, c := range columns {
		t.columns = append(t.columns, c.plain())
		if values[i] = c.Value; c.Value != nil {
			continue
		}
		read, err := memberReader(reflect.TypeFor[R](), c.Name)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		values[i] = func(r R) any { return read(reflect.ValueOf(&r).Elem()) }
	}
	for i, r := range rows {
		t.rows[i] = readRow(columns, values, r)
	}
	return t, nil
}

func readRow[R any](columns []Column[R], values []func(R) any, r R) row {
	out := row{source: r, cells: make([]any, len(columns)), tones: make([]Tone, len(columns))}
	for i, c := range columns {
		out.cells[i] = normalize(values[i](r))
		if c.Tone != nil {
			out.tones[i] = c.Tone(r)
		}
	}
	return out
}

func (c Column[R]) plain() column {
	p := column{name: c.Name, title: c.Title, kind: c.Kind, priority: c.Priority, place: c.Place, minWidth: c.MinWidth, leastWidth: c.LeastWidth}
	if p.title == "" {
		p.title = strings.ToUpper(strings.NewReplacer("_", " ", ".", " ").Replace(c.Name))
	}
	switch {
	case p.minWidth > 0:
	case p.place.wraps():
		p.minWidth = wrapWidth
	case p.kind == Text || p.kind == List || p.kind == Link:
		p.minWidth = longText
	}
	return p
}

// AddFooter adds a line below the rows of a table or markdown, such as a total. The values are keyed
// by column name; columns without one stay empty.
func (t *Table) AddFooter(values map[string]any) {
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		cells[i] = normalize(values[c.name])
	}
	t.footers = append(t.footers, cells)
}

// visible returns the numbers of the columns whose place is shown.
func (t *Table) visible(shows func(Place) bool) []int {
	var list []int
	for i, c := range t.columns {
		if shows(c.place) {
			list = append(list, i)
		}
	}
	return list
}

func (k Kind) rightAligned() bool { return k != Text && k != List && k != Link && !k.drawn() }

// drawn tells whether a column is a picture, which cannot be cut.
func (k Kind) drawn() bool { return k == Spark || k == Bar }
