package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
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

	maxSpikeKinds    = 2_000
	maxSpikeCounts   = 20_000_000    // kinds times minutes: at most 320 MB here, and a gigabyte of the server
	maxSpikeMinutes  = 400 * 24 * 60 // walked
	maxListedMinutes = 40 * 24 * 60  // that make a parameter
)

// SpikeOptions say what a spike is. The zero value means the defaults.
type SpikeOptions struct {
	Floor  int     // least errors in five minutes; 0 = 20
	Lift   float64 // least ratio to the baseline; 0 = 3
	PValue float64 // how improbable the five minutes have to be; 0 = 1e-6
	Barely bool    // for those who test once more: a spike need not show, beyond chance, that as a whole it reaches the lift
	Limit  int     // spikes returned; 0 = all

	// Advice says what to do about an error; nil leaves SpikeRow.Advice empty.
	Advice func(vendor string, status int, code string) string

	hours *Hours // that are kept between evaluations of alerts; nil = none
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

	// The rest is for people.
	DurationS float64  `json:"-"`
	Trend     []uint64 `json:"-"` // counts of 24 equal parts of the spike and some time around it
	Related   int      `json:"-"` // spikes of the incident, this one included
	Message   string   `json:"-"` // of the latest error
	Advice    string   `json:"-"`
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
	options  SpikeOptions
	detect   spike.Options
	input    spike.Input
	sources  map[string]struct{}
	matches  map[spike.Kind]bool // passes status, code and category
	shown    []spike.Spike
	maxKinds int
	answer   Answer[SpikeRow]
}

func spikes(ctx context.Context, conn querier, f Filter, o SpikeOptions) (Answer[SpikeRow], error) {
	if err := o.check(); err != nil {
		return Answer[SpikeRow]{}, err
	}
	q, err := newQuestion(conn, f)
	if err != nil {
		return Answer[SpikeRow]{}, err
	}
	s := &spikeQuestion{question: q, options: o, answer: newAnswer[SpikeRow](f), sources: map[string]struct{}{}, matches: map[spike.Kind]bool{}}
	s.detect = spike.Options{Floor: o.Floor, Lift: o.Lift, PValue: o.PValue, Barely: o.Barely}.WithDefaults()
	for _, step := range []func(context.Context) error{s.boundKinds, s.readCounts, s.readObserved, s.readFirstSeen, s.judge, s.rate, s.explain} {
		if err := step(ctx); err != nil {
			return Answer[SpikeRow]{}, err
		}
	}
	return s.answer, finish(ctx, q, &s.answer, "spikes")
}

// judge finds the spikes, the one with the most errors above the expected first, and cuts them to the limit.
func (s *spikeQuestion) judge(context.Context) error {
	found := spike.Detect(s.input, s.detect)
	related := map[string]int{}
	for _, one := range found {
		related[one.Incident]++
	}
	found = slices.DeleteFunc(found, func(one spike.Spike) bool {
		return !minute(one.Start).Before(s.filter.To) || !minute(one.End).After(s.filter.From) || !s.matches[one.Kind]
	})
	slices.SortStableFunc(found, func(a, b spike.Spike) int {
		return cmp.Compare(float64(b.Count)-b.Expected, float64(a.Count)-a.Expected)
	})
	for _, one := range found {
		row := newSpikeRow(one)
		row.Related = related[one.Incident]
		s.answer.Rows = append(s.answer.Rows, row)
	}
	s.noteHistory(found)
	s.answer.cutTo(s.options.Limit)
	s.shown = found[:len(s.answer.Rows)]
	return nil
}

func newSpikeRow(one spike.Spike) SpikeRow {
	row := SpikeRow{
		Vendor: one.Vendor, Status: one.Status, Code: one.Code,
		Start: Time{minute(one.Start)}, End: Time{minute(one.End)}, DurationS: minute(one.End).Sub(minute(one.Start)).Seconds(),
		Count: one.Count, Expected: one.Expected, Score: one.Score, New: one.New, Incident: one.Incident,
	}
	if ratio, ok := one.Ratio(); ok {
		row.Ratio = &ratio
	}
	return row
}

// noteHistory says when there is less to compare with than there should be.
func (s *spikeQuestion) noteHistory(found []spike.Spike) {
	unproven := 0
	for _, one := range found {
		if one.Unproven {
			unproven++
		}
	}
	if unproven > 0 {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf("%d of %d spikes had less than half an hour of history and were measured against one error a minute", unproven, len(found)))
	}
	first := s.input.To
	for _, minutes := range s.input.Observed {
		first = min(first, slices.Min(minutes))
	}
	if len(s.input.Observed) > 0 && minute(first).After(s.filter.From.Add(-day/2)) {
		s.answer.Notes = append(s.answer.Notes, "the data begins at "+formatTime(minute(first))+": what is ordinary is known from less than half a day")
	}
}

