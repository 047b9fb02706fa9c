package alert

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/commandline"
	"github.com/errata-dev/errata/storage"
)

// Evidence is what an alert carries, so that whoever is woken need not look first: what, since when, how
// much, whom it hits, an example, what to do, and the command that shows more. Texts of vendors in it were
// redacted before they were stored.
type Evidence struct {
	Rule     string            `json:"rule"`
	Kind     Kind              `json:"kind"`
	Labels   map[string]string `json:"labels"`
	What     string            `json:"what"` // one sentence
	Since    time.Time         `json:"since"`
	Count    uint64            `json:"count"`              // of what the kind of rule counts
	Expected float64           `json:"expected,omitempty"` // of Count, where the kind knows
	Ratio    float64           `json:"ratio,omitempty"`    // Count / Expected

	Codes     []string `json:"codes"` // "504 provider_timeout", most frequent first
	Services  []string `json:"services"`
	Endpoints []string `json:"endpoints"`
	Message   string   `json:"message,omitempty"` // an exemplar of the vendor's own words
	TraceIDs  []string `json:"trace_ids"`
	Offsets   []string `json:"offsets"` // topic/partition@offset of examples
	Advice    string   `json:"advice,omitempty"`
	Query     string   `json:"query"` // the command that shows it
}

// Evidence gathers what there is to say of an alert, up to now or its end.
func (e *Engine) Evidence(ctx context.Context, a *Alert, now time.Time) (Evidence, error) {
	filter := a.filter(now)
	seen, err := e.DB.AlertEvidence(ctx, filter)
	if err != nil {
		return Evidence{}, err
	}
	ev := Evidence{
		Rule: a.Rule.Name, Kind: a.Rule.Kind, Labels: a.Labels, Since: a.Episode.Since, Count: seen.Count,
		Codes: seen.Codes, Services: seen.Services, Endpoints: seen.Endpoints, Message: seen.Message,
		TraceIDs: seen.TraceIDs, Offsets: seen.Offsets, Query: a.query(filter),
	}
	if len(a.subject.findings) > 0 {
		ev.Count, ev.Expected = sum(during(a.subject.findings, filter.From, filter.To))
	}
	if ev.Expected > 0 {
		ev.Ratio = math.Round(10*float64(ev.Count)/ev.Expected) / 10
	}
	if e.Advice != nil && seen.Count > 0 {
		ev.Advice = e.Advice(seen.Commonest.Vendor, int(seen.Commonest.Status), seen.Commonest.Code)
	}
	ev.What = a.sentence(&ev)
	return ev, nil
}

// filter is the rule's, narrowed to the alert's subject and time.
func (a *Alert) filter(now time.Time) storage.Filter {
	f := a.Rule.Filter
	f.From, f.To = a.Episode.Since.Add(-a.Rule.Window), now
	if a.State == Resolved {
		f.To = a.Episode.LastHeld
	}
	for i, name := range a.Rule.By {
		if value := a.subject.values[i]; value != "" {
			narrow(&f, name, value)
		}
	}
	for _, column := range storage.AlertColumns() {
		narrow(&f, column, valuesOf(column, during(a.subject.findings, f.From, f.To))...)
	}
	return f
}

// narrow sets one member of a filter, unless there is nothing to set it to.
func narrow(f *storage.Filter, column string, values ...string) {
	members := map[string]*[]string{
		"vendor": &f.Vendors, "service": &f.Services, "environment": &f.Environments, "endpoint": &f.Endpoints,
		"status": &f.Statuses, "code": &f.Codes, "category": &f.Categories,
	}
	if member := members[column]; member != nil && len(values) > 0 {
		*member = values
	}
}

