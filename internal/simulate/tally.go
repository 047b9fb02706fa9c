package simulate

import (
	"cmp"
	"maps"
	"slices"
)

// tally counts records by client and problem in one flat table: a map of strings per record would
// cost as much as writing the record.
type tally struct {
	clients []clientTally
	reasons map[string]int64
}

type clientTally struct {
	client    *client
	successes int64
	problems  []int64 // by index of the vendor's problems
}

func newTally(w *world) tally {
	t := tally{reasons: map[string]int64{}}
	for _, c := range w.clients {
		t.clients = append(t.clients, clientTally{client: c, problems: make([]int64, len(c.vendor.problems))})
	}
	return t
}

func (t *tally) deadLetter(reason string) { t.reasons[reason]++ }

func (t *tally) count(c *call) {
	entry := &t.clients[c.client.index]
	if c.problem == nil {
		entry.successes++
		return
	}
	entry.problems[c.problem.index]++
}

func (e *clientTally) errors() int64 {
	var sum int64
	for _, n := range e.problems {
		sum += n
	}
	return sum
}

// summarize fills the counts of the truth.
func (t *tally) summarize(truth *Truth) {
	truth.Reasons = maps.Clone(t.reasons)
	for _, n := range t.reasons {
		truth.DeadLetters += n
	}
	for i := range t.clients {
		e := &t.clients[i]
		truth.Successes += e.successes
		truth.Errors += e.errors()
	}
	truth.Records = truth.Successes + truth.Errors + truth.DeadLetters
	truth.Codes = t.codes()
	truth.Endpoints = t.endpoints()
}

func (t *tally) codes() []CodeCount {
	sums := map[CodeCount]int64{}
	for i := range t.clients {
		e := &t.clients[i]
		for j, n := range e.problems {
			p := e.client.vendor.problems[j]
			sums[CodeCount{Vendor: e.client.vendor.name, Status: p.status, Code: p.code, Category: p.category}] += n
		}
	}
	var list []CodeCount
	for key, n := range sums {
		if key.Count = n; n > 0 {
			list = append(list, key)
		}
	}
	slices.SortFunc(list, func(a, b CodeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return list
}

func (t *tally) endpoints() []EndpointCount {
	var list []EndpointCount
	for i := range t.clients {
		e := &t.clients[i]
		failed := e.errors()
		if failed+e.successes > 0 {
			list = append(list, EndpointCount{
				Vendor: e.client.vendor.name, Service: e.client.service, Endpoint: e.client.endpoint.name,
				Responses: failed + e.successes, Errors: failed,
			})
		}
	}
	slices.SortFunc(list, func(a, b EndpointCount) int {
		return cmp.Or(cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	return list
}

// failures counts one kind of failure over all clients.
func (t *tally) failures(p *problem, v *vendor) int64 {
	var sum int64
	for i := range t.clients {
		if e := &t.clients[i]; e.client.vendor == v {
			sum += e.problems[p.index]
		}
	}
	return sum
}
