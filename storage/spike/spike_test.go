package spike

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

// every puts so many errors into every so-manieth minute of [from, to).
func every(counts []uint64, from, to, step int, count uint64) []uint64 {
	for m := from; m < to; m += step {
		counts[m] += count
	}
	return counts
}

// told lists spikes as "start-end count", in minutes from the epoch.
func told(spikes []Spike) (list []string) {
	for _, s := range spikes {
		list = append(list, fmt.Sprintf("%d-%d %d", s.Start-epoch, s.End-epoch, s.Count))
	}
	return list
}

// TestBarely: whoever tests a spike once more is told of one that reaches the lift by so little that it may be chance.
func TestBarely(t *testing.T) {
	counts := every(make([]uint64, 2*day), 0, 2*day, 1, 40)
	for m := range counts { // of whom five minutes stray by a third
		counts[m] = uint64(40 + 14*(m/5%3-1))
	}
	every(counts, 2000, 2005, 1, 85)
	in := inputOf(counts)
	require.Empty(t, Detect(in, Options{}))
	require.Len(t, Detect(in, Options{Barely: true}), 1)
}

const day = 1440

func TestDetect(t *testing.T) {
	f := func(name string, days int, shape func(counts []uint64), want ...string) {
		t.Helper()
		counts := make([]uint64, days*day)
		shape(counts)
		require.Equal(t, want, told(Detect(inputOf(counts), Options{})), name)
	}
	f("nothing", 1, func([]uint64) {})
	f("steady", 2, func(c []uint64) { every(c, 0, len(c), 1, 50) })
	f("seldom, then five a minute", 2, func(c []uint64) { every(c, 0, 2000, 20, 1); every(c, 2001, 2006, 1, 5) }, "2001-2006 25")
	f("too few", 2, func(c []uint64) { every(c, 0, 2000, 20, 1); every(c, 2001, 2006, 1, 3) })
	f("high, lifted 3.2 times", 2, func(c []uint64) { every(c, 0, len(c), 1, 2000); every(c, 2000, 2010, 1, 4400) }, "2000-2010 64000")
	f("high, lifted 2.5 times", 2, func(c []uint64) { every(c, 0, len(c), 1, 2000); every(c, 2000, 2030, 1, 3000) })
	f("one minute", 2, func(c []uint64) { every(c, 0, len(c), 10, 1); every(c, 2001, 2002, 1, 500) })
	f("two minutes", 2, func(c []uint64) { every(c, 0, len(c), 10, 1); every(c, 2001, 2003, 1, 500) }, "2001-2003 1000")
	f("two of three minutes", 2, func(c []uint64) { every(c, 0, len(c), 10, 1); c[2001], c[2003] = 30, 30 }, "2001-2004 60")
	f("a full minute, and one by chance two after it", 2, func(c []uint64) { every(c, 0, len(c), 1, 3); c[2001], c[2003] = 45, 12 })
	f("two minutes too far apart", 2, func(c []uint64) { every(c, 0, len(c), 10, 1); c[2001], c[2005] = 30, 30 })
	f("a pause of two minutes", 2, func(c []uint64) {
		every(c, 0, len(c), 10, 1)
		every(c, 2001, 2006, 1, 30)
		every(c, 2008, 2012, 1, 30)
	}, "2001-2012 271")
	f("a pause of ten minutes", 2, func(c []uint64) {
		every(c, 0, len(c), 10, 1)
		every(c, 2001, 2006, 1, 30)
		every(c, 2016, 2021, 1, 30)
	}, "2001-2006 150", "2016-2021 151")
	bursty := func(c []uint64) {
		for m := range c {
			c[m] = []uint64{7, 10, 13}[m/5%3]
		}
	}
	f("lifted 3.2 times, five minutes of noise like that at twice the level", 2, func(c []uint64) { bursty(c); every(c, 2000, 2005, 1, 22) })
	f("lifted 3.2 times, for long enough", 2, func(c []uint64) { bursty(c); every(c, 2000, 2012, 1, 22) }, "2000-2012 393")
	f("tripled in hours, and five minutes of noise on it", 2, func(c []uint64) {
		for m := range c {
			c[m] = 10 + uint64(min(20, max(0, (m-1800)/15)))
		}
		every(c, 2400, 2405, 1, 24) // 3.3 times the last day, 1.8 times the last two hours
	})
	f("twice a day", 3, func(c []uint64) {
		every(c, 0, len(c), 1, 2)
		every(c, 2000, 2030, 1, 60)
		every(c, 2600, 2610, 1, 8) // lifted five times, but not if the first counted
	}, "2000-2030 1860", "2600-2610 100")
	f("until the end", 2, func(c []uint64) { every(c, 0, len(c), 10, 1); every(c, len(c)-3, len(c), 1, 9) }, "2877-2880 27")
}

