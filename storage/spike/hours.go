package spike

const (
	hoursOfDay  = 24
	leastDays   = 3
	mostDays    = 7
	priorErrors = 20 // so many errors of an hour count as much as the assumption that hours are alike
)

// hours are the counts of a kind by the hour, spikes included, and how many of its minutes were observed.
type hours struct {
	from    int64 // the minute since 1970 that is minute 0
	counts  []float64
	minutes []float64
	cached  *factors
	at      int // the hour of the cached factors
}

func newHours(d *detector) *hours {
	h := &hours{from: d.from, at: -1}
	n := h.index(d.n) + 1
	h.counts, h.minutes = make([]float64, n), make([]float64, n)
	for m := range d.n {
		if d.observed[m] {
			h.counts[h.index(m)] += float64(d.counts[m])
			h.minutes[h.index(m)]++
		}
	}
	return h
}

func (h *hours) index(m int) int         { return int((h.from+int64(m))/60 - h.from/60) }
func (h *hours) minuteOfDay(m int) int   { return int((h.from + int64(m)) % (hoursOfDay * 60)) }
func (h *hours) ofDay(m int) int         { return h.minuteOfDay(m) / 60 }
func (h *hours) nextHour(m int) int      { return m + 60 - int((h.from+int64(m))%60) }
func (h *hours) ofDayAt(index int) int   { return int((h.from/60 + int64(index)) % hoursOfDay) }
func (h *hours) observed(index int) bool { return index >= 0 && h.minutes[index] >= leastBaseline }

func (h *hours) factorsAt(m int) *factors {
	if index := h.index(m); index != h.at {
		h.cached, h.at = h.compute(index), index
	}
	return h.cached
}

// factors say how the hours of the day differ; their mean is about 1.
type factors [hoursOfDay]float64

func (f *factors) of(hour int) float64 { return f[hour] }

// between goes in straight lines from the middle of one hour to that of the next.
func (f *factors) between(minute int) float64 {
	shifted := minute + hoursOfDay*60 - 30
	hour, share := shifted/60, float64(shifted%60)/60
	return f[hour%hoursOfDay]*(1-share) + f[(hour+1)%hoursOfDay]*share
}

// compute looks at the hours before one, in days that end there; nil means that there are less than three.
func (h *hours) compute(index int) *factors {
	var means []float64
	for end := index; end > 0 && len(means) < mostDays; end -= hoursOfDay {
		means = append(means, h.mean(end))
	}
	var f factors
	counts, expected := 0.0, 0.0
	var expectations [hoursOfDay]float64
	for back := 1; back <= hoursOfDay; back++ {
		hour := h.ofDayAt(index - back + hoursOfDay)
		var ok bool
		if f[hour], expectations[hour], ok = h.sameHour(index-back, means); !ok {
			return nil
		}
		counts += f[hour]
		expected += expectations[hour]
	}
	if counts == 0 {
		return nil
	}
	for hour := range f {
		f[hour] = (f[hour] + priorErrors) / (expectations[hour]*counts/expected + priorErrors)
	}
	return &f
}

// mean is the rate of the day that ends before an hour.
func (h *hours) mean(end int) float64 {
	counts, minutes := 0.0, 0.0
	for i := max(0, end-hoursOfDay); i < end; i++ {
		counts += h.counts[i]
		minutes += h.minutes[i]
	}
	return counts / max(1, minutes)
}

// sameHour adds up an hour and the same of the days before it, and what they would have by the means of
// their days. The day with the most is left out, so that no single event makes an hour a busy one.
func (h *hours) sameHour(index int, means []float64) (counts, expected float64, ok bool) {
	most, mostExpected, days := 0.0, 0.0, 0
	for day, mean := range means {
		i := index - day*hoursOfDay
		if !h.observed(i) {
			continue
		}
		days++
		ordinary := mean * h.minutes[i]
		counts += h.counts[i]
		expected += ordinary
		if h.counts[i]*mostExpected >= most*ordinary { // of equal ones the latest
			most, mostExpected = h.counts[i], ordinary
		}
	}
	return counts - most, expected - mostExpected, days >= leastDays
}
