package alert

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"

	"github.com/errata-dev/errata/storage"
)

// What is found by an answer is looked at once more before it pages: it has to stand out from everything that is
// ordinary. An answer may tell one spike of noise a week; somebody who is woken by one stops to listen.

const (
	// pagePValue is how improbable five minutes have to be for a page. Four weeks have 40,000 minutes: with 250
	// kinds of errors, chance alone pages once in a hundred such stretches.
	pagePValue = 1e-9
	// weekPValue is how improbable they have to be by what the last week strayed, which is asked beside the detector's
	// test: with pagePValue twice, four times three errors a minute were no longer found every time.
	weekPValue = 1e-6
	// standardFloor and standardLift are the errors of five minutes, and count / expected, where the rule does not say.
	standardFloor, standardLift = 20, 3
	// runAttempts of one operation are a run of retries, as in `query storms`.
	runAttempts = 5
	// usualHistory is how far back an ordinary hour is looked for, and usualHours how many there must be.
	usualHistory = 7 * day
	usualHours   = 6
	// localMinutes before a spike show the level that it rose from, when localLeast of them were observed.
	localMinutes, localLeast = 60, 30
	// windowMinutes are looked at together, as by the detector.
	windowMinutes = 5
	// skewed is what a distribution with a long tail adds to the variance that is measured; leastErrors of a stretch say
	// something of it.
	skewed, leastErrors = 1.5, 20
	// leastDispersion keeps the test in numbers: less is Poisson.
	leastDispersion = 1e-6
	// roughly is the dispersion of counts that stray by almost a half. It stands in for the thirds of a day that are not known
	// yet, until leastThirds are. And on the first day nobody knows how much of the mean is the hour's: up to firstDayFactor
	// times it, as at noon of what sleeps at night. What is known then is little, so it takes more to page.
	roughly, leastThirds, firstDayFactor = 0.2, 3, 2
	// grossCount errors of five minutes, grossLift times what was seen, page on the first day without more: that is when
	// somebody tries what pages, and no noon is so far from its night.
	grossCount, grossLift = 50, 6
	// settledMinutes before a spike show, on a vendor's first day, that its calls have not just begun.
	settledMinutes = 10
	// habitMargin is how far from the time of day a habit may stray: daylight saving, and a quarter of an hour.
	habitMargin = 75
	// habitLength bounds what is looked at of a spike that lasts.
	habitLength = 60
	// habitDays with such a burst at this time make a habit.
	habitDays = 2
	// minutesADay is a day of UTC.
	minutesADay = int64(day / time.Minute)
)

// habitual are the days before, at whose same time of day a habit shows: the last week, and the same weekday of
// the last four.
func habitual() []int { return []int{1, 2, 3, 4, 5, 6, 7, 14, 21, 28} }

// course is what is known of a kind of error around a spike and in the weeks before it.
type course struct {
	start, end int64               // of the spike, minutes since 1970
	settled    int64               // where its complete minutes end: later ones may lack successes still
	counts     map[int64]uint64    // errors, each once however often its record was written
	calls      map[int64]uint64    // those of the spike, each once a minute however often it was tried
	observed   map[Minute]bool     // the minutes in which any record has its time
	known      Minute              // from where on observed is known
	hours      []storage.HourCount // the week before
	errors     uint64              // of the spike
	expected   float64             // of errors
	successes  uint64              // in its complete minutes
	before     float64             // successes a minute just before it, of a vendor's first day only
	beside     uint64              // those of the services that its errors came from
	answered   float64             // theirs a minute in the hour before it
	lift       float64
}

// readCourse reads what there is to know of a spike. The filter is the rule's, and of the kind of error.
func (e *Engine) readCourse(ctx context.Context, f storage.Filter, c *course) (err error) {
	f.From, f.To = Minute(c.start).Time(), Minute(c.end).Time()
	c.counts = map[int64]uint64{}
	week := f.From.Add(-usualHistory - habitMargin*time.Minute - localMinutes*time.Minute)
	if err := e.DB.Course(ctx, f, week, f.To, nil, c.counts); err != nil {
		return err
	}
	earlier := c.earlier(int64(MinuteOf(week)))
	if err := e.DB.Course(ctx, f, Minute(earlier[0]).Time(), week, earlier, c.counts); err != nil {
		return err
	}
	if c.calls, err = e.DB.FailedCalls(ctx, f); err != nil {
		return err
	}
	if c.hours, err = e.hourly().Hourly(ctx, e.DB, f, f.From.Add(-usualHistory), f.From); err != nil {
		return err
	}
	if c.isEarly() {
		return nil
	}
	f.To = Minute(c.settled).Time()
	if c.successes, err = e.DB.Successes(ctx, f); err != nil {
		return err
	}
	beside, before, err := e.DB.SuccessesBeside(ctx, f, Minute(c.start-localMinutes).Time())
	if c.beside, c.answered = beside, c.rateBefore(before, localMinutes); err != nil || !c.isFirstDay() {
		return err
	}
	f.From, f.To = Minute(c.start-settledMinutes).Time(), Minute(c.start).Time()
	before, err = e.DB.Successes(ctx, f)
	c.before = c.rateBefore(before, settledMinutes)
	return err
}