// TestExpected leaves earlier spikes out of the baseline.
func TestExpected(t *testing.T) {
	counts := every(make([]uint64, 2*day), 0, 2*day, 1, 2)
	every(counts, 2000, 2030, 1, 60)
	every(counts, 2600, 2610, 1, 8)
	found := Detect(inputOf(counts), Options{})
	require.Len(t, found, 2)
	require.InDelta(t, 60, found[0].Expected, 1e-9)
	require.InDelta(t, 20, found[1].Expected, 1e-9)
	ratio, ok := found[1].Ratio()
	require.True(t, ok)
	require.InDelta(t, 5, ratio, 1e-9)
}

// TestLevels takes a level that lasts for the ordinary one: one spike, not one a day.
func TestLevels(t *testing.T) {
	counts := every(make([]uint64, 5*day), 0, 5*day, 1, 2)
	every(counts, 2*day, 5*day, 1, 18)
	found := Detect(inputOf(counts), Options{})
	require.Len(t, found, 1)
	require.InDelta(t, maxMinutes, found[0].End-found[0].Start, windowMinutes)
}

// TestHours knows the mornings after three days, and finds a spike at night that is below the day's mean.
func TestHours(t *testing.T) {
	counts := make([]uint64, 5*day)
	for m := range counts {
		counts[m] = 1
		if hour := m / 60 % 24; hour >= 8 && hour < 18 {
			counts[m] = 20
		}
	}
	every(counts, 4*day+120, 4*day+130, 1, 7)
	found := slices.DeleteFunc(Detect(inputOf(counts), Options{}), func(s Spike) bool { return s.Start < epoch+3*day })
	require.Equal(t, []string{"5880-5890 80"}, told(found))
	require.InDelta(t, 10, found[0].Expected, 3)
}

// TestStartOfData judges the first half hour by floor and lift against one a minute, but takes what goes on
// for ordinary.
func TestStartOfData(t *testing.T) {
	counts := every(make([]uint64, day), 10, 17, 1, 12)
	found := Detect(inputOf(counts), Options{})
	require.Equal(t, []string{"10-17 84"}, told(found))
	require.True(t, found[0].Unproven)
	require.InDelta(t, 7, found[0].Expected, 1e-9)
	require.Empty(t, Detect(inputOf(every(make([]uint64, day), 0, day, 1, 12)), Options{}))
	require.Len(t, Detect(inputOf(every(make([]uint64, 20), 0, 20, 1, 12)), Options{}), 1) // nothing shows that it goes on
	require.Empty(t, Detect(inputOf(every(make([]uint64, 20), 0, 20, 1, 2)), Options{}))
}

// TestLongStart does not take a spike for ordinary that fills most of the first two hours.
func TestLongStart(t *testing.T) {
	counts := every(make([]uint64, day), 10, 95, 1, 12)
	require.Equal(t, []string{"10-95 1020"}, told(Detect(inputOf(counts), Options{})))
}

// TestNewAtStart: a code that begins some minutes after its source does is new.
func TestNewAtStart(t *testing.T) {
	in := inputOf(every(make([]uint64, day), 10, 20, 1, 12))
	in.FirstSeen = map[VendorCode]int64{{"acme", "down"}: epoch + 10}
	found := Detect(in, Options{})
	require.Equal(t, []string{"10-20 120"}, told(found))
	require.True(t, found[0].New)
	in = inputOf(every(make([]uint64, 20), 0, 20, 1, 12))
	in.FirstSeen = map[VendorCode]int64{{"acme", "down"}: epoch}
	require.False(t, Detect(in, Options{})[0].New)
}

