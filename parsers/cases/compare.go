package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"golang.org/x/tools/txtar"
)

// Miss is one member of a row that is not as the case wants it. Absent members print as null.
type Miss struct {
	Member    string
	Got, Want string
}

func (m Miss) String() string { return fmt.Sprintf("%s is %s, want %s", m.Member, m.Got, m.Want) }

// Misses compares a row, as Row.AppendJSON writes it, with the want. Only the members that the want
// names are compared; null and "" mean that the member must be absent. A whole want allows no others.
func (c *Case) Misses(row []byte) ([]Miss, error) {
	var got map[string]any
	if err := json.Unmarshal(row, &got); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	names := slices.Collect(maps.Keys(c.Want))
	if c.Whole() {
		for name := range got {
			if c.Want[name] == nil {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var misses []Miss
	for _, name := range names {
		raw := c.Want[name]
		if raw == nil {
			raw = json.RawMessage("null")
		}
		var want any
		if err := json.Unmarshal(raw, &want); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !covers(want, got[name]) && !slices.ContainsFunc(c.Also[name], func(text string) bool { return covers(text, got[name]) }) {
			misses = append(misses, Miss{Member: name, Got: compact(got[name]), Want: compact(want)})
		}
	}
	return misses, nil
}

// covers reports whether got is what want says: of an object the named members, of a list every
// element, of everything else the value.
func covers(want, got any) bool {
	switch want := want.(type) {
	case nil:
		return got == nil
	case string:
		return got == want || want == "" && got == nil
	case map[string]any:
		object, ok := got.(map[string]any)
		for name, value := range want {
			ok = ok && covers(value, object[name])
		}
		return ok
	case []any:
		list, ok := got.([]any)
		return (ok || got == nil) && slices.EqualFunc(want, list, covers)
	}
	return reflect.DeepEqual(want, got)
}

func compact(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// Update returns the file of the case with its want taken from the row: the members it named, or all
// of them when it had no want or a whole one.
func (c *Case) Update(row []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(row, &members); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	if len(c.Want) > 0 && !c.Whole() {
		row = pick(row, members, c.Want)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, row, "", "  "); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	want.WriteByte('\n')
	a := *c.archive
	a.Files = slices.DeleteFunc(slices.Clone(a.Files), func(f txtar.File) bool { return f.Name == wantFile })
	a.Files = append(a.Files, txtar.File{Name: wantFile, Data: want.Bytes()})
	return txtar.Format(&a), nil
}

// pick returns the members of a row that a want names, in the row's order; those that the row lacks
// are null.
func pick(row []byte, members, named map[string]json.RawMessage) []byte {
	out := []byte{'{'}
	member := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), name...), `":`...)
		out = append(out, value...)
	}
	for _, name := range order(row) {
		if named[name] != nil {
			member(name, members[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if members[name] == nil {
			member(name, []byte("null"))
		}
	}
	return append(out, '}')
}

// order lists the members of an object as they stand in it.
func order(object []byte) []string {
	var names []string
	d := json.NewDecoder(bytes.NewReader(object))
	for depth, name := 0, false; ; {
		token, err := d.Token()
		if err != nil {
			return names
		}
		if delim, ok := token.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				depth++
			} else {
				depth--
			}
			name = depth == 1
			continue
		}
		if depth != 1 {
			continue
		}
		if name {
			names = append(names, token.(string))
		}
		name = !name
	}
}