// margins are the range widened on both sides. What is read starts at midnight, so that ranges of one day
// see the same baselines.
func (s *spikeQuestion) margins() map[string]any {
	since, until := s.since(), s.filter.To.UTC().Add(spikeMargin)
	return map[string]any{
		"since": since, "until": until,
		"busy_since": s.filter.From.UTC().Add(-spikeMargin), "busy_until": until,
		"least":     uint64((s.detect.Floor + 1) / 2), // five minutes lie in two such of the clock
		"max_kinds": uint64(s.maxKinds),
	}
}

// boundKinds says how many kinds are looked at: fewer where the data of the range is long.
func (s *spikeQuestion) boundKinds(ctx context.Context) error {
	s.maxKinds = maxSpikeKinds
	first, last := s.since(), s.filter.To.Add(spikeMargin)
	if last.Sub(first).Minutes()*maxSpikeKinds <= maxSpikeCounts {
		return nil
	}
	data, err := s.readDataRange(ctx)
	if data.first.After(first) {
		first = data.first
	}
	if data.last.Before(last) {
		last = data.last
	}
	minutes := max(1, min(last.Sub(first).Minutes(), maxSpikeMinutes))
	s.maxKinds = max(1, min(maxSpikeKinds, int(maxSpikeCounts/minutes)))
	return err
}

func (s *spikeQuestion) since() time.Time {
	return s.filter.From.UTC().Add(-spikeHistory).Truncate(day)
}

func minuteOf(t time.Time) int64 { return t.Unix() / minuteS }

func minute(n int64) time.Time { return time.Unix(n*minuteS, 0).UTC() }

func (s *spikeQuestion) readCounts(ctx context.Context) error {
	if s.options.hours != nil {
		if err := s.keptCounts(ctx); !errors.Is(err, errTooMany) {
			return err
		}
	}
	return s.freshCounts(ctx)
}

func (s *spikeQuestion) freshCounts(ctx context.Context) error {
	err := s.ask(ctx, "spike_counts", s.margins(), func(rows driver.Rows) error {
		var r spike.Series
		var matches uint8
		err := rows.Scan(&r.Source, &r.Vendor, &r.Status, &r.Code, &matches, &r.Minutes, &r.Counts)
		r.Source = withoutGeneration(r.Source)
		s.sources[r.Source] = struct{}{}
		s.input.Series = append(s.input.Series, r)
		s.matches[r.Kind] = s.matches[r.Kind] || matches == 1
		return err
	})
	s.noteKinds()
	return err
}

func (s *spikeQuestion) noteKinds() {
	if len(s.matches) >= s.maxKinds {
		s.answer.Notes = append(s.answer.Notes, fmt.Sprintf("only the %d kinds of errors with the most in five minutes were looked at, narrow the range or the filters", s.maxKinds))
	}
}

// withoutGeneration is the source of a topic that was created anew: its stream goes on.
func withoutGeneration(source string) string {
	at := strings.LastIndexByte(source, '~')
	if at < 0 {
		return source
	}
	if _, err := strconv.ParseUint(source[at+1:], 10, 64); err != nil {
		return source
	}
	return source[:at]
}

// readObserved also sets the minutes that were read: no further than there is data.
func (s *spikeQuestion) readObserved(ctx context.Context) error {
	s.input.Observed = map[string][]int64{}
	if len(s.sources) == 0 {
		return nil
	}
	more := s.margins()
	more["spike_sources"] = slices.Sorted(maps.Keys(s.sources))
	if err := s.observeErrors(ctx, more); err != nil {
		return err
	}
	missing := s.missing(minuteOf(s.since()), minuteOf(s.filter.To.Add(spikeMargin))+1)
	if len(missing) > 0 {
		more["since"], more["until"] = minute(missing[0]), minute(missing[len(missing)-1]+1)
	}
	more["missing"] = list64(missing)
	if missing == nil || len(missing) > 0 {
		if err := s.ask(ctx, "spike_missing", more, s.observe); err != nil {
			return err
		}
	}
	s.bound()
	return nil
}

func (s *spikeQuestion) observeErrors(ctx context.Context, more map[string]any) error {
	if s.options.hours != nil {
		return s.keptObserved(ctx)
	}
	return s.ask(ctx, "spike_observed", more, s.observe)
}

// list64 makes an absent list an empty one: the driver would send nil as NULL.
func list64(values []int64) []int64 {
	if values == nil {
		return []int64{}
	}
	return values
}

func (s *spikeQuestion) observe(rows driver.Rows) error {
	var source string
	var minutes []int64
	if err := rows.Scan(&source, &minutes); err != nil {
		return err
	}
	source = withoutGeneration(source)
	s.input.Observed[source] = append(s.input.Observed[source], minutes...)
	return nil
}

// bound sets the minutes that the detector walks: those that hold data, and no more than it can bear.
func (s *spikeQuestion) bound() {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, minutes := range s.input.Observed {
		first, last = min(first, slices.Min(minutes)), max(last, slices.Max(minutes))
	}
	s.input.From, s.input.To = first, last+1
	if last-first > maxSpikeMinutes {
		s.input.From = last - maxSpikeMinutes
		s.answer.Notes = append(s.answer.Notes, "spikes before "+formatTime(minute(s.input.From))+" were not looked for")
	}
}

