package traffic

import (
	"math"
	"time"
)

const minuteMS = int64(60_000)

// series is one kind of error of one vendor, and the rate at which it comes in ordinary times.
type series struct {
	b         *builder
	target    *Target
	failure   *Failure
	perMinute float64
	spread    float64 // of the rate from one five minutes to the next
	day       float64 // how much the hour of the day matters: 0 = not, 1 = from nothing to twice the mean
	growth    func(ms int64) float64
	decoy     string
}

// Rate is the expected count of the minute at a time.
func (s *series) rate(ms int64) float64 {
	rate := s.perMinute * (1 + s.day*math.Sin((math.Mod(float64(ms)/3_600_000, 24)-8)*math.Pi/12))
	if s.growth != nil {
		rate *= s.growth(ms)
	}
	return max(0, rate)
}

// Week is a log of days: errors at low and high counts with spikes among them, and what looks like spikes.
// size 1 asks for two days and has four before; smaller ones ask for one and have three before.
func Week(seed uint64, size float64) *Log {
	to := time.Date(2026, 11, 19, int(seed*5%24), int(seed*11%60), 0, 0, time.UTC)
	asked, before := 48*time.Hour, 96*time.Hour
	if size < 1 {
		asked, before = 24*time.Hour, 72*time.Hour
	}
	from := to.Add(-asked)
	b := newBuilder("week", seed, from.Add(-before), from, to, size)
	b.spikes()
	b.spikeDecoys()
	for _, vendor := range vendorNames() {
		t := b.target(vendor, "GET", KeyNone)
		b.noise(noise{target: t, from: b.log.Start, to: b.log.To, perMinute: 3})
	}
	return b.finish()
}

// series starts a kind of error that nothing else has, unless a failure is given.
func (b *builder) series(perMinute, spread, day float64) *series {
	vendor := pick(b, vendorNames())
	t := b.target(vendor, "POST", KeyIdempotency)
	code := "trouble_" + word(b.n)
	s := &series{b: b, target: t, failure: b.newFailure(vendor, code), perMinute: perMinute, spread: spread, day: day}
	return s
}

// newFailure makes a kind of error that the vendor has not documented: then the status says what it is.
func (b *builder) newFailure(vendor, code string) *Failure {
	f := pick(b, []Failure{
		{Status: 500, Category: "server", Retry: "unknown"},
		{Status: 502, Category: "upstream", Retry: "yes"},
		{Status: 503, Category: "server", Retry: "yes"},
		{Status: 400, Category: "validation", Retry: "no"},
		{Status: 404, Category: "not_found", Retry: "no"},
		{Status: 409, Category: "conflict", Retry: "unknown"},
	})
	f.Code, f.ContentType, f.Body = code, "application/json", `{"error":{"code":"`+code+`","message":"It failed."}}`
	if vendor == "truelayer" {
		known := truelayer(f.Status, code, f.Category, f.Retry)
		f.ContentType, f.Body = known.ContentType, known.Body
	}
	return &f
}

// write draws the ordinary errors of the series.
func (s *series) write() *series {
	b := s.b
	b.log.Rates = append(b.log.Rates, &Series{Vendor: s.target.Vendor, Failure: s.failure, Rate: s.rate})
	if s.decoy != "" {
		e := b.event("", s.decoy, s.target)
		e.target, e.Code = s.target, s.failure.Code
	}
	for from := b.log.Start; from < b.log.To; from += 5 * minuteMS {
		shared := math.Exp(s.spread*b.NormFloat64() - s.spread*s.spread/2)
		for at := from; at < from+5*minuteMS; at += minuteMS {
			s.errors(at, minuteMS, s.rate(at)*shared, nil)
		}
	}
	return s
}

// errors draws a Poisson number of errors in a stretch of time.
func (s *series) errors(from, length int64, mean float64, e *Event) {
	b := s.b
	if mean <= 0 {
		return
	}
	for at := float64(from) + b.exp(float64(length)/mean); at < float64(from+length); at += b.exp(float64(length) / mean) {
		c := b.failure(s.target, int64(at), b.operation(s.target), s.failure)
		c.Event, c.Duration = e, 3
		b.add(c)
	}
}

