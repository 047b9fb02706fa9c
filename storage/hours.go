package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/errata-dev/errata/storage/spike"
)

const (
	// maxHourWeight bounds what is kept in all, in units of 16 bytes: some 100 MB.
	maxHourWeight = 6_000_000
	// keptHourWeight is that of an hour without any row, leastRowWeight that of a row of spike_hours.
	keptHourWeight, leastRowWeight = 5, 16
	// hoursLast is how long anything is kept, and how long a statement is not kept that has proved too large.
	hoursLast = time.Hour
)

// errTooMany says that a statement has more rows than can be kept.
var errTooMany = errors.New("more rows than are kept")

// Hours keeps what was counted by the minute, between the evaluations of one process, so that each of them reads only
// the hours in which something has changed. An hour is read again whenever the numbers of its records by kind and
// vendor are others, or its first or last record: late rows and deletions are seen at once, and whoever keeps hours and
// whoever does not come to the same result. What changes rows and none of these, as a replay with other parsers or an
// erasure does, is seen within hoursLast. The zero value keeps nothing yet. It is not for concurrent use.
type Hours struct {
	signatures map[int64]uint64 // by hour since 1970
	kept       map[string]*keptStatement
	since      time.Time // nothing is kept from before
	most       int       // weight; 0 = maxHourWeight
}

// keptStatement holds the rows of a statement by the hour.
type keptStatement struct {
	hours   map[int64]keptHour
	weight  int  // of them
	used    bool // since the last Refresh
	refused bool // too large to be kept
}

type keptHour struct {
	signature uint64
	rows      any // []R
	weight    int
}

