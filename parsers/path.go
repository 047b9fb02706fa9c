package parsers

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/errata-dev/errata/parsers/lenient"
)

// path leads from the root of a body to a value: "error.inner.0.message".
type path struct {
	steps []step
	loose bool   // names in any case and with stray blanks
	at    int    // the number of the value in all documents of a shape; 0 = not known
	text  string // as written
}

// step is one member name; an array takes it as an index.
type step struct {
	name  string
	index int  // -1 = not a number
	first bool // "*": the first member or element, whatever its name
}

// find returns the value at the end of the path, or the absent node.
func (p *path) find(n lenient.Node) lenient.Node {
	if p.at > 0 {
		return n.At(p.at)
	}
	for i := range p.steps {
		st := &p.steps[i]
		switch {
		case n.Kind() == lenient.Absent:
			return n
		case st.first:
			n = n.First()
		case n.Kind() == lenient.Array:
			n = n.Index(st.index)
		case p.loose:
			n = n.GetFold(st.name)
		default:
			n = n.Get(st.name)
		}
	}
	return n
}

var errEmptyStep = errors.New("has an empty step")

// compilePath reads a dotted path. "$" is the root itself. A name that holds a dot is written with
// a backslash before the dot.
func compilePath(text string, loose bool) (path, error) {
	p := path{loose: loose, text: text}
	if text == "$" {
		return p, nil
	}
	const dot = "\x00"
	for _, name := range strings.Split(strings.ReplaceAll(text, `\.`, dot), ".") {
		if name == "" {
			return path{}, fmt.Errorf("path %q %w", text, errEmptyStep)
		}
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 {
			index = -1
		}
		p.steps = append(p.steps, step{name: strings.ReplaceAll(name, dot, "."), index: index, first: name == "*"})
	}
	return p, nil
}
