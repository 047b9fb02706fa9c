package alert

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/errata-dev/errata/storage"
)

// findings asks the question that a rule of the kind is about.
func (e *Engine) findings(ctx context.Context, r *Rule, sp span) ([]finding, error) {
	filter := sp.filter(r.Filter)
	switch r.Kind {
	case KindSpike:
		return e.spikes(ctx, r, filter, sp)
	case KindNewCode:
		return e.newCodes(ctx, r, filter)
	case KindStorm:
		return e.storms(ctx, r, filter)
	default:
		return e.limits(ctx, r, filter)
	}
}

func (e *Engine) storms(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	answer, err := e.DB.Storms(ctx, f, storage.StormOptions{})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(answer.Rows, func(a, b storage.StormRow) int { return a.Start.Compare(b.Start.Time) }) // for the hours that are kept
	var findings []finding
	for i := range answer.Rows {
		e.progress(r, i, len(answer.Rows))
		row := &answer.Rows[i]
		if row.Wasted < uint64(r.MinCount) {
			continue
		}
		ordinary, err := e.stormIsOrdinary(ctx, f, row, uint64(r.MinCount))
		if err != nil {
			return nil, err
		}
		if !ordinary {
			findings = append(findings, finding{
				from: row.Start.Time, to: row.End.Time, count: row.Attempts, expected: float64(row.Operations),
				is: map[string]string{"vendor": row.Vendor, "service": row.Service, "endpoint": row.Endpoint},
			})
		}
	}
	return findings, nil
}

// stormIsOrdinary compares a storm, of at least so many wasted calls, with what its service and endpoint do in an ordinary hour.
func (e *Engine) stormIsOrdinary(ctx context.Context, f storage.Filter, row *storage.StormRow, least uint64) (bool, error) {
	f.Vendors, f.Services, f.Endpoints = []string{row.Vendor}, []string{row.Service}, []string{row.Endpoint}
	f.From, f.To = row.Start.Time, row.End.Add(time.Millisecond)
	hours, err := e.hourly().Hourly(ctx, e.DB, f, f.From.Add(-usualHistory), f.From)
	if err != nil {
		return false, err
	}
	successes, err := e.DB.Successes(ctx, f)
	if err != nil {
		return false, err
	}
	minutes := max(1, f.To.Sub(f.From).Minutes())
	if keepsOn(row.Attempts, successes, minutes, hours, standardLift) {
		return true, nil
	}
	rows, records, err := e.DB.Records(ctx, f)
	return isCopied(row, rows, records, least) || keepsOn(records, successes, minutes, hours, standardLift), err
}

// isCopied tells that a storm is one only because its records were written more than once, so that they look like
// repetitions: without the copies it wastes too little, or an operation has fewer attempts than a run takes.
func isCopied(row *storage.StormRow, rows, records, least uint64) bool {
	if records >= rows-rows/10 { // an estimate, and some copies make no storm
		return false
	}
	attempts := row.Attempts * records / rows
	return attempts < row.Operations+least || attempts < runAttempts*row.Operations
}

func (e *Engine) limits(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	answer, err := e.DB.Limits(ctx, f, storage.LimitOptions{})
	var findings []finding
	for _, row := range answer.Rows {
		// Stray rejections among many calls are no limit that stops anybody. Where a quota is stated they are not stray, however
		// few they are beside what it admits: it may be spent each hour, for ever. One that is inferred may be chance.
		stated := row.Limit != nil && row.LimitSource != storage.LimitSourceInferred
		if row.Rejected < uint64(r.MinCount) || !stated && !exceeds(row.Rejected, row.Rejected+row.Admitted, r.Above) {
			continue
		}
		findings = append(findings, finding{
			from: row.Start.Time, to: row.End.Time, count: row.Rejected, weakens: r.Above > 0 && !stated,
			is: map[string]string{"vendor": row.Vendor, "service": row.Service, "credential": row.Credential, "scope": row.Scope, "category": "rate_limit"},
		})
	}
	return findings, err
}