// spike adds so many times the ordinary rate, or at least so many a minute.
func (s *series) spike(kind string, start, minutes int64, lift, atLeast float64) *Event {
	e := s.b.event("spikes", kind, s.target)
	e.Status, e.Code = s.failure.Status, s.failure.Code
	e.From, e.To = start, start+minutes*minuteMS
	for at := start; at < e.To; at += minuteMS {
		s.errors(at, minuteMS, max((lift-1)*s.rate(at), atLeast), e)
	}
	return e
}

// whenSpike is a whole minute of what is asked for.
func (b *builder) whenSpike() int64 {
	return (b.when(5*3_600_000) + 3_600_000) / minuteMS * minuteMS
}

// many is the rate of frequent errors; they are most of a log.
func (b *builder) many() float64 {
	if b.size < 0.1 {
		return 5
	}
	return 12
}

// spikes writes one of every kind.
func (b *builder) spikes() {
	length := func() int64 { return int64(b.between(6, 60)) }
	for _, lift := range []float64{3.6, 4, 6, 15, 50} {
		b.series(0.5, 0.2, 0.4).write().spike("seldom, lifted to be seen", b.whenSpike(), length(), lift, 5.5)
		b.series(3, 0.25, 0.4).write().spike(liftName("usual", lift), b.whenSpike(), length(), lift, 0)
	}
	for _, lift := range []float64{3.6, 8} {
		b.series(b.many(), 0.25, 0.4).write().spike(liftName("many", lift), b.whenSpike(), length(), lift, 0)
	}
	for _, minutes := range []int64{3, 8, 240} {
		b.series(0.02, 0, 0).write().spike("almost never", b.whenSpike(), minutes, 1, 12)
	}
	b.newCodes()
	b.timedSpikes()
	b.incident()
}

func liftName(name string, lift float64) string {
	switch {
	case lift < 5:
		return name + ", lifted 3.5 to 4 times"
	case lift < 10:
		return name + ", lifted 6 to 8 times"
	}
	return name + ", lifted 15 to 50 times"
}

// newCodes were never seen before; one lasts a minute and a half.
func (b *builder) newCodes() {
	for i, plan := range []struct {
		minutes int64
		rate    float64
	}{{10, 6}, {40, 30}, {3, 15}, {180, 5.5}} {
		s := b.series(0, 0, 0)
		if i == 3 {
			s.failure = &Failure{Text: "tls: failed to verify certificate: x509: certificate has expired", Category: "network", Code: "tls", Retry: "yes"}
		}
		s.write().spike("new code", b.whenSpike(), plan.minutes, 1, plan.rate).New = true
	}
}

// timedSpikes lie where a bin, a day or the data ends.
func (b *builder) timedSpikes() {
	hour := int64(3_600_000)
	s := b.series(2, 0.2, 0.3).write()
	first := b.log.From + 4*hour + b.Int64N(2*hour)/minuteMS*minuteMS
	s.spike("twice a day, first", first, 20, 10, 0)
	s.spike("twice a day, second", first+7*hour, 20, 10, 0)

	at := b.whenSpike()/hour*hour - 7*minuteMS
	b.series(1, 0.2, 0.3).write().spike("across the hour", at, 15, 8, 0)
	b.series(1, 0.2, 0.3).write().spike("across midnight", (b.log.To-2*hour)/(24*hour)*(24*hour)-9*minuteMS, 18, 12, 0)
	b.series(1.5, 0.2, 0.3).write().spike("until the end", b.log.To-12*minuteMS, 12, 10, 0)
	b.series(1.5, 0.2, 0.3).write().spike("into the range", b.log.From-15*minuteMS, 40, 10, 0)

	// The gaps: a long one in the history, one within a spike, one right before a spike.
	b.log.Silence = append(b.log.Silence, [2]int64{b.log.From - 20*hour, b.log.From - 18*hour})
	within := b.log.From + 10*hour + b.Int64N(hour)/minuteMS*minuteMS
	b.log.Silence = append(b.log.Silence, [2]int64{within, within + 4*minuteMS})
	b.series(2, 0.2, 0.3).write().spike("across a gap", within-12*minuteMS, 30, 9, 0)
	before := b.log.From + 13*hour + b.Int64N(hour)/minuteMS*minuteMS
	b.log.Silence = append(b.log.Silence, [2]int64{before - 30*minuteMS, before})
	b.series(2, 0.2, 0.3).write().spike("right after a gap", before, 15, 9, 0)

	s = b.series(6, 0.2, 0.95).write()
	s.spike("at night, below the day's mean", b.night(), 30, 1, 4)
	s = b.series(0.4, 0.2, 0.3).write()
	at = b.whenSpike()
	s.spike("two full minutes", at, 2, 1, 45)
}

