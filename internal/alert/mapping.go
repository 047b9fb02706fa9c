package alert

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/errata-dev/errata/internal/config"
)

// decoder reads a YAML document into rules and remembers every fault with its place: whoever writes rules
// wants to see all of them at once.
type decoder struct {
	path   string
	faults []fault
}

type fault struct {
	line int
	error
}

func (d *decoder) fault(line int, format string, args ...any) {
	d.faults = append(d.faults, fault{line, fmt.Errorf("%s:%d: %w", d.path, line, fmt.Errorf(format, args...))})
}

// err joins the faults in the order of the file.
func (d *decoder) err() error {
	slices.SortStableFunc(d.faults, func(a, b fault) int { return a.line - b.line })
	list := make([]error, 0, len(d.faults))
	for _, f := range d.faults {
		list = append(list, f.error)
	}
	return errors.Join(list...)
}

// mapping is a YAML mapping of which every key must be asked for.
type mapping struct {
	*decoder
	line   int
	values map[string]*yaml.Node
	keys   []string // of the file, in order
	lines  map[string]int
	asked  []string
}

func (d *decoder) mapping(node *yaml.Node, what string) *mapping {
	m := &mapping{decoder: d, line: node.Line, values: map[string]*yaml.Node{}, lines: map[string]int{}}
	if node.Kind != yaml.MappingNode {
		d.fault(node.Line, "%s: want a mapping such as `key: value`", what)
		return m
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		if _, twice := m.values[key.Value]; twice {
			d.fault(key.Line, "key %q: given twice", key.Value)
		}
		m.values[key.Value], m.lines[key.Value] = value, key.Line
		m.keys = append(m.keys, key.Value)
	}
	return m
}

// resolve follows a YAML alias.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// take returns the value of a key, nil if it is not there.
func (m *mapping) take(key string) *yaml.Node {
	m.asked = append(m.asked, key)
	return m.values[key]
}

// close faults the keys that nobody asked for.
func (m *mapping) close() {
	for _, key := range m.keys {
		if slices.Contains(m.asked, key) {
			continue
		}
		hint := ""
		if near := config.Nearest(key, m.asked); near != "" {
			hint = fmt.Sprintf(" (did you mean %q?)", near)
		}
		m.fault(m.lines[key], "unknown key %q%s; valid keys: %s", key, hint, strings.Join(m.asked, ", "))
	}
}

// required faults a key that is not there.
func (m *mapping) required(key, example string) {
	if m.values[key] == nil {
		m.fault(m.line, "key %q is missing, such as `%s: %s`", key, key, example)
	}
}

func (m *mapping) text(key string) string {
	node := m.take(key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		m.fault(node.Line, "key %q: want a plain value", key)
		return ""
	}
	return node.Value
}

// quoted is a text that YAML must not have read as a number: 0123 would lose its zero, 1e3 its form.
func (m *mapping) quoted(key string, node *yaml.Node) string {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
		m.fault(node.Line, "key %q: put %s between quotes, so that YAML reads it as the text it is", key, node.Value)
	}
	return node.Value
}

// texts reads a list, or a single value as a list of one; codes must be quoted.
func (m *mapping) texts(key string) []string {
	node := m.take(key)
	switch {
	case node == nil:
		return nil
	case node.Kind == yaml.ScalarNode:
		return []string{m.element(key, node)}
	case node.Kind != yaml.SequenceNode:
		m.fault(node.Line, "key %q: want a value or a list", key)
		return nil
	}
	list := make([]string, 0, len(node.Content))
	for _, item := range node.Content {
		list = append(list, m.element(key, resolve(item)))
	}
	return list
}

func (m *mapping) element(key string, node *yaml.Node) string {
	if node.Kind != yaml.ScalarNode {
		m.fault(node.Line, "key %q: want plain values", key)
	}
	if key == "code" {
		return m.quoted(key, node)
	}
	return node.Value
}

func (m *mapping) choice(key, standard string, valid ...string) string {
	node := m.take(key)
	if node == nil {
		return standard
	}
	if !slices.Contains(valid, node.Value) {
		hint := ""
		if near := config.Nearest(node.Value, valid); near != "" {
			hint = fmt.Sprintf(" (did you mean %q?)", near)
		}
		m.fault(node.Line, "key %q: cannot use %q%s; valid: %s", key, node.Value, hint, strings.Join(valid, ", "))
	}
	return node.Value
}

// scalar reads a value with parse, which says what it wants.
func scalar[T any](m *mapping, key string, standard T, parse func(string) (T, error)) T {
	node := m.take(key)
	if node == nil {
		return standard
	}
	value, err := parse(node.Value)
	if node.Kind != yaml.ScalarNode {
		err = errors.New("want a plain value")
	}
	if err != nil {
		m.fault(node.Line, "key %q: %w", key, err)
		return standard
	}
	return value
}
