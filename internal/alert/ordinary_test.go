package alert

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/storage"
)

// spiked is a course whose minutes have so many errors each, but for the spike at its end.
func spiked(usual func(m int64) uint64, minutes int64, each uint64) *course {
	const start = 30_000_000
	c := &course{start: start, end: start + minutes, settled: start + minutes, counts: map[int64]uint64{}, observed: map[Minute]bool{}, lift: 3}
	for m := int64(start - 29*1440); m < start; m++ {
		c.counts[m], c.observed[Minute(m)] = usual(m-start), true
	}
	for m := c.start; m < c.end; m++ {
		c.counts[m], c.observed[Minute(m)] = each, true
		c.errors += each
	}
	return c.knownFor(7 * minutesADay)
}

// knownFor says since when the vendor is known.
func (c *course) knownFor(minutes int64) *course {
	c.hours = []storage.HourCount{{Hour: (c.start - minutes) / 60, Successes: 1}}
	return c
}

func steady(n uint64) func(int64) uint64 { return func(int64) uint64 { return n } }

func TestStandsOut(t *testing.T) {
	require.True(t, spiked(steady(4), 3, 12).standsOut())
	require.False(t, spiked(steady(4), 3, 11).standsOut())
	require.True(t, spiked(steady(0), 3, 10).standsOut())
	c := spiked(steady(4), 3, 12)
	c.counts[c.end-1] = 1
	require.True(t, c.standsOut(), "the running minute takes nothing back")
	risen := spiked(func(m int64) uint64 {
		if m < -40 {
			return 2
		}
		return 6
	}, 4, 16)
	require.False(t, risen.standsOut(), "on top of a level that rose within the hour")
	for m := range risen.observed {
		delete(risen.observed, m)
	}
	require.True(t, risen.standsOut(), "nothing is known of an hour that was not observed")
	burst := spiked(func(m int64) uint64 {
		if m >= -15 && m < -5 {
			return 100
		}
		return 2
	}, 4, 16)
	require.True(t, burst.standsOut(), "an event within the hour raises no level")
	risen = spiked(func(m int64) uint64 {
		if m < -60 {
			return 2
		}
		return 40
	}, 5, 110)
	risen.expected = 10
	require.True(t, risen.ordinary(), "so it pages nobody")
}

// TestImprobable: what strays much has to stand out more, in whichever third of a day it strays.
func TestImprobable(t *testing.T) {
	rough := func(m int64) uint64 { return []uint64{0, 12, 1, 2, 10, 0}[((m/5)%6+6)%6] }
	for _, c := range []*course{spiked(steady(4), 5, 16), spiked(rough, 5, 120)} {
		c.expected = 20
		require.True(t, c.isImprobable())
	}
	c := spiked(rough, 5, 16)
	c.expected = 20
	require.False(t, c.isImprobable())
	c = spiked(rough, 5, 0)
	c.expected = 20
	require.False(t, c.isImprobable(), "what is gone is no spike")
	seldom := spiked(steady(0), 5, 8)
	seldom.expected = 0.1
	require.True(t, seldom.isImprobable(), "of what hardly ever comes nobody knows how it strays")
}

// TestUsual: the day's mean, the hour before and this time of the days before each know of something that the others do not.
func TestUsual(t *testing.T) {
	c := spiked(steady(4), 5, 16)
	c.expected = 30
	require.InDelta(t, 6, c.usual(), 0, "the day")
	c.expected = 5
	require.InDelta(t, 4, c.usual(), 0, "the hour before")
	atThisTime := func(m int64) uint64 {
		if day := ((m+minutesADay/2)%minutesADay + minutesADay) % minutesADay; m < -60 && day > 660 && day < 780 {
			return 9
		}
		return 1
	}
	noons := spiked(atThisTime, 5, 16)
	noons.expected = 5
	require.InDelta(t, 9, noons.usual(), 0, "every day at this time")
	noons.knownFor(100 * 60)
	require.InDelta(t, 9, noons.usual(), 0)
}

