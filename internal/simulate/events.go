package simulate

import (
	"fmt"
	"time"
)

// Event is an incident to inject: a Storm, a LimitWindow or a Spike.
type Event interface {
	start(g *Generator, r *rng) error
}

// Storm is a service that sends the same failing calls again and again.
type Storm struct {
	Vendor, Service string
	// Endpoint is "METHOD /route/{id}", one that the service calls.
	Endpoint string
	// Status and Code name one of the vendor's errors.
	Status int
	Code   string
	// Start of the first operation; the others begin within the Spread after it.
	Start  time.Time
	Spread time.Duration
	// Operations that are tried, each at most Attempts times.
	Operations, Attempts int
	// Gap before the second attempt; each further gap is Factor times the one before (0 means 1).
	// Every gap is stretched or shrunk by up to the share Jitter.
	Gap    time.Duration
	Factor float64
	Jitter float64
	// RetryAfter is what the failures advertise and the service ignores. 0 = nothing.
	RetryAfter time.Duration
	// Ending says how each operation ends.
	Ending Ending
}

// Ending is how the operations of a storm end.
type Ending uint8

// The endings: after its last failed attempt the service gives up, or the last attempt succeeds.
const (
	GivesUp Ending = iota
	Recovers
)

// LimitWindow is a service that runs into a quota.
type LimitWindow struct {
	Vendor, Service, Endpoint string
	// Code of the vendor's 429 error.
	Code  string
	Start time.Time
	// Duration of the demand; calls that are admitted go on for two minutes after it.
	Duration time.Duration
	// PerMinute is how many calls are made a minute.
	PerMinute int
	// Limit is how many calls of each Window pass, the first ones. 0 means that the quota is not the
	// service's but each user's: then RejectShare of the calls fail, spread evenly, and nothing is
	// advertised.
	Limit       int
	Window      time.Duration
	RejectShare float64
}

// Spike is one error that many different operations run into, each once or twice.
type Spike struct {
	Vendor string
	// Service and Endpoint narrow the spike; empty means all.
	Service, Endpoint string
	Status            int
	Code              string
	Start             time.Time
	Duration          time.Duration
	// PerMinute is how many operations fail a minute.
	PerMinute int
}

// DefaultEvents returns the incidents of the demo, all within the last 50 minutes before end: two
// retry storms of different shape, two throttled windows and one spike.
func DefaultEvents(end time.Time) []Event {
	before := func(d time.Duration) time.Time { return end.Add(-d) }
	return []Event{
		LimitWindow{
			Vendor: "truid", Service: serviceVerify, Endpoint: "POST /phone_check/v0.2/checks", Code: "too_many_requests",
			Start: before(48 * time.Minute), Duration: 8 * time.Minute, PerMinute: 95, Limit: 60, Window: time.Minute,
		},
		Storm{
			Vendor: "bics", Service: "sim-provisioning", Endpoint: "PUT /api/v1/endpoint/{id}", Status: 503,
			Start: before(38 * time.Minute), Spread: 3 * time.Minute, Operations: 30, Attempts: 40,
			Gap: 180 * time.Millisecond, Jitter: 0.04, Ending: GivesUp,
		},
		LimitWindow{
			Vendor: "truelayer", Service: serviceStatements, Endpoint: "GET /data/v1/accounts/{id}/transactions", Code: "provider_request_limit_exceeded",
			Start: before(33 * time.Minute), Duration: 15 * time.Minute, PerMinute: 20, RejectShare: 0.6,
		},
		Storm{
			Vendor: "truelayer", Service: "checkout", Endpoint: "POST /v3/payments", Status: 503, Code: "connector_overload",
			Start: before(27 * time.Minute), Spread: time.Minute, Operations: 24, Attempts: 8,
			Gap: 400 * time.Millisecond, Factor: 2, Jitter: 0.4, RetryAfter: 30 * time.Second, Ending: Recovers,
		},
		Spike{
			Vendor: "truelayer", Status: 504, Code: "provider_timeout",
			Start: before(12 * time.Minute), Duration: 7 * time.Minute, PerMinute: 60,
		},
	}
}

// defaultEventsFor are the default events as far as the chosen vendors and services go. The spike
// grows with the traffic, so that it stays one in a log of millions.
func defaultEventsFor(o Options) []Event {
	wanted := func(vendor, service string) bool {
		return named(o.Vendors, vendor) && (service == "" || named(o.Services, service))
	}
	var kept []Event
	for _, e := range DefaultEvents(o.End) {
		switch e := e.(type) {
		case Storm:
			if wanted(e.Vendor, e.Service) {
				kept = append(kept, e)
			}
		case LimitWindow:
			if wanted(e.Vendor, e.Service) {
				kept = append(kept, e)
			}
		case Spike:
			if wanted(e.Vendor, "") {
				perMinute := float64(o.Records) * o.ErrorRate / o.Duration.Minutes()
				e.PerMinute = max(e.PerMinute, int(perMinute/4))
				kept = append(kept, e)
			}
		}
	}
	return kept
}

