// Package proof runs the cases beside vendor definitions, and says what is wrong with either.
//
// It knows what a definition owes: cases that it reads, one for each of its envelopes and each entry
// of its catalogue, and look-alikes that it leaves alone. It prints nothing and decides nothing.
package proof

import (
	"encoding/json"
	"fmt"
	"io/fs"
	slash "path"
	"strings"

	"github.com/errata-dev/errata/parsers"
	"github.com/errata-dev/errata/parsers/cases"
)

// minLookAlikes is how many responses a definition must be seen to leave alone.
const minLookAlikes = 2

// Members are the members of a row that a Report scores, in its order.
var Members = [...]string{"code", "message", "category", "retry", "details"}

// Score counts the cases whose want names a member, and those of them that got it right.
type Score struct{ Right, Of int }

// Fault is one thing wrong, and where.
type Fault struct {
	File string // the case, or the definition
	Text string // what is wrong, one line or several
}

// Report is what the cases of one definition, or of one directory, showed.
type Report struct {
	Name       string
	Cases      int
	LookAlikes int
	Scores     [len(Members)]Score
	Vendor     int // rows read by a definition …
	Generic    int // … by a public format …
	Unparsed   int // … by nothing
	Faults     []Fault
}

// run is one report in the making.
type run struct {
	Report
	registry *parsers.Registry
	row      parsers.Row
	formats  map[string]bool         // envelopes that read a case
	proven   map[*parsers.Entry]bool // catalogue entries that a case or a line reached
}

// Definition runs the cases of <dir>/testdata against the definition of that name in r.
func Definition(r *parsers.Registry, fsys fs.FS, dir string) Report {
	p := newRun(r, slash.Base(dir))
	p.directory(fsys, slash.Join(dir, "testdata", "*.txtar"))
	if p.LookAlikes < minLookAlikes {
		p.fault(dir, "%d look-alikes; it needs %d: cases named not_*.txtar that the definition must leave alone", p.LookAlikes, minLookAlikes)
	}
	for _, format := range r.Formats(p.Name) {
		if !p.formats[format] {
			p.fault(dir, "no case is read by the envelope %s", format)
		}
	}
	p.codes(fsys, slash.Join(dir, "testdata", "codes.txt"))
	for _, e := range r.Catalogue(p.Name) {
		if !p.proven[e] {
			p.fault(dir, "no case and no line of codes.txt for %s", label(e))
		}
	}
	return p.Report
}

// Directory runs cases that belong to no definition.
func Directory(r *parsers.Registry, fsys fs.FS, pattern, name string) Report {
	p := newRun(r, name)
	p.directory(fsys, pattern)
	return p.Report
}

// Measure runs cases that are only scored: responses that nobody promises to read right.
func Measure(r *parsers.Registry, fsys fs.FS, pattern, name string) Report {
	report := Directory(r, fsys, pattern, name)
	report.Faults = nil
	return report
}

func newRun(r *parsers.Registry, name string) *run {
	return &run{Report: Report{Name: name}, registry: r, formats: map[string]bool{}, proven: map[*parsers.Entry]bool{}}
}

func (p *run) directory(fsys fs.FS, pattern string) {
	all, err := cases.Read(fsys, pattern)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			file, text, found := strings.Cut(strings.TrimSpace(line), ": ")
			if !found {
				file, text = slash.Dir(pattern), file
			}
			p.fault(file, "%s", text)
		}
	}
	for i := range all {
		p.one(&all[i])
	}
}

// one runs one case.
func (p *run) one(c *cases.Case) {
	p.Cases++
	why := p.registry.Explain(&parsers.Record{Value: c.Record}, &p.row)
	printed := p.row.AppendJSON(nil, 1)
	misses, err := c.Misses(printed)
	if err != nil {
		p.fault(c.File, "%v", err)
		return
	}
	p.score(c.Want, misses)
	p.parsed()
	read := p.row.Parse == parsers.ParseVendor && strings.HasPrefix(string(p.row.Format), p.Name+".")
	switch {
	case len(c.Want) == 0:
		p.fault(c.File, "want.json is missing; the row is %s", printed)
	case len(misses) > 0:
		p.fault(c.File, "%s", explain(misses, why))
	case c.LookAlike() && read:
		p.fault(c.File, "the definition reads a look-alike, by %s", p.row.Format)
	}
	if c.LookAlike() {
		p.LookAlikes++
	}
	if read {
		p.formats[string(p.row.Format)] = true
	}
	p.proven[p.registry.Entry(string(p.row.Vendor), int(p.row.Status), string(p.row.Code), string(p.row.Title))] = true
}

// parsed counts how the body was understood.
func (p *run) parsed() {
	switch p.row.Parse {
	case parsers.ParseVendor:
		p.Vendor++
	case parsers.ParseGeneric:
		p.Generic++
	case parsers.ParseUnparsed:
		p.Unparsed++
	}
}

func (p *run) score(want map[string]json.RawMessage, misses []cases.Miss) {
	for i, member := range Members {
		if _, named := want[member]; !named {
			continue
		}
		p.Scores[i].Of++
		p.Scores[i].Right++
		for _, m := range misses {
			if m.Member == member {
				p.Scores[i].Right--
			}
		}
	}
}

// codes compares codes.txt with the catalogue.
func (p *run) codes(fsys fs.FS, file string) {
	lines, err := cases.ReadCodes(fsys, file)
	if err != nil {
		p.fault(file, "%v", err)
	}
	for _, c := range lines {
		e := p.registry.Entry(p.Name, c.Status, c.Code, "")
		where := fmt.Sprintf("%s:%d", file, c.Line)
		if e == nil {
			p.fault(where, "the catalogue does not know %d %s", c.Status, c.Code)
			continue
		}
		p.proven[e] = true
		if got, want := e.Category.String()+" "+e.Retry.String(), c.Category+" "+c.Retry; got != want {
			p.fault(where, "the catalogue says %q of %s, the line says %q", got, label(e), want)
		}
	}
}

func (p *run) fault(file, format string, args ...any) {
	p.Faults = append(p.Faults, Fault{File: file, Text: fmt.Sprintf(format, args...)})
}

// explain lists the misses of a case and, below them, how its body was recognised.
func explain(misses []cases.Miss, why parsers.Explanation) string {
	var b strings.Builder
	for _, m := range misses {
		fmt.Fprintf(&b, "%s\n", m)
	}
	fmt.Fprintf(&b, "because %s", why.Reason)
	for _, t := range why.Trials {
		if t.Miss == "" {
			fmt.Fprintf(&b, "\n  envelope %s read it", t.Format)
			continue
		}
		fmt.Fprintf(&b, "\n  envelope %s did not match: %s", t.Format, t.Miss)
	}
	return b.String()
}

// label names an entry as its definition writes it.
func label(e *parsers.Entry) string {
	switch {
	case e.To > 0:
		return fmt.Sprintf("the codes %d to %d", e.From, e.To)
	case e.Code == "" && e.Title == "":
		return fmt.Sprintf("the status %d", e.Status)
	case e.Status == 0:
		return e.Code + e.Title
	case e.Code == "":
		return fmt.Sprintf("%d %s", e.Status, e.Title)
	}
	return fmt.Sprintf("%d %s", e.Status, e.Code)
}
