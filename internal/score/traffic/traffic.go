// Package traffic writes the response logs that the answers are scored on: retry storms, throttled
// windows and spikes of every kind, among decoys that look like them and are none.
//
// Package simulate writes endless logs for demo, tests and benchmarks. A log here is
// bounded, held in memory and made to be hard: every event and decoy has a kind by name, and a target
// of its own, so that what is missed can be told by kind. Nothing here knows how questions are
// answered; package truth judges the calls by the definitions.
//
// Day holds retry storms for every way of telling operations apart (paths, idempotency keys, trace ids,
// counted attempts, none) and of waiting (as told, exponential, fixed, at once; with and without jitter),
// of one operation or hundreds; storms that change their code, ignore or obey Retry-After, begin before
// the range, go on at its end, or hide in an outage. Throttled windows come in every dialect of headers, in
// the body and without a word, by the second, minute, hour and day, for one service, a shared credential
// or each user, as 429, 403 and 503. Week holds days of errors at low and high counts, by the hour of the day and in bursts,
// with spikes of 3.6 to 50 times, new codes, several codes at once, and gaps of ingestion. Fresh holds some
// of all with little before them.
//
// Decoys are outages, pollers, health checks, batches, fan-outs, double clicks, hot paths, stray 429s,
// 503s with Retry-After, slow ramps, twice the usual, day and night, more traffic without more errors, a
// source that comes back.
//
// It is deterministic: the same seed gives the same bytes.
package traffic

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Target is what a service calls: one route of one vendor, under one credential.
type Target struct {
	Vendor, Service, Environment, Credential, Method, Host, Route string
	Key                                                           KeyForm
	StatesAttempt                                                 bool
	Source                                                        string
}

// KeyForm is what tells the operations of a target apart, beside their paths.
type KeyForm uint8

// The forms of keys. KeyTraceHeader and KeyIdempotencyHeader stand in request headers.
const (
	KeyNone KeyForm = iota
	KeyIdempotency
	KeyIdempotencyHeader
	KeyTrace
	KeyTraceHeader
)

// Endpoint is printed as METHOD /route/{id}.
func (t *Target) Endpoint() string { return t.Method + " " + t.Route }

// Idempotent reports the methods whose calls with one path are one operation.
func (t *Target) Idempotent() bool {
	return t.Method == "GET" || t.Method == "HEAD" || t.Method == "PUT" || t.Method == "DELETE"
}

// Failure is one kind of error of one vendor.
type Failure struct {
	Status                  int
	Code, Category, Retry   string
	Body, ContentType, Text string // Text is a transport failure's
	Catalogued              bool   // its retry advice stands in a catalogue
}

// Quota is what a response says about the caller's limit.
type Quota struct {
	Dialect   Dialect
	Limit     int64
	WindowS   int64
	Remaining int64
	ResetS    int64
	Policy    string
}

// Dialect is how a vendor advertises a quota.
type Dialect uint8

// The dialects. The waits of DialectDate and DialectBody stand elsewhere than in a Retry-After of seconds.
const (
	DialectNone    Dialect = iota
	DialectX               // X-RateLimit-*, reset in seconds
	DialectXEpoch          // X-RateLimit-*, reset as an epoch
	DialectDraft           // RateLimit-Policy and RateLimit
	DialectThree           // RateLimit-Limit with a window, RateLimit-Remaining, RateLimit-Reset
	DialectSeconds         // Retry-After: 12
	DialectDate            // Retry-After: an HTTP date
	DialectBody            // members of the body
)

// Call is one response, or one call that got none.
type Call struct {
	*Target
	At, Duration int64 // Unix ms of the response, and ms
	Path, ID     string
	Intent       int // of the caller: all attempts of one intended call share it
	Attempt      int
	Failure      *Failure // nil = success
	WaitMS       int64    // advertised, -1 = none
	Quota        *Quota
	Event        *Event // nil = noise
}

// Sent is when the call was made.
func (c *Call) Sent() int64 { return c.At - c.Duration }

// Operation tells intended calls apart as the row does.
func (c *Call) Operation() string {
	id := ""
	if c.Key == KeyIdempotency || c.Key == KeyIdempotencyHeader || !c.Idempotent() && c.Key != KeyNone {
		id = c.ID
	}
	return c.Service + " " + c.Method + " " + c.Host + c.Path + " " + id
}

// Retry is the advice of the failed call: the catalogue's, else what the response asks, else the usual.
func (c *Call) Retry() string {
	if !c.Failure.Catalogued && c.WaitMS >= 0 {
		return "after"
	}
	return c.Failure.Retry
}

// Event is something that was put into the log: what a question must find, or a decoy.
type Event struct {
	Question string // storms, limits, spikes; "" = a decoy
	Kind     string
	Vendor   string
	Service  string
	Endpoint string
	Status   int
	Code     string
	From, To int64 // Unix ms of its first and last call
	Calls    []*Call
	target   *Target // of a decoy

	Backoff, Outcome string // what the caller did, "" = mixed
	Jitter           bool
	Limit, WindowS   int64 // what the vendor enforces, advertised or not
	Advertised       bool
	New              bool
	Loose            bool // its figures depend on who retried what, which nobody can tell
	Group            int  // spikes of one incident share it; 0 = alone
	Ratio            float64
}

// Log is a whole log, in the order of time.
type Log struct {
	Name     string
	Seed     uint64
	From, To int64 // what is asked for
	Start    int64 // of the first record
	Calls    []*Call
	Events   []*Event
	Rates    []*Series // what the noise of errors was drawn from
	Silence  [][2]int64
}