// MoreEvents returns n incidents of all kinds and many shapes between from and to, for measuring how
// many of them are found. They do not overlap: each has its own part of the time, which should be
// 15 minutes or more.
func MoreEvents(seed uint64, from, to time.Time, n int) []Event {
	r := newRNG(seed, streamMore)
	part := to.Sub(from) / time.Duration(max(1, n))
	events := make([]Event, 0, n)
	for i := range n {
		start := from.Add(time.Duration(i) * part)
		switch r.IntN(4) {
		case 0:
			events = append(events, randomLimit(r, start))
		case 1:
			events = append(events, randomSpike(r, start))
		default:
			events = append(events, randomStorm(r, start))
		}
	}
	return events
}

func randomStorm(r *rng, start time.Time) Event {
	shapes := []Storm{
		{Vendor: "bics", Service: "sim-provisioning", Endpoint: "PUT /api/v1/endpoint/{id}", Status: 503},
		{Vendor: "telecomx", Service: "sim-provisioning", Endpoint: "PUT /accounts/{id}/subscriptions/{id}", Status: 502},
		{Vendor: "truelayer", Service: "checkout", Endpoint: "POST /v3/payouts", Status: 503, Code: "connector_overload"},
		{Vendor: "truelayer", Service: "ledger-sync", Endpoint: "GET /data/v1/accounts/{id}/balance", Status: 503, Code: "provider_error"},
		{Vendor: "truv", Service: "kyc", Endpoint: "POST /v1/orders", Status: 500},
		{Vendor: "truid", Service: "onboarding", Endpoint: "POST /subscriber_check/v0.2/checks", Status: 504, Code: "mobile_network_operator_not_responding"},
		{Vendor: "emnify", Service: "fleet-telemetry", Endpoint: "GET /api/v1/sim/{id}", Code: "connection_refused"},
	}
	s := shapes[r.IntN(len(shapes))]
	s.Start, s.Spread = start, time.Duration(20+r.IntN(100))*time.Second
	s.Operations, s.Attempts = 1+r.IntN(40), 7+r.IntN(6)
	s.Gap, s.Factor = time.Duration(50+r.IntN(2000))*time.Millisecond, 1
	if r.chance(0.5) {
		s.Gap, s.Factor, s.Jitter = 150*time.Millisecond, 1.7, 0.3
	}
	s.Ending = Ending(r.IntN(2))
	return s
}

func randomLimit(r *rng, start time.Time) Event {
	l := LimitWindow{
		Vendor: "truid", Service: serviceVerify, Endpoint: "POST /phone_check/v0.2/checks", Code: "too_many_requests",
		Start: start, Duration: time.Duration(3+r.IntN(6)) * time.Minute, PerMinute: 60 + r.IntN(100), Limit: 50, Window: time.Minute,
	}
	if r.chance(0.5) {
		l.Vendor, l.Service, l.Endpoint = "truelayer", serviceStatements, "GET /data/v1/accounts/{id}/transactions"
		l.Code, l.Limit, l.RejectShare = "provider_request_limit_exceeded", 0, 0.3+0.6*r.Float64()
	}
	return l
}

func randomSpike(r *rng, start time.Time) Event {
	kinds := []Spike{
		{Vendor: "truelayer", Status: 504, Code: "provider_timeout"},
		{Vendor: "truelayer", Status: 401, Code: "invalid_token"},
		{Vendor: "truv", Status: 400, Code: "validation_error"},
		{Vendor: "truid", Status: 412, Code: "not_a_mobile_network_ip"},
		{Vendor: "telecomx", Status: 401, Code: "expired"},
		{Vendor: "bics", Status: 409, Code: "2101"},
	}
	s := kinds[r.IntN(len(kinds))]
	s.Start, s.Duration = start, time.Duration(4+r.IntN(6))*time.Minute
	s.PerMinute = 30 + r.IntN(90)
	return s
}

// client finds the one client that an event names.
func (g *Generator) client(vendor, service, endpoint string) (*client, error) {
	found := g.world.find(vendor, service, endpoint)
	if len(found) == 0 || service == "" || endpoint == "" {
		return nil, fmt.Errorf("event: service %q does not call %q of vendor %q", service, endpoint, vendor)
	}
	return found[0], nil
}

func (v *vendor) mustFail(status int, code string) (*problem, error) {
	p := v.problem(status, code)
	if p == nil {
		return nil, fmt.Errorf("event: vendor %q has no error with status %d and code %q", v.name, status, code)
	}
	return p, nil
}

func (g *Generator) within(start time.Time) error {
	if ms := start.UnixMilli(); ms < g.options.startMS() || ms >= g.options.endMS() {
		return fmt.Errorf("event: start %s lies outside the log", start.UTC().Format(time.RFC3339))
	}
	return nil
}
