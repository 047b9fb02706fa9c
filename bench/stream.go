package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/simulate"
)

// stream is one kind of traffic.
type stream struct {
	name  string
	about string                       // what the report says of it
	open  func(n int) (records, error) // yields at least n records
	fewer int                          // a topic has so many times fewer records than those of other streams; 0 = as many
}

// records yields one record after the other.
type records interface {
	// next returns a record in buf, or in its replacement, and whether it is an error.
	next(buf []byte) (value []byte, failed, ok bool)
}

func allStreams() []stream {
	return []stream{
		{name: "problems", about: "errors of the five vendors in equal shares, each with a short JSON body", open: openProblems},
		{name: "mix", about: "traffic of the five vendors", open: openMix},
		{name: "errors", about: "errors of the five vendors in every form: also compressed bodies, error pages, broken JSON, calls without a response", open: openErrors},
		{name: "pages", about: "error pages, each with ids of its own", open: openPages, fewer: 5},
		{name: "successes", about: "the successes of mix", open: openSuccesses},
	}
}

// streamsNamed returns the streams of a list, or all of them.
func streamsNamed(list string) ([]stream, error) {
	all := allStreams()
	if list == "all" {
		return all, nil
	}
	var names []string
	known := map[string]stream{}
	for _, s := range all {
		names, known[s.name] = append(names, s.name), s
	}
	var found []stream
	for name := range strings.SplitSeq(list, ",") {
		s, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("stream %q: want %s or all", name, strings.Join(names, ", "))
		}
		found = append(found, s)
	}
	return found, nil
}

// streamEnd is fixed, so that every bench measures the same bytes.
func streamEnd() time.Time { return time.Date(2026, time.January, 2, 0, 0, 0, 0, time.UTC) }

// source returns the stream's first n records.
func (s stream) source(n int) (*source, error) {
	from, err := s.open(n)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", s.name, err)
	}
	return &source{records: from, left: n}, nil
}

// source ends after so many records.
type source struct {
	records
	left int
}

func (s *source) next(buf []byte) (value []byte, failed, ok bool) {
	if s.left == 0 {
		return buf, false, false
	}
	s.left--
	return s.records.next(buf)
}

func openMix(n int) (records, error) { return simulated(n, 0.05, "") }

// openErrors simulates calls that all fail, but even then some retries succeed.
func openErrors(n int) (records, error) { return simulated(n, 1, "error") }

func openSuccesses(n int) (records, error) { return simulated(n, -1, "success") }

// simulation is ordinary traffic, without staged incidents.
type simulation struct {
	generator *simulate.Generator
	kind      string // of the records that are kept; "" = all
}

func simulated(n int, errorRate float64, kind string, vendors ...string) (*simulation, error) {
	generator, err := simulate.New(simulate.Options{
		Seed: 1, End: streamEnd(), Records: max(n, 1000), ErrorRate: errorRate, Malformed: -1,
		Events: []simulate.Event{}, Decoys: simulate.DecoysOff, Vendors: vendors,
	})
	return &simulation{generator: generator, kind: kind}, err
}

func (s *simulation) next(buf []byte) (value []byte, failed, ok bool) {
	for {
		value, _, ok := s.generator.Next(buf)
		if !ok {
			return buf, false, false
		}
		kind := s.generator.Fact().Kind
		if s.kind == "" || kind == s.kind {
			return value, kind == "error", true
		}
		buf = value
	}
}

const (
	// problemBytes bounds the records of the stream problems: with it they have 550 bytes on average.
	problemBytes = 600
	// problemShare is how many errors are simulated for each that is kept. Few of some vendors are so short.
	problemShare = 60
)

// problems are the errors that any JSON parser understands, of one vendor after the other.
type problems struct {
	vendors []*simulation
	turn    int
}

func openProblems(n int) (records, error) {
	p := &problems{}
	names := simulate.VendorNames()
	for _, vendor := range names {
		s, err := simulated(problemShare*(n/len(names)+1), 1, "error", vendor)
		if err != nil {
			return nil, err
		}
		p.vendors = append(p.vendors, s)
	}
	return p, nil
}

func (p *problems) next(buf []byte) (value []byte, failed, ok bool) {
	from := p.vendors[p.turn]
	p.turn = (p.turn + 1) % len(p.vendors)
	for {
		value, failed, ok = from.next(buf)
		if !ok || isProblem(value) {
			return value, failed, ok
		}
		buf = value
	}
}

// isProblem says whether the record is short and its body an object, as text, without a stray comma at its end.
func isProblem(value []byte) bool {
	return len(value) <= problemBytes && bytes.Contains(value, []byte(`"response_body":"{`)) && !bytes.Contains(value, []byte(`,\n}"`))
}

// lines reads a source as lines.
type lines struct {
	source *source
	buf    []byte
	rest   []byte
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var copied int
		copied, err = l.readLine(p[n:])
		n += copied
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// readLine reads from one line, and not from the next.
func (l *lines) readLine(p []byte) (int, error) {
	if len(l.rest) == 0 {
		value, _, ok := l.source.next(l.buf)
		if l.buf = value; !ok {
			return 0, io.EOF
		}
		l.buf = append(l.buf, '\n')
		l.rest = l.buf
	}
	copied := copy(p, l.rest)
	l.rest = l.rest[copied:]
	return copied, nil
}