// Series is the expected number of errors of one kind in each minute of the log, without events.
type Series struct {
	Vendor  string
	Failure *Failure
	Rate    func(ms int64) float64 // a minute
}

type builder struct {
	*rand.Rand
	log  *Log
	size float64
	n    int

	intents int
}

func newBuilder(name string, seed uint64, start, from, to time.Time, size float64) *builder {
	return &builder{
		Rand: rand.New(rand.NewPCG(seed, uint64(len(name)))), size: size,
		log: &Log{Name: name, Seed: seed, Start: start.UnixMilli(), From: from.UnixMilli(), To: to.UnixMilli()},
	}
}

// finish drops what lies outside the log and puts the rest in order.
func (b *builder) finish() *Log {
	l := b.log
	l.Calls = slices.DeleteFunc(l.Calls, func(c *Call) bool {
		return c.At < l.Start || c.At >= l.To || l.silent(c.At)
	})
	slices.SortStableFunc(l.Calls, func(x, y *Call) int { return cmp.Compare(x.At, y.At) })
	for _, e := range l.Events {
		e.Calls, e.From, e.To = nil, 0, 0
		if e.target != nil {
			e.Endpoint = e.target.Endpoint()
		}
	}
	for _, c := range l.Calls {
		if e := c.Event; e != nil {
			if e.From == 0 {
				e.From = c.At
			}
			e.To = c.At
			e.Calls = append(e.Calls, c)
		}
	}
	l.Events = slices.DeleteFunc(l.Events, func(e *Event) bool { return len(e.Calls) == 0 && e.target == nil })
	return l
}

func (l *Log) silent(at int64) bool {
	return slices.ContainsFunc(l.Silence, func(s [2]int64) bool { return at >= s[0] && at < s[1] })
}

func (b *builder) add(c *Call) { b.log.Calls = append(b.log.Calls, c) }

func (b *builder) event(question, kind string, t *Target) *Event {
	e := &Event{Question: question, Kind: kind, Vendor: t.Vendor, Service: t.Service, Endpoint: t.Endpoint()}
	b.log.Events = append(b.log.Events, e)
	return e
}

// between draws a whole number of [low, high], small ones as likely as large ones on a log scale.
func (b *builder) between(low, high int) int {
	x := math.Exp(math.Log(float64(low)) + b.Float64()*math.Log(float64(high+1)/float64(low)))
	return min(high, max(low, int(x)))
}

func (b *builder) chance(p float64) bool { return b.Float64() < p }

func (b *builder) exp(mean float64) float64 { return -mean * math.Log(1-b.Float64()) }

func pick[T any](b *builder, items []T) T { return items[b.IntN(len(items))] }

// lasts draws how long a call takes.
func (b *builder) lasts(mean float64) int64 {
	return max(1, int64(mean*math.Exp(0.4*b.NormFloat64())))
}

func (b *builder) hex(n int) string {
	const digits = "0123456789abcdef"
	text := make([]byte, n)
	for i := range text {
		text[i] = digits[b.IntN(16)]
	}
	text[0] = 'a' // never all zero, never a number
	return string(text)
}

// success and failure prepare calls of an operation.
func (b *builder) success(t *Target, at int64, op *operation) *Call {
	op.attempt++
	return &Call{Target: t, At: at, Duration: b.lasts(120), Path: op.path, ID: op.id, Intent: op.intent, Attempt: op.attempt, WaitMS: -1}
}

func (b *builder) failure(t *Target, at int64, op *operation, f *Failure) *Call {
	c := b.success(t, at, op)
	c.Failure = f
	return c
}

// operation is one intended call.
type operation struct {
	path, id string
	intent   int
	attempt  int
}

func (b *builder) operation(t *Target) *operation {
	b.intents++
	op := &operation{path: t.Route, intent: b.intents}
	for i := range len(t.Route) - 3 {
		if t.Route[i:i+4] == "{id}" {
			op.path = t.Route[:i] + strconv.Itoa(100_000_000+b.IntN(900_000_000)) + t.Route[i+4:]
			break
		}
	}
	switch t.Key {
	case KeyNone:
	case KeyIdempotency, KeyIdempotencyHeader:
		op.id = b.hex(8) + "-" + b.hex(4) + "-4" + b.hex(3) + "-a" + b.hex(3) + "-" + b.hex(12)
	case KeyTrace, KeyTraceHeader:
		op.id = b.hex(32)
	}
	return op
}

// target makes a target that nothing else calls.
func (b *builder) target(vendor string, method string, key KeyForm) *Target {
	b.n++
	v := vendorOf(vendor)
	route := "/v1/" + word(b.n)
	if method != "POST" || b.chance(0.3) && key != KeyNone {
		route += "/{id}"
	}
	if method == "POST" && route[len(route)-1] == '}' {
		route += "/" + pick(b, []string{"confirm", "capture", "events"})
	}
	return &Target{
		Vendor: vendor, Service: "svc-" + word(b.n), Environment: "production", Credential: vendor + "-key-" + word(b.n),
		Method: method, Host: v.host, Route: route, Key: key, Source: "main",
	}
}

// word names things by number, in letters: digits would be masked as ids.
func word(n int) string {
	syllables := []string{"ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu"}
	text := ""
	for ; n > 0 || text == ""; n /= 10 {
		text = syllables[n%10] + text
	}
	return "x" + text
}