// Refresh finds out which hours have changed. Until the next one, answers may come from what is kept.
func (h *Hours) Refresh(ctx context.Context, db *DB, from, to time.Time) error {
	if now := time.Now(); now.Sub(h.since) >= hoursLast {
		h.kept, h.since = map[string]*keptStatement{}, now
	}
	for key, statement := range h.kept {
		if !statement.used {
			delete(h.kept, key)
		}
		statement.used = false
	}
	q, err := newQuestion(db.conn, Filter{From: from, To: to})
	if err != nil {
		return err
	}
	h.signatures = map[int64]uint64{}
	more := map[string]any{"since": from.UTC().Truncate(time.Hour), "until": to.UTC().Truncate(time.Hour).Add(time.Hour)}
	return q.ask(ctx, "alert_signature", more, func(rows driver.Rows) error {
		var hour int64
		var signature uint64
		err := rows.Scan(&hour, &signature)
		h.signatures[hour] = signature
		return err
	})
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

func hourStart(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// hourRow is a row of a statement that is kept.
type hourRow interface {
	inHour() int64
	weight() int // how much memory it takes, in units of 16 bytes
}

// keptRows returns the rows of the hours [from, to): those that are kept and have not changed, and the others as read
// returns them for whole hours. Without hours to keep, or of a statement that is too large, read is asked for all.
func keptRows[R hourRow](h *Hours, key string, from, to int64, read func(since, until time.Time) ([]R, error)) ([]R, error) {
	if h == nil || h.statement(key).refused {
		return read(hourStart(from), hourStart(to))
	}
	statement := h.statement(key)
	var all []R
	for hour := from; hour < to; hour++ {
		end := hour
		for end < to && !h.isKept(statement, end) {
			end++
		}
		if end > hour {
			rows, err := read(hourStart(hour), hourStart(end))
			switch {
			case errors.Is(err, errTooMany):
				statement.refuse()
				return nil, err
			case err != nil:
				return nil, err
			}
			keep(h, statement, hour, end, rows)
			statement.weigh()
			all = append(all, rows...)
			hour = end
		}
		if hour < to {
			rows, _ := statement.hours[hour].rows.([]R)
			all = append(all, rows...)
		}
	}
	maps.DeleteFunc(statement.hours, func(hour int64, _ keptHour) bool { return hour < from || hour >= to }) // not asked for any more
	statement.weigh()
	if h.room() < 0 {
		statement.refuse()
	}
	return all, nil
}

func (h *Hours) statement(key string) *keptStatement {
	s := h.kept[key]
	if s == nil {
		s = &keptStatement{hours: map[int64]keptHour{}}
		h.kept[key] = s
	}
	s.used = true
	return s
}

// refuse keeps nothing of a statement until hoursLast is over.
func (s *keptStatement) refuse() {
	clear(s.hours)
	s.weight, s.refused = 0, true
}

func (s *keptStatement) weigh() {
	s.weight = 0
	for _, kept := range s.hours {
		s.weight += kept.weight
	}
}

// room is the weight that may still be kept.
func (h *Hours) room() int {
	room := cmp.Or(h.most, maxHourWeight)
	for _, statement := range h.kept {
		room -= statement.weight
	}
	return room
}

func (h *Hours) isKept(s *keptStatement, hour int64) bool {
	kept, there := s.hours[hour]
	return there && kept.signature == h.signatures[hour]
}

// keep sorts rows by their hours.
func keep[R hourRow](h *Hours, s *keptStatement, from, to int64, rows []R) {
	byHour := map[int64][]R{}
	for _, row := range rows {
		byHour[row.inHour()] = append(byHour[row.inHour()], row)
	}
	for hour := from; hour < to; hour++ {
		weight := keptHourWeight
		for _, row := range byHour[hour] {
			weight += row.weight()
		}
		s.hours[hour] = keptHour{h.signatures[hour], byHour[hour], weight}
	}
}

// keyOf names a statement with its parameters, apart from its range.
func keyOf(name string, f Filter, more ...any) string {
	f.From, f.To = time.Time{}, time.Time{}
	return name + fmt.Sprintf("%q", append([]any{f}, more...))
}

func (c MinuteCount) inHour() int64 { return c.Minute / 60 }
func (c MinuteCount) weight() int   { return 12 + len(c.Key) }

// Minutes is DB.Minutes, with the hours that are kept. The last hour runs still and is read anew.
func (h *Hours) Minutes(ctx context.Context, db *DB, f Filter, o MinutesOptions) ([]MinuteCount, error) {
	if h == nil || !f.From.Before(f.To) {
		return db.Minutes(ctx, f, o)
	}
	from, to := hourOf(f.From), hourOf(f.To)
	counts, err := keptRows(h, keyOf("minutes", f, o), from, to, func(since, until time.Time) ([]MinuteCount, error) {
		whole := f
		whole.From, whole.To = since, until
		return db.Minutes(ctx, whole, o)
	})
	if err != nil {
		return nil, err
	}
	first := f.From.Unix() / 60
	counts = slices.DeleteFunc(counts, func(c MinuteCount) bool { return c.Minute < first })
	if f.From = laterOf(f.From, hourStart(to)); !f.From.Before(f.To) {
		return counts, nil
	}
	last, err := db.Minutes(ctx, f, o)
	return append(counts, last...), err
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

type observedMinute int64

func (m observedMinute) inHour() int64 { return int64(m) / 60 }
func (m observedMinute) weight() int   { return 1 }

// Observed is DB.Observed, with the hours that are kept.
func (h *Hours) Observed(ctx context.Context, db *DB, f Filter) ([]int64, error) {
	if h == nil || !f.From.Before(f.To) {
		return db.Observed(ctx, f)
	}
	from, to := hourOf(f.From), hourOf(f.To)
	kept, err := keptRows(h, keyOf("observed", f), from, to, func(since, until time.Time) ([]observedMinute, error) {
		whole := f
		whole.From, whole.To = since, until
		minutes, err := db.Observed(ctx, whole)
		list := make([]observedMinute, 0, len(minutes))
		for _, m := range minutes {
			list = append(list, observedMinute(m))
		}
		return list, err
	})
	if err != nil {
		return nil, err
	}
	first := f.From.Unix() / 60
	var minutes []int64
	for _, m := range kept {
		if int64(m) >= first {
			minutes = append(minutes, int64(m))
		}
	}
	if f.From = laterOf(f.From, hourStart(to)); !f.From.Before(f.To) {
		return minutes, nil
	}
	last, err := db.Observed(ctx, f)
	return append(minutes, last...), err
}

// Spikes is DB.Spikes, with the hours that are kept.
func (h *Hours) Spikes(ctx context.Context, db *DB, f Filter, o SpikeOptions) (Answer[SpikeRow], error) {
	o.hours = h
	return db.Spikes(ctx, f, o)
}

// spikeHour is what one hour had of a kind from a source.
type spikeHour struct {
	spike.Series
	hour    int64
	matches bool
}

func (s spikeHour) inHour() int64 { return s.hour }
func (s spikeHour) weight() int   { return leastRowWeight + len(s.Minutes) + len(s.Code)/16 }

// observedHour are the minutes of an hour in which a source sent an error.
type observedHour struct {
	hour    int64
	source  string
	minutes []int64
}

func (o observedHour) inHour() int64 { return o.hour }
func (o observedHour) weight() int   { return 6 + len(o.minutes)/2 }

// keptCounts is freshCounts with the hours that are kept: it picks the kinds that spike_counts.sql picks. Of a vendor that
// writes ids into its codes there are millions, of which that statement leaves out those that matter to nobody; this one
// reads all, so it fails with errTooMany, and does so for hoursLast without asking again.
func (s *spikeQuestion) keptCounts(ctx context.Context) error {
	margins, key := s.margins(), keyOf("spikes", s.filter)
	if s.options.hours.statement(key).refused {
		return errTooMany
	}
	rows, err := keptRows(s.options.hours, key, hourOf(s.since()), hourOf(s.filter.To.Add(spikeMargin))+1, func(since, until time.Time) ([]spikeHour, error) {
		return s.readSpikeHours(ctx, since, until)
	})
	if err != nil {
		return err
	}
	until := minuteOf(s.filter.To.Add(spikeMargin))
	busy := busyKinds(rows, minuteOf(s.filter.From.Add(-spikeMargin)), until, margins["least"].(uint64), s.maxKinds)
	at := map[string]int{}
	for _, row := range rows {
		if !busy[row.Kind] {
			continue
		}
		key := row.Source + "\x00" + row.Vendor + "\x00" + row.Code + "\x00" + strconv.Itoa(int(row.Status))
		i, there := at[key]
		if !there {
			i, at[key] = len(s.input.Series), len(s.input.Series)
			s.input.Series = append(s.input.Series, spike.Series{Kind: row.Kind, Source: row.Source})
		}
		series := &s.input.Series[i]
		series.Minutes, series.Counts = append(series.Minutes, row.Minutes...), append(series.Counts, row.Counts...)
		s.sources[row.Source] = struct{}{}
		s.matches[row.Kind] = s.matches[row.Kind] || row.matches
	}
	s.noteKinds()
	return nil
}

func (s *spikeQuestion) readSpikeHours(ctx context.Context, since, until time.Time) (list []spikeHour, err error) {
	room := max(0, s.options.hours.room())
	more := map[string]any{"since": since, "until": until, "max_rows": uint64(room/leastRowWeight + 1)}
	err = s.ask(ctx, "spike_hours", more, func(rows driver.Rows) error {
		var r spikeHour
		var matches uint8
		err := rows.Scan(&r.hour, &r.Source, &r.Vendor, &r.Status, &r.Code, &matches, &r.Minutes, &r.Counts)
		r.Source, r.matches = withoutGeneration(r.Source), matches == 1
		if room -= r.weight(); room < 0 {
			return errTooMany
		}
		list = append(list, r)
		return err
	})
	if code, _, is := exceptionOf(err); is && code == codeMemoryLimit {
		err = fmt.Errorf("%w: %w", errTooMany, err)
	}
	return list, err
}

// busyKinds are those with at least so many errors in five minutes by the clock of [from, until], no more than can be
// looked at.
func busyKinds(rows []spikeHour, from, until int64, least uint64, maxKinds int) map[spike.Kind]bool {
	type five struct {
		kind spike.Kind
		at   int64
	}
	counts, most := map[five]uint64{}, map[spike.Kind]uint64{}
	for _, row := range rows {
		for i, m := range row.Minutes {
			if m < from || m > until {
				continue
			}
			at := five{row.Kind, m / 5}
			counts[at] += row.Counts[i]
			if counts[at] >= least {
				most[row.Kind] = max(most[row.Kind], counts[at])
			}
		}
	}
	kinds := slices.SortedFunc(maps.Keys(most), func(a, b spike.Kind) int { return cmp.Or(cmp.Compare(most[b], most[a]), a.Compare(b)) })
	busy := map[spike.Kind]bool{}
	for _, kind := range kinds[:min(len(kinds), maxKinds)] {
		busy[kind] = true
	}
	return busy
}

// keptObserved is the first statement of readObserved with the hours that are kept.
func (s *spikeQuestion) keptObserved(ctx context.Context) error {
	rows, err := keptRows(s.options.hours, "spike observed", hourOf(s.since()), hourOf(s.filter.To.Add(spikeMargin))+1, func(since, until time.Time) (list []observedHour, err error) {
		more := map[string]any{"since": since, "until": until}
		err = s.ask(ctx, "spike_observed_hours", more, func(rows driver.Rows) error {
			var r observedHour
			err := rows.Scan(&r.hour, &r.source, &r.minutes)
			r.source = withoutGeneration(r.source)
			list = append(list, r)
			return err
		})
		return list, err
	})
	for _, row := range rows {
		if _, asked := s.sources[row.source]; asked {
			s.input.Observed[row.source] = append(s.input.Observed[row.source], row.minutes...)
		}
	}
	return err
}

func (c HourCount) inHour() int64 { return c.Hour }
func (c HourCount) weight() int   { return 2 }

// Hourly is DB.Hours, with the hours that are kept.
func (h *Hours) Hourly(ctx context.Context, db *DB, f Filter, since, until time.Time) ([]HourCount, error) {
	counts, err := keptRows(h, keyOf("hourly", f), hourOf(since), hourOf(until), func(since, until time.Time) ([]HourCount, error) {
		return db.Hours(ctx, f, since, until)
	})
	slices.SortFunc(counts, func(a, b HourCount) int { return cmp.Compare(a.Hour, b.Hour) })
	return counts, err
}