// newCodes finds codes that appeared for the first time, from their MinCount-th call on.
func (e *Engine) newCodes(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	codes, err := e.DB.NewCodes(ctx, f, newHistory, e.known(f.To))
	if err != nil || len(codes) == 0 {
		return nil, err
	}
	counts, err := e.DB.NewCodeCalls(ctx, f, codes)
	var findings []finding
	for _, c := range codes {
		findings = append(findings, appearance(counts, c, uint64(r.MinCount))...)
	}
	return findings, err
}

// appearance is the hour after a code's first error, from the minute in which there were enough calls.
func appearance(counts []storage.CallCount, c storage.NewCode, enough uint64) []finding {
	var sum uint64
	for _, n := range counts {
		if n.Vendor != c.Vendor || n.Code != c.Code {
			continue
		}
		at := Minute(n.Minute).Time()
		if at.Sub(c.FirstSeen) >= newFor {
			break
		}
		if sum += n.Calls; sum >= enough {
			return []finding{{
				from: at, to: c.FirstSeen.Add(newFor), count: sum,
				is: map[string]string{"vendor": c.Vendor, "code": c.Code},
			}}
		}
	}
	return nil
}

// spikes finds those that are worth a page.
func (e *Engine) spikes(ctx context.Context, r *Rule, f storage.Filter, sp span) ([]finding, error) {
	answer, err := e.Hours.Spikes(ctx, e.DB, f, storage.SpikeOptions{Floor: r.MinCount, Lift: r.Lift, PValue: pagePValue, Barely: true})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(answer.Rows, func(a, b storage.SpikeRow) int { return a.Start.Compare(b.Start.Time) }) // for the hours that are kept
	var findings []finding
	for i := range answer.Rows {
		e.progress(r, i, len(answer.Rows))
		row := &answer.Rows[i]
		if !row.New && row.Score < -math.Log10(pagePValue) {
			continue
		}
		ordinary, err := e.spikeIsOrdinary(ctx, r, row, sp)
		if err != nil {
			return nil, err
		}
		if !ordinary {
			findings = append(findings, finding{
				from: row.Start.Time, to: row.End.Time, count: row.Count, expected: row.Expected,
				is: map[string]string{"vendor": row.Vendor, "status": strconv.Itoa(int(row.Status)), "code": row.Code},
			})
		}
	}
	return findings, nil
}

// spikeIsOrdinary looks at a spike once more.
func (e *Engine) spikeIsOrdinary(ctx context.Context, r *Rule, row *storage.SpikeRow, sp span) (bool, error) {
	f := r.Filter
	f.Vendors, f.Statuses, f.Codes, f.Categories = []string{row.Vendor}, []string{strconv.Itoa(int(row.Status))}, []string{row.Code}, nil
	c := course{
		start: int64(MinuteOf(row.Start.Time)), end: int64(MinuteOf(row.End.Time)), errors: row.Count, expected: row.Expected,
		observed: sp.observed, known: sp.from - observedLead, lift: cmp.Or(r.Lift, standardLift),
	}
	c.settled = c.end
	if sp.now.Sub(sp.complete.Time()) <= staleAfter { // else what there is has to do
		c.settled = max(c.start, min(c.end, int64(sp.complete)))
	}
	if err := e.readCourse(ctx, f, &c); err != nil {
		return false, err
	}
	if peakOf(c.calls, c.start, c.end, windowMinutes) < float64(cmp.Or(r.MinCount, standardFloor)) {
		return true, nil // of records that were written twice, or few calls that were tried again
	}
	if row.New {
		return c.isUnknown(), nil
	}
	return c.ordinary(), nil
}

// during picks the findings that an episode is made of.
func during(findings []finding, since, until time.Time) []finding {
	var picked []finding
	for _, f := range findings {
		if f.from.Before(until) && !f.to.Before(since) {
			picked = append(picked, f)
		}
	}
	return picked
}

func sum(findings []finding) (count uint64, expected float64) {
	for _, f := range findings {
		count += f.count
		expected += f.expected
	}
	return count, expected
}
