package lenient

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logged returns text as the string that a logger writes.
func logged(text []byte) []byte {
	quoted := []byte{'"'}
	for _, c := range text {
		switch c {
		case '"', '\\':
			quoted = append(quoted, '\\', c)
		case '\n':
			quoted = append(quoted, '\\', 'n')
		case '\r':
			quoted = append(quoted, '\\', 'r')
		case '\t':
			quoted = append(quoted, '\\', 't')
		default:
			quoted = append(quoted, c)
		}
	}
	return append(quoted, '"')
}

// bothWays reads a string with a document in it by its shape, if it is known, and checks that Parse reads the same.
func bothWays(t *testing.T, s *Shapes, quoted []byte) bool {
	t.Helper()
	src := append(bytes.Clone(quoted), '}')
	var known, parsed Doc
	_, after := known.ParseKnown(src, 1, s)
	if after == 0 {
		return false
	}
	end, _ := ScanString(src, 1)
	require.Equal(t, end+1, after, "%q", src)
	require.NoError(t, parsed.Parse(AppendText(nil, src[1:end])), "%q", src)
	require.False(t, parsed.Truncated(), "%q", src)
	require.Empty(t, trimBlanks(parsed.Rest()), "%q", src)
	require.Equal(t, len(parsed.nodes), len(known.nodes), "%q", src)
	require.Equal(t, parsed.names, known.names, "%q", src)
	for i := range parsed.nodes {
		want, got := Node{&parsed, int32(i)}, Node{&known, int32(i)}
		require.Equal(t, want.Kind(), got.Kind(), "%q", src)
		require.Equal(t, string(want.Key()), string(got.Key()), "%q", src)
		require.Equal(t, string(want.Text()), string(got.Text()), "%q", src)
		require.Equal(t, want.Len(), got.Len(), "%q", src)
		require.Equal(t, want.Next().i, got.Next().i, "%q", src)
		require.Equal(t, want.Cut(), got.Cut(), "%q", src)
	}
	return true
}

func learned(s *Shapes, text string) {
	var d Doc
	if d.Parse([]byte(text)) == nil {
		s.Learn(&d, []byte(text))
	}
}

func TestParseKnown(t *testing.T) {
	s := &Shapes{}
	f := func(want bool, text string) {
		t.Helper()
		require.Equal(t, want, bothWays(t, s, logged([]byte(text))), text)
	}
	f(false, `{"title":"Not found"}`)
	learned(s, `{"title":"Not found","status":404,"errors":[{"field":"a","ok":false},{}],"n":null}`)
	f(true, `{"title":"Gone","status":-4.1e2,"errors":[{"field":"","ok":true},{}],"n":null}`)
	f(true, `{"title":"Nicht gefunden: ü","status":0,"errors":[{"field":"日本","ok":true},{}],"n":null}`)
	f(false, `{"title":"Gone","status":410,"errors":[{"field":"","ok":true}],"n":null}`)
	f(false, `{"title":"Gone","status":"410","errors":[{"field":"","ok":true},{}],"n":null}`)
	f(false, `{"title":"Gone","status":null,"errors":[{"field":"","ok":true},{}],"n":null}`)
	f(false, `{"title":"Gone","status":04,"errors":[{"field":"","ok":true},{}],"n":null}`)
	f(false, `{"title":"Gone","status":410,"errors":[{"field":"","ok":true},{}],"n":nul}`)
	f(false, `{"title":"a \"b\"","status":410,"errors":[{"field":"","ok":true},{}],"n":null}`)
	f(false, "{\"title\":\"\xff\",\"status\":404,\"errors\":[{\"field\":\"a\",\"ok\":false},{}],\"n\":null}")
	f(false, "{\"title\":\"\ufffd\",\"status\":404,\"errors\":[{\"field\":\"a\",\"ok\":false},{}],\"n\":null}")
	f(false, `{"title":"Not found","status":404,"errors":[{"field":"a","ok":false},{}],"n":null}]`)
	learned(s, "{\n  \"a\" : 1,\n}\n") // with a comma too many
	f(true, "{\n  \"a\" : 2,\n}\n")
	learned(s, `{"a":1}`)
	learned(s, `{"a":null}`)
	f(true, `{"a":7}`)
	f(true, `{"a":null}`)
	f(true, `{"a":7}`)
	f(false, `{"a":true}`)
	for _, odd := range []string{`{"b":'x'}`, `{"b":None}`, `{"b":"\u0061"}`, `{"b\u0061":1}`, `{"c":1`, `{"c":"x`, `{"d":1} {}`, `"e"`, `7`, "{\"f\":\"\xff\"}"} {
		learned(s, odd)
		f(false, odd)
	}
}

