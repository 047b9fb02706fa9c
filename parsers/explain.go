package parsers

import (
	"fmt"
	"strings"

	"github.com/errata-dev/errata/parsers/lenient"
)

// Explanation says how the body of a response was recognised, for people who write definitions.
type Explanation struct {
	Vendor string  // whose definition applies, empty for none
	Reason string  // why that one: "host api.acme.com is listed", "the record says so"
	Trials []Trial // the envelopes of its definition in order, up to the first that read the body
}

// Trial is what became of one envelope.
type Trial struct {
	Format string // "acme.error"
	Miss   string // why it did not match: "member `title` is absent"; empty for the one that read the body
}

// Explain parses rec into row, as Parse does, and says how its body was recognised. It is for checks
// and allocates freely. Row's texts are borrowed as after Parse.
func (r *Registry) Explain(rec *Record, row *Row) Explanation {
	row.scratch = nil // of a known caller not everything is read
	r.Parse(rec, row)
	s := row.scratch
	if row.Kind == KindDeadLetter {
		return Explanation{Reason: "the record is a dead letter: " + row.Reason.String()}
	}
	host := strings.ToLower(string(s.response.target.host))
	v := r.named(row.Vendor)
	if v == nil {
		return Explanation{Reason: fmt.Sprintf("no definition lists the host %q, and no body names its vendor", host)}
	}
	x := Explanation{Vendor: string(v.name), Reason: "the body names the vendor"}
	if r.hosted([]byte(host)) == v {
		x.Reason = fmt.Sprintf("the host %s is listed", host)
	}
	if len(s.response.vendor) > 0 {
		x.Reason = "the record names the vendor"
	}
	root := s.readBody().root
	for _, e := range v.def.envelopes {
		t := Trial{Format: string(e.format), Miss: e.miss(s, root)}
		if t.Miss == "" && string(row.Format) != t.Format {
			t.Miss = "it matched, but there is no code, message, title or detail where it looks"
		}
		x.Trials = append(x.Trials, t)
		if t.Miss == "" {
			break
		}
	}
	return x
}

// miss is matches in words: empty when the envelope matches, else the first thing that did not hold.
func (e *envelope) miss(s *scratch, root lenient.Node) string {
	res := &s.response
	switch {
	case e.bodies>>s.body.kind&1 == 0:
		return fmt.Sprintf("the body is %s, not %s", bodyNames[s.body.kind], choice(bodyNames[:], e.bodies))
	case !within(res.status, e.statuses):
		return fmt.Sprintf("status %d is not among its statuses", res.status)
	case !e.admits(res):
		return fmt.Sprintf("content type %q is not among its content_types", res.answer.contentType)
	}
	for i := range e.match {
		if miss := e.match[i].miss(res, root); miss != "" {
			return miss
		}
	}
	if len(e.any) == 0 {
		return ""
	}
	var names []string
	for _, p := range e.any {
		if kind := p.find(root).Kind(); kind != lenient.Absent && kind != lenient.Null {
			return ""
		}
		names = append(names, "`"+p.text+"`")
	}
	return "none of the members " + strings.Join(names, ", ") + " is there"
}

// miss is holds in words.
func (c *condition) miss(res *response, root lenient.Node) string {
	if c.holds(res, root) {
		return ""
	}
	if c.header != "" {
		value := res.header(c.header)
		switch {
		case c.absent:
			return fmt.Sprintf("header %s is there", c.header)
		case len(value) == 0:
			return fmt.Sprintf("header %s is absent", c.header)
		}
		return fmt.Sprintf("header %s is %q, not %s", c.header, value, c.wanted())
	}
	n := c.path.find(root)
	kind := n.Kind()
	switch {
	case c.absent:
		return fmt.Sprintf("member `%s` is there", c.path.text)
	case kind == lenient.Absent:
		return fmt.Sprintf("member `%s` is absent", c.path.text)
	case kind == lenient.Null || c.kinds != 0 && c.kinds>>kind&1 == 0:
		return fmt.Sprintf("member `%s` is %s, not %s", c.path.text, kindTexts[kind], choice(kindTexts[:], c.kinds))
	}
	return fmt.Sprintf("member `%s` is %.60q, not %s", c.path.text, n.Text(), c.wanted())
}

// wanted says what text or number a condition wants.
func (c *condition) wanted() string {
	var wants []string
	for _, text := range c.equals {
		wants = append(wants, fmt.Sprintf("%q", text))
	}
	for _, text := range c.prefixes {
		wants = append(wants, fmt.Sprintf("%q…", text))
	}
	if len(c.contains) > 0 {
		wants = append(wants, fmt.Sprintf("…%q…", c.contains))
	}
	if c.to > 0 {
		wants = append(wants, fmt.Sprintf("%d to %d", c.from, c.to))
	}
	return strings.Join(wants, " or ")
}

// choice lists the names whose bits are set.
func choice(names []string, bits uint8) string {
	var chosen []string
	for i, name := range names {
		if bits>>i&1 == 1 {
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 {
		return "a value"
	}
	return strings.Join(chosen, " or ")
}