// TestRising tells a level that needs an hour to triple, or that rises in two steps.
func TestRising(t *testing.T) {
	rates := slices.Repeat([]float64{10}, 2*day)
	for m := range 240 {
		rates[1500+m] *= min(3.5, 1+float64(m)/24)
	}
	require.Len(t, Detect(inputOf(draw(rand.New(rand.NewPCG(1, 1)), rates)), Options{}), 1)
	counts := every(make([]uint64, 2*day), 0, 2*day, 1, 10)
	every(counts, 1500, 1540, 1, 15)
	every(counts, 1540, 1555, 1, 30)
	found := Detect(inputOf(counts), Options{})
	require.Len(t, found, 1)
	require.InDelta(t, epoch+1540, found[0].Start, windowMinutes) // what is beside it is nearer to it than to the baseline
	require.EqualValues(t, epoch+1555, found[0].End)
}

// TestGap: half an hour without any record does not end a spike.
func TestGap(t *testing.T) {
	counts := every(every(make([]uint64, 2*day), 0, 2*day, 10, 1), 2000, 2100, 1, 12)
	clear(counts[2040:2070])
	in := inputOf(counts)
	in.Observed["src"] = slices.Delete(in.Observed["src"], 2040, 2070)
	require.Equal(t, []string{"2000-2100 847"}, told(Detect(in, Options{})))
}

// TestNewCode judges a code that was never seen by the floor alone.
func TestNewCode(t *testing.T) {
	in := inputOf(every(make([]uint64, 2*day), 2000, 2001, 1, 20))
	require.Empty(t, Detect(in, Options{}))
	in.FirstSeen = map[VendorCode]int64{{"acme", "down"}: epoch + 2000}
	found := Detect(in, Options{})
	require.Equal(t, []string{"2000-2001 20"}, told(found))
	require.True(t, found[0].New)
	_, ok := found[0].Ratio()
	require.False(t, ok)
	in.FirstSeen = map[VendorCode]int64{{"acme", "down"}: epoch - 40*day}
	require.Empty(t, Detect(in, Options{}))

	counts := every(make([]uint64, 2*day), 2000, 2200, 1, 6)
	for m := 2150; m < 2162; m++ {
		counts[m] = 2 // less than the floor, and more than nothing
	}
	in = inputOf(counts)
	in.FirstSeen = map[VendorCode]int64{{"acme", "down"}: epoch + 2000}
	require.Equal(t, []string{"2000-2200 1152"}, told(Detect(in, Options{})))
}

// TestMissingMinutes: what was not observed is no zero.
func TestMissingMinutes(t *testing.T) {
	counts := every(make([]uint64, 2*day), 0, 300, 1, 5)
	every(counts, 1500, 2*day, 1, 5)
	in := inputOf(counts)
	require.Len(t, Detect(in, Options{}), 1)
	in.Observed["src"] = slices.DeleteFunc(in.Observed["src"], func(m int64) bool { return m >= epoch+300 && m < epoch+1500 })
	require.Empty(t, Detect(in, Options{}))
}

// TestSources expects of each source what it has, while it is there.
func TestSources(t *testing.T) {
	in := inputOf(every(make([]uint64, 2*day), 0, 2*day, 1, 1))
	large := seriesOf(in.Series[0].Kind, every(every(make([]uint64, 2*day), 0, 400, 1, 9), 1800, 2*day, 1, 9))
	large.Source = "large"
	in.Series = append(in.Series, large)
	in.Observed["large"] = large.Minutes
	require.Empty(t, Detect(in, Options{}))
	in.Observed["large"] = in.Observed["src"]
	require.Len(t, Detect(in, Options{}), 1)
}

// TestRunningMinute: a spike is there in its second minute, and what was found stays when more is known.
func TestRunningMinute(t *testing.T) {
	counts := every(make([]uint64, 2*day), 0, 2*day, 10, 1)
	every(counts, 2001, 2020, 1, 40)
	in := inputOf(counts)
	for in.To = epoch + 2002; in.To < epoch+2030; in.To++ {
		found := Detect(in, Options{})
		if in.To < epoch+2003 {
			require.Empty(t, found)
			continue
		}
		require.Len(t, found, 1)
		require.EqualValues(t, epoch+2001, found[0].Start)
		require.EqualValues(t, min(in.To, epoch+2020), found[0].End)
	}
}