// rateBefore is the successes a minute of the minutes before the spike, which had so many. Where those were not ingested
// nothing is known of them: the last hour that is known speaks for them.
func (c *course) rateBefore(successes uint64, minutes int64) float64 {
	seen := int64(0)
	for m := c.start - minutes; m < c.start; m++ {
		if c.observed[Minute(m)] {
			seen++
		}
	}
	switch {
	case 2*seen >= minutes:
		return float64(successes) / float64(seen)
	case len(c.hours) > 0:
		return float64(c.hours[len(c.hours)-1].Successes) / 60
	default:
		return 0
	}
}

// earlier are the minutes before the last week whose errors have to be known, sorted.
func (c *course) earlier(until int64) (list []int64) {
	days := habitual()
	slices.Reverse(days)
	for _, days := range days {
		from, to := c.habitSpan(days)
		for m := from - localMinutes; m < min(to, until); m++ {
			list = append(list, m)
		}
	}
	return slices.Compact(list)
}

// habitSpan is the time of the spike so many days before.
func (c *course) habitSpan(days int) (from, to int64) {
	shift := int64(days) * minutesADay
	return c.start - shift - habitMargin, min(c.end, c.start+habitLength) - shift + habitMargin
}

// ordinary tells that the spike does not stand out.
func (c *course) ordinary() bool {
	return c.isEarly() || !c.standsOut() || !c.isImprobable() || followsTraffic(c.settledErrors(), c.successes, c.hours, c.lift) ||
		c.followsHour() || c.isHabit() || c.isUnknown()
}

// isEarly tells that no minute of the spike is complete: nobody knows yet how many calls succeeded meanwhile.
func (c *course) isEarly() bool { return c.settled <= c.start }

