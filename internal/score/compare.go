package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/score/traffic"
	"github.com/errata-dev/errata/internal/score/truth"
	"github.com/errata-dev/errata/storage"
)

// span is an event or a row: what it is about and when.
type span struct {
	key      string
	from, to int64
	more     string // about a row, for the list
}

// match pairs events with rows of the same key that overlap in time, the longest overlaps first; each at
// most once. It returns the row of every event, -1 for none, and marks the rows that were taken.
func match(events, rows []span) (rowOf []int, taken []bool) {
	type pair struct {
		event, row int
		overlap    int64
	}
	var pairs []pair
	for i, e := range events {
		for j, r := range rows {
			if overlap := min(e.to, r.to) - max(e.from, r.from); e.key == r.key && overlap >= -1000 {
				pairs = append(pairs, pair{i, j, overlap})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.overlap, a.overlap) })
	rowOf, taken = slices.Repeat([]int{-1}, len(events)), make([]bool, len(rows))
	for _, p := range pairs {
		if rowOf[p.event] < 0 && !taken[p.row] {
			rowOf[p.event], taken[p.row] = p.row, true
		}
	}
	return rowOf, taken
}

// scorer asks one loaded log, about all of it or a part.
type scorer struct {
	db       *storage.DB
	log      *traffic.Log
	result   *result
	part     string // names a part of the log
	from, to int64
}

func (s *scorer) filter() storage.Filter {
	return storage.Filter{From: time.UnixMilli(s.from).UTC(), To: time.UnixMilli(s.to).UTC()}
}

// asked reports an event that overlaps the range.
func (s *scorer) asked(from, to int64) bool { return to >= s.from && from < s.to }

// whole reports an event all of which lies in the range, so that its figures cannot depend on it.
func (s *scorer) whole(e span) bool { return s.part == "" || e.from >= s.from && e.to < s.to }

func (s *scorer) where(question, kind string, e span) string {
	return fmt.Sprintf("%s%s %s seed %d: %s %s..%s (%s)", question, s.part, s.log.Name, s.log.Seed, e.key, clock(e.from), clock(e.to), kind)
}

// settle counts what was matched, and notes misses and false rows.
func (s *scorer) settle(question string, kinds []string, events, rows []span, rowOf []int, taken []bool, falseKind func(int) string) {
	for i, kind := range kinds {
		t := s.result.kind(question+s.part, kind)
		t.events++
		if rowOf[i] >= 0 {
			t.found++
			continue
		}
		t.missed++
		s.result.note("MISSED %s", s.where(question, kind, events[i]))
	}
	for j, was := range taken {
		if was {
			continue
		}
		kind := falseKind(j)
		s.result.kind(question+s.part, kind).wrong++
		s.result.note("FALSE %s %s", s.where(question, kind, rows[j]), rows[j].more)
	}
}

func (s *scorer) storms(ctx context.Context) error {
	answer, err := s.db.Storms(ctx, s.filter(), storage.StormOptions{})
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(truth.Storms(s.log), func(w truth.Storm) bool { return !s.asked(w.Start, w.End) })
	var events, rows []span
	var kinds []string
	for _, w := range want {
		events = append(events, span{key: w.Vendor + " " + w.Service + " " + w.Endpoint, from: w.Start, to: w.End})
		kinds = append(kinds, w.Kind)
	}
	for _, r := range answer.Rows {
		rows = append(rows, span{r.Vendor + " " + r.Service + " " + r.Endpoint, r.Start.UnixMilli(), r.End.UnixMilli(), fmt.Sprintf("%+v", r)})
	}
	rowOf, taken := match(events, rows)
	s.settle("storms", kinds, events, rows, rowOf, taken, func(j int) string {
		r := answer.Rows[j]
		return truth.DecoyOf(s.log, r.Vendor, r.Service, r.Endpoint)
	})
	for i, j := range rowOf {
		if j >= 0 && s.whole(events[i]) {
			s.compareStorm(want[i], answer.Rows[j], checks{s.result, "storms", s.where("storms", kinds[i], events[i])})
		}
	}
	s.unseen("storms", func(e *traffic.Event) bool {
		return slices.ContainsFunc(want, func(w truth.Storm) bool { return w.Event == e })
	})
	return nil
}

// unseen notes events that the definitions do not see: the traffic is at fault, or they are.
func (s *scorer) unseen(question string, seen func(*traffic.Event) bool) {
	if s.part != "" {
		return
	}
	for _, e := range s.log.Events {
		if e.Question == question && !seen(e) && e.To >= s.log.From {
			s.result.note("UNSEEN %s by the definition: %s %s (%s) %s", question, e.Service, e.Endpoint, e.Kind, clock(e.From))
		}
	}
}

