package simulate

import (
	"fmt"
	"slices"
	"strings"
)

// world is everything that can be called and can go wrong, compiled from the data of the vendors and
// services. It does not change after newWorld, except for the watches of its problems.
type world struct {
	vendors []*vendor
	clients []*client
	table   []*client // ordinary traffic: a random index picks a client by its weight
}

type vendor struct {
	vendorSpec
	problems []*problem
}

// problem is one kind of failure of one vendor.
type problem struct {
	problemSpec
	index   int // within the vendor
	bodies  []*template
	page    bool // HTML: a gateway's answer
	watches []*watch
}

type endpoint struct {
	endpointSpec
	path  *template
	name  string // METHOD /route/{id}
	route string
	body  *template
}

// client is one service calling one endpoint, or "edge" of the call graph.
type client struct {
	index    int
	service  string
	style    style
	vendor   *vendor
	endpoint *endpoint
	weight   int
	key      []byte
	table    []*problem // ordinary errors by weight
	limits   []*limit
	text     clientText
}

const tableSize = 1024

func newWorld(o Options) (*world, error) {
	w := &world{}
	for _, spec := range vendorSpecs() {
		w.vendors = append(w.vendors, newVendor(spec))
	}
	if err := w.packBodies(); err != nil {
		return nil, err
	}
	for _, s := range serviceSpecs() {
		for _, c := range s.calls {
			w.addClients(s, c)
		}
	}
	w.table = fill(w.ordinary(o), func(c *client) int { return c.weight })
	if len(w.table) == 0 {
		return nil, fmt.Errorf("options: none of the services %q calls any of the vendors %q", o.Services, o.Vendors)
	}
	return w, nil
}

func newVendor(spec vendorSpec) *vendor {
	v := &vendor{vendorSpec: spec}
	for _, p := range append(spec.problems, sharedProblems(spec.endpoints[0].host)...) {
		v.problems = append(v.problems, newProblem(p, len(v.problems)))
	}
	return v
}

func newProblem(spec problemSpec, index int) *problem {
	p := &problem{problemSpec: spec, index: index}
	for _, body := range spec.bodies {
		p.bodies = append(p.bodies, compile(body))
		p.page = p.page || strings.Contains(body, "<html")
	}
	return p
}

// packBodies compresses one rendering of every error body.
func (w *world) packBodies() error {
	z := newPacker()
	for _, v := range w.vendors {
		for _, p := range v.problems {
			for i, body := range p.bodies {
				if err := body.pack(z, uint64(i)); err != nil {
					return fmt.Errorf("%s %d %s: %w", v.name, p.status, p.code, err)
				}
			}
		}
	}
	return nil
}

func (w *world) addClients(s serviceSpec, c callSpec) {
	v := w.vendor(c.vendor)
	var picked []endpointSpec
	for _, e := range v.endpoints {
		name := e.method + " " + e.path
		if slices.ContainsFunc(c.prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			picked = append(picked, e)
		}
	}
	for _, e := range picked {
		cl := &client{index: len(w.clients), service: s.name, style: s.style, vendor: v, endpoint: newEndpoint(e), weight: (c.weight + len(picked) - 1) / len(picked)}
		cl.key = []byte(s.name + " " + cl.endpoint.name)
		cl.table = fill(cl.possible(), func(p *problem) int { return p.weight })
		cl.text = newClientText(cl)
		w.clients = append(w.clients, cl)
	}
}

func newEndpoint(spec endpointSpec) *endpoint {
	e := &endpoint{endpointSpec: spec, path: compile(spec.path)}
	e.route = e.path.routeOf()
	e.name = spec.method + " " + e.route
	if spec.body != "" {
		e.body = compile(spec.body)
	}
	return e
}

// possible lists what can go wrong on the endpoint of the client in ordinary times.
func (c *client) possible() []*problem {
	var list []*problem
	for _, p := range c.vendor.problems {
		if p.weight > 0 && strings.Contains(c.endpoint.route, p.on) {
			list = append(list, p)
		}
	}
	return list
}

func (w *world) ordinary(o Options) []*client {
	var list []*client
	for _, c := range w.clients {
		wanted := named(o.Vendors, c.vendor.name) && named(o.Services, c.service)
		if wanted && c.weight > 0 {
			list = append(list, c)
		}
	}
	return list
}

// named reports whether a filter admits the name; an empty filter admits all.
func named(filter []string, name string) bool {
	return len(filter) == 0 || slices.Contains(filter, name)
}

func (w *world) vendor(name string) *vendor {
	for _, v := range w.vendors {
		if v.name == name {
			return v
		}
	}
	return nil
}

// find returns the clients that match; empty names match all.
func (w *world) find(vendor, service, endpoint string) []*client {
	var list []*client
	for _, c := range w.clients {
		ok := c.vendor.name == vendor && (service == "" || c.service == service)
		if ok && (endpoint == "" && c.weight > 0 || c.endpoint.name == endpoint) {
			list = append(list, c)
		}
	}
	return list
}

func (v *vendor) problem(status int, code string) *problem {
	for _, p := range v.problems {
		if p.status == status && p.code == code {
			return p
		}
	}
	return nil
}

// fill spreads the items over a table in proportion to their weights, so that drawing one is a
// single lookup. Every item of positive weight gets at least one place.
func fill[T any](items []T, weight func(T) int) []T {
	total := 0
	for _, item := range items {
		total += weight(item)
	}
	var table []T
	for _, item := range items {
		for range max(1, weight(item)*tableSize/max(1, total)) {
			table = append(table, item)
		}
	}
	return table
}
