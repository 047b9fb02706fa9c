package lenient

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, src string) Node {
	t.Helper()
	d := new(Doc)
	require.NoError(t, d.Parse([]byte(src)), src)
	return d.Root()
}

func TestNode_Get(t *testing.T) {
	root := parse(t, `{"a":1,"A":2,"a":3," Message\t":"m","n":[{"a":4}]}`)
	f := func(want string, n Node) {
		t.Helper()
		require.Equal(t, want, string(n.Text()))
	}
	f("1", root.Get("a"))
	f("2", root.Get("A"))
	f("m", root.Get(" Message\t"))
	f("", root.Get("message"))
	f("m", root.GetFold("message"))
	f("1", root.GetFold("A"))
	f("4", root.Get("n").Index(0).Get("a"))
	f("", root.Get("a").Get("a"))
	f("", root.Get("n").Get("a"))
	f("", root.GetFold("m"))
	require.Equal(t, 5, root.Len())
	require.Equal(t, `[{"a":4}]`, string(root.Get("n").Raw()))
}

func TestNode_Absent(t *testing.T) {
	root := parse(t, `{"a":[],"b":"x"}`)
	for _, n := range []Node{{}, root.Get("c"), root.Next(), root.Get("a").First(), root.Index(2), root.Index(-1), root.Get("b").Index(0), root.Get("b").Next(), {root.d, 99}} {
		require.Equal(t, Absent, n.Kind())
		require.Nil(t, n.Text())
		require.Nil(t, n.Raw())
		require.Nil(t, n.Key())
		require.Zero(t, n.Len())
		require.Equal(t, Node{}, n.First())
		require.Equal(t, Node{}, n.Next())
		require.Equal(t, Node{}, n.Get("a").GetFold("b").Index(0))
		_, ok := n.Int()
		require.False(t, ok)
		_, ok = n.Float()
		require.False(t, ok)
	}
}

func TestNode_Walk(t *testing.T) {
	var keys []string
	for m := parse(t, `{"a":{"x":[1]},"b":[[]],"\u0063":3}`).First(); m.Kind() != Absent; m = m.Next() {
		keys = append(keys, string(m.Key()))
	}
	require.Equal(t, []string{"a", "b", "c"}, keys)
}

func TestNode_TextSharesSource(t *testing.T) {
	src := []byte(`{"key":"plain é","n":12}`)
	var d Doc
	require.NoError(t, d.Parse(src))
	require.Same(t, &src[8], &d.Root().Get("key").Text()[0])
	require.Same(t, &src[2], &d.Root().Get("key").Key()[0])
	require.Same(t, &src[22], &d.Root().Get("n").Text()[0])
	require.Empty(t, d.arena)
}

func TestNode_TextIsUnescapedOnce(t *testing.T) {
	n := parse(t, `["a\nb"]`).Index(0)
	first := n.Text()
	require.Same(t, &first[0], &n.Text()[0])
	require.Equal(t, "a\nb", string(append(n.Text(), "!"...)[:3]))
	require.Len(t, n.d.arena, 3)
}

func TestNode_Int(t *testing.T) {
	f := func(src string, want int64) {
		t.Helper()
		got, ok := parse(t, "["+src+"]").Index(0).Int()
		require.True(t, ok, src)
		require.Equal(t, want, got, src)
	}
	f(`0`, 0)
	f(`-0`, 0)
	f(`429`, 429)
	f(`"429"`, 429)
	f(`" 30 "`, 30)
	f(`"+5"`, 5)
	f(`007`, 7)
	f(`1e3`, 1000)
	f(`1400.0`, 1400)
	f(`1.5e1`, 15)
	f(`1200e-2`, 12)
	f(`9223372036854775807`, 9223372036854775807)
	f(`-9223372036854775808`, -9223372036854775808)
	f(`"9007199254740993"`, 9007199254740993)
	f(`9.223372036854775807E18`, 9223372036854775807)
	f(`0e999999999999999999999`, 0)
	f(`0.0000000000000000000000000000001e31`, 1)
	f(`10000000000000000000000000000000e-31`, 1)
}

func TestNode_IntRefuses(t *testing.T) {
	f := func(src string) {
		t.Helper()
		_, ok := parse(t, src).Index(0).Int()
		require.False(t, ok, src)
	}
	f(`[1.5]`)
	f(`[1e-1]`)
	f(`[9223372036854775808]`)
	f(`[-9223372036854775809]`)
	f(`[18446744073709551617]`)
	f(`[1e19]`)
	f(`[1e999999999999999999999]`)
	f(`[1e-999999999999999999999]`)
	f(`[""]`)
	f(`["12x"]`)
	f(`["0x1F"]`)
	f(`["1_000"]`)
	f(`[true]`)
	f(`[null]`)
	f(`[NaN]`)
	f(`["12`)
}

func TestNode_Float(t *testing.T) {
	f := func(src string, want float64, wantOK bool) {
		t.Helper()
		got, ok := parse(t, "["+src+"]").Index(0).Float()
		require.Equal(t, wantOK, ok, src)
		require.InDelta(t, want, got, 0, src)
	}
	f(`182.4`, 182.4, true)
	f(`"-1.5e3"`, -1500, true)
	f(`.5`, 0.5, true)
	f(`+5.`, 5, true)
	f(`1e-99999999999999999999`, 0, true)
	f(`NaN`, 0, false)
	f(`-Infinity`, 0, false)
	f(`"inf"`, 0, false)
	f(`"0x1p3"`, 0, false)
	f(`""`, 0, false)
	f(`[]`, 0, false)
}

func TestNode_FloatOverflow(t *testing.T) {
	_, ok := parse(t, `[1e999]`).Index(0).Float()
	require.False(t, ok)
}