// missing lists the minutes that some source has not been seen in; nil means that there are too many to list.
func (s *spikeQuestion) missing(from, until int64) []int64 {
	if until-from > maxListedMinutes {
		return nil
	}
	seen := map[int64]int{}
	for _, minutes := range s.input.Observed {
		slices.Sort(minutes)
		for _, m := range slices.Compact(slices.Clone(minutes)) {
			seen[m]++
		}
	}
	missing := []int64{}
	for m := from; m < until; m++ {
		if seen[m] < len(s.input.Observed) {
			missing = append(missing, m)
		}
	}
	return missing
}

// readFirstSeen looks for the first error of those codes that do not go back to two days before the range.
func (s *spikeQuestion) readFirstSeen(ctx context.Context) error {
	first := map[spike.VendorCode]int64{}
	for _, r := range s.input.Series {
		key, earliest := spike.VendorCode{Vendor: r.Vendor, Code: r.Code}, slices.Min(r.Minutes)
		if known, ok := first[key]; !ok || earliest < known {
			first[key] = earliest
		}
	}
	vendors, codes := []string{}, []string{}
	for key, earliest := range first {
		if earliest >= minuteOf(s.filter.From.Add(-2*day)) {
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
		var earliest int64
		err := rows.Scan(&key.Vendor, &key.Code, &earliest)
		s.input.FirstSeen[key] = earliest
		return err
	})
}

type vendorMinute struct {
	vendor string
	minute int64
}

// rate tells the severity. Of the spikes that are critical by their ratio nobody needs to know the traffic;
// and where successes may be gone, the share of errors is not known.
func (s *spikeQuestion) rate(ctx context.Context) error {
	var open []spike.Spike
	for i, one := range s.shown {
		s.answer.Rows[i].Severity = severity(one, 0)
		if s.answer.Rows[i].Severity != SeverityCritical {
			open = append(open, one)
		}
	}
	if len(open) == 0 {
		return nil
	}
	days, err := s.successesExpired(ctx)
	if err != nil || days > 0 {
		return err
	}
	traffic := map[vendorMinute]uint64{}
	err = s.ask(ctx, "spike_traffic", kindsOf(open), func(rows driver.Rows) error {
		var key vendorMinute
		var count uint64
		err := rows.Scan(&key.vendor, &key.minute, &count)
		traffic[key] = count
		return err
	})
	for i, one := range s.shown {
		var responses uint64
		for m := one.Start; m < one.End; m++ {
			responses += traffic[vendorMinute{one.Vendor, m}]
		}
		s.answer.Rows[i].Severity = severity(one, responses)
	}
	return err
}

// severity judges by the ratio and by the share of the vendor's responses; 0 responses = not known.
func severity(one spike.Spike, responses uint64) Severity {
	ratio, expected := one.Ratio()
	if !expected || ratio >= 10 || responses > 0 && 2*one.Count >= responses {
		return SeverityCritical
	}
	return SeverityWarning
}

// kindsOf are the parameters that narrow a statement to these spikes, or a little more.
func kindsOf(list []spike.Spike) map[string]any {
	vendors, codes, statuses, minutes := []string{}, []string{}, []uint16{}, []int64{}
	for _, one := range list {
		vendors, codes, statuses = append(vendors, one.Vendor), append(codes, one.Code), append(statuses, one.Status)
		for m := one.Start; m < one.End; m++ {
			minutes = append(minutes, m)
		}
	}
	slices.Sort(minutes)
	minutes = slices.Compact(minutes)
	return map[string]any{
		"spike_vendors": vendors, "spike_codes": codes, "spike_statuses": statuses, "spike_minutes": minutes,
		"spikes_since": minute(minutes[0]), "spikes_until": minute(minutes[len(minutes)-1] + 1),
	}
}

// explain adds what people want to see beside the figures.
func (s *spikeQuestion) explain(ctx context.Context) error {
	if len(s.shown) == 0 {
		return nil
	}
	messages := map[spike.Kind]string{}
	err := s.ask(ctx, "spike_messages", kindsOf(s.shown), func(rows driver.Rows) error {
		var key spike.Kind
		var message string
		err := rows.Scan(&key.Vendor, &key.Status, &key.Code, &message)
		messages[key] = message
		return err
	})
	for i, one := range s.shown {
		row := &s.answer.Rows[i]
		row.Message, row.Trend = messages[one.Kind], s.trend(one)
		if s.options.Advice != nil {
			row.Advice = s.options.Advice(one.Vendor, int(one.Status), one.Code)
		}
	}
	return err
}

// trend counts the spike with as much time before and after it, in equal parts of whole minutes.
func (s *spikeQuestion) trend(one spike.Spike) []uint64 {
	width := max(1, (3*(one.End-one.Start)+trendBuckets-1)/trendBuckets)
	from := (one.Start+one.End)/2 - width*trendBuckets/2
	parts := make([]uint64, trendBuckets)
	for _, r := range s.input.Series {
		for i, m := range r.Minutes {
			if part := (m - from) / width; r.Kind == one.Kind && m >= from && part < trendBuckets {
				parts[part] += r.Counts[i]
			}
		}
	}
	return parts
}
