package render

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// normalize reduces a cell to nil, string, bool, int64, uint64, float64, time.Time, []float64 or
// []string; anything else becomes its JSON text.
func normalize(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v
	case []byte:
		return string(v)
	}
	rv, ok := follow(reflect.ValueOf(v))
	if !ok {
		return nil
	}
	if t, ok := rv.Interface().(interface{ UTC() time.Time }); ok { // time.Time, and types that embed it
		return normalize(t.UTC())
	}
	return normalizeKind(rv)
}

func normalizeKind(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return nil
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		return normalizeList(v)
	case v.Kind() == reflect.Map && v.IsNil():
		return nil
	}
	text, err := marshal(v.Interface())
	if err != nil {
		return nil
	}
	return string(text)
}

// normalizeList makes a list of numbers or of texts.
func normalizeList(v reflect.Value) any {
	numbers, texts := make([]float64, 0, v.Len()), make([]string, 0, v.Len())
	for i := range v.Len() {
		item := normalize(v.Index(i).Interface())
		if n, ok := toFloat(item); ok {
			numbers = append(numbers, n)
		}
		texts = append(texts, raw(item))
	}
	if len(numbers) == v.Len() && len(numbers) > 0 {
		return numbers
	}
	return texts
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// raw is a normalized value as programs read it: numbers as in JSON, times in RFC 3339 with
// milliseconds in UTC, lists joined by commas, nothing for null.
func raw(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return formatFloat(v)
	case time.Time:
		return v.UTC().Format(jsonTime)
	case []string:
		return strings.Join(v, ",")
	case []float64:
		return joinFloats(v)
	}
	return ""
}

const jsonTime = "2006-01-02T15:04:05.000Z07:00"

// formatFloat writes no exponent for the sizes that occur: spreadsheets misread them.
func formatFloat(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-9 || a >= 1e21) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func joinFloats(list []float64) string {
	texts := make([]string, len(list))
	for i, f := range list {
		texts[i] = formatFloat(f)
	}
	return strings.Join(texts, ",")
}

// isText reports whether a value came from outside as words, and not as a number, time or boolean.
func isText(v any) bool {
	switch v.(type) {
	case string, []string:
		return true
	}
	return false
}
