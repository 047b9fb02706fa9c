package main

import (
	"math/rand/v2"
	"slices"
	"time"

	_ "time/tzdata" // a batch keeps the time of its town
)

// What happens to ordinary traffic besides its rhythm: a batch every night, deploys, a service that grows from nothing,
// hours that are never ingested, a day that is written twice.

// habits adds what happens on days of [from, from + days).
func (w *writer) habits(v volume, from time.Time, days int) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		panic(err) // it is compiled in
	}
	for day := range days {
		date := from.AddDate(0, 0, day)
		w.batch(v, time.Date(date.Year(), date.Month(), date.Day(), 3, 30, 0, 0, copenhagen))
		if date.Weekday() != time.Saturday && date.Weekday() != time.Sunday {
			w.deploy(date)
		}
	}
	grown := func(at time.Time) float64 { return max(0, at.Sub(from).Hours()/24-9) / 10 } // from the tenth day on
	failed := stream{vendor: "acme", service: "onboarding", route: "/v1/people", status: 400, code: "invalid", perMinute: v.errors, burst: 0.3}
	calls := stream{vendor: "acme", service: "onboarding", route: "/v1/people", perMinute: v.perMinute + v.errors, day: 0.6, burst: callsStray, rate: grown}
	w.ordinary(traffic{&calls, []*stream{&failed}}, from, from.AddDate(0, 0, days))
}

// batch runs every night by the clock of a town, which changes it once in four weeks. A fifth of what it asks for is not
// there, some nights more and some less.
func (w *writer) batch(v volume, at time.Time) {
	missing := stream{vendor: "globex", service: "nightly", route: "/v1/statements", status: 404, code: "no_statement", perMinute: 5 + v.perMinute, burst: 0.25}
	calls := stream{vendor: "globex", service: "nightly", route: "/v1/statements", perMinute: 5 * missing.perMinute, burst: callsStray}
	at = at.UTC().Add(time.Duration(w.rand.IntN(10)) * time.Minute)
	w.ordinary(traffic{&calls, []*stream{&missing}}, at, at.Add(10*time.Minute))
}

// deploy is a moment on a working day in which a service of ours restarts and some calls fail.
func (w *writer) deploy(date time.Time) {
	at := date.Add(9*time.Hour + time.Duration(w.rand.IntN(7*3600))*time.Second)
	restart := &stream{vendor: "acme", service: "checkout", route: "/v1/pay", status: 503, code: "unavailable"}
	for range 8 {
		w.call(restart, at.UnixMilli()+w.rand.Int64N(40_000))
	}
}

// lose drops what came in some gaps of twenty minutes to two hours, two a week: nothing was ingested then. The first two days
// are whole: a batch whose first night is lost begins on the second, and that is news.
func lose(r *rand.Rand, rows []response, from time.Time, days int) []response {
	for range days * 2 / 7 {
		begin := from.AddDate(0, 0, 2).Add(time.Duration(r.Int64N(int64(days-2) * int64(24*time.Hour)))).UnixMilli()
		end := begin + int64(20+r.IntN(100))*60_000
		rows = slices.DeleteFunc(rows, func(row response) bool { return row.at >= begin && row.at < end })
	}
	return rows
}

// twice adds all rows of a day once more, as somebody who writes a day's log into the topic again.
func twice(rows []response, day time.Time) []response {
	begin, end := day.UnixMilli(), day.Add(24*time.Hour).UnixMilli()
	for i := range rows {
		if rows[i].at >= begin && rows[i].at < end {
			rows = append(rows, rows[i])
		}
	}
	return rows
}
