package alert

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/errata-dev/errata/storage"
)

// What is found by an answer is looked at once more before it pages: it has to stand out from everything that is
// ordinary. An answer may tell one spike of noise a week; somebody who is woken by one stops to listen.

const (
	// pagePValue is how improbable five minutes have to be for a page. Four weeks have 40,000 minutes: with 250
	// kinds of errors, chance alone pages once in a hundred such stretches.
	pagePValue = 1e-9
	// standardLift is a spike's count / expected where the rule does not say.
	standardLift = 3
	// usualHistory is how far back an ordinary hour is looked for, and usualHours how many there must be.
	usualHistory = 7 * day
	usualHours   = 6
	// localMinutes before a spike show the level that it rose from, when localLeast of them were observed.
	localMinutes, localLeast = 60, 30
	// windowMinutes are looked at together, as by the detector.
	windowMinutes = 5
	// habitMargin is how far from the time of day a habit may stray: daylight saving, and a quarter of an hour.
	habitMargin = 75
	// habitLength bounds what is looked at of a spike that lasts.
	habitLength = 60
	// habitDays with such a burst at this time make a habit, which pages when it is habitFactor times the usual one.
	habitDays, habitFactor = 2, 2
)

// habitual are the days before, at whose same time of day a habit shows: the last week, and the same weekday of
// the last four.
func habitual() []int { return []int{1, 2, 3, 4, 5, 6, 7, 14, 21, 28} }

// course is what is known of a kind of error around a spike and in the weeks before it.
type course struct {
	start, end int64               // of the spike, minutes since 1970
	counts     map[int64]uint64    // errors
	observed   map[Minute]bool     // the minutes in which any record has its time
	hours      []storage.HourCount // the week before
	errors     uint64              // of the spike
	successes  uint64              // while it lasted
	lift       float64
}

// readCourse reads what there is to know of a spike. The filter is the rule's.
func (e *Engine) readCourse(ctx context.Context, f storage.Filter, c *course) (err error) {
	f.From, f.To = Minute(c.start).Time(), Minute(c.end).Time()
	if c.counts, err = e.DB.Course(ctx, f, c.minutes()); err != nil {
		return err
	}
	if c.hours, err = e.DB.Hours(ctx, f, f.From.Add(-usualHistory), f.From); err != nil {
		return err
	}
	c.successes, err = e.DB.Successes(ctx, f)
	return err
}

