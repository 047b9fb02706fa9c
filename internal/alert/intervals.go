package alert

import (
	"slices"
	"strings"
)

// gather makes subjects of findings that share the values of the rule's By. The condition holds in every
// minute that a finding touches; by one that more rows can take back, once the minute is complete.
func gather(r *Rule, findings []finding, sp span) []*subject {
	groups := map[string]*subject{}
	for _, f := range findings {
		values := f.values(r.By)
		key := strings.Join(values, "\x00")
		if groups[key] == nil {
			groups[key] = &subject{values: values}
		}
		groups[key].findings = append(groups[key].findings, f)
	}
	subjects := make([]*subject, 0, len(groups))
	for _, s := range groups {
		s.track = trackOfFindings(s.findings, sp)
		subjects = append(subjects, s)
	}
	slices.SortFunc(subjects, func(a, b *subject) int { return slices.Compare(a.values, b.values) })
	return subjects
}

func trackOfFindings(findings []finding, sp span) Track {
	t := Track{From: sp.from, Verdicts: make([]Verdict, sp.minutes())}
	for i := range t.Verdicts {
		m := sp.from + Minute(i)
		t.Verdicts[i] = sp.judged(m, slices.ContainsFunc(findings, func(f finding) bool { return f.touches(m) && (!f.weakens || m < sp.complete) }))
	}
	return t
}

func (f finding) touches(m Minute) bool {
	return f.from.Before((m + 1).Time()) && (f.to.After(m.Time()) || f.from.Equal(f.to) && !f.to.Before(m.Time()))
}
