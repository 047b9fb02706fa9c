package lenient

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestParseXML(t *testing.T) {
	f := func(want, src, dumped string) {
		t.Helper()
		var d Doc
		require.NoError(t, d.ParseXML([]byte(src)), src)
		require.Equal(t, dumped, dump(d.Root()), src)
		require.Equal(t, want, state(&d), src)
		require.Nil(t, d.Root().Key())
	}
	f("whole", `<a/>`, `{"a":""}`)
	f("whole", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The key\r\n does not &lt;exist&gt;.</Message></Error>\n",
		`{"Error":{"Code":"NoSuchKey","Message":"The key\n does not <exist>."}}`)
	f("whole", `<s:Envelope xmlns:s="urn:s"><s:Body><s:Fault><faultstring xml:lang="en"> No </faultstring></s:Fault></s:Body></s:Envelope>`,
		`{"Envelope":{"Body":{"Fault":{"faultstring":"No"}}}}`)
	f("whole", `<r id='7' at = "a &amp; b"><i>1</i><i n="2">two</i><i/></r>`, `{"r":{"id":"7","at":"a & b","i":"1","i":{"n":"2","$text":"two"},"i":""}}`)
	f("whole", `<r>a<!-- x > y -->b<![CDATA[<c>&amp;]]><?pi d?>e</r>`, `{"r":"ab<c>&amp;e"}`)
	f("whole", `<r>one <b>two</b> three</r>`, `{"r":{"$text":"one","b":"two","$text":"three"}}`)
	f("whole", `<!DOCTYPE r [<!ENTITY x "boom"> <!ELEMENT r ANY>]><r>&x;&#65;&#x42;&#xD800;&bogus;&;&</r>`, `{"r":"&x;AB�&bogus;&;&"}`)
	f("whole", "\ufeff<r>\u00e9\u2028</r>", `{"r":"é\u2028"}`)
	f("whole", `<a:b:c></a:b:c>`, `{"c":""}`)
	f("whole", "<r>\xff</r> junk", `{"r":"�"}`)
	f("whole", `<r><a>1<b>2</r>`, `{"r":{"a":{"$text":"1","b":"2"}}}`)
	f("whole", `<r><a>1</b></a><c>2</c></r>`, `{"r":{"a":"1","c":"2"}}`)
	f("whole", `<r a=1 b c="x"d='y'/>`, `{"r":{"a":"1","c":"x","d":"y"}}`)
	f("whole", `<r>1 < 2</r>`, `{"r":"1 < 2"}`)
	f("whole", `<a>1</a><b>2</b>`, `{"a":"1","b":"2"}`)
	f("whole", `</x><a <b>1</b></a>`, `{"a":{"b":"1"}}`)
}

func TestParseXML_Cut(t *testing.T) {
	f := func(src, dumped string, cutTexts int) {
		t.Helper()
		var d Doc
		require.NoError(t, d.ParseXML([]byte(src)), src)
		require.Equal(t, dumped, dump(d.Root()), src)
		require.True(t, d.Truncated(), src)
		cuts := 0
		for i := range d.nodes {
			if (Node{&d, int32(i)}).Cut() {
				cuts++
			}
		}
		require.Equal(t, cutTexts, cuts, src)
	}
	f(`<r><a>1</a><b>half of`, `{"r":{"a":"1","b":"half of"}}`, 1)
	f(`<r><a>1</a><b>half &am`, `{"r":{"a":"1","b":"half"}}`, 1)
	f(`<r><a>1</a><b>whole</`, `{"r":{"a":"1","b":"whole"}}`, 0)
	f(`<r><a>1</a><b>whole</b`, `{"r":{"a":"1","b":"whole"}}`, 0)
	f(`<r><a>1</a><b`, `{"r":{"a":"1"}}`, 0)
	f(`<r><a>1</a><b c="ha`, `{"r":{"a":"1","b":{"c":"ha"}}}`, 1)
	f(`<r><a>1</a><b><![CDATA[half]`, `{"r":{"a":"1","b":"half]"}}`, 1)
	f(`<r><a>1</a><!-- b`, `{"r":{"a":"1"}}`, 0)
	f(`<r><a>1</a>`, `{"r":{"a":"1"}}`, 0)
	f("<r>caf\xc3", `{"r":"caf"}`, 1)
}

func TestParseXML_NoDocument(t *testing.T) {
	for _, src := range []string{"", " ", "a", `{"a":1}`, "<", "<a", "<?xml version='1.0'?>", "<!-- a -->", "<!DOCTYPE html", "< a>", "<1>", "</a>", "<![CDATA[x]]>"} {
		var d Doc
		require.ErrorIs(t, d.ParseXML([]byte(src)), ErrNoDocument, src)
		require.Equal(t, Absent, d.Root().Kind(), src)
	}
}

