package lenient

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dump writes a value as compact JSON, in the order of the source, duplicates included.
func dump(n Node) string {
	var b strings.Builder
	var write func(n Node)
	write = func(n Node) {
		switch n.Kind() {
		case Null:
			b.WriteString("null")
		case String:
			b.WriteString(strconv.Quote(string(n.Text())))
		case Object, Array:
			brackets := map[Kind]string{Object: "{}", Array: "[]"}[n.Kind()]
			b.WriteByte(brackets[0])
			for m := n.First(); m.Kind() != Absent; m = m.Next() {
				if b.String()[b.Len()-1] != brackets[0] || m.i != n.i+1 {
					b.WriteByte(',')
				}
				if n.Kind() == Object {
					b.WriteString(strconv.Quote(string(m.Key())) + ":")
				}
				write(m)
			}
			b.WriteByte(brackets[1])
		default:
			b.Write(n.Text())
		}
	}
	write(n)
	return b.String()
}

// state names what Parse says about the document.
func state(d *Doc) string {
	if d.Truncated() {
		return "truncated"
	}
	return "whole"
}

func TestParse(t *testing.T) {
	f := func(want, src, dumped string) {
		t.Helper()
		var d Doc
		require.NoError(t, d.Parse([]byte(src)), src)
		require.Equal(t, dumped, dump(d.Root()), src)
		require.Equal(t, want, state(&d), src)
	}
	f("whole", `{"a":1,"b":[true,false,null],"c":{"d":"e"}}`, `{"a":1,"b":[true,false,null],"c":{"d":"e"}}`)
	f("whole", " {\r\n\t\"a\" : [ ] , \"b\" : { } } \n", `{"a":[],"b":{}}`)
	f("whole", `"text"`, `"text"`)
	f("whole", `-12.50e+3`, `-12.50e+3`)
	f("whole", `null`, `null`)
	f("whole", `{"":""}`, `{"":""}`)
	f("whole", `{"a":1,"a":2}`, `{"a":1,"a":2}`)
	f("whole", `["\"\\\/\b\f\n\r\t","\u00e9\ud83d\ude00\ud83d","\u0000"]`, `["\"\\/\b\f\n\r\t","é😀�","\x00"]`)
	f("whole", "[\"\xff\xfe ok \xc3\"]", `["�� ok �"]`)
	f("whole", `{"\u0061\"b":1}`, `{"a\"b":1}`)
	f("whole", "{\"k\xff\":1}", `{"k�":1}`)

	f("whole", `{"a":1,}`, `{"a":1}`)
	f("whole", `[1,2,]`, `[1,2]`)
	f("whole", `[,1,,2]`, `[1,2]`)
	f("whole", `{error: {message: "MVNO", "code": 'mvnoAccount', status: 404}}`, `{"error":{"message":"MVNO","code":"mvnoAccount","status":404}}`)
	f("whole", `{'a': 'it\'s', "b": "it\'s"}`, `{"a":"it's","b":"it's"}`)
	f("whole", `{'a': 'say "x"', 'b': True, 'c': None, 'd': False}`, `{"a":"say \"x\"","b":true,"c":null,"d":false}`)
	f("whole", "\ufeff{\"a\":1}", `{"a":1}`)
	f("whole", "{\"a\"\u00a0:\v1\f,\x00\"b\":2}\x00", `{"a":1,"b":2}`)
	f("whole", "{\"a\":\"x\ny\tz\"}", `{"a":"x\ny\tz"}`)
	f("whole", `{"a":"\d+\u12G4\x"}`, `{"a":"\\d+\\u12G4\\x"}`)
	f("whole", `{"a":"\u12"}`, `{"a":"\\u12"}`)
	f("whole", `{"a":NaN,"b":-Infinity,"c":undefined,"d":TRUE}`, `{"a":NaN,"b":-Infinity,"c":null,"d":true}`)
	f("whole", `{"a":007,"b":+1,"c":.5,"d":5.,"e":1.e3}`, `{"a":007,"b":+1,"c":.5,"d":5.,"e":1.e3}`)
	f("whole", `{"a":not_found,"b":12ab,"c":2024-01-02T03:04:05Z}`, `{"a":"not_found","b":"12ab","c":"2024-01-02T03:04:05Z"}`)
	f("whole", `{"a":c\d é}`, `{"a":"c\\d é"}`)
	f("whole", `{"a":1} trailing`, `{"a":1}`)
	f("whole", `{"a":1}{"b":2}`, `{"a":1}`)
	f("whole", `cb({"a":1});`, `{"a":1}`)
	f("whole", `jQuery.cb_1 ( [1] )`, `[1]`)
	f("whole", `{"a":1 "b":2}`, `{"a":1,"b":2}`)
	f("whole", `[1 2]`, `[1,2]`)
	f("whole", `["a" "b"]`, `["a","b"]`)
	f("whole", `{"a" 1}`, `{"a":1}`)
	f("whole", `{"a","b":2}`, `{"b":2}`)
	f("whole", `{"a":,"b":}`, `{}`)
	f("whole", `{"a":[1,2}`, `{"a":[1,2]}`)
	f("truncated", `{"a":{"b":1]}`, `{"a":{"b":1}}`)
	f("whole", `[{"a":1]`, `[{"a":1}]`)
	f("whole", `{{"a":1}}`, `{"a":1}`)
	f("whole", `[:1]`, `[1]`)
	f("whole", `{just words}`, `{}`)
	f("whole", `nan`, `nan`)
}

