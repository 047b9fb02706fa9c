package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/errata-dev/errata/internal/score/traffic"
	"github.com/errata-dev/errata/internal/score/truth"
	"github.com/errata-dev/errata/storage"
)

func (s *scorer) spikes(ctx context.Context) error {
	answer, err := s.db.Spikes(ctx, s.filter(), storage.SpikeOptions{})
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(truth.Spikes(s.log), func(w truth.Spike) bool { return !s.asked(w.Start, w.End-1) })
	key := func(vendor string, status int, code string) string {
		return fmt.Sprintf("%s %d %s", vendor, status, code)
	}
	var events, rows []span
	var kinds []string
	for _, w := range want {
		events = append(events, span{key: key(w.Vendor, w.Status, w.Code), from: w.Start, to: w.End})
		kinds = append(kinds, w.Kind)
	}
	answer.Rows = slices.DeleteFunc(answer.Rows, s.explained)
	for _, r := range answer.Rows {
		rows = append(rows, span{key(r.Vendor, int(r.Status), r.Code), r.Start.UnixMilli(), r.End.UnixMilli(), fmt.Sprintf("count %d expected %.1f score %.1f", r.Count, r.Expected, r.Score)})
	}
	rowOf, taken := match(events, rows)
	incidents := map[int]string{}
	for i := len(want) - 1; i >= 0; i-- {
		if j := rowOf[i]; j >= 0 && !s.whole(events[i]) {
			continue
		} else if j >= 0 {
			s.compareSpike(want[i], answer.Rows[j], incidents, checks{s.result, "spikes", s.where("spikes", kinds[i], events[i])})
		} else if !want[i].Required {
			s.result.note("BORDERLINE and not found %s", s.where("spikes", kinds[i], events[i]))
			kinds, events, rowOf = append(kinds[:i], kinds[i+1:]...), append(events[:i], events[i+1:]...), append(rowOf[:i], rowOf[i+1:]...)
		}
	}
	s.settle("spikes", kinds, events, rows, rowOf, taken, func(j int) string { return s.spikeDecoy(answer.Rows[j]) })
	return nil
}

// explained reports a row that a storm or a throttled window has caused: many errors are a spike too.
func (s *scorer) explained(r storage.SpikeRow) bool {
	for _, e := range s.log.Events {
		if e.Question != "storms" && e.Question != "limits" || e.Vendor != r.Vendor || e.From >= r.End.UnixMilli() || e.To <= r.Start.UnixMilli() {
			continue
		}
		if slices.ContainsFunc(e.Calls, func(c *traffic.Call) bool { return c.Failure != nil && c.Failure.Code == r.Code }) {
			return true
		}
	}
	return false
}

// spikeDecoy names what a false row may have been taken in by.
func (s *scorer) spikeDecoy(r storage.SpikeRow) string {
	for _, e := range s.log.Events {
		if e.Vendor == r.Vendor && e.Code == r.Code {
			return e.Kind
		}
	}
	return "noise"
}

func (s *scorer) compareSpike(want truth.Spike, got storage.SpikeRow, incidents map[int]string, c checks) {
	c.moment("start", got.Start.Time, want.Start)
	c.moment("end", got.End.Time, want.End)
	c.number("count", float64(got.Count), float64(want.Count))
	if want.Expected > 0 {
		c.near("expected", got.Expected, want.Expected)
		if got.Ratio == nil {
			c.text("ratio", "null", "a number")
		} else {
			c.near("ratio", *got.Ratio, want.Ratio)
		}
	}
	c.text("new", fmt.Sprint(got.New), fmt.Sprint(want.New))
	if want.Clear {
		c.text("severity", string(got.Severity), want.Severity)
	}
	if want.Group > 0 {
		if incidents[want.Group] == "" {
			incidents[want.Group] = got.Incident
		}
		c.text("incident", got.Incident, incidents[want.Group])
	}
}

// near compares an estimate: a fifth of the truth, or one error, is exact enough.
func (c checks) near(member string, got, want float64) {
	if off := got - want; off < max(1, 0.2*want) && off > -max(1, 0.2*want) {
		got = want
	}
	c.number(member+", within a fifth", got, want)
}