// TestFirstDay: what is known on the first day is little, and it takes more to page.
func TestFirstDay(t *testing.T) {
	today := func(each uint64, expected float64) *course { // one a minute for four hours, and nothing before
		c := spiked(func(m int64) uint64 {
			if m < -240 {
				return 0
			}
			return 1
		}, 5, each)
		c.expected = expected
		return c.knownFor(240)
	}
	require.True(t, today(9, 5).knownFor(10*minutesADay).isImprobable())
	require.False(t, today(9, 5).isImprobable(), "what is known is little, and fewer than fifty no gross spike")
	require.InDelta(t, skewed*roughly, spiked(steady(0), 5, 6).dispersion(), 1e-9, "of what hardly ever comes nobody knows how it strays")
	require.True(t, today(10, 8).isImprobable(), "gross")
	require.False(t, today(10, 9).isImprobable(), "less than six times")
	loud := spiked(steady(1), 5, 8).knownFor(240)
	loud.expected = 5
	require.True(t, loud.isImprobable(), "what is known to be steady needs less")
	loud.expected = 20
	require.False(t, loud.isImprobable(), "twice the mean is no wonder on the first day")
}

// TestHabit: a batch that runs every night pages no more once it is a habit, unless it fails much more than usual.
func TestHabit(t *testing.T) {
	nightly := func(days int64, shift int64) func(int64) uint64 {
		return func(m int64) uint64 {
			for d := int64(1); d <= days; d++ {
				if at := m + d*1440 + shift; at >= 0 && at < 5 {
					return 20
				}
			}
			return 0
		}
	}
	require.False(t, spiked(nightly(1, 0), 5, 20).isHabit())
	require.True(t, spiked(nightly(1, 0), 5, 20).knownFor(30*60).isHabit(), "of two days there is but one before")
	require.True(t, spiked(nightly(1, 0), 5, 59).knownFor(30*60).isHabit(), "less than the lift above it")
	require.False(t, spiked(nightly(1, 0), 5, 60).knownFor(30*60).isHabit())
	require.True(t, spiked(nightly(2, 0), 5, 20).isHabit())
	require.True(t, spiked(nightly(7, 60), 5, 20).isHabit(), "an hour earlier by the clock of UTC: daylight saving")
	require.True(t, spiked(nightly(7, -60), 5, 20).isHabit(), "and an hour later")
	require.False(t, spiked(nightly(7, 180), 5, 20).isHabit())
	require.True(t, spiked(nightly(7, 0), 5, 59).isHabit())
	require.False(t, spiked(nightly(7, 0), 5, 60).isHabit(), "it reaches the lift against the habit, too")
	weekly := spiked(func(m int64) uint64 {
		if m == -14*1440 || m == -21*1440 || m == -28*1440 {
			return 100
		}
		return 0
	}, 5, 20)
	require.True(t, weekly.isHabit(), "the same weekday of the last weeks")
	require.False(t, spiked(steady(4), 5, 12).isHabit(), "a level is no burst")
}

func TestFollowsTraffic(t *testing.T) {
	var hours []storage.HourCount
	for h := range int64(30) {
		hours = append(hours, storage.HourCount{Hour: h, Errors: 5, Successes: 100})
	}
	hours[7].Errors, hours[8] = 400, storage.HourCount{Hour: 8, Errors: 3}
	require.True(t, followsTraffic(100, 2000, hours, 3))
	require.True(t, followsTraffic(250, 2000, hours, 3))
	require.False(t, followsTraffic(300, 2000, hours, 3))
	require.False(t, followsTraffic(100, 0, hours, 3))
	require.False(t, followsTraffic(1, 2000, hours[:5], 3), "too few hours")
}

// TestFollowsHour: calls surge within an hour in which more of them fail than usual, but no more than just before.
func TestFollowsHour(t *testing.T) {
	c := spiked(steady(4), 5, 20)
	c.answered, c.beside = 100, 1000 // twice as many calls, five times as many errors
	require.True(t, c.followsHour())
	require.True(t, c.ordinary())
	c.beside = 500
	require.False(t, c.followsHour())
	require.False(t, c.ordinary())
	c.beside = 0
	require.False(t, c.followsHour(), "nobody is answered any more")
	c.beside, c.answered = 1000, 0
	require.False(t, c.followsHour(), "nothing is known of the calls before")
	c.answered = 100
	for m := range c.observed {
		delete(c.observed, m)
	}
	require.False(t, c.followsHour(), "nor of the errors")
}