func (s *scorer) compareStorm(want truth.Storm, got storage.StormRow, c checks) {
	if want.Event != nil && want.Event.Loose {
		return
	}
	c.moment("start", got.Start.Time, want.Start)
	c.moment("end", got.End.Time, want.End)
	codes := slices.Clone(got.Codes)
	slices.Sort(codes)
	c.text("codes", strings.Join(codes, " "), strings.Join(want.Codes, " "))
	c.number("peak_per_s", float64(got.PeakPerS), float64(want.PeakPerS))
	if want.Weak {
		c.question = "storms, weak"
	}
	c.number("attempts", float64(got.Attempts), float64(want.Attempts))
	c.number("operations", float64(got.Operations), float64(want.Operations))
	c.number("amplification", got.Amplification, want.Amplification)
	c.number("retry_share", got.RetryShare, want.RetryShare)
	c.number("wasted", float64(got.Wasted), float64(want.Wasted))
	if want.Weak {
		return
	}
	c.number("median_gap_ms", got.MedianGapMS, want.MedianGapMS)
	c.number("early_retries", float64(got.EarlyRetries), float64(want.Early))
	c.number("nonretryable_retries", float64(got.NonretryableRetries), float64(want.Nonretryable))
	c.text("backoff", string(got.Backoff), want.Backoff)
	c.text("jitter", fmt.Sprint(got.Jitter), fmt.Sprint(want.Jitter))
	if want.Outcome != "" {
		c.text("outcome", string(got.Outcome), want.Outcome)
	}
	if e := want.Event; e != nil && e.Backoff != "" {
		c.text("backoff as simulated", string(got.Backoff), e.Backoff)
		c.text("jitter as simulated", fmt.Sprint(got.Jitter), fmt.Sprint(e.Jitter))
	}
	if e := want.Event; e != nil && e.Outcome != "" {
		c.text("outcome as simulated", string(got.Outcome), e.Outcome)
	}
}

func (s *scorer) limits(ctx context.Context) error {
	answer, err := s.db.Limits(ctx, s.filter(), storage.LimitOptions{})
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(truth.Limits(s.log), func(w truth.Limit) bool { return !s.asked(w.Start, w.End) })
	var events, rows []span
	var kinds []string
	payer := func(vendor, credential, service string) string {
		if credential != "" {
			return vendor + " " + credential
		}
		return vendor + " of " + service
	}
	for _, w := range want {
		events = append(events, span{key: payer(w.Vendor, w.Credential, w.Service), from: w.Start, to: w.End})
		kinds = append(kinds, w.Kind)
	}
	for _, r := range answer.Rows {
		rows = append(rows, span{payer(r.Vendor, r.Credential, r.Service), r.Start.UnixMilli(), r.End.UnixMilli(), fmt.Sprintf("%+v", r)})
	}
	rowOf, taken := match(events, rows)
	s.settle("limits", kinds, events, rows, rowOf, taken, func(j int) string {
		r := answer.Rows[j]
		return truth.DecoyOf(s.log, r.Vendor, r.Service, "")
	})
	for i, j := range rowOf {
		if j >= 0 && s.whole(events[i]) {
			s.compareLimit(want[i], answer.Rows[j], checks{s.result, "limits", s.where("limits", kinds[i], events[i])})
		}
	}
	s.unseen("limits", func(e *traffic.Event) bool {
		return slices.ContainsFunc(want, func(w truth.Limit) bool { return w.Event == e })
	})
	return nil
}

func (s *scorer) compareLimit(want truth.Limit, got storage.LimitRow, c checks) {
	c.moment("start", got.Start.Time, want.Start)
	c.moment("end", got.End.Time, want.End)
	c.text("service", got.Service, want.Service)
	c.text("scope", got.Scope, want.Scope)
	c.number("rejected", float64(got.Rejected), float64(want.Rejected))
	c.number("admitted", float64(got.Admitted), float64(want.Admitted))
	c.number("early_retries", float64(got.EarlyRetries), float64(want.Early))
	services := slices.Clone(got.TopServices)
	slices.Sort(services)
	c.text("top_services", strings.Join(services, " "), strings.Join(want.TopServices, " "))
	compareWaits(want.Waits, got.RetryAfterMS, c)
	if want.Source != "" {
		c.text("limit_source", string(got.LimitSource), want.Source)
		c.number("limit, stated", orZero(got.Limit), float64(want.Limit))
		if want.WindowS > 0 {
			c.number("window_s, stated", orZero(got.WindowS), float64(want.WindowS))
		}
		return
	}
	if e := want.Event; e != nil && e.Question == "limits" {
		c.inferred(e, got)
	}
}

// inferred allows a tenth: traffic tells a limit no better.
func (c checks) inferred(e *traffic.Event, got storage.LimitRow) {
	limit, window := orZero(got.Limit), orZero(got.WindowS)
	if e.Limit == 0 {
		c.number("limit, where there is none", limit, 0)
		return
	}
	if limit >= 0.9*float64(e.Limit) && limit <= 1.1*float64(e.Limit) {
		limit = float64(e.Limit)
	}
	c.number("limit, inferred within a tenth", limit, float64(e.Limit))
	c.number("window_s, inferred", window, float64(e.WindowS))
}

func compareWaits(want []float64, got *storage.RetryAfter, c checks) {
	if len(want) == 0 {
		c.text("retry_after_ms", fmt.Sprint(got != nil), "false")
		return
	}
	if got == nil {
		c.text("retry_after_ms", "null", "stated")
		return
	}
	slices.Sort(want)
	n := len(want)
	c.number("retry_after_ms.min", float64(got.Min), want[0])
	c.number("retry_after_ms.median", got.Median, (want[(n-1)/2]+want[n/2])/2)
	c.number("retry_after_ms.max", float64(got.Max), want[n-1])
}

func orZero(n *int64) float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}
