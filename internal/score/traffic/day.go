package traffic

import "time"

// Day is a log of twenty-four hours, and an hour and a half before: storms, throttled windows and the
// decoys of both. size 1 is the whole; smaller ones have smaller events and less noise.
func Day(seed uint64, size float64) *Log {
	to := time.Date(2026, 11, 18, 7+int(seed%12), int(seed*7%60), 0, 0, time.UTC)
	from := to.Add(-24 * time.Hour)
	b := newBuilder("day", seed, from.Add(-90*time.Minute), from, to, size)
	b.storms()
	b.stormDecoys()
	b.limits()
	b.limitDecoys()
	b.ordinaryTraffic()
	return b.finish()
}

// ordinaryTraffic is what goes on besides: several targets of every vendor.
func (b *builder) ordinaryTraffic() {
	for _, vendor := range vendorNames() {
		for _, k := range keyings() {
			t := b.target(vendor, k.method, k.key)
			t.StatesAttempt = k.states
			b.background(t, 12)
		}
	}
}

// Fresh is a log of three hours, of which all are asked for: there is little to compare with.
func Fresh(seed uint64, size float64) *Log {
	to := time.Date(2026, 11, 20, int(seed*3%24), int(seed*13%60), 0, 0, time.UTC)
	from := to.Add(-3 * time.Hour)
	b := newBuilder("fresh", seed, from, from, to, size)
	at := func(minutes int64) int64 { return b.log.From + minutes*minuteMS }
	b.series(2, 0.2, 0).write().spike("with little before", at(20), 10, 15, 0)
	b.series(2, 0.2, 0).write().spike("with an hour before", at(65), 12, 8, 0)
	b.series(0.1, 0, 0).write().spike("with two hours before", at(130), 12, 1, 9)
	b.series(6, 0.2, 0).write().spike("with two hours before", at(150), 15, 5, 0)
	s := b.series(4, 0.2, 0)
	s.decoy = "steady from the start"
	s.write()
	for i, minutes := range []int64{15, 100} {
		s := b.plainStorm("with little before")
		s.start, s.operations, s.attempts = at(minutes), 4, 10
		s.outcome = []string{"gave_up", "recovered"}[i]
		b.storm(s)
	}
	b.throttle(throttle{kind: "with little before", targets: b.payer(1, 1), dialect: DialectDraft, limit: 50, windowS: 60, rule: aligned, usual: 4, demand: 150, start: at(30), lengthMS: 6 * minuteMS})
	b.poller(b.decoy("poller of what is gone", "GET", KeyNone), poll{every: 60_000, jitter: 0.01, gone: true})
	b.poller(b.decoy("poller of what is gone, every minute and a half", "GET", KeyNone), poll{every: 90_000, jitter: 0.05, gone: true})
	for _, vendor := range vendorNames() {
		t := b.target(vendor, "GET", KeyNone)
		b.noise(noise{target: t, from: b.log.Start, to: b.log.To, perMinute: 20, flat: true})
	}
	return b.finish()
}
