package alert

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"time"

	"github.com/errata-dev/errata/storage"
)

// findings asks the question that a rule of the kind is about.
func (e *Engine) findings(ctx context.Context, r *Rule, sp span) ([]finding, error) {
	filter := sp.filter(r.Filter)
	switch r.Kind {
	case KindSpike:
		return e.spikes(ctx, r, filter)
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
	var findings []finding
	for _, row := range answer.Rows {
		if row.Wasted < uint64(r.MinCount) {
			continue
		}
		findings = append(findings, finding{
			from: row.Start.Time, to: row.End.Time, count: row.Attempts, expected: float64(row.Operations),
			is: map[string]string{"vendor": row.Vendor, "service": row.Service, "endpoint": row.Endpoint},
		})
	}
	return findings, err
}

func (e *Engine) limits(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	answer, err := e.DB.Limits(ctx, f, storage.LimitOptions{})
	var findings []finding
	for _, row := range answer.Rows {
		if row.Rejected < uint64(r.MinCount) {
			continue
		}
		findings = append(findings, finding{
			from: row.Start.Time, to: row.End.Time, count: row.Rejected,
			is: map[string]string{"vendor": row.Vendor, "service": row.Service, "credential": row.Credential, "scope": row.Scope, "category": "rate_limit"},
		})
	}
	return findings, err
}

// newCodes finds codes that appeared for the first time, from their MinCount-th error on.
func (e *Engine) newCodes(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	codes, err := e.DB.NewCodes(ctx, f, newHistory, e.known(f.To))
	if err != nil || len(codes) == 0 {
		return nil, err
	}
	narrow := f
	narrow.Vendors, narrow.Codes = nil, nil
	for _, c := range codes {
		narrow.Vendors, narrow.Codes = append(narrow.Vendors, c.Vendor), append(narrow.Codes, c.Code)
	}
	counts, err := e.DB.Minutes(ctx, narrow, storage.MinutesOptions{By: []string{"vendor", "code"}, ErrorsOnly: true})
	if err != nil {
		return nil, err
	}
	from, to := MinuteOf(f.From), MinuteOf(f.To)
	var findings []finding
	for _, s := range spread(counts, []string{"vendor", "code"}, from, to) {
		for _, c := range codes {
			if s.values[0] == c.Vendor && s.values[1] == c.Code {
				findings = append(findings, appearance(s, c, from, uint64(r.MinCount))...)
			}
		}
	}
	return findings, nil
}

// appearance is the hour after a code's first error, from the minute in which there were enough of them.
func appearance(s *series, c storage.NewCode, from Minute, enough uint64) []finding {
	var sum uint64
	for i, n := range s.errors {
		m := from + Minute(i)
		if m.Time().Sub(c.FirstSeen) >= newFor {
			break
		}
		if sum += n; sum >= enough {
			return []finding{{
				from: m.Time(), to: c.FirstSeen.Add(newFor), count: sum,
				is: map[string]string{"vendor": c.Vendor, "code": c.Code},
			}}
		}
	}
	return nil
}

// spikes finds those that are worth a page. An answer may tell one spike of noise in a week; a page wants
// longer odds.
func (e *Engine) spikes(ctx context.Context, r *Rule, f storage.Filter) ([]finding, error) {
	answer, err := e.DB.Spikes(ctx, f, storage.SpikeOptions{Floor: r.MinCount, Lift: r.Lift, PValue: pagePValue})
	if err != nil {
		return nil, err
	}
	var findings []finding
	for i := range answer.Rows {
		row := &answer.Rows[i]
		if !row.New && row.Score < -math.Log10(pagePValue) {
			continue
		}
		follows, err := e.followsTraffic(ctx, r, f, row)
		if err != nil {
			return nil, err
		}
		if follows {
			continue
		}
		findings = append(findings, finding{
			from: row.Start.Time, to: row.End.Time, count: row.Count, expected: row.Expected,
			is: map[string]string{"vendor": row.Vendor, "status": strconv.Itoa(int(row.Status)), "code": row.Code},
		})
	}
	return findings, nil
}

// followsTraffic tells that errors rose only because calls did, as on a Monday morning after a weekend: for
// each success they are less than the lift above an ordinary hour of the last week. Few successes may be few by
// chance; the doubt speaks for the page.
func (e *Engine) followsTraffic(ctx context.Context, r *Rule, f storage.Filter, row *storage.SpikeRow) (bool, error) {
	f.From, f.To = row.Start.Time, row.End.Time
	u, err := e.DB.Usual(ctx, f, storage.ErrorKind{Vendor: row.Vendor, Status: row.Status, Code: row.Code}, usualHistory)
	if err != nil || u.Hours < usualHours || u.Successes == 0 || u.PerSuccess == 0 {
		return false, err
	}
	successes := float64(u.Successes)
	return float64(u.Errors) < cmp.Or(r.Lift, standardLift)*u.PerSuccess*(successes-math.Sqrt(successes)), nil
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
