package cases

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Code is one line of a codes.txt: what a vendor's documentation says about one code, entered a second
// time so that a slip in the catalogue shows.
type Code struct {
	Line     int
	Status   int    // 0 = any
	Code     string // a code, or a title; empty = what the status means
	Category string
	Retry    string // empty = not stated
}

// ReadCodes reads a codes.txt: one STATUS CODE CATEGORY RETRY a line, with - for what is not stated.
// Blank lines and lines that begin with # do not count. A file that is not there holds no codes.
func ReadCodes(fsys fs.FS, file string) ([]Code, error) {
	text, err := fs.ReadFile(fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var codes []Code
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		c, err := readCode(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		c.Line = n
		codes = append(codes, c)
	}
	return codes, lines.Err()
}

// readCode reads the fields of a line; a title may hold blanks.
func readCode(fields []string) (Code, error) {
	n := len(fields)
	if n < 4 {
		return Code{}, errors.New("a line is STATUS CODE CATEGORY RETRY, with - for what is not stated")
	}
	c := Code{Code: stated(strings.Join(fields[1:n-2], " ")), Category: fields[n-2], Retry: stated(fields[n-1])}
	if fields[0] == "-" {
		return c, nil
	}
	var err error
	if c.Status, err = strconv.Atoi(fields[0]); err != nil {
		return Code{}, fmt.Errorf("%q is no status", fields[0])
	}
	return c, nil
}

func stated(field string) string {
	if field == "-" {
		return ""
	}
	return field
}
