package parsers

import (
	"slices"

	"github.com/errata-dev/errata/parsers/lenient"
)

// Where a path leads depends on the shape of a body alone, not on its values. So does most of what an envelope
// asks. For shapes that come again and again a definition is therefore fitted: envelopes that cannot match are
// left out, as are conditions that always hold and sources where nothing is, and paths become numbers of values.
// A fitted definition reads a body of its shape as the whole one does, in a third of the time.

const (
	fitAfter = 16 // bodies of a shape, so that fitting, some 10 µs, is a small part of reading them
	fitMost  = 4  // definitions for one shape; errors of several vendors may look alike
)

// fits are definitions by the shapes that they were fitted to, with all full some 2 MiB for each Row.
type fits struct {
	age    int // of the shapes
	shapes [lenient.MaxShapes]shapeFits
}

type shapeFits struct {
	seen int
	fits []fit
}

type fit struct {
	whole, fitted *definition
	ids           uint64 // values of the shape that are nothing but ids
	sentence      int    // the value that is nothing but the message; 0 = none
	alone         bool   // the body decides what its envelopes read
	tries, hits   int    // of verdicts
}

// fitted returns the definition for the body at hand.
func (s *scratch) fitted(d *definition) *definition {
	if f := s.fitOf(d); f != nil {
		return f.fitted
	}
	return d
}

// fitOf returns the definition fitted to the body at hand, nil when it is not.
func (s *scratch) fitOf(d *definition) *fit {
	if s.body.known == nil {
		return nil
	}
	all := &s.memo.fits
	if age := s.shapes.Age(); all.age != age {
		clear(all.shapes[:])
		all.age = age
	}
	known := &all.shapes[s.body.shape]
	for i := range known.fits {
		if known.fits[i].whole == d {
			return &known.fits[i]
		}
	}
	if known.seen++; known.seen < fitAfter || len(known.fits) == fitMost {
		return nil
	}
	f := fit{whole: d, fitted: d.fit(s.body.root)}
	f.ids, f.sentence, f.alone = f.fitted.alone(s.body.root)
	known.fits = append(known.fits, f)
	return &known.fits[len(known.fits)-1]
}

// fit returns the definition as it is for JSON bodies of the shape of root.
func (d *definition) fit(root lenient.Node) *definition {
	fitted := *d
	fitted.envelopes, fitted.shapes = nil, nil
	for _, e := range d.envelopes {
		if e = e.fit(root); e != nil {
			fitted.envelopes = append(fitted.envelopes, e)
		}
	}
	for _, sh := range d.shapes {
		if sh.path.find(root).Kind() != lenient.String {
			continue
		}
		if sh.envelope = sh.envelope.fit(root); sh.envelope != nil {
			sh.path = sh.path.fit(root)
			fitted.shapes = append(fitted.shapes, sh)
		}
	}
	fitted.shouldRetry = fitSources(d.shouldRetry, root)
	return &fitted
}

// fit returns nil when the envelope matches no body of the shape.
func (e *envelope) fit(root lenient.Node) *envelope {
	if e.bodies>>bodyJSON&1 == 0 || len(e.any) > 0 && !slices.ContainsFunc(e.any, func(p path) bool { return leads(&p, root) }) {
		return nil
	}
	fitted := *e
	fitted.match, fitted.any = nil, nil
	for _, c := range e.match {
		if c.header == "" {
			always, never := c.fit(root)
			if never {
				return nil
			}
			if always {
				continue
			}
		}
		fitted.match = append(fitted.match, c)
	}
	fitted.plan = e.plan.fit(root)
	return &fitted
}

// fit reports whether the condition holds for all bodies of the shape, or for none.
func (c *condition) fit(root lenient.Node) (always, never bool) {
	n := c.path.find(root)
	kind := n.Kind()
	nothing := kind == lenient.Absent || kind == lenient.Null
	switch {
	case c.absent:
		return nothing, !nothing
	case kind == lenient.Absent || c.kinds == 0 && nothing || c.kinds != 0 && c.kinds>>kind&1 == 0:
		return false, true
	}
	c.path = c.path.fit(root)
	return c.to == 0 && len(c.equals)+len(c.contains)+len(c.prefixes) == 0, false
}

// leads reports whether a path leads to more than null.
func leads(p *path, root lenient.Node) bool {
	kind := p.find(root).Kind()
	return kind != lenient.Absent && kind != lenient.Null
}

func (p path) fit(root lenient.Node) path {
	p.at = p.find(root).Number()
	return p
}

// fit leaves out what is nowhere.
func (p *plan) fit(root lenient.Node) plan {
	fitted := plan{
		code: fitSources(p.code, root), message: fitSources(p.message, root), title: fitSources(p.title, root),
		kind: fitSources(p.kind, root), instance: fitSources(p.instance, root),
		family: fitSources(p.family, root), status: fitSources(p.status, root),
		trace: fitSources(p.trace, root), requestID: fitSources(p.requestID, root), retryAfter: fitSources(p.retryAfter, root),
	}
	for _, d := range p.details {
		if d.item != nil || d.path().find(root).Kind() != lenient.Absent {
			fitted.details = append(fitted.details, d)
		}
	}
	return fitted
}

// path is where the sub-errors are.
func (p *detailPlan) path() *path {
	for _, at := range [...]*path{p.list, p.fields, p.item} {
		if at != nil {
			return at
		}
	}
	return p.text
}

// fitSources leaves out sources where nothing is.
func fitSources(sources []source, root lenient.Node) []source {
	var fitted []source
	for _, src := range sources {
		if src.header == "" {
			if found := src.path.find(root); found.Kind() == lenient.Absent {
				if !src.key && src.inside == nil {
					continue
				}
			} else {
				src.path = src.path.fit(root)
			}
		}
		fitted = append(fitted, src)
	}
	return fitted
}
