package render

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
)

// member is one field of a struct under its name in JSON.
type member struct {
	name  string
	index []int
}

// members lists the fields of a struct as encoding/json would write them; those of embedded structs
// without a name count as its own.
func members(t reflect.Type) []member {
	var list []member
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			for _, inner := range members(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				list = append(list, inner)
			}
			continue
		}
		list = append(list, member{name: cmp.Or(name, f.Name), index: []int{i}})
	}
	return list
}

// memberReader returns a function that reads the member at a path such as a.b from a value of type t.
func memberReader(t reflect.Type, path string) (func(reflect.Value) any, error) {
	name, rest, nested := strings.Cut(path, ".")
	index, field, err := findMember(t, name)
	if err != nil {
		return nil, err
	}
	if !nested {
		return func(v reflect.Value) any { return readField(v, index) }, nil
	}
	inner, err := memberReader(field, rest)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) any {
		v, ok := follow(v)
		if !ok {
			return nil
		}
		return inner(v.FieldByIndex(index))
	}, nil
}

func findMember(t reflect.Type, name string) ([]int, reflect.Type, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, nil, fmt.Errorf("a %s has no members", t)
	}
	for _, m := range members(t) {
		if m.name == name {
			return m.index, t.FieldByIndex(m.index).Type, nil
		}
	}
	return nil, nil, fmt.Errorf("%s has no member %q", t, name)
}

func readField(v reflect.Value, index []int) any {
	v, ok := follow(v)
	if !ok {
		return nil
	}
	return v.FieldByIndex(index).Interface()
}

// follow goes through pointers; ok is false at a nil one.
func follow(v reflect.Value) (target reflect.Value, ok bool) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, true
}