func TestParseXML_Bounds(t *testing.T) {
	var d Doc
	require.NoError(t, d.ParseXML([]byte("<r>"+strings.Repeat("<a>", 100)+"deep"+strings.Repeat("</a>", 100)+"<b>1</b></r>")))
	require.Equal(t, "1", string(d.Root().Get("r").Get("b").Text()))
	require.NotContains(t, dump(d.Root()), "deep")
	require.Equal(t, maxDepth+1, strings.Count(dump(d.Root()), "{"))
	for _, flood := range []string{"<a/>", "<a>", "<a><b/></a>", "x<a/>"} {
		require.NoError(t, d.ParseXML([]byte("<r>"+strings.Repeat(flood, maxNodes))))
		require.LessOrEqual(t, len(d.nodes), maxNodes+maxDepth)
		require.True(t, d.Truncated())
	}
	require.NoError(t, d.ParseXML([]byte("<r"+strings.Repeat(` a="1"`, 2*maxNodes)+"/>")))
	require.LessOrEqual(t, len(d.nodes), maxNodes+maxDepth)
}

func TestParseXML_ReuseDoesNotAllocate(t *testing.T) {
	src := []byte(`<Error a="1" b="&lt;"><Code>NoSuchKey</Code><M>Ça &amp; là</M>tail<!-- x --></Error>`)
	var d Doc
	require.NoError(t, d.ParseXML(src))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = d.ParseXML(src) }))
}

var xmlSeeds = []string{
	`<Error><Code>NoSuchKey</Code><Message>a &amp; b</Message></Error>`,
	"<?xml version=\"1.0\"?>\r\n<!DOCTYPE r [<!ENTITY x \"y\">]><r xmlns='u' a='1' x:b=\"2\"><x:i>1</x:i> t <i><![CDATA[<>]]></i><!-- c --></r>",
	`<a><b>half`, `<a b="x`, `</a><a`, `<a>1 < 2 &#x41; &am`, "<a>\xff\r\n</a>", `<a/><b/>junk`, `<a><b></a></b>`,
}

// FuzzParseXML holds for any input: no panic, bounded work and memory, valid UTF-8, and a used Doc
// reads like a fresh one.
func FuzzParseXML(f *testing.F) {
	for i, s := range xmlSeeds {
		f.Add([]byte(s), []byte(seeds[i%len(seeds)]))
	}
	f.Fuzz(func(t *testing.T, src, before []byte) {
		var fresh, used Doc
		if used.Parse(before) == nil {
			dump(used.Root())
		}
		require.Equal(t, fresh.ParseXML(src), used.ParseXML(src))
		require.Equal(t, state(&fresh), state(&used))
		require.Equal(t, dump(fresh.Root()), dump(used.Root()))
		sound(t, &fresh, src)
		requireLikeEncodingXML(t, &fresh, src)
	})
}

// sound checks what holds for every document that was not read as JSON.
func sound(t *testing.T, d *Doc, src []byte) {
	require.LessOrEqual(t, d.work, 4*len(src)+100)
	require.LessOrEqual(t, len(d.arena), 4*len(src)+100)
	require.LessOrEqual(t, len(d.nodes), maxNodes+maxDepth)
	children := 0
	for i := range d.nodes {
		n := Node{d, int32(i)}
		require.True(t, utf8.Valid(n.Text()) && utf8.Valid(n.Key()))
		require.True(t, bytes.Contains(src, n.Raw()))
		require.Equal(t, n.Index(n.Len()-1).Next(), Node{})
		children += n.Len()
	}
	require.Equal(t, max(0, len(d.nodes)-1), children)
}

// requireLikeEncodingXML compares with what encoding/xml reads from a document that it accepts: the
// same elements, attributes and texts in the same order.
func requireLikeEncodingXML(t *testing.T, d *Doc, src []byte) {
	want, ok := encodingXML(src)
	if !ok || d.opaque {
		return
	}
	require.False(t, d.Truncated(), "%q", src)
	require.Equal(t, want, dump(d.Root()), "%q", src)
}