// minutes are those whose errors have to be known.
func (c *course) minutes() []int64 {
	var list []int64
	add := func(from, to int64) {
		for m := from; m < to; m++ {
			list = append(list, m)
		}
	}
	days := habitual()
	slices.Reverse(days)
	for _, days := range days {
		from, to := c.habitSpan(days)
		add(from-localMinutes, to)
	}
	add(c.start-localMinutes, c.end)
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// habitSpan is the time of the spike so many days before.
func (c *course) habitSpan(days int) (from, to int64) {
	shift := int64(days) * int64(day/time.Minute)
	return c.start - shift - habitMargin, min(c.end, c.start+habitLength) - shift + habitMargin
}

// ordinary tells that the spike does not stand out.
func (c *course) ordinary() bool {
	return !c.standsOut() || followsTraffic(c.errors, c.successes, c.hours, c.lift) || c.isHabit()
}

// standsOut tells whether the spike rose from the level of the hour before it, by the lift. A day's mean knows
// nothing of a slow rise; this does. Of an hour that was not observed nothing is known.
func (c *course) standsOut() bool {
	level, known := c.level(c.start, func(m int64) bool { return c.observed[Minute(m)] })
	if !known {
		return true
	}
	for n := int64(2); n <= windowMinutes; n++ {
		// The last minute may run still: two whole minutes are enough, as for the detector.
		if c.peak(c.start, c.end, n) >= c.lift*level*float64(n) {
			return true
		}
	}
	return c.end-c.start < 2
}

// level is the errors a minute in the hour before: the median of its five minutes, which no burst moves.
func (c *course) level(before int64, observed func(int64) bool) (level float64, known bool) {
	var sums []float64
	sum, n, seen := 0.0, 0, 0
	for m := before - localMinutes; m < before; m++ {
		if !observed(m) {
			continue
		}
		sum += float64(c.counts[m])
		seen++
		if n++; n == windowMinutes {
			sums = append(sums, sum/windowMinutes)
			sum, n = 0, 0
		}
	}
	if seen < localLeast {
		return 0, false
	}
	slices.Sort(sums)
	return (sums[(len(sums)-1)/2] + sums[len(sums)/2]) / 2, true
}

// peak is the largest count of n minutes in [from, to).
func (c *course) peak(from, to, n int64) float64 {
	var sum, largest uint64
	for m := from; m < to; m++ {
		sum += c.counts[m]
		if m-n >= from {
			sum -= c.counts[m-n]
		}
		if m-from+1 >= n || m == to-1 {
			largest = max(largest, sum)
		}
	}
	return float64(largest)
}

// isHabit tells whether so much happens at this time of day anyhow, as where a batch runs every night: on at
// least two of the days there was a burst, too, and this one is less than twice the second largest of them.
func (c *course) isHabit() bool {
	var bursts []float64
	for _, days := range habitual() {
		from, to := c.habitSpan(days)
		level, _ := c.level(from, func(int64) bool { return true })
		if burst := c.peak(from, to, windowMinutes); burst > 0 && burst >= c.lift*level*windowMinutes {
			bursts = append(bursts, burst)
		}
	}
	if len(bursts) < habitDays {
		return false
	}
	slices.Sort(bursts)
	return c.peak(c.start, c.end, windowMinutes) < habitFactor*bursts[len(bursts)-habitDays]
}

// followsTraffic tells that errors rose only because calls did, as on a Monday morning after a weekend: for
// each success they are less than the lift above an ordinary hour of the last week. Few successes may be few by
// chance; the doubt speaks for the page.
func followsTraffic(errors, successes uint64, hours []storage.HourCount, lift float64) bool {
	usual, known := perSuccess(hours)
	if !known || successes == 0 || usual == 0 {
		return false
	}
	n := float64(successes)
	return float64(errors) < lift*usual*(n-math.Sqrt(n))
}

// perSuccess is the median of the hours' errors per success, weighted by successes: no event of some hours
// moves it, nor do nights with little traffic.
func perSuccess(hours []storage.HourCount) (usual float64, known bool) {
	answered := slices.DeleteFunc(slices.Clone(hours), func(h storage.HourCount) bool { return h.Successes == 0 })
	if len(answered) < usualHours {
		return 0, false
	}
	ratio := func(h storage.HourCount) float64 { return float64(h.Errors) / float64(h.Successes) }
	slices.SortFunc(answered, func(a, b storage.HourCount) int { return cmp.Compare(ratio(a), ratio(b)) })
	var all, below uint64
	for _, h := range answered {
		all += h.Successes
	}
	for _, h := range answered {
		if below += h.Successes; 2*below >= all {
			return ratio(h), true
		}
	}
	return 0, false
}

// isUnknown tells that the vendor is not known for a day: all its codes are new then. If it fails half of its calls or
// more, that is worth a page all the same.
func (c *course) isUnknown() bool {
	known := len(c.hours) > 0 && Minute(c.start).Time().Sub(time.Unix(c.hours[0].Hour*3600, 0)) >= newHistory
	return !known && c.errors < c.successes
}

// keepsOn tells that a unit fails as it always does, such as a poller of what is never there: in an ordinary hour it
// has so many errors a minute, too. Of one that answers, errors per success decide.
func keepsOn(errors, successes uint64, minutes float64, hours []storage.HourCount, lift float64) bool {
	if followsTraffic(errors, successes, hours, lift) {
		return true
	}
	if len(hours) < usualHours || slices.ContainsFunc(hours, func(h storage.HourCount) bool { return h.Successes > 0 }) {
		return false
	}
	counts := make([]uint64, 0, len(hours))
	for _, h := range hours {
		counts = append(counts, h.Errors)
	}
	slices.Sort(counts)
	return float64(errors) < lift*float64(counts[len(counts)/2])/60*minutes
}
