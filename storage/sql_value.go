package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"
)

// SQLRow is one row of a result. It marshals to an object with the columns in their order.
type SQLRow struct {
	Values []any
	names  []string
}

// MarshalJSON implements json.Marshaler.
func (r SQLRow) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, v := range r.Values {
		if i > 0 {
			b.WriteByte(',')
		}
		for _, part := range []any{r.names[i], v} {
			text, err := json.Marshal(part)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", r.names[i], err)
			}
			b.Write(text)
			b.WriteByte(':')
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainValue reduces a scanned value to what JSON and a table can show: nil, bool, integers, float64,
// string, Time, or slices and maps of these.
func plainValue(v reflect.Value, kind string) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
	case reflect.Slice, reflect.Map:
		if v.Kind() == reflect.Map && v.IsNil() {
			return nil
		}
	}
	switch value := v.Interface().(type) {
	case time.Time:
		return plainTime(value, kind)
	case big.Int:
		return value.String()
	case *big.Int:
		return value.String()
	case fmt.Stringer: // decimals, UUIDs, addresses
		return value.String()
	}
	if v.Kind() == reflect.Struct && v.CanAddr() { // JSON, Variant, Dynamic
		if value, ok := v.Addr().Interface().(json.Marshaler); ok {
			return plainJSON(value)
		}
	}
	return plainKind(v, kind)
}

// plainJSON is a document as JSON has it, or as text where it cannot be had.
func plainJSON(document json.Marshaler) any {
	var value any
	if text, err := document.MarshalJSON(); err == nil && json.Unmarshal(text, &value) == nil {
		return value
	}
	return fmt.Sprint(document)
}

func plainKind(v reflect.Value, kind string) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return plainValue(v.Elem(), kind)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return v.Interface()
		}
		return nil // JSON has no such numbers
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plainValue(v.Index(i), kind)
		}
		return list
	case reflect.Map:
		object := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			object[fmt.Sprint(plainValue(key, kind))] = plainValue(v.MapIndex(key), kind)
		}
		return object
	case reflect.Struct:
		return fmt.Sprint(v.Interface())
	}
	return v.Interface()
}

// plainTime keeps dates without a time of day, and fractions finer than a millisecond.
func plainTime(t time.Time, kind string) any {
	switch {
	case strings.Contains(kind, "DateTime"):
		if t.Nanosecond()%1e6 != 0 {
			return t.UTC().Format(time.RFC3339Nano)
		}
		return Time{t.UTC()}
	case strings.Contains(kind, "Date"):
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// sizeOf is about how many bytes a value takes.
func sizeOf(value any) int {
	size := 16
	switch v := value.(type) {
	case string:
		size += len(v)
	case []any:
		for _, item := range v {
			size += sizeOf(item)
		}
	case map[string]any:
		for key, item := range v {
			size += len(key) + sizeOf(item)
		}
	}
	return size
}
