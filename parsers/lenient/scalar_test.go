package lenient

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScalar: a value that was scanned is the value that Parse finds in its place.
func TestScalar(t *testing.T) {
	scan := func(value string) {
		t.Helper()
		src := []byte(`{"a":` + value + `,"b":1}`)
		kind, end, odd := Scan(src, 5)
		var whole, one Doc
		require.NoError(t, whole.Parse(src))
		want := whole.Root().Get("a")
		require.Equal(t, want.Kind(), kind, value)
		require.Equal(t, len(src)-7, end, value)
		require.Equal(t, len(src)-7, one.ParseScalar(src, 5), value)
		require.Equal(t, string(want.Text()), string(one.Root().Text()), value)
		require.Equal(t, string(want.Raw()), string(one.Root().Raw()), value)
		if odd {
			require.Equal(t, string(want.Text()), string(AppendText([]byte("x"), src[6:end-1])[1:]), value)
		}
	}
	for _, value := range []string{
		`""`, `"plain"`, `"a text of more than one word, and then some"`, `"\""`, `"\\"`, `"\\\\\""`, `"a\\\"b\\"`,
		`"{\"error\":{\"code\":\"x\",\"text\":\"a \\\"b\\\" \\u00e9\"}}"`, `"\u00e9\ud83d\ude00\ud800\u12"`, `"\q\/\b\u"`,
		"\"\xff\"", "\"\xc3\xa9 and more\"", "\"\\n\xff\\\"\"", "\"a\nb\"", `1`, `-1.5e3`, `0`, `true`, `false`, `null`,
	} {
		scan(value)
		scan(`"` + "1234567"[:len(value)%8%7] + value[min(1, len(value)-1):len(value)-1] + `"`)
	}
}

func TestScalarDeclines(t *testing.T) {
	for _, src := range []string{``, `"`, `"abc`, `"abc\"`, `"abcdefgh\`, `1`, `tru`, `true`, `truex,`, `01,`, `.5,`, `'a',`, `{},`, `[1],`, `nul,`, `-,`, `,`} {
		kind, _, _ := Scan([]byte(src), 0)
		require.Equal(t, Absent, kind, src)
		var d Doc
		require.Zero(t, d.ParseScalar([]byte(src), 0), src)
	}
}