// TestShapesAreBounded: whatever documents come, and known ones are known again afterwards.
func TestShapesAreBounded(t *testing.T) {
	s := &Shapes{}
	name := []byte(`{"a":{"aaaa":[{"":"x"},1,true]}}`)
	for i := range 5_000 {
		name[2], name[7], name[8], name[9] = 'a'+byte(i%20), 'a'+byte(i/20%20), 'a'+byte(i/400%20), 'a'+byte(i/8000)
		learned(s, string(name))
		require.LessOrEqual(t, len(s.pieces), maxPieces)
		require.LessOrEqual(t, len(s.shapes), MaxShapes)
	}
	require.Positive(t, s.Age())
	for range 4 * learnCost {
		learned(s, `{"title":"x"}`)
	}
	found := false
	for range 2 * learnCost { // of documents that nearly all are unlike only some are looked at
		found = bothWays(t, s, logged([]byte(`{"title":"y"}`))) || found
	}
	require.True(t, found)
	require.True(t, bothWays(t, s, logged([]byte(`{"title":"z"}`))))
}

// FuzzShapes puts other bytes into a document that was learned: as the logger would write them, and as they are.
func FuzzShapes(f *testing.F) {
	for _, a := range append(append([]string{`{"title":"Not found","status":404,"errors":[{"field":"a","ok":false},{}],"n":null}`}, seeds...), escapes...) {
		for _, b := range []string{"x", `"`, `\"`, "1", "-1.5E+3", "null", "true}", "é", "\xff", `\`, " ", "\n"} {
			f.Add([]byte(a), []byte(b), uint8(2))
		}
	}
	f.Fuzz(func(t *testing.T, text, other []byte, at uint8) {
		var d Doc
		if d.Parse(text) != nil || len(text) == 0 || text[0] != '{' && text[0] != '[' {
			return
		}
		s := &Shapes{}
		s.Learn(&d, text)
		for range 2*textMisses + 1 { // it is known as a text by then, if it may be
			bothWays(t, s, logged(text))
		}
		v := d.nodes[int(at)%len(d.nodes)]
		for _, from := range []uint32{v.start, min(v.start+1, v.end)} {
			for _, to := range []uint32{v.end, max(v.end-1, from)} {
				changed := append(append(bytes.Clone(text[:from]), other...), text[to:]...)
				bothWays(t, s, logged(changed))
				raw := append(logged(text[:from]), other...)
				raw = append(raw[:len(raw)-len(other)-1], raw[len(raw)-len(other):]...)
				bothWays(t, s, append(raw, logged(text[to:])[1:]...))
			}
		}
	})
}

// TestKnownTexts: a text that differs from a known one in any byte, or in what is behind it, is read for itself.
func TestKnownTexts(t *testing.T) {
	text := []byte(`{"title":"Not found","status":404,"errors":[{"field":"account","ok":false},{}],"n":null}`)
	s := &Shapes{}
	learned(s, string(text))
	for range 2 * textMisses {
		require.True(t, bothWays(t, s, logged(text)))
		require.Zero(t, s.Text())
	}
	require.True(t, bothWays(t, s, logged(text)))
	known := s.Text()
	require.Positive(t, known)
	quoted := logged(text)
	for i := 1; i < len(quoted); i++ {
		for _, c := range []byte{'a', '7', '"', '\\', '}', 0, 0xff} {
			if changed := bytes.Clone(quoted); changed[i] != c {
				changed[i] = c
				bothWays(t, s, changed)
				require.NotEqual(t, known, s.Text(), "%q", changed)
				require.True(t, bothWays(t, s, quoted))
				require.Equal(t, known, s.Text(), "%q", changed)
			}
		}
		var d Doc
		if _, after := d.ParseKnown(quoted[:i], min(1, i), s); after > 0 {
			t.Fatalf("%q is cut", quoted[:i])
		}
	}
	s.forget()
	learned(s, `{"another":"shape"}`)
	require.False(t, bothWays(t, s, quoted))
	require.Zero(t, s.Text())
}

// TestKnownTextsAreBounded: however many there are, one that comes again is known again.
func TestKnownTextsAreBounded(t *testing.T) {
	s := &Shapes{}
	learned(s, `{"title":"x","detail":"y"}`)
	for round := range 3 {
		for i := range 4 * textCount {
			text := fmt.Appendf(nil, `{"title":"Number %d","detail":"%s"}`, i, strings.Repeat("z", i%longestText))
			for range 3 * textMisses {
				require.True(t, bothWays(t, s, logged(text)))
			}
			require.Equal(t, len(text)+bytes.Count(text, []byte(`"`))+1 <= longestText, s.Text() > 0, "%d: %s", round, text)
		}
	}
}
