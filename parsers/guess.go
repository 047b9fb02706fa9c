package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// The reader of bodies in no format that has a name. It knows how APIs call the parts of an error and
// where they keep them, scores what it finds by name, place and look, and takes the best. It never
// looks deeper than guessDepth or at more than guessBudget members, and it does not read a language.

const (
	guessDepth  = 6
	guessBudget = 256
)

// clue is a text that may be a part of the error, and how sure that is.
type clue struct {
	text  []byte
	score int
}

func (c *clue) take(text []byte, score int) {
	if len(text) > 0 && score > c.score {
		*c = clue{text, score}
	}
}

// clues are what one object says.
type clues struct {
	code, message, title, field clue
}

// add takes what a part says, more or less surely.
func (c *clues) add(part *clues, bonus int) {
	score := part.code.score + bonus
	if bonus == bonusList {
		score += 10 // a code of one of several is better than a wide type of all
	}
	c.code.take(part.code.text, max(score, 1))
	c.message.take(part.message.text, max(part.message.score+bonus, 1))
	c.title.take(part.title.text, max(part.title.score+bonus, 1))
	c.field.take(part.field.text, max(part.field.score+bonus, 1))
}

func (c *clues) empty() bool { return len(c.code.text) == 0 && len(c.message.text) == 0 }

// What it means for a part where it stands.
const (
	bonusError = 30
	bonusList  = -30
	bonusOuter = -4
	bonusInner = -60
)

type guesser struct {
	s      *scratch
	budget int
	nested bool // a text was read as JSON
}

// guess fills the findings from a body in no known format. It declines one that says nothing.
func (s *scratch) guess(root lenient.Node) bool {
	f := &s.found
	f.reset()
	if root.Kind() == lenient.Absent || s.body.kind == bodyText || s.body.kind == bodyHTML {
		return false
	}
	f.format = s.constant(s.formatName(root))
	g := guesser{s: s, budget: guessBudget}
	found := g.value(nil, root, 0)
	if found.empty() && s.response.status < 500 {
		f.details = f.details[:0]
		found = g.fields(root, 0)
	}
	if root.Kind() == lenient.Array && string(root.First().Text()) == "error" { // ["error", 10100, "apikey: invalid"]
		found.code.take(g.plainCode([]byte("code"), root.Index(1), 95), 100)
		found.message = clue{prose(s, root.Index(2)), 100}
		f.details = f.details[:0]
	}
	f.code, f.message, f.field = found.code.text, found.message.text, found.field.text
	if f.title = found.title.text; string(f.title) == string(f.message) {
		f.title = nil
	}
	s.oddCode(root)
	f.message = first(f.message, f.code)
	return len(f.message) > 0
}

// oddCode finds codes in places of their own when no member has one.
func (s *scratch) oddCode(root lenient.Node) {
	f := &s.found
	if details := root.Get("details"); len(f.code) > 0 && len(f.code) < 3 && details.Kind() == lenient.Array {
		f.code = first(s.grpcName(f.code), f.code) // gRPC-gateway writes google.rpc.Status as it is
	}
	if len(f.code) > 0 {
		return
	}
	f.code = leadingCode(f.message)
	if word := token(s, f.message); len(f.code) == 0 && bytes.IndexByte(word, '_') > 0 {
		f.code = word
	}
	if e := root.Get("error"); len(f.message) == 0 && s.body.kind == bodyXML && e.Len() > 0 {
		f.code = e.First().Key() // WebDAV names the condition by an element
	}
}

// value reads one container.
func (g *guesser) value(name []byte, n lenient.Node, depth int) clues {
	if depth > guessDepth {
		return clues{}
	}
	switch n.Kind() {
	case lenient.Object:
		return g.object(n, depth)
	case lenient.Array:
		return g.list(name, n, depth)
	}
	return clues{}
}

// object reads the members of one object.
func (g *guesser) object(object lenient.Node, depth int) clues {
	var c clues
	alone := object.Len() == 1 || g.s.body.kind == bodyXML && oneElement(object)
	for n := object.First(); n.Kind() != lenient.Absent && g.budget > 0; n = n.Next() {
		g.budget--
		var buf [longestName]byte
		name := foldName(&buf, n.Key())
		r := roleOf(name)
		switch n.Kind() {
		case lenient.Object, lenient.Array:
			if r.box == boxNone && alone && n.Kind() == lenient.Object {
				r.box = boxOuter
			}
			g.box(&c, name, r, n, depth)
		case lenient.String, lenient.Number:
			g.text(&c, name, r, n, depth)
		}
	}
	return c
}