// valuesOf are the values that findings have in a column: an incident's codes, and not all of a vendor's.
// Findings that do not say, or say nothing, narrow nothing.
func valuesOf(column string, findings []finding) []string {
	set := map[string]bool{}
	for _, f := range findings {
		value, has := f.is[column]
		if !has || value == "" && column != "code" {
			return nil
		}
		set[value] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// query is the command that shows what the alert saw.
func (a *Alert) query(f storage.Filter) string {
	command := map[Kind]string{KindSpike: "spikes", KindStorm: "storms", KindLimit: "limits", KindUnparsed: "vendors"}[a.Rule.Kind]
	if command == "" {
		command = "errors"
	}
	if a.Rule.Kind == KindSilent || a.Rule.Kind == KindRate {
		command = "top"
	}
	words := []string{"query", command}
	add := func(name string, values []string) {
		for _, v := range values {
			words = append(words, "--"+name, commandline.Quote(v))
		}
	}
	add("vendor", listed(f.Vendors))
	add("service", listed(f.Services))
	add("environment", listed(f.Environments))
	add("endpoint", f.Endpoints)
	add("status", listed(f.Statuses))
	add("code", listed(f.Codes))
	add("category", listed(f.Categories))
	add("from", []string{f.From.UTC().Format(time.RFC3339)})
	add("to", []string{f.To.UTC().Truncate(time.Second).Add(time.Second).Format(time.RFC3339)})
	return strings.Join(words, " ")
}

// listed writes values of a flag that takes a comma-separated list.
func listed(values []string) []string {
	list := make([]string, 0, len(values))
	for _, v := range values {
		list = append(list, commandline.Value(v))
	}
	return list
}

// sentence says what happened in one line.
func (a *Alert) sentence(e *Evidence) string {
	n, window := strconv.FormatUint(e.Count, 10), short(a.Rule.Window)
	switch a.Rule.Kind {
	case KindSpike:
		return fmt.Sprintf("%s errors, %s expected", n, strconv.FormatFloat(e.Expected, 'f', 1, 64))
	case KindNewCode:
		return fmt.Sprintf("a code never seen before: %s errors", n)
	case KindRate:
		return fmt.Sprintf("more than %.3g%% of the responses in %s are errors", 100*a.Rule.Above, window)
	case KindCount:
		return fmt.Sprintf("more than %.0f errors in %s", a.Rule.Above, window)
	case KindStorm:
		return fmt.Sprintf("%s attempts for %.0f calls", n, e.Expected)
	case KindLimit:
		return fmt.Sprintf("%s calls rejected by a rate limit", n)
	case KindSilent:
		return fmt.Sprintf("no response for %s or more", window)
	default:
		return fmt.Sprintf("more than %.3g%% of the error bodies in %s are not recognised", 100*a.Rule.Above, window)
	}
}

// short writes whole minutes and hours without the zeros of Duration.String.
func short(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "0s")
	if rest, found := strings.CutSuffix(text, "h0m"); found {
		return rest + "h"
	}
	return text
}

// Annotations are what the rule writes of the evidence, and what errata says without being asked. A template
// that fails is told in its place: an alert is not lost for it.
func (a *Alert) Annotations(e Evidence) map[string]string {
	list := func(texts []string) string { return strings.Join(texts, ", ") }
	annotations := map[string]string{
		"summary": a.Rule.Name + " " + a.about() + ": " + e.What, "codes": list(e.Codes), "services": list(e.Services),
		"endpoints": list(e.Endpoints), "message": e.Message, "trace_ids": list(e.TraceIDs), "offsets": list(e.Offsets),
		"advice": e.Advice, "query": e.Query, "count": strconv.FormatUint(e.Count, 10),
	}
	if e.Expected > 0 {
		annotations["expected"] = strconv.FormatFloat(e.Expected, 'f', 1, 64)
		annotations["ratio"] = strconv.FormatFloat(e.Ratio, 'f', -1, 64)
	}
	for name, t := range a.Rule.Annotations {
		text, err := render(t, e)
		if err != nil {
			text = "template: " + err.Error()
		}
		annotations[name] = text
	}
	maps.DeleteFunc(annotations, func(_, text string) bool { return text == "" })
	return annotations
}

func (a *Alert) about() string { return strings.Join(a.subject.values, " ") }
