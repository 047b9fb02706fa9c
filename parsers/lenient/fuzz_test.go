package lenient

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var seeds = []string{
	`{"time":"2026-11-20T10:15:30Z","status":429,"response_body":"{\"error\":{\"code\":\"x\"}}","h":{"a":["b","c"]}}`,
	`[1,-0.5e+10,true,false,null,"\ud83d\ude00\ud83d \u00e9",{"":[]},{"a":{}}]`,
	"{\"k\xff\":\"\xc3\x28\"}", `{a:'b',"c":None,}`, `cb({"a":1});`, "\ufeff{\"a\":\"x\ny\"}", `{"a":"\u12`, `[[[[}]]`, `"\`, `{"a" "b"}`, `01`, `1 2`,
}

// escapes stand at all places within and across the words of eight bytes that the scanners read.
var escapes = []string{
	`["\"12345678\\\"1234567\\\\"]`, `"\\\\\\\\\""`, `"1234567\""`, `"12345678\\"`, `"\n\t\/\b\f\r\u00e9\ud83d\ude00é\"é"`,
	`{"body":"{\"type\":\"https:\/\/x.y\",\"title\":\"a \\\"b\\\" c\",\"n\":[1,2]}","next":1}`, `["1234567é","\\é\"","12345678","123456789\u0041"]`,
}

// FuzzAgainstEncodingJSON: what encoding/json accepts is read alike, texts and numbers included.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, s := range escapes {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var d Doc
		err := d.Parse(src)
		if d.opaque || len(d.nodes) >= maxNodes {
			return
		}
		if !json.Valid(src) {
			return
		}
		require.NoError(t, err)
		require.Equal(t, "whole", state(&d))
		decoder := json.NewDecoder(bytes.NewReader(src))
		decoder.UseNumber()
		same(t, decoder, d.Root())
	})
}

// same compares n with the next value of the decoder.
func same(t *testing.T, decoder *json.Decoder, n Node) {
	token, err := decoder.Token()
	require.NoError(t, err)
	switch v := token.(type) {
	case nil:
		require.Equal(t, Null, n.Kind())
	case bool:
		require.Equal(t, Bool, n.Kind())
		require.Equal(t, map[bool]string{true: "true", false: "false"}[v], string(n.Text()))
	case json.Number:
		require.Equal(t, Number, n.Kind())
		require.Equal(t, v.String(), string(n.Text()))
		if want, err := v.Int64(); err == nil {
			got, ok := n.Int()
			require.True(t, ok)
			require.Equal(t, want, got)
		}
		if want, err := v.Float64(); err == nil {
			got, ok := n.Float()
			require.True(t, ok)
			require.InDelta(t, want, got, 0)
		}
	case string:
		require.Equal(t, String, n.Kind())
		require.Equal(t, v, string(n.Text()))
	case json.Delim:
		children := 0
		for m := n.First(); m.Kind() != Absent; m = m.Next() {
			if v == '{' {
				key, err := decoder.Token()
				require.NoError(t, err)
				require.Equal(t, key, string(m.Key()))
			}
			same(t, decoder, m)
			children++
		}
		end, err := decoder.Token()
		require.NoError(t, err)
		require.Equal(t, map[json.Delim]json.Delim{'{': '}', '[': ']'}[v], end)
		require.Equal(t, n.Len(), children)
	}
}

// FuzzScanners compares the scanners that read words with the same written byte by byte.
func FuzzScanners(f *testing.F) {
	for _, s := range append(escapes, seeds...) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		for pos := 0; pos <= min(len(src), 16); pos++ {
			end, flags := scanQuoted(src, pos)
			wantEnd, wantFlags := scanQuotedSlowly(src, pos)
			require.Equal(t, wantEnd, end)
			require.Equal(t, wantFlags, flags&^nonASCII|wantFlags&nonASCII)
			require.Equal(t, wantFlags&nonASCII, flags&wantFlags&nonASCII)
		}
		if utf8.Valid(src) {
			require.Equal(t, string(appendText([]byte("x"), src)), string(appendUnescaped([]byte("x"), src)))
		}
	})
}

func scanQuotedSlowly(src []byte, pos int) (int, flags) {
	var f flags
	for ; pos < len(src) && src[pos] != '"'; pos++ {
		f |= highFlag(src[pos])
		if src[pos] == '\\' {
			f |= escaped
			if pos++; pos < len(src) {
				f |= highFlag(src[pos])
			}
		}
	}
	if pos >= len(src) {
		return len(src), f | cut
	}
	return pos, f
}

// FuzzParse holds for any input: no panic, bounded work, valid UTF-8, sources in bounds, and a used
// Doc reads like a fresh one.
func FuzzParse(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), []byte(seeds[len(seeds)-1-i]))
	}
	f.Fuzz(func(t *testing.T, src, before []byte) {
		var fresh, used Doc
		if used.Parse(before) == nil {
			dump(used.Root())
		}
		require.Equal(t, fresh.Parse(src), used.Parse(src))
		require.Equal(t, state(&fresh), state(&used))
		require.Equal(t, dump(fresh.Root()), dump(used.Root()))
		require.LessOrEqual(t, fresh.work, 8*len(src)+100)
		require.LessOrEqual(t, len(fresh.arena), 3*len(src))
		children := 0
		for i := range fresh.nodes {
			n := Node{&fresh, int32(i)}
			require.True(t, utf8.Valid(n.Text()) && utf8.Valid(n.Key()))
			require.Equal(t, n.Text(), n.Text())
			require.True(t, len(n.Raw()) > 0 && bytes.Contains(src, n.Raw()))
			require.Equal(t, n.Index(n.Len()-1).Next(), Node{})
			children += n.Len()
		}
		require.Equal(t, max(0, len(fresh.nodes)-1), children)
	})
}
