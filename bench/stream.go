package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/simulate"
)

// stream is one kind of traffic: that of all vendors, with so many errors.
type stream struct {
	name      string
	errorRate float64 // of simulate.Options
	only      string  // kind of the records that are kept; "" = all
}

func allStreams() []stream {
	return []stream{
		{name: "mix", errorRate: 0.05},
		{name: "errors", errorRate: 1, only: "error"}, // even then some retries succeed
		{name: "successes", errorRate: -1, only: "success"},
	}
}

// streamsNamed returns one stream, or all of them.
func streamsNamed(name string) ([]stream, error) {
	all := allStreams()
	if name == "all" {
		return all, nil
	}
	var names []string
	for _, s := range all {
		if s.name == name {
			return []stream{s}, nil
		}
		names = append(names, s.name)
	}
	return nil, fmt.Errorf("stream %q: want %s or all", name, strings.Join(names, ", "))
}

// streamEnd is fixed, so that every bench measures the same bytes.
func streamEnd() time.Time { return time.Date(2026, time.January, 2, 0, 0, 0, 0, time.UTC) }

// source yields records of a stream.
type source struct {
	stream    stream
	generator *simulate.Generator
	left      int
}

// source returns the stream's first n records: ordinary traffic, without staged incidents.
func (s stream) source(n int) (*source, error) {
	generator, err := simulate.New(simulate.Options{
		Seed: 1, End: streamEnd(), Records: max(n, 1000), ErrorRate: s.errorRate, Malformed: -1,
		Events: []simulate.Event{}, Decoys: simulate.DecoysOff,
	})
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", s.name, err)
	}
	return &source{stream: s, generator: generator, left: n}, nil
}

// next returns a record in buf, or in its replacement, and whether it is an error.
func (s *source) next(buf []byte) (value []byte, failed, ok bool) {
	for s.left > 0 {
		value, _, ok := s.generator.Next(buf)
		if !ok {
			break
		}
		kind := s.generator.Fact().Kind
		if s.stream.only == "" || kind == s.stream.only {
			s.left--
			return value, kind == "error", true
		}
		buf = value
	}
	return buf, false, false
}

// lines reads a source as lines.
type lines struct {
	source *source
	buf    []byte
	rest   []byte
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(l.rest) == 0 {
			value, _, ok := l.source.next(l.buf)
			if l.buf = value; !ok {
				break
			}
			l.buf = append(l.buf, '\n')
			l.rest = l.buf
		}
		copied := copy(p[n:], l.rest)
		l.rest, n = l.rest[copied:], n+copied
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