// oneElement reports an element with only one that has parts of its own, beside attributes and texts.
func oneElement(object lenient.Node) bool {
	count := 0
	for n := object.First(); n.Kind() != lenient.Absent && count < 2; n = n.Next() {
		if n.Kind() == lenient.Object {
			count++
		}
	}
	return count == 1
}

// text reads a member that is no container.
func (g *guesser) text(c *clues, name []byte, r role, n lenient.Node, depth int) {
	if note := memberNotes[string(name)]; note != 0 {
		g.note(note, n)
	}
	if r.field > 0 {
		c.field.take(exact(g.s, n), int(r.field))
	}
	if string(name) == "number" && g.s.body.kind == bodyXML {
		r.code = sureCode // <Error Number="1011102">
	}
	if r.code > 0 {
		code := g.plainCode(name, n, r.code)
		if string(code) == "-1" {
			r.code = min(r.code, 50) // which says no more than that it failed
		}
		c.code.take(code, int(r.code))
	}
	if r.message > 0 && n.Kind() == lenient.String {
		g.sentence(c, name, bytes.TrimSpace(prose(g.s, n)), int(r.message), depth)
	}
}

// sentence notes a text that may be the message.
func (g *guesser) sentence(c *clues, name, text []byte, score, depth int) {
	if len(text) == 0 || emptyWords[string(text)] || string(text) == ellipsis {
		return
	}
	if holdsJSON(text) && !g.nested && g.s.spare.Parse(text) == nil {
		g.nested = true
		if inside := g.value(name, g.s.spare.Root(), depth+1); !inside.empty() {
			c.add(&inside, score-90)
			return
		}
	}
	if string(name) == "title" {
		c.title.take(text, score)
	}
	switch {
	case phraseStatus(text) > 0:
		score -= 65
	case bytes.IndexByte(text, ' ') < 0:
		score -= 40
	}
	c.message.take(text, max(score, 1))
}

// holdsJSON tells a text that is an object, or a list of objects or texts, from "[API] …".
func holdsJSON(text []byte) bool {
	last := text[len(text)-1]
	return text[0] == '{' && last == '}' || text[0] == '[' && last == ']' && (text[1] == '{' || text[1] == '"')
}

// note keeps what accompanies the error.
func (g *guesser) note(note int, n lenient.Node) {
	f := &g.s.found
	switch note {
	case noteKind:
		set(&f.kind, exact(g.s, n))
	case noteTrace:
		set(&f.trace, exact(g.s, n))
	case noteRequest:
		set(&f.requestID, exact(g.s, n))
	case noteStatus:
		if status, ok := n.Int(); ok && status >= 400 && status < 600 && f.status == 0 {
			f.status = int(status)
		}
	case noteWaitSeconds:
		if f.retryAfterMS == Absent {
			f.retryAfterMS = g.s.wait(n.Text(), unitSeconds)
		}
	case noteWaitMillis:
		if f.retryAfterMS == Absent {
			f.retryAfterMS = g.s.wait(n.Text(), unitMilliseconds)
		}
	}
}

// box reads a member that is a container.
func (g *guesser) box(c *clues, name []byte, r role, n lenient.Node, depth int) {
	if r.field > 0 {
		c.field.take(g.fieldIn(n), int(r.field))
		if n.First().Kind() == lenient.String {
			return
		}
	}
	if string(name) == "errorcodes" || string(name) == "codes" {
		if one := n.First(); r.code > 0 && one.Kind() < lenient.Array {
			c.code.take(g.plainCode(name, one, r.code), int(r.code)-5)
		}
		return
	}
	var inside clues
	switch {
	case r.box == boxNone:
		return
	case r.box == boxList && n.Kind() == lenient.Array:
		inside = g.value(name, n, depth+1)
	case r.box == boxList:
		mark := len(g.s.found.details)
		if inside = g.value(name, n, depth+1); len(inside.message.text) == 0 {
			g.s.found.details = g.s.found.details[:mark]
			mapped := g.fields(n, depth+1)
			inside.add(&mapped, 0)
		}
	default:
		if inside = g.value(name, n, depth+1); inside.empty() && r.box == boxError && n.Kind() == lenient.Object {
			inside = g.fields(n, depth+1)
		}
		if r.box == boxError && n.Kind() == lenient.Object && repeated(n) {
			g.s.detail(inside.field.text, inside.code.text, inside.message.text)
		}
	}
	c.add(&inside, bonusOf(name, r, n))
}

