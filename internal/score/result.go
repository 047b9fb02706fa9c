package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// result gathers what was found of every kind of event, and how far the figures are off.
type result struct {
	questions map[string]map[string]*tally // question → kind
	figures   map[string]map[string]*figure
	notes     []string // every miss, false row and wrong figure
}

type tally struct{ events, found, missed, wrong int }

// figure is one member of the rows of an answer.
type figure struct {
	rows, exact int
	errors      []float64 // relative, of those that are not exact
}

func newResult() *result {
	return &result{questions: map[string]map[string]*tally{}, figures: map[string]map[string]*figure{}}
}

func (r *result) kind(question, kind string) *tally {
	if r.questions[question] == nil {
		r.questions[question] = map[string]*tally{}
	}
	if r.questions[question][kind] == nil {
		r.questions[question][kind] = &tally{}
	}
	return r.questions[question][kind]
}

func (r *result) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// checks compares the members of one row.
type checks struct {
	result   *result
	question string
	row      string
}

func (c checks) figure(member string) *figure {
	if c.result.figures[c.question] == nil {
		c.result.figures[c.question] = map[string]*figure{}
	}
	if c.result.figures[c.question][member] == nil {
		c.result.figures[c.question][member] = &figure{}
	}
	return c.result.figures[c.question][member]
}

// number compares a figure; what differs by rounding only is exact.
func (c checks) number(member string, got, want float64) {
	f := c.figure(member)
	f.rows++
	off := math.Abs(got-want) / max(1, math.Abs(want))
	if math.Abs(want) < 1 {
		off = math.Abs(got - want)
	}
	if off < 1e-6 {
		f.exact++
		return
	}
	f.errors = append(f.errors, off)
	c.result.note("%s: %s is %v, want %v", c.row, member, got, want)
}

func (c checks) text(member, got, want string) {
	f := c.figure(member)
	f.rows++
	if got == want {
		f.exact++
		return
	}
	f.errors = append(f.errors, 1)
	c.result.note("%s: %s is %q, want %q", c.row, member, got, want)
}

// moment compares times; the error is in seconds.
func (c checks) moment(member string, got time.Time, want int64) {
	f := c.figure(member)
	f.rows++
	off := math.Abs(float64(got.UnixMilli()-want)) / 1000
	if off == 0 {
		f.exact++
		return
	}
	f.errors = append(f.errors, off)
	c.result.note("%s: %s is %s, want %s", c.row, member, clock(got.UnixMilli()), clock(want))
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("02T15:04:05.000") }

// precision and recall of a question.
func (r *result) score(question string) (t tally, precision, recall float64) {
	for _, k := range r.questions[question] {
		t.events += k.events
		t.found += k.found
		t.missed += k.missed
		t.wrong += k.wrong
	}
	return t, share(t.found, t.found+t.wrong), share(t.found, t.events)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func (r *result) exact(question, member string) float64 {
	f := r.figures[question][member]
	if f == nil {
		return math.NaN()
	}
	return share(f.exact, f.rows)
}

// check returns an error when a question is answered worse than it has to be. Counting knows no excuse.
func (r *result) check(floor float64) error {
	var errs []error
	for _, question := range sortedKeys(r.questions) {
		least := floor
		switch {
		case question == "top":
			least = 1
		case strings.HasSuffix(question, ", a quarter"): // of the same events: a false row weighs four times as much
			least -= 0.05
		}
		if _, precision, recall := r.score(question); precision < least || recall < least {
			errs = append(errs, fmt.Errorf("%s: precision %.3f and recall %.3f, want %.2f", question, precision, recall, least))
		}
	}
	return errors.Join(errs...)
}

// print writes the tables: questions, kinds, figures.
func (r *result) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) } //nolint:errcheck // Flush tells
	line("question\tevents\tfound\tmissed\tfalse\tprecision\trecall")
	for _, question := range sortedKeys(r.questions) {
		t, precision, recall := r.score(question)
		line("%s\t%d\t%d\t%d\t%d\t%.3f\t%.3f", question, t.events, t.found, t.missed, t.wrong, precision, recall)
	}
	line("\nquestion\tmember\trows\texact\tmedian error\tmax error")
	for _, question := range sortedKeys(r.figures) {
		for _, member := range sortedKeys(r.figures[question]) {
			f := r.figures[question][member]
			line("%s\t%s\t%d\t%.3f\t%s", question, member, f.rows, share(f.exact, f.rows), f.off())
		}
	}
	line("\nquestion\tkind\tevents\tfound\tmissed\tfalse")
	for _, question := range sortedKeys(r.questions) {
		for _, kind := range sortedKeys(r.questions[question]) {
			t := r.questions[question][kind]
			line("%s\t%s\t%d\t%d\t%d\t%d", question, kind, t.events, t.found, t.missed, t.wrong)
		}
	}
	return w.Flush()
}

// off prints the median and the largest error of the figures that are not exact.
func (f *figure) off() string {
	if len(f.errors) == 0 {
		return "0\t0"
	}
	slices.Sort(f.errors)
	return fmt.Sprintf("%.3g\t%.3g", f.errors[len(f.errors)/2], f.errors[len(f.errors)-1])
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
