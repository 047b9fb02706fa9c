package storage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxMarks is how many windows, storms and spikes each a timeline marks, the largest.
const maxMarks = 8

// MarkKinds are what a timeline can mark.
func MarkKinds() []string { return []string{"limits", "storms", "spikes"} }

// TimelineMark is a rate-limit window, a storm or a spike, whole: one of the members is set.
type TimelineMark struct {
	Kind  string    `json:"kind"` // limit, storm or spike
	Start Time      `json:"start"`
	End   Time      `json:"end"`
	Limit *LimitRow `json:"limit,omitempty"`
	Storm *StormRow `json:"storm,omitempty"`
	Spike *SpikeRow `json:"spike,omitempty"`
}

// readMarks asks the other questions about the same range.
func (t *timelineQuestion) readMarks(ctx context.Context) error {
	readers := map[string]func(context.Context) error{"limits": t.markLimits, "storms": t.markStorms, "spikes": t.markSpikes}
	for _, kind := range MarkKinds() {
		if !slices.Contains(t.options.Marks, kind) {
			continue
		}
		if err := readers[kind](ctx); err != nil {
			return err
		}
	}
	slices.SortStableFunc(t.answer.Marks, func(a, b TimelineMark) int {
		return cmp.Or(a.Start.Compare(b.Start.Time), a.End.Compare(b.End.Time))
	})
	return nil
}

func (t *timelineQuestion) markLimits(ctx context.Context) error {
	found, err := limits(ctx, t.conn, t.filter, LimitOptions{Limit: maxMarks})
	for i := range found.Rows {
		r := &found.Rows[i]
		t.answer.Marks = append(t.answer.Marks, TimelineMark{Kind: "limit", Start: r.Start, End: r.End, Limit: r})
	}
	adopt(t, found, "rate-limit windows")
	return err
}

func (t *timelineQuestion) markStorms(ctx context.Context) error {
	found, err := storms(ctx, t.conn, t.filter, StormOptions{Limit: maxMarks})
	for i := range found.Rows {
		r := &found.Rows[i]
		t.answer.Marks = append(t.answer.Marks, TimelineMark{Kind: "storm", Start: r.Start, End: r.End, Storm: r})
	}
	adopt(t, found, "storms")
	return err
}

func (t *timelineQuestion) markSpikes(ctx context.Context) error {
	found, err := spikes(ctx, t.conn, t.filter, SpikeOptions{Limit: maxMarks})
	for i := range found.Rows {
		r := &found.Rows[i]
		t.answer.Marks = append(t.answer.Marks, TimelineMark{Kind: "spike", Start: r.Start, End: r.End, Spike: r})
	}
	adopt(t, found, "spikes")
	return err
}

// adopt takes over what an answer says about itself, but for its being empty, which is no news here.
func adopt[R any](t *timelineQuestion, a Answer[R], name string) {
	t.statements = append(t.statements, a.Explain...)
	if a.Cut > 0 {
		t.answer.Notes = append(t.answer.Notes, fmt.Sprintf("%d more %s are not marked, the smallest: narrow the range or the filters", a.Cut, name))
	}
	for _, note := range a.Notes {
		if len(a.Rows) > 0 || !strings.HasPrefix(note, "no ") {
			t.answer.Notes = appendNote(t.answer.Notes, note)
		}
	}
}
