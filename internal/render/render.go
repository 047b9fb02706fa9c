// Package render prints answers: as a table for people, and as JSON, CSV, TSV or Markdown for
// programs and documents.
//
// A query describes its columns once, as a list of Column; everything else follows from that. Texts
// of vendors are hostile here: no format lets their control characters through. The package
// computes nothing about an answer, sorts nothing, and writes only to the writer it is given.
package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// DefaultWidth is the width of a table, in terminal columns, when none is known.
const DefaultWidth = 100

// Answer is what a query found.
type Answer struct {
	// Table is for all formats but json.
	Table *Table
	// Whole is what json prints: one object with everything.
	Whole any
	// Picture, when there is one, takes the place of the table before people: on a terminal and in markdown.
	Picture *Timeline
}

// Options say how to print. The zero value is a plain table, 100 columns wide, with times in UTC.
type Options struct {
	Format Format
	// Width in terminal columns; 0 means DefaultWidth. Tables only.
	Width int
	// Colour lets tables use SGR sequences of our own.
	Colour bool
	// ASCII keeps tables to ASCII, for a terminal that knows no more.
	ASCII bool
	// Interactive says that a person reads along: json is then indented.
	Interactive bool
	// Location of the times in tables; nil means UTC. Other formats print UTC.
	Location *time.Location
	// Now shortens times of its own day to HH:MM:SS, and is what ages count from. Zero means that
	// times are printed in full.
	Now time.Time
}

func (o Options) withDefaults() Options {
	if o.Width <= 0 {
		o.Width = DefaultWidth
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	return o
}

// Write prints the answer in one piece.
func Write(w io.Writer, a Answer, o Options) error {
	var buf bytes.Buffer
	if err := printAs(&buf, a, o.withDefaults()); err != nil {
		return fmt.Errorf("render %s: %w", o.Format, err)
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", o.Format, err)
	}
	return nil
}

func printAs(buf *bytes.Buffer, a Answer, o Options) error {
	if o.Format == FormatJSON {
		return printJSON(buf, a.Whole, o)
	}
	if a.Table == nil {
		return errors.New("the answer has no table")
	}
	switch o.Format {
	case FormatTable:
		printForTerminal(buf, a, o)
	case FormatMarkdown:
		printDocument(buf, a, o)
	case FormatCSV:
		printCSV(buf, a.Table)
	case FormatTSV:
		printTSV(buf, a.Table)
	case FormatJSONLines:
		return printJSONLines(buf, a.Table)
	case FormatJSON:
	default:
		return fmt.Errorf("no format %d", o.Format)
	}
	return nil
}

func printForTerminal(buf *bytes.Buffer, a Answer, o Options) {
	if a.Picture != nil {
		printTimeline(buf, a.Picture, o)
	} else {
		printTable(buf, a.Table, o)
	}
	if o.ASCII {
		text := toASCII(buf.Bytes())
		buf.Reset()
		buf.Write(text)
	}
}

// printDocument writes a table as markdown, and a picture as the block of code that keeps its columns.
func printDocument(buf *bytes.Buffer, a Answer, o Options) {
	if a.Picture == nil {
		printMarkdown(buf, a.Table, o)
		return
	}
	var picture bytes.Buffer
	o.Now, o.Colour = time.Time{}, false
	printTimeline(&picture, a.Picture, o)
	buf.WriteString("```text\n")
	buf.Write(bytes.ReplaceAll(picture.Bytes(), []byte("`"), []byte("'")))
	buf.WriteString("```\n")
}

// WriteNotes prints notes, one a line, made safe for a terminal. They belong on stderr.
func WriteNotes(w io.Writer, notes []string) error {
	for _, note := range notes {
		if _, err := fmt.Fprintf(w, "note: %s\n", Escape(note)); err != nil {
			return fmt.Errorf("write notes: %w", err)
		}
	}
	return nil
}
