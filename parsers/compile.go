package parsers

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/redact"
)

// definition is a compiled vendor.toml.
type definition struct {
	identities       []identityDef
	envelopes        []*envelope
	identifying      []identification
	requestIDHeaders []string
	quotas           []quota
	shouldRetry      []source
	catalogue        catalogue
	shapes           []shape // of the public formats: envelopes that name their vendor
	lowest           int     // status that any envelope accepts; above 599 when there is no envelope
}

// identification is an envelope whose body names one of the definition's vendors.
type identification struct {
	vendor string
	shape  shape
}

// vendor is one name that a definition serves.
type vendor struct {
	name []byte
	info VendorInfo
	def  *definition
}

// definitions are those of the binary.
type definitions struct {
	generic *definition
	vendors []*definition
}

// builtins compiles the definitions of the binary when they are first asked for. They are immutable, so
// all registries share them.
var builtins = sync.OnceValues(func() (definitions, error) {
	generic, errGeneric := loadFile(builtin, genericFile)
	vendors, err := load(builtin, "vendors")
	return definitions{generic, vendors}, errors.Join(errGeneric, err)
})

// New compiles the built-in definitions and those of o.FS. It reads no clock and opens nothing else.
// Its error joins every fault found, each with file, line, key and the values that would be valid.
func New(o Options) (*Registry, error) {
	redactor, err := redact.New(o.Redact)
	if err != nil {
		return nil, err // it names the pattern
	}
	allowed, err := textsNamed(o.Texts)
	if err != nil {
		return nil, err
	}
	own, err := builtins()
	faults := []error{err}
	all := slices.Clone(own.vendors)
	for _, fsys := range o.FS {
		more, err := load(fsys, ".")
		faults = append(faults, err)
		all = append(all, more...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	r := &Registry{key: o.HashKey, redactor: redactor, custom: len(o.Redact) > 0, texts: allowed, generic: own.generic, topics: maps.Clone(o.Formats), fallback: o.Format}
	return r, r.add(all)
}

// add registers the definitions; a later one replaces an earlier one of the same name.
func (r *Registry) add(definitions []*definition) error {
	r.byName, r.byHost, r.bySuffix = map[string]*vendor{}, map[string]*vendor{}, map[string]*vendor{}
	for _, d := range definitions {
		for _, id := range d.identities {
			info := VendorInfo{Name: id.Name, Title: id.Title, Hosts: id.Hosts, Docs: id.Docs, Codes: len(d.catalogue.entries)}
			r.byName[id.Name] = &vendor{name: []byte(id.Name), info: info, def: d}
		}
	}
	for _, v := range r.byName {
		r.vendors = append(r.vendors, v)
	}
	slices.SortFunc(r.vendors, func(a, b *vendor) int { return strings.Compare(a.info.Name, b.info.Name) })
	var faults []error
	generic := *r.generic // that of the binary is for all registries
	r.generic = &generic
	for _, v := range r.vendors {
		faults = append(faults, r.addHosts(v))
		for _, id := range v.def.identifying {
			if id.vendor == v.info.Name {
				sh := id.shape
				sh.vendor = v
				generic.shapes = append(generic.shapes, sh)
			}
		}
	}
	return errors.Join(faults...)
}

func (r *Registry) addHosts(v *vendor) error {
	var faults []error
	for _, host := range v.info.Hosts {
		table, key := r.byHost, host
		if suffix, wild := strings.CutPrefix(host, "*."); wild {
			table, key = r.bySuffix, suffix
		}
		if other := table[key]; other != nil {
			faults = append(faults, fmt.Errorf("host %q belongs to both %s and %s", host, other.info.Name, v.info.Name))
		}
		table[key] = v
	}
	return errors.Join(faults...)
}

// compiler turns the decoded file into a definition and collects its faults.
type compiler struct {
	file   string
	text   string
	docs   string // the page that an entry without a link comes from
	faults []error
}

// reservedNames mean something else in a row.
var reservedNames = [...]string{genericName, unknownVendor}

var (
	validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	validHost = regexp.MustCompile(`^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

func (c *compiler) definition(def *fileDef) *definition {
	d := &definition{requestIDHeaders: def.RequestIDHeaders, lowest: 600}
	c.docs = def.Docs
	d.identities = append([]identityDef{def.identityDef}, def.Also...)
	for _, id := range d.identities {
		c.identity(id)
	}
	for i := range def.Envelopes {
		d.envelopes = append(d.envelopes, c.envelope(d, &def.Envelopes[i]))
	}
	for i := range def.RateLimits {
		d.quotas = append(d.quotas, c.quota(&def.RateLimits[i]))
	}
	for i := range def.ShouldRetry {
		d.shouldRetry = append(d.shouldRetry, c.source(&envelopeDef{Name: "should_retry"}, &def.ShouldRetry[i]))
	}
	d.catalogue = c.catalogue(def.Codes, def.Ranges)
	return d
}

func (c *compiler) identity(id identityDef) {
	if !validName.MatchString(id.Name) {
		c.fault("name", "name: %q is not lower-case letters, digits, - and _", id.Name)
	}
	if slices.Contains(reservedNames[:], id.Name) && c.file != genericFile {
		c.fault(strconv.Quote(id.Name), "name: %q is reserved", id.Name)
	}
	for _, host := range id.Hosts {
		if !validHost.MatchString(host) {
			c.fault(strconv.Quote(host), "hosts: %q is neither api.example.com nor *.example.com", host)
		}
	}
}

func (c *compiler) envelope(d *definition, def *envelopeDef) *envelope {
	vendor := d.identities[0].Name
	e := &envelope{format: []byte(vendor + "." + def.Name)}
	if vendor == genericName {
		e.format = []byte(def.Name)
	}
	if def.Name == "" {
		c.fault("[[envelopes]]", "envelopes: an envelope has no name")
	}
	e.statuses = c.statuses(d, def)
	e.bodies = c.bodies(def)
	e.advice = c.advice("envelopes."+def.Name, def.Category, def.Retry, "", "")
	for _, t := range def.ContentTypes {
		e.types = append(e.types, []byte(t))
	}
	for i := range def.Match {
		e.match = append(e.match, c.condition(def, &def.Match[i]))
	}
	for _, p := range def.Any {
		e.any = append(e.any, c.path(p, def.LooseKeys))
	}
	c.decoder(e, def)
	c.identifies(d, e, def)
	e.plan = c.plan(def)
	return e
}

// bodyNames are the names of bodyKind in definitions, by number.
var bodyNames = [...]string{bodyEmpty: "empty", bodyJSON: "json", bodyXML: "xml", bodyForm: "form", bodyText: "text", bodyHTML: "html"}

func (c *compiler) bodies(def *envelopeDef) uint8 {
	if len(def.Bodies) == 0 {
		return 1<<bodyJSON | 1<<bodyXML | 1<<bodyForm
	}
	var allowed uint8
	for _, name := range def.Bodies {
		i := slices.Index(bodyNames[:], name)
		if i < 0 {
			c.fault(strconv.Quote(name), "envelopes.%s.bodies: %q is not one of %s", def.Name, name, strings.Join(bodyNames[:], ", "))
			continue
		}
		allowed |= 1 << i
	}
	return allowed
}

func (c *compiler) statuses(d *definition, def *envelopeDef) []statusRange {
	texts := def.Statuses
	if len(texts) == 0 {
		texts = []string{"400-599"}
	}
	var ranges []statusRange
	for _, text := range texts {
		low, high, found := strings.Cut(text, "-")
		if !found {
			high = low
		}
		from, errFrom := strconv.Atoi(low)
		to, errTo := strconv.Atoi(high)
		if errFrom != nil || errTo != nil || from < 100 || to > 599 || from > to {
			c.fault(strconv.Quote(text), "envelopes.%s.statuses: %q is neither a status nor a range such as 400-499", def.Name, text)
		}
		ranges = append(ranges, statusRange{from, to})
		d.lowest = min(d.lowest, from)
	}
	return ranges
}

func (c *compiler) decoder(e *envelope, def *envelopeDef) {
	if def.Decoder == "" {
		return
	}
	found, ok := decoderNamed(def.Decoder)
	if !ok {
		c.fault(strconv.Quote(def.Decoder), "envelopes.%s.decoder: %q is not one of %s", def.Name, def.Decoder, decoderNames)
	}
	e.decoder = found
}

func (c *compiler) identifies(d *definition, e *envelope, def *envelopeDef) {
	if def.Identifies == nil {
		return
	}
	id := identification{vendor: def.Identifies.Vendor, shape: shape{envelope: e}}
	if id.vendor == "" {
		id.vendor = d.identities[0].Name
	}
	if !slices.ContainsFunc(d.identities, func(i identityDef) bool { return i.Name == id.vendor }) {
		c.fault(strconv.Quote(id.vendor), "envelopes.%s.identifies.vendor: %q is not a name of this definition", def.Name, id.vendor)
	}
	switch def.Identifies.OnlyIf {
	case "":
	case "no_host":
		id.shape.homeless = true
	default:
		c.fault("only_if", "envelopes.%s.identifies.only_if: %q is not \"no_host\"", def.Name, def.Identifies.OnlyIf)
	}
	id.shape.path = c.path(def.Identifies.Path, def.LooseKeys)
	id.shape.prefixes = byteTexts(def.Identifies.Prefixes)
	if len(id.shape.prefixes) == 0 && !id.shape.homeless {
		c.fault("identifies", "envelopes.%s.identifies: without prefixes it needs only_if = \"no_host\"", def.Name)
	}
	d.identifying = append(d.identifying, id)
}

func (c *compiler) condition(e *envelopeDef, def *conditionDef) condition {
	cond := condition{
		header: def.Header, absent: def.Absent, contains: []byte(def.Contains),
		equals: byteTexts(def.OneOf), prefixes: byteTexts(def.Prefixes), from: def.From, to: def.To,
	}
	if def.Equals != "" {
		cond.equals = append(cond.equals, []byte(def.Equals))
	}
	if cond.path = c.place(def.Path, def.Header, e); def.Header != "" && len(def.Is) > 0 {
		c.fault(strconv.Quote(def.Header), "envelopes.%s.match: a header is always a text: is has no meaning beside it", e.Name)
	}
	for _, kind := range def.Is {
		i := slices.Index(kindTexts[:], kind)
		if i < int(lenient.Bool) {
			c.fault(strconv.Quote(kind), "envelopes.%s.match.is: %q is not one of %s", e.Name, kind, strings.Join(kindTexts[2:], ", "))
			continue
		}
		cond.kinds |= 1 << i
	}
	return cond
}

// kindTexts are the names of lenient.Kind in definitions, by number.
var kindTexts = [...]string{
	lenient.Absent: "-", lenient.Null: "null", lenient.Bool: "bool", lenient.Number: "number",
	lenient.String: "string", lenient.Array: "array", lenient.Object: "object",
}

// place compiles the path of a condition or source, which names either a path or a header.
func (c *compiler) place(text, header string, e *envelopeDef) path {
	if (text == "") == (header == "") {
		c.fault(strconv.Quote(first2(text, header)), "envelopes.%s: needs exactly one of path and header", e.Name)
	}
	if header != "" {
		return path{}
	}
	return c.path(text, e.LooseKeys)
}

func (c *compiler) path(text string, loose bool) path {
	p, err := compilePath(text, loose)
	if err != nil {
		c.fault(strconv.Quote(text), "%v", err)
	}
	return p
}

func byteTexts(texts []string) [][]byte {
	var out [][]byte
	for _, text := range texts {
		out = append(out, []byte(text))
	}
	return out
}
