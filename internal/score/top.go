package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/errata-dev/errata/internal/score/traffic"
	"github.com/errata-dev/errata/internal/score/truth"
	"github.com/errata-dev/errata/storage"
)

// topQuestions ask for groups by every column, over ranges with ragged ends, with every filter.
func topQuestions(log *traffic.Log) []truth.Question {
	hour, length := int64(3_600_000), log.To-log.From
	usual := []string{"vendor", "status", "code"}
	list := []truth.Question{{Name: "the whole", By: usual, From: log.From, To: log.To}}
	for _, by := range [][]string{{"vendor"}, {"service"}, {"endpoint"}, {"status"}, {"code"}, {"category"}, {"retry"}, {"environment"}, {"service", "endpoint", "code"}, {"vendor", "category", "retry"}} {
		list = append(list, truth.Question{Name: fmt.Sprint("by ", by), By: by, From: log.From + length/5 + 12_345, To: log.To - length/8 - 7})
	}
	at := log.From + length/3 + 1_234_567
	filtered := func(name string) *truth.Question {
		list = append(list, truth.Question{Name: name, By: usual, From: at, To: at + hour})
		return &list[len(list)-1]
	}
	filtered("an hour")
	filtered("a vendor").Vendor = "payhub"
	filtered("a class").Class = 5
	filtered("a category").Category = "rate_limit"
	filtered("a code").Code = "backend_down"
	for _, e := range log.Events {
		if e.Question != "" && e.From > log.From+hour {
			q := filtered("around an event")
			q.Service, q.Endpoint, q.From, q.To = e.Service, e.Endpoint, e.From, e.To
			if q.To-q.From < 60_000 {
				q.To = q.From + 60_000
			}
		}
	}
	return list
}

func (s *scorer) top(ctx context.Context) error {
	for _, q := range topQuestions(s.log) {
		if err := s.topQuestion(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
	}
	return nil
}

func (s *scorer) topQuestion(ctx context.Context, q truth.Question) error {
	f := storage.Filter{From: time.UnixMilli(q.From).UTC(), To: time.UnixMilli(q.To).UTC()}
	set := func(list *[]string, value string) {
		if value != "" {
			*list = []string{value}
		}
	}
	set(&f.Vendors, q.Vendor)
	set(&f.Services, q.Service)
	set(&f.Endpoints, q.Endpoint)
	set(&f.Codes, q.Code)
	set(&f.Categories, q.Category)
	if q.Class > 0 {
		f.Statuses = []string{fmt.Sprintf("%dxx", q.Class)}
	}
	answer, err := s.db.Top(ctx, f, storage.TopOptions{By: q.By})
	if err != nil {
		return err
	}
	groups, total := truth.Top(s.log, q)
	c := checks{s.result, "top", fmt.Sprintf("top %s seed %d, %s", s.log.Name, s.log.Seed, q.Name)}
	c.number("total", float64(answer.Total.Count), float64(total))
	s.compareGroups(answer, groups, q, c)
	return nil
}

func (s *scorer) compareGroups(answer storage.Answer[storage.TopRow], groups map[string]*truth.Group, q truth.Question, c checks) {
	shown, least := 0, 0
	t := s.result.kind("top", "groups")
	for _, row := range answer.Rows {
		key := truth.Key(q.By, topMember(&row))
		c.row = fmt.Sprintf("top %s seed %d, %s, %s", s.log.Name, s.log.Seed, q.Name, key)
		shown += int(row.Count)
		least = int(row.Count)
		want := groups[key]
		if want == nil {
			t.wrong++
			s.result.note("FALSE %s", c.row)
			continue
		}
		if codeless(key) {
			want.Count -= int(row.Count) // what is left of them is among the others
			continue
		}
		t.events++
		t.found++
		delete(groups, key)
		compareGroup(want, &row, c)
	}
	rest := 0
	for key, g := range groups {
		rest += g.Count
		if g.Count > least && !codeless(key) {
			t.events++
			t.missed++
			s.result.note("MISSED %s: %s with %d", c.row, key, g.Count)
		}
	}
	c.number("other", float64(answer.Other.Count), float64(rest))
	c.number("sum", float64(shown)+float64(answer.Other.Count), float64(answer.Total.Count))
}

// codeless reports a group of errors without a code. The answer tells them apart by their messages, which the truth
// does not know: only their sum is compared.
func codeless(key string) bool { return strings.Contains(key, "code= ") }

func topMember(r *storage.TopRow) func(string) string {
	return func(column string) string {
		switch column {
		case "vendor":
			return *r.Vendor
		case "service":
			return *r.Service
		case "environment":
			return *r.Environment
		case "endpoint":
			return *r.Endpoint
		case "status":
			return fmt.Sprint(*r.Status)
		case "code":
			return *r.Code
		case "category":
			return r.Category
		}
		return r.Retry
	}
}

func compareGroup(want *truth.Group, got *storage.TopRow, c checks) {
	c.number("count", float64(got.Count), float64(want.Count))
	c.number("share", got.Share, want.Share)
	if got.ErrorRate == nil {
		c.text("error_rate", "null", "a number")
	} else {
		c.number("error_rate", *got.ErrorRate, want.ErrorRate)
	}
	c.number("services", float64(got.Services), float64(want.Services))
	c.number("endpoints", float64(got.Endpoints), float64(want.Endpoints))
	c.number("operations", float64(got.Operations), float64(want.Operations))
	c.moment("first_seen", got.FirstSeen.Time, want.First)
	c.moment("last_seen", got.LastSeen.Time, want.Last)
	trend := make([]uint64, len(want.Trend))
	for i, n := range want.Trend {
		trend[i] = uint64(n)
	}
	c.text("trend", fmt.Sprint(got.Trend), fmt.Sprint(trend))
	c.number("previous_count", float64(got.PreviousCount), float64(want.Previous))
	switch {
	case want.Previous == 0:
		c.text("change", fmt.Sprint(got.Change == nil), "true")
	case got.Change == nil:
		c.text("change", "null", "a number")
	default:
		c.number("change", *got.Change, float64(want.Count-want.Previous)/float64(want.Previous))
	}
}