// night is two in the morning, when few errors come.
func (b *builder) night() int64 {
	day := int64(86_400_000)
	at := (b.log.To-5*3_600_000)/day*day + 2*3_600_000
	if at < b.log.From+3_600_000 {
		at += day
	}
	if at > b.log.To-3*3_600_000 {
		at -= day
	}
	return at
}

// incident lets several codes of one vendor rise at the same time.
func (b *builder) incident() {
	for group := 1; group <= 2; group++ {
		vendor := pick(b, vendorNames())
		start := b.whenSpike()
		for i := range 3 {
			s := b.series([]float64{2, 0.3, 0}[i], 0.2, 0.3)
			s.target.Vendor, s.target.Host = vendor, vendorOf(vendor).host
			s.failure = b.newFailure(vendor, s.failure.Code)
			e := s.write().spike("several codes at once", start+int64(i)*minuteMS, 15, 12, 8)
			e.Group, e.New = group, i == 2
		}
	}
}

// spikeDecoys rise for reasons of their own, or not enough.
func (b *builder) spikeDecoys() {
	hour := int64(3_600_000)
	decoy := func(kind string, perMinute, spread, day float64) *series {
		s := b.series(perMinute, spread, day)
		s.decoy = kind
		return s
	}
	for _, rate := range []float64{2, b.many()} {
		at := b.whenSpike()
		s := decoy("twice the usual", rate, 0.2, 0.3)
		s.growth = func(ms int64) float64 {
			if ms >= at && ms < at+40*minuteMS {
				return 2
			}
			return 1
		}
		s.write()
	}
	s := decoy("slow ramp", 2, 0.2, 0)
	from := b.log.From + 3*hour
	s.growth = func(ms int64) float64 { return 1 + 2*min(1, max(0, float64(ms-from)/float64(14*hour))) }
	s.write()
	decoy("day and night", 6, 0.2, 0.95).write()
	decoy("bursty", 4, 0.35, 0.3).write()
	decoy("seldom and bursty", 0.3, 0.6, 0.3).write()
	decoy("steady", b.many(), 0, 0).write()
	for range 6 {
		decoy("noise", 0.02+0.2*b.Float64(), 0.3, 0.4).write()
	}

	s = decoy("new code, too few", 0, 0, 0)
	s.write()
	s.errors(b.whenSpike(), 10*minuteMS, 8, nil)
	s = decoy("one full minute", 0.5, 0.2, 0)
	s.write()
	s.errors(b.whenSpike(), minuteMS, 50, nil)

	s = decoy("a source returns", 5, 0.2, 0)
	s.target.Source = "second"
	back := b.log.From + 8*hour
	s.growth = func(ms int64) float64 {
		if ms >= b.log.From-4*hour && ms < back {
			return 0
		}
		return 1
	}
	s.write()
	b.noise(noise{target: s.target, from: b.log.Start, to: b.log.From - 4*hour, perMinute: 5, flat: true})
	b.noise(noise{target: s.target, from: back, to: b.log.To, perMinute: 5, flat: true})

	// More calls and no more errors.
	t := b.decoy("more traffic", "GET", KeyNone)
	at := b.whenSpike()
	b.noise(noise{target: t, from: at, to: at + 30*minuteMS, perMinute: 300, flat: true})
}
