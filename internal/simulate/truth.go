package simulate

import (
	"cmp"
	"slices"
	"time"
)

// Fact is what a perfect parser says about one record.
type Fact struct {
	Kind string `json:"kind"` // success, error, dead_letter
	// Reason of a dead letter; of the other members it has the time only, which says when the record
	// was written and not what stands in it.
	Reason      string `json:"reason,omitempty"`
	TimeMS      int64  `json:"time_ms"`
	Vendor      string `json:"vendor"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Credential  string `json:"credential"`
	Method      string `json:"method"`
	Endpoint    string `json:"endpoint"` // METHOD /route/{id}
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Category    string `json:"category"`
	// Operation is the same for all attempts of one operation, and no other.
	Operation uint64 `json:"operation"`
	// Attempt counts from 1, whether or not the record states it.
	Attempt int `json:"attempt"`
	// RetryAfterMS is the wait that the Retry-After header states, -1 without one.
	RetryAfterMS int64 `json:"retry_after_ms"`
}

// Truth says what a log contains.
type Truth struct {
	Records     int64            `json:"records"`
	Successes   int64            `json:"successes"`
	Errors      int64            `json:"errors"`
	DeadLetters int64            `json:"dead_letters"`
	Reasons     map[string]int64 `json:"reasons"` // dead letters by reason
	Codes       []CodeCount      `json:"codes"`   // errors, most frequent first
	Endpoints   []EndpointCount  `json:"endpoints"`
	Storms      []StormTruth     `json:"storms"` // these three by start
	Limits      []LimitTruth     `json:"limits"`
	Spikes      []SpikeTruth     `json:"spikes"`
}

// CodeCount is the number of errors of one kind.
type CodeCount struct {
	Vendor   string `json:"vendor"`
	Status   int    `json:"status"`
	Code     string `json:"code"`
	Category string `json:"category"`
	Count    int64  `json:"count"`
}

// EndpointCount is the traffic of one service with one endpoint.
type EndpointCount struct {
	Vendor    string `json:"vendor"`
	Service   string `json:"service"`
	Endpoint  string `json:"endpoint"`
	Responses int64  `json:"responses"`
	Errors    int64  `json:"errors"`
}

// StormTruth is a retry storm. Times are those of the first and last attempt; gaps run from one
// attempt's time to the next.
type StormTruth struct {
	Vendor        string    `json:"vendor"`
	Service       string    `json:"service"`
	Method        string    `json:"method"`
	Endpoint      string    `json:"endpoint"`
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	Status        int       `json:"status"`
	Code          string    `json:"code"`
	Attempts      int       `json:"attempts"`
	Operations    int       `json:"operations"`
	Amplification float64   `json:"amplification"`
	RetryShare    float64   `json:"retry_share"`
	PeakPerS      int       `json:"peak_per_s"`
	MedianGapMS   float64   `json:"median_gap_ms"`
	Backoff       string    `json:"backoff"`
	EarlyRetries  int       `json:"early_retries"`
	Wasted        int       `json:"wasted"`
	Outcome       string    `json:"outcome"`
}

// LimitTruth is a throttled window. End is the admitted response that closes it, else the last
// rejection plus its Retry-After.
type LimitTruth struct {
	Vendor     string    `json:"vendor"`
	Service    string    `json:"service"`
	Credential string    `json:"credential"`
	Endpoint   string    `json:"endpoint"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Rejected   int64     `json:"rejected"`
	Admitted   int64     `json:"admitted"` // calls of this service to this endpoint, from start to end
	Limit      int       `json:"limit"`    // as advertised; 0 = not
	WindowS    int       `json:"window_s"`
	Early      int64     `json:"early_retries"` // responses while a Retry-After already received was pending
}

// SpikeTruth is a stretch of time in which one error was far more frequent than before. Storms and
// throttled windows cause such stretches too.
type SpikeTruth struct {
	Vendor   string    `json:"vendor"`
	Status   int       `json:"status"`
	Code     string    `json:"code"`
	Start    time.Time `json:"start"` // first and last error that the event caused
	End      time.Time `json:"end"`
	Count    int64     `json:"count"`    // all errors of this kind from start to end
	Expected float64   `json:"expected"` // by the rate of the rest of the log
	Cause    string    `json:"cause"`    // spike, storm, limit
}

