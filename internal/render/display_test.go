package render

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDisplay(t *testing.T) {
	f := func(value any, kind Kind, want string) {
		t.Helper()
		require.Equal(t, want, display(normalize(value), kind, Options{Now: now()}.withDefaults()))
	}
	f(nil, Number, "–")
	f((*int)(nil), Number, "–")
	f(math.NaN(), Percent, "–")
	f(0, Number, "0")
	f(999, Number, "999")
	f(1000, Number, "1,000")
	f(-1234567, Number, "-1,234,567")
	f(uint64(math.MaxUint64), Number, "18,446,744,073,709,551,615")
	f(3.14159, Number, "3.14")
	f(12.0, Number, "12")
	f(1234.56, Number, "1,234.6")
	f(0.0, Percent, "0 %")
	f(0.00001, Percent, "<0.1 %")
	f(0.125, Percent, "12.5 %")
	f(1.0, Percent, "100 %")
	f(1.2, Change, "+120 %")
	f(-0.051, Change, "-5 %")
	f(0.001, Change, "±0 %")
	f(120.5, Change, "+12,050 %")
	f(180, Millis, "180ms")
	f(3307, Millis, "3.3s")
	f(5000, Millis, "5s")
	f(42, Seconds, "42s")
	f(80, Seconds, "1m20s")
	f(7500, Seconds, "2h05m")
	f(200000, Seconds, "2d07h")
	f(-2, Seconds, "-2s")
	f(now().Add(-time.Hour), Time, "14:00:00")
	f(now().Add(-20*time.Hour), Time, "03-13 19:00:00")
	f(now().Add(-300*24*time.Hour), Time, "2025-05-18 15:00:00")
	f(pointer(now()), Time, "15:00:00")
	f(time.Time{}, Time, "–")
	f(now().Add(-20*time.Second), Age, "20s ago")
	f(now().Add(-20*time.Minute), Age, "20m ago")
	f(now().Add(-30*time.Hour), Age, "30h ago")
	f(now().Add(-80*time.Hour), Age, "3d ago")
	f(now().Add(90*time.Second), Age, "in 1m")
	f([]string{"a", "b\x1b"}, List, `a, b\x1b`)
	f([]int{1, 2}, List, "1, 2")
	f([]int{0, 1, 50, 100}, Spark, "▁▂▅█")
	f([]int{}, Spark, "")
	f(true, Text, "yes")
	f(map[string]int{"b": 1, "a": 2}, Text, `{"a":2,"b":1}`)
}

func TestEscape(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		require.Equal(t, want, Escape(text))
	}
	f("", "")
	f("plain text", "plain text")
	f("Æblegrød 銀行 ✓ 👍🏽", "Æblegrød 銀行 ✓ 👍🏽")
	f("\x1b[31m", `\x1b[31m`)
	f("\x00\a\x7f", `\x00\x07\x7f`)
	f("\u0085\u009b", `\x85\x9b`)
	f("a\tb\nc\r", `a\tb\nc\r`)
	f("\u202e\u2066\u200f\u061c", `\u202e\u2066\u200f\u061c`)
	f("\u2028\u2029\u200b\ufeff", `\u2028\u2029\u200b\ufeff`)
	f("\U000e0041", `\U000e0041`)
	f("a\xffb", `a\xffb`)
}

func TestGuardFormula(t *testing.T) {
	for _, first := range []string{"=", "+", "-", "@", "\t", "\r", "＝"} {
		require.True(t, strings.HasPrefix(guardFormula(first+"1"), "'"), "%q", first)
	}
	require.Equal(t, "a=1", guardFormula("a=1"))
	require.Equal(t, "-1", cellCSV(normalize(-1)))
	require.Equal(t, "'-1", cellCSV(normalize("-1")))
	require.Equal(t, "'-1", cellCSV(normalize([]string{"-1"})))
	require.Equal(t, "'\ta", cellCSV("\ta"))
}

func TestMarshal(t *testing.T) {
	text, err := marshal(map[string]any{"text": "<&>\u202e\u009b", "raw": json.RawMessage("\"\u202e\"")})
	require.NoError(t, err)
	require.Equal(t, `{"raw":"\u202e","text":"<&>\u202e\u009b"}`, string(text))
	_, err = marshal(json.RawMessage("{"))
	require.Error(t, err)
}

func FuzzEscape(f *testing.F) {
	for _, r := range topRows() {
		f.Add(r.Message)
	}
	f.Fuzz(func(t *testing.T, text string) {
		requireHarmless(t, Escape(text), "Escape")
		require.NotContains(t, Escape(text), "\n")
		require.LessOrEqual(t, textWidth(cut(Escape(text), 10)), 10)

		encoded, err := marshal(text)
		require.NoError(t, err)
		requireHarmless(t, string(encoded), "JSON")
		var back string
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, string([]rune(text)), back, "only bytes that are no UTF-8 are replaced")

		requireHarmless(t, cellCSV(text), "CSV")
	})
}
