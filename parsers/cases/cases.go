// Package cases reads the cases that prove a vendor definition, and compares rows with what they want.
//
// A case is one .txtar file: a comment that says where the response comes from, the response, and
// the members of the row that it must become. The package knows neither definitions nor rows: it
// turns files into records, and compares JSON with JSON.
package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	slash "path"
	"strings"

	"golang.org/x/tools/txtar"
)

// The files of a case. Either of the first two holds the response.
const (
	inputFile    = "input.json"    // one response log
	exchangeFile = "exchange.http" // a request line, a blank line, and the response as HTTP writes it
	wantFile     = "want.json"     // the members of the row that must be so
)

// lookAlike begins the name of a case that a definition must not read, although it might.
const lookAlike = "not_"

// Case is one response and the row that it must become.
type Case struct {
	Name    string // "card_declined"
	File    string // within the file system it was read from
	Comment string // where the response comes from
	Record  []byte // one response log
	Want    map[string]json.RawMessage
	Also    map[string][]string // labels as defensible as the want's, by member; "" = absent
	archive *txtar.Archive
}

// LookAlike reports a case of a response that only resembles those of its definition.
func (c *Case) LookAlike() bool { return strings.HasPrefix(c.Name, lookAlike) }

// Whole reports a want that lists every member of the row, as one that names the checksum does.
func (c *Case) Whole() bool { return c.Want["checksum"] != nil }

// Read reads the cases that match the pattern of fs.Glob, by file name. Its error joins the faults of
// all files, each with its name; no case at all is a fault too.
func Read(fsys fs.FS, pattern string) ([]Case, error) {
	files, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no cases match %s", pattern)
	}
	var read []Case
	var faults []error
	for _, file := range files {
		c, err := readFile(fsys, file)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
			continue
		}
		read = append(read, c)
	}
	return read, errors.Join(faults...)
}

func readFile(fsys fs.FS, file string) (Case, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return Case{}, err
	}
	c := Case{Name: strings.TrimSuffix(slash.Base(file), ".txtar"), File: file, archive: txtar.Parse(text)}
	if c.Comment = strings.TrimSpace(string(c.archive.Comment)); c.Comment == "" {
		return Case{}, errors.New("the comment that says where the response comes from is missing")
	}
	c.Also = also(c.Comment)
	for _, f := range c.archive.Files {
		if err := c.take(f); err != nil {
			return Case{}, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if c.Record == nil {
		return Case{}, fmt.Errorf("neither %s nor %s", inputFile, exchangeFile)
	}
	return c, nil
}

// also reads the lines "also MEMBER=TEXT" of a comment.
func also(comment string) map[string][]string {
	labels := map[string][]string{}
	for line := range strings.Lines(comment) {
		label, found := strings.CutPrefix(strings.TrimSpace(line), "also ")
		if member, text, stated := strings.Cut(label, "="); found && stated {
			labels[member] = append(labels[member], text)
		}
	}
	return labels
}

func (c *Case) take(f txtar.File) (err error) {
	switch f.Name {
	case inputFile:
		c.Record = bytes.TrimRight(f.Data, "\r\n")
	case exchangeFile:
		c.Record, err = exchange(f.Data)
	case wantFile:
		err = json.Unmarshal(f.Data, &c.Want)
	default:
		err = fmt.Errorf("unknown file; a case has %s or %s, and %s", exchangeFile, inputFile, wantFile)
	}
	return err
}
