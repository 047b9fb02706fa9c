package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// traffic counts the responses that rates divide by.
type traffic struct {
	vendors map[string]uint64 // of at most maxTrafficVendors
	all     uint64            // of all vendors
}

// maxTrafficVendors bounds the vendors whose traffic is read before it is known which are shown. A sender who makes up
// hosts can have more.
var maxTrafficVendors = 10_000

// readExpired learns whether the range has its successes still.
func (t *topQuestion) readExpired(ctx context.Context, q *question) (err error) {
	t.expired, err = q.successesExpired(ctx)
	return err
}

// readTraffic counts the responses of the busiest vendors.
func (t *topQuestion) readTraffic(ctx context.Context, q *question) (err error) {
	t.traffic, err = readTraffic(ctx, q, []string{})
	return err
}

// setRates sets the error rates, unless successes of the range may be gone.
func (t *topQuestion) setRates(ctx context.Context) error {
	if len(t.answer.Rows) == 0 {
		return nil
	}
	if t.expired > 0 {
		t.answer.Notes = append(t.answer.Notes, fmt.Sprintf("no error rates: successes are kept for %d days, and some of this range were inserted before", t.expired))
		return nil
	}
	isByVendor := slices.Contains(t.options.By, "vendor")
	if isByVendor && len(t.traffic.vendors) == maxTrafficVendors {
		shown := []string{}
		for _, row := range t.answer.Rows {
			shown = append(shown, row.group.vendor)
		}
		var err error
		if t.traffic, err = readTraffic(ctx, t.question, shown); err != nil {
			return err
		}
	}
	for i := range t.answer.Rows {
		row := &t.answer.Rows[i]
		population := t.traffic.all
		if isByVendor {
			population = t.traffic.vendors[row.group.vendor]
		}
		// What was inserted between the two statements lifts no rate above 1.
		row.ErrorRate = ratio(row.Count, max(population, row.Count))
	}
	return nil
}

// readTraffic counts the responses of these vendors, or of the busiest ones.
func readTraffic(ctx context.Context, q *question, vendors []string) (traffic, error) {
	more := with(wholeParts(q.filter.From, q.filter.To), map[string]any{"shown_vendors": vendors, "limit": uint64(maxTrafficVendors)})
	t := traffic{vendors: map[string]uint64{}}
	return t, q.ask(ctx, "totals", more, func(rows driver.Rows) error {
		var vendor string
		var count uint64
		err := rows.Scan(&vendor, &count, &t.all)
		t.vendors[vendor] = count
		return err
	})
}

// fewHours are read by the minute: another branch of the statement would take the server longer to plan.
const fewHours = 48

// wholeParts returns the parameters of part_traffic: the hours, if they are many, and the minutes, that lie within [from, to) as
// a whole, and which of the two, and of what is left, there is any.
func wholeParts(from, to time.Time) map[string]any {
	firstHour, lastHour := whole(from, to, time.Hour)
	if lastHour.Sub(firstHour) <= fewHours*time.Hour {
		firstHour, lastHour = from.UTC(), from.UTC()
	}
	firstMinute, lastMinute := whole(from, to, time.Minute)
	return map[string]any{
		"first_hour": firstHour, "last_hour": lastHour, "first_minute": firstMinute, "last_minute": lastMinute,
		"hours":   firstHour.Before(lastHour),
		"minutes": lastMinute.Sub(firstMinute) > lastHour.Sub(firstHour),
		"rest":    to.Sub(from) > lastMinute.Sub(firstMinute),
	}
}

// whole returns the units that lie within [from, to) as a whole, from the first one's start to the last one's end. Without
// any, both are from.
func whole(from, to time.Time, unit time.Duration) (first, last time.Time) {
	last = to.UTC().Truncate(unit)
	if first = from.UTC().Truncate(unit); first.Before(from) {
		first = first.Add(unit)
	}
	if !first.Before(last) {
		return from.UTC(), from.UTC()
	}
	return first, last
}

func ratio(part, whole uint64) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}