func TestIncidents(t *testing.T) {
	in := inputOf(make([]uint64, 2*day))
	in.Series = nil
	add := func(vendor, code string, from, to int) {
		counts := every(every(make([]uint64, 2*day), 0, 2*day, 10, 1), from, to, 1, 30)
		in.Series = append(in.Series, seriesOf(Kind{vendor, 503, code}, counts))
	}
	add("acme", "a", 2000, 2010)
	add("acme", "b", 2005, 2030)
	add("acme", "c", 2031, 2040)
	add("acme", "d", 2050, 2060)
	add("other", "a", 2000, 2010)
	incidents := map[string]string{}
	for _, s := range Detect(in, Options{}) {
		incidents[s.Vendor+s.Code] = s.Incident
	}
	require.Len(t, incidents, 5)
	require.Equal(t, incidents["acmea"], incidents["acmeb"])
	require.Equal(t, incidents["acmea"], incidents["acmec"])
	require.NotEqual(t, incidents["acmea"], incidents["acmed"])
	require.NotEqual(t, incidents["acmea"], incidents["othera"])
}

// TestProperties: a week later the same is found; other kinds change nothing; nor does the order of minutes;
// and all counts doubled keep what there was.
func TestProperties(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(7, seed))
		rates := noises()[seed%6].make(r, 3*day, 3)
		at := 2*day + r.IntN(day-100)
		for m := at; m < at+10; m++ {
			rates[m] += 36
		}
		in := inputOf(draw(r, rates))
		found := Detect(in, Options{})
		require.NotEmpty(t, found)

		later := inputOf(make([]uint64, 3*day))
		later.From, later.To = later.From+7*day, later.To+7*day
		later.Observed["src"] = shift(in.Observed["src"])
		later.Series = []Series{{Kind: in.Series[0].Kind, Source: "src", Minutes: shift(in.Series[0].Minutes), Counts: in.Series[0].Counts}}
		shifted := Detect(later, Options{})
		require.Len(t, shifted, len(found))
		for i, s := range shifted {
			s.Start, s.End, s.Incident = s.Start-7*day, s.End-7*day, found[i].Incident
			require.Equal(t, found[i], s)
		}

		more := in
		more.Series = append([]Series{seriesOf(Kind{"zeta", 500, "x"}, draw(r, rates))}, in.Series...)
		slices.Reverse(more.Series[1].Minutes)
		slices.Reverse(more.Series[1].Counts)
		again := slices.DeleteFunc(Detect(more, Options{}), func(s Spike) bool { return s.Vendor == "zeta" })
		require.Equal(t, found, again)

		for i := range in.Series[0].Counts {
			in.Series[0].Counts[i] *= 2
		}
		require.NotNil(t, overlapping(Detect(in, Options{}), int64(epoch+at), 10))
	}
}

func shift(minutes []int64) []int64 {
	later := slices.Clone(minutes)
	for i := range later {
		later[i] += 7 * day
	}
	return later
}

// TestTail compares with sums of the probabilities themselves, and with Poisson's for almost no dispersion.
func TestTail(t *testing.T) {
	for _, mean := range []float64{0.05, 1, 7, 300} {
		for _, dispersion := range []float64{0.02, 0.3, 4} {
			for _, count := range []float64{1, 5, 20, 600} {
				size := 1 / dispersion
				head := 0.0
				for x := 0.0; x < count; x++ {
					a, _ := math.Lgamma(x + size)
					b, _ := math.Lgamma(size)
					c, _ := math.Lgamma(x + 1)
					head += math.Exp(a - b - c + size*math.Log(size/(size+mean)) + x*math.Log(mean/(size+mean)))
				}
				require.InDelta(t, 1-head, tailP(count, mean, dispersion), 1e-9, "%v %v %v", mean, dispersion, count)
			}
		}
	}
	for _, count := range []float64{20, 60, 120} {
		poisson := distuv.Poisson{Lambda: 10}
		p := poisson.Survival(count - 1)
		if p > 1e-12 { // Survival subtracts from 1
			require.InEpsilon(t, p, tailP(count, 10, 1e-9), 1e-4)
		}
	}
	// P(X >= 100) of Poisson 1 is e^-1 / 100! × 1.01: far below what 1 - CDF can tell.
	require.InDelta(t, 158.4, score(tailP(100, 1, 1e-9)), 0.1)
	require.EqualValues(t, maxScore, score(tailP(100_000, 1, 0.02)))
	require.Zero(t, score(tailP(0, 1, 0.02)))
}