// encodingXML prints the document as dump would, by way of encoding/xml. It declines what it cannot
// compare: encoding/xml is stricter about some names, and laxer about what stands outside the root.
func encodingXML(src []byte) (string, bool) {
	if bytes.Contains(src, []byte("<!")) && !bytes.Contains(src, []byte("<![CDATA[")) && !bytes.Contains(src, []byte("<!--")) {
		return "", false // a document type
	}
	if bytes.Contains(src, []byte("\x00")) || !bytes.HasPrefix(src, []byte("<")) {
		return "", false
	}
	decoder := xml.NewDecoder(bytes.NewReader(src))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	type element struct {
		members []string
		text    string
	}
	stack := []*element{{}}
	top := func() *element { return stack[len(stack)-1] }
	flush := func() {
		if text := trimASCII(top().text); text != "" && len(stack) > 1 {
			top().members = append(top().members, `"$text":`+strconv.Quote(text))
		}
		top().text = ""
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return "{" + strings.Join(stack[0].members, ",") + "}", len(stack[0].members) > 0
		}
		if err != nil {
			return "", false
		}
		switch v := token.(type) {
		case xml.StartElement:
			flush()
			child := &element{}
			for _, a := range v.Attr {
				if a.Name.Space == "" && a.Name.Local != "xmlns" {
					child.members = append(child.members, strconv.Quote(localText(a.Name.Local))+":"+strconv.Quote(a.Value))
				}
			}
			stack = append(stack, child)
		case xml.EndElement:
			closed := top()
			value := strconv.Quote(trimASCII(closed.text))
			if len(closed.members) > 0 {
				flush()
				value = "{" + strings.Join(closed.members, ",") + "}"
			}
			stack = stack[:len(stack)-1]
			top().members = append(top().members, strconv.Quote(localText(v.Name.Local))+":"+value)
		case xml.CharData:
			top().text += string(v)
		case xml.Directive:
			return "", false
		}
	}
}

func localText(name string) string { return string(localName([]byte(name))) }

func trimASCII(text string) string { return string(trimBlanks([]byte(text))) }

// TestLikeEncodingXML holds the differential test to account: it compares something.
func TestLikeEncodingXML(t *testing.T) {
	compared := 0
	for _, src := range append(xmlSeeds,
		`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring xml:lang="en">Bad &quot;x&quot;</faultstring><detail><e:E xmlns:e="u" code="7"><![CDATA[a<b]]> c</e:E></detail></soap:Fault></soap:Body></soap:Envelope>`,
		`<m:error xmlns:m="u"><m:code /><m:message xml:lang="en-US">Resource not found for the segment 'X'.</m:message></m:error>`,
	) {
		var d Doc
		if _, ok := encodingXML([]byte(src)); ok && d.ParseXML([]byte(src)) == nil {
			compared++
			requireLikeEncodingXML(t, &d, []byte(src))
		}
	}
	require.GreaterOrEqual(t, compared, 3)
}

func TestParseForm(t *testing.T) {
	f := func(src, dumped string) {
		t.Helper()
		var d Doc
		require.NoError(t, d.ParseForm([]byte(src)), src)
		require.Equal(t, dumped, dump(d.Root()), src)
	}
	f("error=invalid_request&error_description=The+thing", `{"error":"invalid_request","error_description":"The thing"}`)
	f("ACK=Failure&L_ERRORCODE0=10002&L_SHORTMESSAGE0=Security%20error&VERSION=", `{"ACK":"Failure","L_ERRORCODE0":"10002","L_SHORTMESSAGE0":"Security error","VERSION":""}`)
	f("a=%e9%C3%A9%zz%4&&=x&b&c%5B0%5D=1=2\r\n&a=2", `{"a":"�é%zz%4","c[0]":"1=2\r\n","a":"2"}`)
	for _, src := range []string{"", "a", "&", "=b", "&&=&a"} {
		var d Doc
		require.ErrorIs(t, d.ParseForm([]byte(src)), ErrNoDocument, src)
	}
	var d Doc
	require.NoError(t, d.ParseForm([]byte(strings.Repeat("a=1&", 2*maxNodes))))
	require.LessOrEqual(t, len(d.nodes), maxNodes)
	require.True(t, d.Truncated())
}

// FuzzParseForm holds what FuzzParseXML does.
func FuzzParseForm(f *testing.F) {
	for _, s := range []string{"a=1&b=%41+", "error=x&error_description=y%20z", "%", "=&&=", "a=\xff%c3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var fresh, used Doc
		_ = used.ParseXML([]byte("<a><b>1</b></a>"))
		require.Equal(t, fresh.ParseForm(src), used.ParseForm(src))
		require.Equal(t, dump(fresh.Root()), dump(used.Root()))
		sound(t, &fresh, src)
	})
}

func TestMade(t *testing.T) {
	var d Doc
	d.SetText([]byte("a \"text\"\\ \xff"))
	require.Equal(t, `"a \"text\"\\ �"`, dump(d.Root()))
	d.SetObject()
	d.AddText("title", []byte("502 \xff"))
	d.AddText("text", nil)
	require.Equal(t, `{"title":"502 �","text":""}`, dump(d.Root()))
	require.NoError(t, d.Parse([]byte(`{"a":1} {"b":2}`)))
	require.Equal(t, ` {"b":2}`, string(d.Rest()))
}