// Fact describes the record that Next returned last.
func (g *Generator) Fact() Fact {
	if g.lastReason != "" {
		return Fact{Kind: "dead_letter", Reason: g.lastReason, TimeMS: g.last.at, RetryAfterMS: -1}
	}
	c := &g.last
	f := Fact{
		Kind: "success", TimeMS: c.at, Vendor: c.client.vendor.name, Service: c.client.service,
		Environment: c.setting.environment(), Credential: c.client.text.credential[c.setting],
		Method: c.client.endpoint.method, Endpoint: c.client.endpoint.name,
		Status: c.status(), Operation: c.op, Attempt: c.attempt, RetryAfterMS: -1,
	}
	if c.problem != nil {
		f.Kind, f.Code, f.Category = "error", c.problem.code, c.problem.category
	}
	if c.retryAfterS >= 0 && (c.problem == nil || c.problem.text == "") {
		f.RetryAfterMS = 1000 * c.retryAfterS
	}
	return f
}

// Truth describes all records returned so far; after the last one, the log.
func (g *Generator) Truth() Truth {
	truth := Truth{Storms: []StormTruth{}, Limits: []LimitTruth{}}
	g.tally.summarize(&truth)
	for _, s := range g.storms {
		if len(s.runs) > 0 {
			truth.Storms = append(truth.Storms, s.truth())
		}
	}
	for _, l := range g.limits {
		if l.rejected > 0 {
			truth.Limits = append(truth.Limits, l.truth())
		}
	}
	truth.Spikes = g.spikeTruths()
	slices.SortStableFunc(truth.Storms, func(a, b StormTruth) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(truth.Limits, func(a, b LimitTruth) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(truth.Spikes, func(a, b SpikeTruth) int { return a.Start.Compare(b.Start) })
	return truth
}

func (l *limit) truth() LimitTruth {
	t := LimitTruth{
		Vendor: l.Vendor, Service: l.Service, Credential: l.client.text.credential[settingProduction], Endpoint: l.Endpoint,
		Start: utc(l.first), End: utc(l.closed), Rejected: l.rejected, Admitted: l.admitted, Early: l.early,
	}
	if l.closed == 0 {
		t.End = utc(l.last + 1000*l.waitS)
	}
	if l.Limit > 0 {
		t.Limit, t.WindowS = l.Limit, int(l.Window/time.Second)
	}
	return t
}

// watch counts one kind of failure from an event's first error to its last.
type watch struct {
	cause       string
	first, last int64 // of the event's own errors; 0 = none yet
	own         int64
	count       int64 // all errors of the kind since first
	atLast      int64 // the same, at last
}

func (p *problem) watchFor(cause string) *watch {
	w := &watch{cause: cause}
	p.watches = append(p.watches, w)
	return w
}

// seen counts an error of the kind. It comes before hit for the event's own.
func (w *watch) seen() {
	if w.first > 0 {
		w.count++
	}
}

// hit counts an error that the event caused.
func (w *watch) hit(at int64) {
	if w.first == 0 {
		w.first, w.count = at, 1
	}
	w.own++
	w.last, w.atLast = at, w.count
}

// spikeTruths lists the stretches with 20 errors or more that are at least three times what the rest
// of the log would give.
func (g *Generator) spikeTruths() []SpikeTruth {
	list := []SpikeTruth{}
	for _, v := range g.world.vendors {
		for _, p := range v.problems {
			for _, w := range p.watches {
				t := g.spikeTruth(v, p, w)
				if w.own >= 20 && float64(t.Count) >= 3*t.Expected {
					list = append(list, t)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b SpikeTruth) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Code, b.Code))
	})
	return list
}

func (g *Generator) spikeTruth(v *vendor, p *problem, w *watch) SpikeTruth {
	var caused int64
	for _, other := range p.watches {
		caused += other.own
	}
	perMS := float64(g.tally.failures(p, v)-caused) / float64(g.options.Duration.Milliseconds())
	return SpikeTruth{
		Vendor: v.name, Status: p.status, Code: p.code, Start: utc(w.first), End: utc(w.last),
		Count: w.atLast, Expected: perMS * float64(w.last-w.first), Cause: w.cause,
	}
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
