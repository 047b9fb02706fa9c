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
