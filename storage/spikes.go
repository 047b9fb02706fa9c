package storage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/errata-dev/errata/storage/spike"
)

const (
	day = 24 * time.Hour
	// spikeHistory is how far before the range counts are read: a day in which earlier spikes are found,
	// which the baseline leaves out, and three days before it that tell the hours of the day apart.
	spikeHistory = 4 * day
	// spikeMargin is how far around the range a spike that overlaps it is followed.
	spikeMargin = day

	maxSpikeKinds = 2_000
)

// SpikeOptions say what a spike is. The zero value means the defaults.
type SpikeOptions struct {
	Floor  int     // least errors in five minutes; 0 = 20
	Lift   float64 // least ratio to the baseline; 0 = 3
	PValue float64 // how improbable the five minutes have to be; 0 = 1e-6
	Limit  int     // spikes returned; 0 = all
}

// SpikeRow is a stretch of whole minutes in which one error was far more frequent than before.
type SpikeRow struct {
	Vendor   string   `json:"vendor"`
	Status   uint16   `json:"status"` // 0 = no response
	Code     string   `json:"code"`
	Start    Time     `json:"start"` // of its first minute
	End      Time     `json:"end"`   // of its last minute, not included
	Count    uint64   `json:"count"`
	Expected float64  `json:"expected"` // by the baseline
	Ratio    *float64 `json:"ratio"`    // count / expected; nil = none was expected
	Score    float64  `json:"score"`    // -log10 p, at most 300
	New      bool     `json:"new"`      // the vendor had never sent this code before
	Severity Severity `json:"severity"`
	Incident string   `json:"incident"` // the same for related spikes of one vendor

	// DurationS and Trend, the counts of equal parts of the spike and some time around it, are for people.
	DurationS float64  `json:"-"`
	Trend     []uint64 `json:"-"`
}

// Severity says how bad a spike is.
type Severity string

