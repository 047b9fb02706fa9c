package parsers

import (
	"slices"
	"strconv"
	"strings"
)

func (c *compiler) plan(def *envelopeDef) plan {
	p := plan{
		code:       c.sources(def, def.Code),
		family:     c.sources(def, def.Family),
		status:     c.sources(def, def.HTTPStatus),
		message:    c.sources(def, def.Message),
		title:      c.sources(def, def.Title),
		kind:       c.sources(def, def.Type),
		instance:   c.sources(def, def.Instance),
		trace:      c.sources(def, def.Trace),
		requestID:  c.sources(def, def.RequestID),
		retryAfter: c.sources(def, def.RetryAfter),
	}
	for i := range def.Details {
		p.details = append(p.details, c.detail(def, &def.Details[i]))
	}
	return p
}

func (c *compiler) sources(e *envelopeDef, defs []sourceDef) []source {
	var sources []source
	for i := range defs {
		sources = append(sources, c.source(e, &defs[i]))
	}
	return sources
}

func (c *compiler) source(e *envelopeDef, def *sourceDef) source {
	src := source{header: def.Header, path: c.place(def.Path, def.Header, e), except: byteTexts(def.Except)}
	var ok bool
	if src.key = def.As == asKey; !src.key {
		if src.transform, ok = transformNamed(def.As); !ok {
			c.fault(strconv.Quote(def.As), "envelopes.%s: as: %q is not one of %s, %s", e.Name, def.As, asKey, transformNames)
		}
	}
	if src.unit, ok = unitNamed(def.Unit); !ok {
		c.fault(strconv.Quote(def.Unit), "envelopes.%s: unit: %q is not one of %s", e.Name, def.Unit, unitNames)
	}
	if def.Inside != "" {
		p := c.path(def.Inside, e.LooseKeys)
		src.inside = &p
	}
	return src
}

// quota compiles where a vendor states its quotas.
func (c *compiler) quota(def *quotaDef) quota {
	e := &envelopeDef{Name: "rate_limits"}
	q := quota{windowS: def.WindowS}
	for _, place := range []struct {
		def *sourceDef
		src **source
	}{{def.Limit, &q.limit}, {def.Remaining, &q.remaining}, {def.Used, &q.used}, {def.Reset, &q.reset}, {def.Policy, &q.policy}} {
		if place.def != nil {
			src := c.source(e, place.def)
			*place.src = &src
			if src.header == "" {
				q.from = LimitFromBody
			}
		}
	}
	var ok bool
	if q.resetUnit, ok = unitNamed(def.ResetUnit); !ok || q.resetUnit == unitProse {
		c.fault(strconv.Quote(def.ResetUnit), "rate_limits.reset_unit: %q is not one of %s", def.ResetUnit, resetUnitNames)
	}
	return q
}

func (c *compiler) detail(e *envelopeDef, def *detailDef) detailPlan {
	p := detailPlan{field: c.sources(e, def.Field), code: c.sources(e, def.Code), message: c.sources(e, def.Message)}
	stated := 0
	for _, place := range []struct {
		text string
		path **path
	}{{def.List, &p.list}, {def.Fields, &p.fields}, {def.Item, &p.item}, {def.Text, &p.text}} {
		if place.text != "" {
			p := c.path(place.text, e.LooseKeys)
			*place.path = &p
			stated++
		}
	}
	if stated != 1 {
		c.fault("[[envelopes.details]]", "envelopes.%s.details: needs exactly one of list, fields, item, text", e.Name)
	}
	return p
}

func (c *compiler) catalogue(codes []codeDef, ranges []rangeDef) catalogue {
	cat := catalogue{byCode: map[string][]*Entry{}, byStatus: map[int]*Entry{}}
	for i := range codes {
		c.code(&cat, &codes[i])
	}
	for _, def := range ranges {
		if def.From <= 0 || def.To < def.From {
			c.fault("[[ranges]]", "ranges: %d to %d is no range", def.From, def.To)
		}
		e := cat.add(Entry{From: def.From, To: def.To, Title: def.Title, Advice: c.advice(def.Title, def.Category, def.Retry, def.Advice, def.Link)})
		cat.ranges = append(cat.ranges, e)
	}
	return cat
}

func (cat *catalogue) add(e Entry) *Entry {
	e.Number = len(cat.entries)
	cat.entries = append(cat.entries, &e)
	return &e
}

// code enters one documented code under all its spellings, or the default of a status.
func (c *compiler) code(cat *catalogue, def *codeDef) {
	label := strings.TrimSpace(strconv.Itoa(def.Status) + " " + first2(def.Code, def.Title))
	if def.Status != 0 && (def.Status < 100 || def.Status > 599) {
		c.fault(strconv.Itoa(def.Status), "codes: status %d is not within 100 to 599", def.Status)
	}
	if def.Category == "" {
		c.fault(first2(def.Code, def.Title), "codes: %s: category is missing; it is one of %s", label, strings.Join(categoryNames[1:], ", "))
	}
	e := cat.add(Entry{
		Status: def.Status, Code: def.Code, Title: def.Title, Aliases: def.Aliases,
		Advice: c.advice(label, def.Category, def.Retry, def.Advice, def.Link),
	})
	e.Limit, e.WindowS = def.Limit, def.WindowS
	if (e.Limit != 0 || e.WindowS != 0) && (e.Category != CategoryRateLimit || e.Limit <= 0 || e.WindowS <= 0) {
		c.fault(first2(def.Code, def.Title), "codes: %s: limit and window_s are a quota of a rate_limit, both above 0", label)
	}
	if def.Code == "" && def.Title == "" {
		if cat.byStatus[def.Status] != nil || def.Status == 0 {
			c.fault("[[codes]]", "codes: %s: neither code nor title, or that status twice", label)
		}
		cat.byStatus[def.Status] = e
		return
	}
	c.spellings(cat, e, label)
}

// spellings enters an entry under its code, its title and its aliases.
func (c *compiler) spellings(cat *catalogue, e *Entry, label string) {
	var entered []string
	for _, spelling := range append([]string{e.Code, e.Title}, e.Aliases...) {
		key := foldedCode(spelling)
		if spelling == "" || slices.Contains(entered, key) {
			continue // a title that only spells the code differently
		}
		entered = append(entered, key)
		if withStatus(cat.byCode[key], e.Status) != nil {
			c.fault(strconv.Quote(spelling), "codes: %s is listed twice", label)
		}
		cat.byCode[key] = append(cat.byCode[key], e)
	}
}

func first2(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *compiler) advice(label, category, retry, advice, link string) Advice {
	a := Advice{Advice: advice, Link: first2(link, c.docs)}
	if i := slices.Index(categoryNames[:], category); i >= 0 {
		a.Category = Category(i)
	} else {
		c.fault(strconv.Quote(category), "codes: %s: category %q is not one of %s", label, category, strings.Join(categoryNames[1:], ", "))
	}
	if i := slices.Index(retryNames[:], retry); i >= 0 {
		a.Retry = Retry(i)
	} else {
		c.fault(strconv.Quote(retry), "codes: %s: retry %q is not one of %s", label, retry, strings.Join(retryNames[1:], ", "))
	}
	return a
}