// TestGrowth: in a surge of calls so many more errors are usual, and how far those stray decides.
func TestGrowth(t *testing.T) {
	rough := func(m int64) uint64 { return []uint64{0, 12, 1, 2, 10, 0}[((m/5)%6+6)%6] }
	c := spiked(rough, 5, 100)
	c.expected, c.answered, c.beside = 20, 100, 500
	require.True(t, c.isImprobable())
	c.beside = 2000
	require.False(t, c.followsHour(), "it is more than three times as much for each call")
	require.False(t, c.isImprobable(), "and no wonder")
	c.answered = 0
	require.True(t, c.isImprobable(), "nothing is known of the calls")
}

// TestEarly: how many calls succeeded is compared in complete minutes, of which there must be one.
func TestEarly(t *testing.T) {
	c := spiked(steady(4), 5, 20)
	c.answered, c.beside, c.successes = 100, 200, 200
	require.False(t, c.ordinary(), "as many calls as ever")
	c.settled = c.start
	require.True(t, c.ordinary(), "nobody knows yet")
	c.settled = c.start + 1
	require.EqualValues(t, 20, c.settledErrors())
	require.True(t, c.followsHour(), "in this minute there were twice as many")
	c.beside = 100
	require.False(t, c.followsHour())
}

// TestKeepsOn: a poller of what is never there fails as it always does.
func TestKeepsOn(t *testing.T) {
	var hours []storage.HourCount
	for h := range int64(30) {
		hours = append(hours, storage.HourCount{Hour: h, Errors: 120})
	}
	require.True(t, keepsOn(50, 0, 20, hours, 3))
	require.False(t, keepsOn(150, 0, 20, hours, 3))
	require.False(t, keepsOn(50, 0, 20, hours[:5], 3))
	hours[3].Successes = 1
	require.False(t, keepsOn(50, 0, 20, hours, 3), "it does answer at times")
}

// TestRateBefore: minutes that were not ingested say nothing of the calls.
func TestRateBefore(t *testing.T) {
	c := spiked(steady(0), 5, 10)
	c.hours = []storage.HourCount{{Hour: c.start/60 - 3, Successes: 600}}
	require.InDelta(t, 20, c.rateBefore(200, settledMinutes), 0)
	for m := c.start - 5; m < c.start; m++ {
		delete(c.observed, Minute(m))
	}
	require.InDelta(t, 40, c.rateBefore(200, settledMinutes), 0)
	delete(c.observed, Minute(c.start-6))
	require.InDelta(t, 10, c.rateBefore(200, settledMinutes), 0, "the last hour")
	c.hours = nil
	require.InDelta(t, 0, c.rateBefore(200, settledMinutes), 0)
}

// TestUnknown: on the first day of a vendor its codes come with its calls, and are no news.
func TestUnknown(t *testing.T) {
	c := spiked(steady(0), 4, 10)
	c.hours = nil
	c.successes = 400
	require.True(t, c.isUnknown(), "nothing is known of it")
	c.before = 1
	require.True(t, c.isUnknown(), "its calls have just begun in earnest")
	c.successes = 30
	require.False(t, c.isUnknown(), "more errors than successes")
	c.successes, c.before = 400, 100
	require.False(t, c.isUnknown(), "its calls are what they were, the errors are not")
	c.before = 1
	c.knownFor(minutesADay)
	require.False(t, c.isUnknown(), "it is known")
}

// TestCopied: what was written twice is half as many attempts.
func TestCopied(t *testing.T) {
	storm := &storage.StormRow{Attempts: 600, Operations: 60}
	require.False(t, isCopied(storm, 600, 600, 50))
	require.False(t, isCopied(storm, 600, 540, 50), "some copies make no storm")
	require.False(t, isCopied(storm, 600, 300, 50), "five attempts each are left")
	require.True(t, isCopied(storm, 600, 299, 50), "fewer")
	require.True(t, isCopied(storm, 600, 300, 241), "240 are wasted")
	require.False(t, isCopied(storm, 0, 0, 50), "its rows are gone")
}