func TestParse_Cut(t *testing.T) {
	f := func(want, src, dumped string) {
		t.Helper()
		var d Doc
		require.NoError(t, d.Parse([]byte(src)), src)
		require.Equal(t, dumped, dump(d.Root()), src)
		require.Equal(t, want, state(&d), src)
	}
	f("truncated", `{`, `{}`)
	f("truncated", `{"a":1`, `{}`)
	f("truncated", `{"a":1,`, `{"a":1}`)
	f("truncated", `{"a":1 `, `{"a":1}`)
	f("truncated", `{"a":true`, `{"a":true}`)
	f("truncated", `{"a":tru`, `{}`)
	f("truncated", `{"a":-`, `{}`)
	f("truncated", `{"a":1,"b`, `{"a":1}`)
	f("truncated", `{"a":1,"b"`, `{"a":1}`)
	f("truncated", `{"a":1,"b":`, `{"a":1}`)
	f("truncated", `{"a":{"b":[1,{"c":"d"`, `{"a":{"b":[1,{"c":"d"}]}}`)
	f("truncated", `{"message":"No such acc`, `{"message":"No such acc"}`)
	f("truncated", `{"a":"x\`, `{"a":"x"}`)
	f("truncated", `{"a":"x\\`, `{"a":"x\\"}`)
	f("truncated", `{"a":"x\u00e`, `{"a":"x"}`)
	f("truncated", `{"a":"x\\u00e`, `{"a":"x\\u00e"}`)
	f("truncated", `{"a":"x\u`, `{"a":"x"}`)
	f("truncated", "{\"a\":\"caf\xc3", `{"a":"caf"}`)
	f("truncated", "{\"a\":\"\xf0\x9f\x98", `{"a":""}`)
	f("truncated", `"cut`, `"cut"`)
	f("truncated", `"`, `""`)
	f("truncated", `{"a":'x`, `{"a":"x"}`)
	f("truncated", `{a`, `{}`)
	f("truncated", `cb({"a":[1,`, `{"a":[1]}`)
}

func TestParse_NoDocument(t *testing.T) {
	f := func(src string) {
		t.Helper()
		var d Doc
		require.ErrorIs(t, d.Parse([]byte(src)), ErrNoDocument, src)
		require.Equal(t, Node{}, d.Root(), src)
	}
	f("")
	f(" \r\n\t")
	f("\ufeff")
	f("<html><body>502 Bad Gateway</body></html>")
	f("Not found")
	f("404 page not found")
	f("null pointer exception")
	f("error=invalid_grant&error_description=x")
	f("}")
	f("-")
	f("1e")
	f("cb(")
	f(",")
	f("\xff\xfe{\x00")
}

// TestParse_CutAnywhere demands that a prefix never shows a complete value other than the whole does.
func TestParse_CutAnywhere(t *testing.T) {
	src := `{"time":1.5e3,"a":{"b":["x","é\u00e9\ud83d\ude00\\"],"c":null},"d":true,"e":{"f":"g"}}`
	var whole Doc
	require.NoError(t, whole.Parse([]byte(src)))
	for n := 1; n < len(src); n++ {
		var d Doc
		require.NoError(t, d.Parse([]byte(src[:n])))
		require.Equal(t, "truncated", state(&d), src[:n])
		require.LessOrEqual(t, len(d.nodes), len(whole.nodes))
		for i := range d.nodes {
			got, want := Node{&d, int32(i)}, Node{&whole, int32(i)}
			require.Equal(t, want.Kind(), got.Kind(), src[:n])
			require.Equal(t, want.Key(), got.Key(), src[:n])
			if got.Kind() == String && d.nodes[i].flags&cut != 0 {
				text := strings.TrimSuffix(string(got.Text()), "\ufffd") // half of a surrogate pair
				require.True(t, strings.HasPrefix(string(want.Text()), text), src[:n])
				continue
			}
			require.Equal(t, string(want.Text()), string(got.Text()), src[:n])
		}
	}
}

func TestParse_DepthCap(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }
	var d Doc
	require.NoError(t, d.Parse([]byte(nested(maxDepth))))
	require.Equal(t, "whole", state(&d))
	require.False(t, d.opaque)
	require.Len(t, d.nodes, maxDepth)

	src := `[` + nested(10_000) + `,"after \" ]"]`
	require.NoError(t, d.Parse([]byte(src)))
	require.Equal(t, "whole", state(&d))
	require.True(t, d.opaque)
	require.Equal(t, `after " ]`, string(d.Root().Index(1).Text()))
	require.Equal(t, nested(10_000), string(d.Root().Index(0).Raw()))

	require.NoError(t, d.Parse([]byte(src[:30_000])))
	require.Equal(t, "truncated", state(&d))
}

func TestParse_NodeCap(t *testing.T) {
	var d Doc
	require.NoError(t, d.Parse([]byte(`{"a":"first","b":[`+strings.Repeat("1,", 3*maxNodes)+`1]}`)))
	require.Equal(t, "truncated", state(&d))
	require.Len(t, d.nodes, maxNodes)
	require.Equal(t, "first", string(d.Root().Get("a").Text()))
	require.Equal(t, maxNodes-3, d.Root().Get("b").Len())
}

// TestParse_Linear counts the bytes looked at, so it does not depend on the machine.
func TestParse_Linear(t *testing.T) {
	units := []string{
		`[`, `{`, `]`, `}`, `{"a":`, `["`, `"\\`, `"`, `'`, `\`, `[[],`, `{"a":1,`, `[1,`, `a`, `:`, `,`, ` `, `{a`, `{a:b`, `1`, `-`,
		"\xff", "\u00a0", `[}`, `{]`, `'\`, `[a,`, `\ud83d`, `"\u12`, "[\n", "\n", `true`, `cb(`, `{"\"":"\"",`,
	}
	require.NotEmpty(t, units)
	measure := func(prefix, unit string, n int) (work, size int) {
		src := []byte(prefix + strings.Repeat(unit, n/len(unit)))
		var d Doc
		if err := d.Parse(src); err == nil {
			for i := range d.nodes {
				Node{&d, int32(i)}.Text()
			}
		}
		require.LessOrEqual(t, len(d.arena), 3*len(src)+3)
		return d.work + len(d.arena), len(src)
	}
	for _, prefix := range []string{"", `[`, `{"a":`, `{`, `["`, `['`, strings.Repeat("[", maxDepth)} {
		for _, unit := range units {
			small, size := measure(prefix, unit, 50_000)
			large, _ := measure(prefix, unit, 200_000)
			require.LessOrEqual(t, small, 8*size+100, prefix+unit)
			require.LessOrEqual(t, large, 4*small+small/2+1000, prefix+unit)
		}
	}
}

func TestParse_ReuseDoesNotAllocate(t *testing.T) {
	src := []byte(`{"a":"x\ny","b":[1,2,{"c\u0041":"\ud83d\ude00"}],"d":"plain"}`)
	var d Doc
	allocs := testing.AllocsPerRun(100, func() {
		if d.Parse(src) != nil || len(d.Root().Get("a").Text()) != 3 {
			t.Fatal("not parsed")
		}
		if _, ok := d.Root().Get("b").Index(0).Float(); !ok {
			t.Fatal("no number")
		}
	})
	require.Zero(t, allocs)
}