// The severities. Critical is ten times the baseline or more, or half of the vendor's responses.
const (
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// Spikes returns the spikes that overlap the range, the one with the most errors above the expected first.
// It looks a day around the range, to see spikes whole, and four days back for what is ordinary.
func (db *DB) Spikes(ctx context.Context, f Filter, o SpikeOptions) (Answer[SpikeRow], error) {
	return spikes(ctx, db.conn, f, o)
}

func (o SpikeOptions) check() error {
	for name, value := range map[string]float64{"floor": float64(o.Floor), "lift": o.Lift, "p-value": o.PValue, "limit": float64(o.Limit)} {
		if value < 0 || math.IsNaN(value) {
			return &UsageError{Field: name, Value: strconv.FormatFloat(value, 'g', -1, 64), Valid: []string{"0 or more"}}
		}
	}
	return nil
}

// spikeQuestion is one Spikes answer in the making.
type spikeQuestion struct {
	*question
	options spike.Options
	input   spike.Input
	matches map[spike.Kind]bool // passes status, code and category
	answer  Answer[SpikeRow]
}

func spikes(ctx context.Context, conn querier, f Filter, o SpikeOptions) (Answer[SpikeRow], error) {
	if err := o.check(); err != nil {
		return Answer[SpikeRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[SpikeRow]{}, err
	}
	s := &spikeQuestion{question: q, answer: newAnswer[SpikeRow](f), matches: map[spike.Kind]bool{}}
	s.options = spike.Options{Floor: o.Floor, Lift: o.Lift, PValue: o.PValue}.WithDefaults()
	for _, step := range []func(context.Context) error{s.readCounts, s.readObserved, s.readFirstSeen} {
		if err := step(ctx); err != nil {
			return Answer[SpikeRow]{}, err
		}
	}
	found := s.shown(spike.Detect(s.input, s.options))
	if err := s.describe(ctx, found); err != nil {
		return Answer[SpikeRow]{}, err
	}
	slices.SortFunc(s.answer.Rows, compareSpikes)
	s.answer.cutTo(o.Limit)
	return s.answer, finish(ctx, q, &s.answer, "spikes")
}

// compareSpikes puts the spike with the most errors above the expected first.
func compareSpikes(a, b SpikeRow) int {
	return cmp.Or(
		cmp.Compare(float64(b.Count)-b.Expected, float64(a.Count)-a.Expected), a.Start.Compare(b.Start.Time),
		cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
}

// margins are the range widened on both sides. What is read starts at midnight, so that ranges of one day
// see the same baselines.
func (s *spikeQuestion) margins() map[string]any {
	since, until := s.filter.From.UTC().Add(-spikeHistory).Truncate(day), s.filter.To.UTC().Add(spikeMargin)
	return map[string]any{
		"since": since, "until": until,
		"busy_since": s.filter.From.UTC().Add(-spikeMargin), "busy_until": until,
		"least":     uint64((s.options.Floor + 1) / 2), // a window of five minutes lies in two of the clock
		"max_kinds": uint64(maxSpikeKinds),
	}
}

func minuteOf(t time.Time) int64 { return t.Unix() / minuteS }

func (s *spikeQuestion) readCounts(ctx context.Context) error {
	err := s.ask(ctx, "spike_counts", s.margins(), func(rows driver.Rows) error {
		var r spike.Series
		var matches uint8
		err := rows.Scan(&r.Source, &r.Vendor, &r.Status, &r.Code, &matches, &r.Minutes, &r.Counts)
		s.input.Series = append(s.input.Series, r)
		s.matches[r.Kind] = s.matches[r.Kind] || matches == 1
		return err
	})
	if len(s.matches) >= maxSpikeKinds {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf("only the %d kinds of errors with the most in five minutes were looked at, narrow the range or the filters", maxSpikeKinds))
	}
	return err
}

// readObserved also sets the minutes that were read: no further than there is data.
func (s *spikeQuestion) readObserved(ctx context.Context) error {
	s.input.Observed = map[string][]int64{}
	since := minuteOf(s.margins()["since"].(time.Time))
	s.input.From, s.input.To = since, since+1
	if len(s.input.Series) == 0 {
		return nil
	}
	return s.ask(ctx, "spike_observed", s.margins(), func(rows driver.Rows) error {
		var source string
		var minutes []int64
		err := rows.Scan(&source, &minutes)
		s.input.Observed[source] = minutes
		if len(minutes) > 0 {
			s.input.To = max(s.input.To, slices.Max(minutes)+1)
		}
		return err
	})
}

// readFirstSeen looks for the first error of those codes that do not go back to the start of what was read.
func (s *spikeQuestion) readFirstSeen(ctx context.Context) error {
	first := map[spike.VendorCode]int64{}
	for _, r := range s.input.Series {
		key, earliest := spike.VendorCode{Vendor: r.Vendor, Code: r.Code}, slices.Min(r.Minutes)
		if known, ok := first[key]; !ok || earliest < known {
			first[key] = earliest
		}
	}
	vendors, codes := []string{}, []string{}
	for key, minute := range first {
		if minute >= minuteOf(s.filter.From)-int64(2*day/time.Minute) {
			vendors, codes = append(vendors, key.Vendor), append(codes, key.Code)
		}
	}
	if len(vendors) == 0 {
		return nil
	}
	s.input.FirstSeen = map[spike.VendorCode]int64{}
	more := map[string]any{"seen_vendors": vendors, "seen_codes": codes}
	return s.ask(ctx, "spike_first_seen", more, func(rows driver.Rows) error {
		var key spike.VendorCode
		var minute int64
		err := rows.Scan(&key.Vendor, &key.Code, &minute)
		s.input.FirstSeen[key] = minute
		return err
	})
}

// shown are the spikes that overlap the range and pass the filters on their errors.
func (s *spikeQuestion) shown(found []spike.Spike) []spike.Spike {
	return slices.DeleteFunc(found, func(one spike.Spike) bool {
		start, end := time.Unix(one.Start*minuteS, 0), time.Unix(one.End*minuteS, 0)
		return !start.Before(s.filter.To) || !end.After(s.filter.From) || !s.matches[one.Kind]
	})
}

// describe makes rows of spikes.
func (s *spikeQuestion) describe(ctx context.Context, found []spike.Spike) error {
	traffic, err := s.readTraffic(ctx, found)
	if err != nil {
		return err
	}
	for _, one := range found {
		row := SpikeRow{
			Vendor: one.Vendor, Status: one.Status, Code: one.Code,
			Start: millis(one.Start * minuteS * 1000), End: millis(one.End * minuteS * 1000),
			Count: one.Count, Expected: one.Expected, Score: one.Score, New: one.New, Incident: one.Incident,
			DurationS: float64((one.End - one.Start) * minuteS), Severity: SeverityWarning,
		}
		if r, ok := one.Ratio(); ok {
			row.Ratio = &r
		}
		var responses uint64
		for minute := one.Start; minute < one.End; minute++ {
			responses += traffic[vendorMinute{one.Vendor, minute}]
		}
		if row.Ratio == nil || *row.Ratio >= 10 || 2*one.Count >= responses {
			row.Severity = SeverityCritical
		}
		s.answer.Rows = append(s.answer.Rows, row)
	}
	return nil
}

type vendorMinute struct {
	vendor string
	minute int64
}

// readTraffic counts the responses of the vendors with spikes.
func (s *spikeQuestion) readTraffic(ctx context.Context, found []spike.Spike) (map[vendorMinute]uint64, error) {
	if len(found) == 0 {
		return nil, nil
	}
	vendors := []string{}
	from, to := found[0].Start, found[0].End
	for _, one := range found {
		vendors = append(vendors, one.Vendor)
		from, to = min(from, one.Start), max(to, one.End)
	}
	slices.Sort(vendors)
	more := map[string]any{
		"spike_vendors": slices.Compact(vendors),
		"spikes_since":  time.Unix(from*minuteS, 0).UTC(), "spikes_until": time.Unix(to*minuteS, 0).UTC(),
	}
	traffic := map[vendorMinute]uint64{}
	return traffic, s.ask(ctx, "spike_traffic", more, func(rows driver.Rows) error {
		var key vendorMinute
		var count uint64
		err := rows.Scan(&key.vendor, &key.minute, &count)
		traffic[key] = count
		return err
	})
}
