package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/errata-dev/errata/parsers"
)

// response is one row to be stored.
type response struct {
	at        int64 // Unix milliseconds
	stream    *stream
	operation uint64
	checksum  uint32 // of its bytes: that of no other, unless it is written twice
}

// stream is one kind of response of one vendor, and how often it comes in ordinary times.
type stream struct {
	vendor, service, route string
	status                 int // 0 = 200
	code                   string
	unparsed               bool
	perMinute              float64
	day                    float64 // how much the hour of the day matters: 0 = not, 1 = from nothing to twice the mean
	burst                  float64 // spread from one five minutes to the next
	office                 bool    // only from eight to six, on working days
	operation              uint64  // of a caller who asks the same again and again; 0 = each its own
	rate                   func(at time.Time) float64
}

// traffic is what one service of ours asks a vendor for. Errors are calls: when more calls come, more of them fail.
type traffic struct {
	calls *stream   // all of them; those that do not fail are responses of this stream
	fails []*stream // perMinute of as many calls a minute; burst is that of their share
}

// callsStray is how far calls stray from one five minutes to the next: the spread of what a service's own customers do.
const callsStray = 0.2

// writer draws responses. The same seed draws the same.
type writer struct {
	rand *rand.Rand
	next uint64 // operation
	rows []response
}

func newWriter(seed uint64) *writer {
	return &writer{rand: rand.New(rand.NewPCG(seed, 6)), next: 1 << 20}
}

// expected is the mean of a minute.
func (s *stream) expected(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	mean := s.perMinute * (1 + s.day*math.Sin((hour-8)*math.Pi/12))
	weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
	switch {
	case s.office && (weekend || hour < 8 || hour >= 18):
		return 0
	case weekend && s.day > 0:
		mean *= 0.6
	}
	return mean * s.factor(at)
}

// factor is what the stream's rate adds to its mean.
func (s *stream) factor(at time.Time) float64 {
	if s.rate == nil {
		return 1
	}
	return s.rate(at)
}

// ordinary draws what became of the calls over [from, to), whole minutes. The calls stray, and a share of them fails, which
// strays on its own. What a failure's rate adds are more calls, as of those who try again, not fewer that succeed.
func (w *writer) ordinary(t traffic, from, to time.Time) {
	var come float64
	shares := make([]float64, len(t.fails))
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if at.Minute()%5 == 0 || at.Equal(from) {
			come = w.stray(t.calls.burst)
			for i, f := range t.fails {
				shares[i] = f.perMinute / t.calls.perMinute * w.stray(f.burst)
			}
		}
		mean, succeed := t.calls.expected(at)*come, 1.0
		for i, f := range t.fails {
			share := min(shares[i], succeed)
			w.minute(f, at, mean*share*f.factor(at))
			succeed -= share
		}
		w.minute(t.calls, at, mean*succeed)
	}
}

// stray is a factor whose mean is one.
func (w *writer) stray(spread float64) float64 {
	return math.Exp(spread*w.rand.NormFloat64() - spread*spread/2)
}

// surges are calls that come at once, as after a newsletter or from a job by hand: one each day, of two to four times the
// calls, for ten minutes to half an hour.
func (w *writer) surges(from time.Time, days int) func(at time.Time) float64 {
	begin, length, factor := make([]int, days), make([]int, days), make([]float64, days)
	for i := range days {
		begin[i], length[i], factor[i] = w.rand.IntN(23*60), 10+w.rand.IntN(20), 2+2*w.rand.Float64()
	}
	return func(at time.Time) float64 {
		minute := int(at.Sub(from) / time.Minute)
		day := minute / (24 * 60)
		if day < 0 || day >= days || minute%(24*60) < begin[day] || minute%(24*60) >= begin[day]+length[day] {
			return 1
		}
		return factor[day]
	}
}

func (w *writer) minute(s *stream, at time.Time, mean float64) {
	if mean <= 0 {
		return
	}
	for range int(distuv.Poisson{Lambda: mean, Src: w.rand}.Rand()) {
		w.call(s, at.UnixMilli()+w.rand.Int64N(60_000))
	}
}

// call is one response; some that failed are asked for again, once or twice.
func (w *writer) call(s *stream, at int64) {
	w.next++
	operation := cmp.Or(s.operation, w.next)
	w.add(s, at, operation)
	for _, odds := range []float64{0.3, 0.15} {
		if s.status < 500 || w.rand.Float64() >= odds {
			return
		}
		at += 800 + w.rand.Int64N(3000)
		w.add(s, at, operation)
	}
}

func (w *writer) add(s *stream, at int64, operation uint64) {
	w.rows = append(w.rows, response{at, s, operation, uint32(len(w.rows) + 1)})
}

// sorted returns the responses by time.
func (w *writer) sorted() []response {
	slices.SortStableFunc(w.rows, func(a, b response) int { return cmp.Compare(a.at, b.at) })
	return w.rows
}

var categories = map[int]parsers.Category{
	400: parsers.CategoryValidation, 404: parsers.CategoryNotFound, 429: parsers.CategoryRateLimit, 500: parsers.CategoryServer,
	502: parsers.CategoryUpstream, 503: parsers.CategoryServer, 504: parsers.CategoryTimeout,
}

// fill makes the row of a response.
func (r *response) fill(row *parsers.Row, offset int64) {
	s := r.stream
	*row = parsers.Row{
		Source: "simulated", Topic: "responses", Offset: offset, Time: r.at, Kind: parsers.KindSuccess, Status: 200,
		Vendor: []byte(s.vendor), Service: []byte(s.service), Environment: []byte("production"), Credential: []byte("key"),
		Method: []byte("POST"), Host: []byte(s.vendor + ".example"), Route: []byte(s.route), Operation: r.operation, Checksum: r.checksum,
		OperationKey: parsers.OperationKeyIdempotency, DurationMS: 120, RetryAfterMS: parsers.Absent,
		RateLimit: parsers.RateLimit{Limit: parsers.Absent, Remaining: parsers.Absent, ResetAt: parsers.Absent, WindowS: parsers.Absent},
	}
	if s.operation != 0 {
		row.Method, row.OperationKey = []byte("GET"), parsers.OperationKeyPath
	}
	if s.status == 0 {
		return
	}
	row.Kind, row.Status, row.Code, row.Message = parsers.KindError, uint16(s.status), []byte(s.code), []byte("It failed: "+s.code)
	row.Category, row.Retry, row.Parse = categories[s.status], parsers.RetryUnknown, parsers.ParseVendor
	if s.unparsed {
		row.Parse = parsers.ParseUnparsed
	}
}
