package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unescape is what encoding/json makes of a source.
func unescape(dst, source []byte) []byte {
	var text string
	if json.Unmarshal([]byte(`"`+string(source)+`"`), &text) != nil {
		return append(dst, "\ufffd"...)
	}
	return append(dst, text...)
}

// trickyIDs are ids that look like the end or the beginning of what the reader looks for, and usual ones.
var trickyIDs = map[int][]string{
	8:  {"12345678", "40412345", "52012345"},
	10: {"1020000000", "5200000404"},
	16: {"52a8b1c9d2e3f404", "a000000000000000", "e1d2c3b4a5960718", "4111111111111111", "1111111111111ad1", "00000000000000ad", "abcdefabcdefabcd", "E1D2C3B4A5960718"},
	32: {"52000000000000000000000000000404", "e23456789abcdef0123456789abcdead", "f1234560abf9f57287637624def39087", "abcdefabcdefabcdefabcdefabcdefab", "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a", "D0000000000000000000000000000001"},
	36: {"3a7dd87c-8f00-445a-92ac-07990b211862", "d1111111-1111-1111-1111-111111111404", "eabcdef0-1234-1234-1234-1234567890ad", "52345678-aaaa-bbbb-cccc-ddddddddddd1"},
}

// sameAsRead learns a page and looks for it with other ids. It returns how often it was found, and requires that it says then
// what the reader reads.
func sameAsRead(tb testing.TB, quoted []byte) (found int) {
	tb.Helper()
	var k Known
	var r Reader
	k.Learn(quoted, unescape)
	var p known
	p.source = quoted[1:]
	p.findIDs()
	for n := range 8 {
		source := bytes.Clone(p.source)
		for i, d := range p.ids {
			like := trickyIDs[d.end-d.at]
			if d.form == decimal || len(like) == 0 {
				like = []string{"98765432109876543210"[:d.end-d.at], "10204045201020304050"[:d.end-d.at]}
			}
			copy(source[d.at:], like[(n+i)%len(like)])
		}
		page, size := k.Find(append(source, `,"next":1}`...))
		if size == 0 {
			continue
		}
		found++
		require.Equal(tb, len(source), size)
		want := r.Read(unescape(nil, source[:size-1]))
		require.Equal(tb, fmt.Sprintf("%+q", want), fmt.Sprintf("%+q", page), "%s", source)
	}
	return found
}

// quote returns a page as Go logs it.
func quote(tb testing.TB, html string) []byte {
	tb.Helper()
	quoted, err := json.Marshal(html)
	require.NoError(tb, err)
	return quoted
}

// plain returns a page that Go logged as others log it.
func plain(quoted []byte) []byte {
	return []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(quoted)))
}

// pagesWithID are pages with an id where it matters which one it is, and where it does not.
var pagesWithID = []struct {
	html  string
	known bool
}{
	{"<h1>Bad gateway</h1><p>Incident <code>%s</code></p>", true},
	{"<title>x</title><p>Ray ID: %s</p>", true},
	{"<title>x</title><p>Ray ID:</p><p>%s</p>", true},
	{"<p>a</p><script>var id = '%s';</script>", true},
	{"<p>a</p><!-- %s --><p>b c</p>", true},
	{`<p>a b</p><a href="/x/%s?y">z</a>`, true},
	{`<p>a b</p><a href="/x?id=%s&amp;y">z</a>`, true},
	{"<p>A &#39;b&#39; c:\n%s\n</p>", true},
	{"<pre>Cannot GET /v1/orders/%s</pre><title>Error</title>", true},
	{"<p>" + strings.Repeat("word ", 90) + "%s " + strings.Repeat("word ", 30), true},
	{"<p>" + strings.Repeat("word ", 102) + "%s " + strings.Repeat("word ", 30), false},             // cut within
	{"<p>a b</p><p>" + strings.Repeat("word ", 101) + "| %s " + strings.Repeat("word ", 30), false}, // and that is no text of the page
	{"<title>Request %s</title>", false},
	{"<h2>%s Gateway</h2>", false},
	{"<p>api.example.com | %s</p>", false},
	{"<p>%s: NOT_FOUND</p>", false},
	{"<p>Error %s</p>", false},
	{"<p>error code: %s</p>", false},
	{"<p>Cloudflare Ray I</p><p>%s</p>", false},
	{"<h1>Apache Tomcat</h1><p>Message %s</p>", false},
	{"<p>MESSAGE:</p><p>%s</p><p>Jetty</p>", false},
}