// settledErrors are those of the complete minutes.
func (c *course) settledErrors() uint64 {
	all := c.peak(c.start, c.end, c.end-c.start)
	if all == 0 {
		return 0
	}
	return uint64(float64(c.errors) * c.peak(c.start, c.settled, c.settled-c.start) / all)
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
func (c *course) peak(from, to, n int64) float64 { return peakOf(c.counts, from, to, n) }

func peakOf(counts map[int64]uint64, from, to, n int64) float64 {
	var sum, largest uint64
	for m := from; m < to; m++ {
		sum += counts[m]
		if m-n >= from {
			sum -= counts[m-n]
		}
		if m-from+1 >= n || m == to-1 {
			largest = max(largest, sum)
		}
	}
	return float64(largest)
}

// isImprobable tests the spike against how far the counts of five minutes strayed in the last week. The detector
// has but a day, in pieces of two hours, which say little where errors are few.
func (c *course) isImprobable() bool {
	length := min(c.end-c.start, windowMinutes)
	peak, mean := c.peak(c.start, c.end, length), c.usual()*float64(length)
	if peak == 0 {
		return false // its rows are gone since the answer, as after a replay or an erasure
	}
	if mean == 0 || c.isGross(peak, mean) {
		return true
	}
	if c.isFirstDay() {
		mean *= firstDayFactor
	}
	mean *= max(1, c.growth())
	size := 1 / max(c.dispersion(), leastDispersion)
	return mathext.RegIncBeta(peak, size, mean/(mean+size)) < weekPValue
}

// usual is how many errors a minute are ordinary at this time: the most that the day, the hour before and this hour of the
// days before speak for. The day's mean knows little of its hours, and after a weekend nothing; the hour before nothing of
// what comes every day at noon.
func (c *course) usual() float64 {
	level, _ := c.level(c.start, func(m int64) bool { return c.observed[Minute(m)] })
	return max(c.expected/float64(c.end-c.start), level, c.timeOfDay())
}

// isGross tells that a spike of the first day leaves no doubt, however little is known yet.
func (c *course) isGross(peak, mean float64) bool {
	return c.isFirstDay() && peak >= grossCount && peak >= grossLift*mean
}

// isFirstDay tells that the vendor is not known for a day.
func (c *course) isFirstDay() bool { return c.start-c.since() < minutesADay }

// timeOfDay is the errors a minute in the hour around this time, the median of the days of the last week that are known.
func (c *course) timeOfDay() float64 {
	var found []float64
	for days := int64(1); days <= int64(usualHistory/day); days++ {
		if from := c.start - days*minutesADay - 30; from >= c.since() && c.wholeHour(from) {
			found = append(found, c.peak(from, from+60, 60)/60)
		}
	}
	if len(found) == 0 {
		return 0
	}
	slices.Sort(found)
	return found[(len(found)-1)/2]
}

// since is the minute from which on the vendor is known, within the last week.
func (c *course) since() int64 {
	if len(c.hours) == 0 {
		return c.start
	}
	return c.hours[0].Hour * 60
}

// dispersion is that of the counts of five minutes in an ordinary third of a day of the last week, variance = mean +
// dispersion × mean². The median of the thirds leaves events out.
func (c *course) dispersion() float64 {
	var found []float64
	const third = minutesADay / 3
	for to := c.start; to-third >= c.start-int64(usualHistory/time.Minute); to -= third {
		if dispersion, known := c.dispersionOf(to-third, to); known {
			found = append(found, dispersion)
		}
	}
	for len(found) < leastThirds {
		found = append(found, roughly)
	}
	slices.Sort(found)
	return skewed * found[len(found)/2]
}

// dispersionOf measures the counts against the means of their hours, so that slower changes do not count.
func (c *course) dispersionOf(from, to int64) (dispersion float64, known bool) {
	var sum, squares, beyond float64
	for hour := from; hour < to; hour += 60 {
		if !c.wholeHour(hour) {
			continue
		}
		var counts []float64
		for m := hour; m < hour+60; m += windowMinutes {
			counts = append(counts, c.peak(m, m+windowMinutes, windowMinutes))
		}
		mean, variance := stat.MeanVariance(counts, nil)
		sum += mean
		squares += mean * mean
		beyond += variance - mean
	}
	return max(0, beyond/squares), sum*60/windowMinutes >= leastErrors
}

// wholeHour tells that nothing is missing of an hour, as far back as that is known.
func (c *course) wholeHour(from int64) bool {
	for m := from; m < from+60; m++ {
		if Minute(m) >= c.known && !c.observed[Minute(m)] {
			return false
		}
	}
	return true
}

// isHabit tells whether so much happens at this time of day anyhow, as where a batch runs every night: on at
// least two of the days there was a burst, too, and against the second largest of them this one does not reach the lift, as
// against all else that is ordinary. On a vendor's second day one burst is all that there can be.
func (c *course) isHabit() bool {
	var bursts []float64
	for _, days := range habitual() {
		from, to := c.habitSpan(days)
		level, _ := c.level(from, func(int64) bool { return true })
		if burst := c.peak(from, to, windowMinutes); burst > 0 && burst >= c.lift*level*windowMinutes {
			bursts = append(bursts, burst)
		}
	}
	enough := habitDays
	if c.start-c.since() < habitDays*minutesADay {
		enough = 1 // of two days there is but one before
	}
	if len(bursts) < enough {
		return false
	}
	slices.Sort(bursts)
	return c.peak(c.start, c.end, windowMinutes) < c.lift*bursts[len(bursts)-enough]
}

// followsTraffic tells that errors rose only because calls did, as on a Monday morning after a weekend: for
// each success they are less than the lift above an ordinary hour of the last week.
func followsTraffic(errors, successes uint64, hours []storage.HourCount, lift float64) bool {
	usual, known := perSuccess(hours)
	return known && float64(errors) < lift*usual*certain(successes)
}

// certain is as many successes as are no chance: the doubt speaks for the page.
func certain(successes uint64) float64 {
	n := float64(successes)
	return n - math.Sqrt(n)
}

// followsHour is followsTraffic against the hour before, in the services that the errors came from: calls of one that surge while
// its errors rise slowly. Each record counts once, as in the level of the hour.
func (c *course) followsHour() bool {
	level, known := c.level(c.start, func(m int64) bool { return c.observed[Minute(m)] })
	minutes := c.settled - c.start
	return known && c.peak(c.start, c.settled, minutes) < c.lift*level*float64(minutes)*c.growth()
}

// growth is how many times the calls of the hour before succeed now, in the services that the errors came from; 0 = nobody knows.
// So many times the errors are usual, too, before any of them strays.
func (c *course) growth() float64 {
	if c.answered == 0 || c.isEarly() {
		return 0
	}
	return certain(c.beside) / c.answered / float64(c.settled-c.start)
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

// isUnknown tells that the errors came with calls that are new themselves: the vendor is not known for a day, and its
// successes have just begun, or risen by the lift. If it fails half of its calls or more, that is worth a page all the same.
func (c *course) isUnknown() bool {
	risen := float64(c.successes) >= c.lift*c.before*float64(c.settled-c.start)
	return c.isFirstDay() && (c.isEarly() || risen && c.settledErrors() < c.successes)
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
