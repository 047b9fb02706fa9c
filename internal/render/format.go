package render

import (
	"fmt"
	"slices"
	"strings"
)

// Format is how an answer is printed.
type Format uint8

// The formats. FormatTable is for people; FormatJSON prints the whole answer, the others its rows.
const (
	FormatTable Format = iota
	FormatJSON
	FormatJSONLines
	FormatCSV
	FormatTSV
	FormatMarkdown
)

// FormatNames lists the formats as they are spelled on the command line.
func FormatNames() []string {
	return []string{"table", "json", "jsonl", "csv", "tsv", "markdown"}
}

// String returns the name of the format.
func (f Format) String() string {
	if names := FormatNames(); int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// ParseFormat reads a name; the error lists the valid ones.
func ParseFormat(name string) (Format, error) {
	i := slices.Index(FormatNames(), name)
	if i < 0 {
		return 0, fmt.Errorf("no output format %q, want one of %s", name, strings.Join(FormatNames(), ", "))
	}
	return Format(i), nil
}