func TestKnown(t *testing.T) {
	for _, c := range pagesWithID {
		for size, like := range trickyIDs {
			quoted := quote(t, fmt.Sprintf(c.html, like[0]))
			for _, quoted := range [][]byte{quoted, plain(quoted)} {
				require.Equal(t, c.known, sameAsRead(t, quoted) > 0, "%s: %d", quoted, size)
				p := known{source: quoted[1:]}
				p.findIDs()
				require.Len(t, p.ids, 1, "%s", quoted)
			}
		}
	}
	for _, html := range []string{"<p>a b</%s>", "<p>a b<%s>", "<p>&%s;</p>", "<body bgcolor=#%s>", "<p>x%s</p>", "<p>%sx</p>"} { // the id stays as it is
		quoted := quote(t, fmt.Sprintf(html, trickyIDs[16][0]))
		p := known{source: quoted[1:]}
		p.findIDs()
		require.Empty(t, p.ids, html)
	}
	require.Zero(t, sameAsRead(t, quote(t, "<p>broken \ufffd</p>")))
	require.Zero(t, sameAsRead(t, quote(t, "<Error>XML</Error>")))
	require.Zero(t, sameAsRead(t, quote(t, "<p>"+strings.Repeat("long ", maxSource/4))))
}

// TestKnown_IDsAnywhere puts ids into the pages of all products, wherever it may be.
func TestKnown_IDsAnywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var forms []string
	for _, like := range trickyIDs {
		forms = append(forms, like[0])
	}
	found := 0
	for _, html := range examples(t) {
		for range 40 {
			text := html
			for range 1 + random.IntN(3) {
				at := random.IntN(len(text) + 1)
				if next := strings.IndexAny(text[at:], " >:=\"'([,/"); next >= 0 && random.IntN(4) > 0 {
					at += next + 1
				}
				text = text[:at] + forms[random.IntN(len(forms))] + []string{"", " ", "<", ": "}[random.IntN(4)] + text[at:]
			}
			quoted := quote(t, text)
			if random.IntN(2) == 0 {
				quoted = plain(quoted)
			}
			found += sameAsRead(t, quoted)
		}
	}
	require.Greater(t, found, 1000)
}

// examples are the pages of all products that the tests have.
func examples(tb testing.TB) (all []string) {
	dir := os.DirFS("../testdata/bodies")
	names, err := fs.Glob(dir, "page_*.txtar")
	require.NoError(tb, err)
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		require.NoError(tb, err)
		_, body, _ := strings.Cut(string(text), "\n\n<")
		if body, _, _ = strings.Cut("<"+body, "\n-- "); Is([]byte(body)) {
			all = append(all, body)
		}
	}
	for _, s := range signs {
		all = append(all, "<title>Sorry</title><p>"+s.text+" and</p><p>of "+s.text+"</p>")
	}
	for _, label := range idLabels {
		all = append(all, "<h1>503</h1>"+label+"x</p>")
	}
	require.Greater(tb, len(all), 100)
	return all
}

func TestID_Fits(t *testing.T) {
	f := func(want bool, is form, text string) {
		t.Helper()
		require.Equal(t, want, (&id{form: is}).fits([]byte(text)), text)
	}
	f(true, uuid, "3a7dd87c-8f00-445a-92ac-07990b211862")
	f(false, uuid, "3a7dd87c-8f00-445a<92ac-07990b211862")
	f(false, uuid, "3a7dd87c-8f00-445a-92ac-07990b2118-2")
	f(false, uuid, "3a7dd87c-8f00-445a-92ac-0799\\b211862")
	f(true, hexadecimal, "0000000000000000")
	f(true, hexadecimal, "ABCDEFabcdef0123")
	f(false, hexadecimal, "abcdefabcdefabcd") // a word, perhaps
	f(false, hexadecimal, "000000000000000g")
	f(false, hexadecimal, "00000000\"0000000")
	f(true, decimal, "12345678")
	f(false, decimal, "1234567a")
}

func FuzzKnown(f *testing.F) {
	for _, c := range pagesWithID {
		f.Add(fmt.Sprintf(c.html, trickyIDs[32][0]))
	}
	for _, html := range examples(f) {
		f.Add(html)
	}
	f.Fuzz(func(t *testing.T, html string) {
		sameAsRead(t, quote(t, html))
		if quoted := []byte(`"` + html + `"`); json.Valid(quoted) { // as others escape
			sameAsRead(t, quoted)
		}
	})
}

// TestKnown_Bounded: pages of which no two are alike are learned more and more seldom and take no more memory than stated.
func TestKnown_Bounded(t *testing.T) {
	var k Known
	tries := 0
	for i := range 4096 {
		quoted := quote(t, fmt.Sprintf("<p>Page %d of many</p>%s", i, strings.Repeat("<p>filler</p>", 1000)))
		_, size := k.Find(quoted[1:])
		require.Zero(t, size)
		k.Learn(quoted, func(dst, source []byte) []byte { tries++; return unescape(dst, source) })
	}
	require.Less(t, tries, 24)
	require.LessOrEqual(t, len(k.pages), maxKnown)
}

func TestKnown_DoesNotAllocate(t *testing.T) {
	var k Known
	quoted := quote(t, "<!doctype html><title>502 Bad Gateway</title><p>Ray ID: 52a8b1c9d2e3f404</p>")
	k.Learn(quoted, unescape)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if _, size := k.Find(quoted[1:]); size == 0 {
			t.Fatal("not found")
		}
	}))
}