// bonusOf is what a place means for the parts in it.
func bonusOf(name []byte, r role, n lenient.Node) int {
	switch r.box {
	case boxError:
		if n.Kind() == lenient.Array {
			return 0
		}
		return bonusError
	case boxList:
		switch string(name) {
		case "message", "msg", "detail", "errormessage":
			return 0
		case "errors":
			if n.Kind() == lenient.Object {
				return -10
			}
		}
		if n.Kind() == lenient.Object {
			return bonusList - 1
		}
		return bonusList
	case boxOuter:
		return bonusOuter
	}
	return bonusInner
}

// repeated reports an element of XML that stands beside others of its name.
func repeated(n lenient.Node) bool {
	return bytes.Equal(n.Next().Key(), n.Key())
}

// list reads [{…}, …] and ["…", …]: the first is the error, all are details.
func (g *guesser) list(name []byte, list lenient.Node, depth int) clues {
	var c clues
	if bytes.HasPrefix(list.First().Text(), []byte("Traceback (most recent")) {
		return c
	}
	for n := list.First(); n.Kind() != lenient.Absent && g.budget > 0; n = n.Next() {
		g.budget--
		var one clues
		if n.Kind() == lenient.String {
			g.sentence(&one, name, bytes.TrimSpace(prose(g.s, n)), 90, depth)
			one.code.take(g.wordCode(name, one.message.text), 10)
		} else {
			one = g.value(nil, n, depth+1)
		}
		g.s.detail(one.field.text, one.code.text, one.message.text)
		c.add(&one, 0)
		if c.code.score > 0 || c.message.score > 0 {
			// the first that says something is the error
			for n = n.Next(); n.Kind() != lenient.Absent && g.budget > 0; n = n.Next() {
				g.budget--
				g.further(n, depth)
			}
			return c
		}
	}
	return c
}

// wordCode is the code in ["not_found"], and in {"error": ["wronglogin"]}.
func (g *guesser) wordCode(name, text []byte) []byte {
	var buf [longestName]byte
	if string(name) == "error" && snakeWord(text) && phraseStatus(text) == 0 && !emptyWords[string(foldText(&buf, text))] {
		return text
	}
	return weakCode([]byte("key"), token(g.s, text))
}

// further notes an error that is not the first.
func (g *guesser) further(n lenient.Node, depth int) {
	if n.Kind() == lenient.String {
		g.s.detail(nil, nil, prose(g.s, n))
		return
	}
	one := g.value(nil, n, depth+1)
	g.s.detail(one.field.text, one.code.text, one.message.text)
}

// fields reads {"field": "message"}, {"field": ["message", …]} and {"field": {"sub": …}}.
func (g *guesser) fields(object lenient.Node, depth int) clues {
	var c clues
	if depth > guessDepth || object.Kind() != lenient.Object || g.s.body.kind == bodyXML {
		return c // elements are no map of fields
	}
	for n := object.First(); n.Kind() != lenient.Absent && g.budget > 0; n = n.Next() {
		g.budget--
		if n.Kind() == lenient.Object {
			one := g.value(nil, n, depth+1)
			if one.empty() {
				one = g.fields(n, depth+1)
			} else {
				g.s.detail(n.Key(), one.code.text, one.message.text)
			}
			c.add(&one, 0)
			continue
		}
		if n.Kind() != lenient.Array {
			g.fieldText(&c, n.Key(), n)
			continue
		}
		for m := n.First(); m.Kind() != lenient.Absent && g.budget > 0; m = m.Next() {
			g.budget--
			if m.Kind() == lenient.Object {
				one := g.value(nil, m, depth+1)
				g.s.detail(n.Key(), one.code.text, one.message.text)
				c.add(&one, 0)
				continue
			}
			g.fieldText(&c, n.Key(), m)
		}
	}
	return c
}

// fieldText notes what is wrong with one field.
func (g *guesser) fieldText(c *clues, field []byte, n lenient.Node) {
	text := bytes.TrimSpace(prose(g.s, n))
	if n.Kind() != lenient.String || len(text) == 0 || string(text) == ellipsis {
		return
	}
	switch string(field) {
	case "non_field_errors", "__all__", "base", "":
		field = nil
	}
	g.s.detail(field, nil, text)
	score := 60
	if bytes.IndexByte(text, ' ') < 0 {
		score = 20
	}
	c.message.take(text, score)
}

// fieldIn returns the name of a field that is kept in a list or an object of its own.
func (g *guesser) fieldIn(n lenient.Node) []byte {
	if n.Kind() == lenient.Array {
		last := n.Index(n.Len() - 1)
		return exact(g.s, last)
	}
	for _, name := range [...]string{"pointer", "parameter", "field", "name", "header"} {
		if text := exact(g.s, n.Get(name)); len(text) > 0 {
			return text
		}
	}
	return nil
}
