package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/report"
	"github.com/errata-dev/errata/storage"
)

// said is a message that may be told: without a response it is a text of ours, with our addresses.
func said(status uint16, message string) string {
	if status == 0 {
		return ""
	}
	return message
}

func reportCodes(rows []storage.TopRow) []report.Code {
	var codes []report.Code
	for _, r := range rows {
		codes = append(codes, report.Code{
			Status: *r.Status, Code: *r.Code, Count: r.Count, Share: r.Share, ErrorRate: r.ErrorRate,
			Endpoints: r.Endpoints, FirstSeen: r.FirstSeen.Time, LastSeen: r.LastSeen.Time, Message: said(*r.Status, r.Message), Counts: r.Trend,
		})
	}
	return codes
}

func reportStorm(s storage.StormRow, caller string) report.Storm {
	outcome := map[storage.Outcome]string{
		storage.OutcomeRecovered: "recovered", storage.OutcomeGaveUp: "given up", storage.OutcomeOngoing: "going on",
	}[s.Outcome]
	codes := slices.DeleteFunc(slices.Clone(s.Codes), func(code string) bool { return code == "" })
	return report.Storm{
		Caller: caller, Endpoint: s.Endpoint, Start: s.Start.Time, End: s.End.Time, Codes: strings.Join(codes, ", "),
		Attempts: s.Attempts, Operations: s.Operations, Wasted: s.Wasted, Outcome: outcome,
	}
}

func reportWindow(l storage.LimitRow, caller string) report.Window {
	w := report.Window{
		Caller: caller, Scope: l.Scope, Start: l.Start.Time, End: l.End.Time,
		Rejected: l.Rejected, Admitted: l.Admitted, Early: l.EarlyRetries,
	}
	if l.Limit != nil {
		w.Limit = fmt.Sprint(*l.Limit)
		if l.WindowS != nil {
			w.Limit += " per " + report.Duration(time.Duration(*l.WindowS)*time.Second)
		}
		if l.LimitSource == storage.LimitSourceInferred {
			w.Limit += ", inferred"
		}
	}
	return w
}

// reportExamples keeps those of the codes that are listed, in their order, each by time.
func reportExamples(a storage.ReportAnswer) []report.Example {
	var list []report.Example
	for _, row := range a.Rows {
		begin := len(list)
		for _, e := range a.Examples {
			if e.Status == *row.Status && e.Code == *row.Code {
				list = append(list, report.Example{
					Time: e.Time.Time, Endpoint: strings.TrimSpace(e.Method + " " + e.Route), Host: e.Host, Status: e.Status, Code: e.Code,
					Message: said(e.Status, e.Message), TraceID: e.TraceID, VendorRequestID: e.VendorRequestID,
				})
			}
		}
		slices.SortStableFunc(list[begin:], func(x, y report.Example) int { return x.Time.Compare(y.Time) })
	}
	return list
}

// reportTimeline stacks the codes that are drawn, and all others as one.
func reportTimeline(a storage.ReportAnswer) report.Timeline {
	t := report.Timeline{Step: time.Duration(a.Timeline.StepS) * time.Second}
	if len(a.Timeline.Buckets) == 0 || len(a.Timeline.Codes) == 0 {
		return t
	}
	t.Start = a.Timeline.Buckets[0].End.Add(-t.Step) // the first bucket may be cut
	others := make([]uint64, len(a.Timeline.Buckets))
	for i, b := range a.Timeline.Buckets {
		others[i] = b.Errors
	}
	for _, c := range a.Timeline.Codes {
		name := strings.TrimSpace(fmt.Sprintf("%d %s", c.Status, c.Code))
		if c.Status == 0 {
			name = strings.TrimSpace("no response " + c.Code)
		}
		t.Series = append(t.Series, report.Series{Name: name, Counts: c.Counts})
		for i, n := range c.Counts {
			others[i] -= min(others[i], n)
		}
	}
	if slices.Max(others) > 0 {
		t.Series = append(t.Series, report.Series{Name: "others", Counts: others})
	}
	for _, l := range byStart(a.Limits) {
		if l.Start.Before(a.To.Time) && l.End.After(a.From.Time) {
			t.Bands = append(t.Bands, report.Band{Start: later(l.Start.Time, a.From.Time), End: earlier(l.End.Time, a.To.Time)})
		}
	}
	return t
}

func byStart(rows []storage.LimitRow) []storage.LimitRow {
	return slices.SortedStableFunc(slices.Values(rows), func(a, b storage.LimitRow) int { return a.Start.Compare(b.Start.Time) })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
