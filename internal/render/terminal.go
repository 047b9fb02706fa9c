package render

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

// Terminal is what is known about where the output goes.
type Terminal struct {
	Interactive bool
	Width       int // 0 = not known
	Colour      bool
	ASCII       bool // the locale writes nothing else
}

// Detect looks at the output and at the variables NO_COLOR, TERM, COLUMNS and those of the locale.
func Detect(out *os.File, getenv func(string) string) Terminal {
	fd := int(out.Fd())
	if !term.IsTerminal(fd) {
		return Terminal{ASCII: asciiLocale(getenv)}
	}
	t := Terminal{Interactive: true, ASCII: asciiLocale(getenv)}
	t.Colour = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	if width, _, err := term.GetSize(fd); err == nil && width > 0 {
		t.Width = width
	} else if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil && columns > 0 {
		t.Width = columns
	}
	return t
}

// Options returns what fits: a table on a terminal, TSV when the output is piped.
func (t Terminal) Options() Options {
	o := Options{Format: FormatTSV, Width: t.Width, Colour: t.Colour, ASCII: t.ASCII, Interactive: t.Interactive}
	if t.Interactive {
		o.Format = FormatTable
	}
	return o
}
