package storage

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// payer is whose quota a call spends: a credential's, else a service's.
type payer struct{ vendor, credential, service string } // service only without a credential

func (p payer) name() string { return cmp.Or(p.credential, p.service) }

type endpoint struct{ method, route string }

func (e endpoint) String() string { return unit{method: e.method, route: e.route}.endpoint() }

// payerEndpoint is a payer on one endpoint, or on all of them when the endpoint is empty.
type payerEndpoint struct {
	payer    payer
	endpoint endpoint
}

// rejection is one throttled response. Times are Unix milliseconds.
type rejection struct {
	*refusal
	at      int64 // of the response
	started int64 // of the request
	wait    int64 // Retry-After; -1 = not stated
}

// until is when the rejection says that calls will be admitted again; 0 = it does not say.
func (r rejection) until() int64 {
	if r.wait <= 0 {
		return 0
	}
	return r.at + r.wait
}

// refusal is what many rejections have in common.
type refusal struct {
	payerEndpoint
	service string
	policy  string
	quota   int64       // advertised; 0 = not
	windowS int64       // advertised; 0 = not
	source  LimitSource // of the quota
	matches bool        // passes the filters on status, code and category
}

// rejectionStream is the rejections of one key under one policy, "" for none, by time.
type rejectionStream struct {
	key        payerEndpoint
	policy     string
	rejections []rejection
	continued  bool // not the first of its key
}

// from is since when admitted responses matter to the stream.
func (s rejectionStream) from() int64 {
	if s.continued {
		return s.rejections[0].at
	}
	return math.MinInt64
}

func (s rejectionStream) owner() payerEndpoint { return s.key }
func (s rejectionStream) last() rejection      { return s.rejections[len(s.rejections)-1] }

// readRejections returns the rejections by time: of some payers only, unless that is nil.
func (l *limitQuestion) readRejections(ctx context.Context, margin time.Duration, only map[payer]bool) ([]rejection, error) {
	var rejections []rejection
	var isCut uint8
	more := map[string]any{"since": l.filter.From.Add(-margin).UTC(), "until": l.filter.To.Add(margin).UTC(), "max_rejections": uint64(maxRejections)}
	err := l.ask(ctx, "limit_rejections", more, func(rows driver.Rows) error {
		r := &refusal{}
		var source string
		var matches uint8
		var ats, starts, waits []int64
		err := rows.Scan(&r.payer.vendor, &r.payer.credential, &r.payer.service, &r.service, &r.endpoint.method, &r.endpoint.route,
			&r.policy, &r.quota, &r.windowS, &source, &matches, &isCut, &ats, &starts, &waits)
		if only != nil && !only[r.payer] {
			return err
		}
		r.source, r.matches = cmp.Or(LimitSource(source), LimitSourceHeader), matches == 1
		for i := range ats {
			rejections = append(rejections, rejection{refusal: r, at: ats[i], started: starts[i], wait: waits[i]})
		}
		return err
	})
	if isCut == 1 {
		l.note("only the last " + strconv.Itoa(maxRejections) + " rejections were looked at: windows may be missing or too short, narrow the range or the filters")
	}
	adoptPolicies(rejections)
	slices.SortFunc(rejections, compareRejections)
	return rejections, err
}

// adoptPolicies lets rejections that name no policy, of a payer on an endpoint, belong to the one that
// the others there name, if it is one.
func adoptPolicies(rejections []rejection) {
	const several = "\x00"
	named := map[payerEndpoint]string{}
	for _, r := range rejections {
		if policy, known := named[r.payerEndpoint]; r.policy != "" && policy != r.policy {
			named[r.payerEndpoint] = r.policy
			if known {
				named[r.payerEndpoint] = several
			}
		}
	}
	for _, r := range rejections {
		if policy := named[r.payerEndpoint]; r.policy == "" && policy != several {
			r.policy = policy
		}
	}
}

// streamsOfPayers divides rejections, which come by time, by payer and policy.
func streamsOfPayers(rejections []rejection) []rejectionStream {
	type owner struct {
		payer  payer
		policy string
	}
	index := map[owner]int{}
	var streams []rejectionStream
	for _, r := range rejections {
		o := owner{r.payer, r.policy}
		i, known := index[o]
		if !known {
			i = len(streams)
			index[o] = i
			streams = append(streams, rejectionStream{key: payerEndpoint{payer: r.payer}, policy: r.policy})
		}
		streams[i].rejections = append(streams[i].rejections, r)
	}
	return streams
}
