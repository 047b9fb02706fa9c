package page

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestIs(t *testing.T) {
	f := func(want bool, text string) {
		t.Helper()
		require.Equal(t, want, Is([]byte(text)), text)
	}
	f(true, "<!doctype html>")
	f(true, "\ufeff \n<!DOCTYPE HTML PUBLIC \"x\">")
	f(true, "<?xml version=\"1.0\"?>\n<!-- a > b --><!DOCTYPE html PUBLIC \"x\"><html xmlns=\"http://www.w3.org/1999/xhtml\">")
	f(true, "<?xml version=\"1.0\"?><HTML>")
	f(true, "<h1>Not Found</h1>")
	f(true, "<p class='a'")
	f(false, "<?xml version=\"1.0\"?><Error/>")
	f(false, "<error><title>x</title></error>")
	f(false, "<!DOCTYPE error SYSTEM \"html\">")
	f(false, "<header/>")
	f(false, "<a:Error xmlns:a=\"urn:x\">")
	f(false, "<title_error/>")
	f(false, "<!-- never closed")
	f(false, "")
	f(false, "<")
	f(false, "html")
	f(false, strings.Repeat("<!-- -->", 100)+"<html>")
}

func TestRead_Texts(t *testing.T) {
	var r Reader
	f := func(html, title, heading, text, message string) {
		t.Helper()
		p := r.Read([]byte(html))
		require.Equal(t, title, string(p.Title), html)
		require.Equal(t, heading, string(p.Heading), html)
		require.Equal(t, text, string(p.Text), html)
		require.Equal(t, message, string(p.Message), html)
	}
	f("<title>\n Down &amp; <b>out</b>\n</title>", "Down & out", "", "", "Down & out")
	f("<h1>a<br>b</h1><p>It&#39;s&nbsp;&#x41;&bogus;&;&</p>", "", "a", "It's A&bogus;&;&", "a")
	f("<script>'<title>no</title>'</script><style>h1{}</style><noscript>no</noscript><!-- <h1>no</h1> --><p>Yes, this.</p>", "", "", "Yes, this.", "Yes, this.")
	f("<p title='a > b'>one <i>two</i><em>three</em></p>four", "", "", "one twothree four", "one twothree")
	f("<p title='never closed>one two</p>", "", "", "one two", "one two")
	f("<title>Error</title><h2>Error</h2><h2>No such user</h2>", "Error", "No such user", "", "No such user")
	f("<title>404 Not Found</title><h1>Oops</h1>", "404 Not Found", "Oops", "", "404 Not Found")
	f("<title>Acme</title><h1>404</h1><p>Nobody knows that page</p>", "Acme", "404", "Nobody knows that page", "Acme")
	f("<title>Acme</title><h1>Page not found</h1>", "Acme", "Page not found", "", "Page not found")
	f("<title>400 The plain HTTP request was sent to HTTPS port</title><h1>400 Bad Request</h1>", "400 The plain HTTP request was sent to HTTPS port", "400 Bad Request", "",
		"400 The plain HTTP request was sent to HTTPS port")
	f("<h1>502", "", "502", "", "502")
	f("<p>word</p>", "", "", "word", "")
	f("caf\xc3", "", "", "caf�", "")
	f("", "", "", "", "")
}

func TestRead_Weight(t *testing.T) {
	f := func(want weight, texts ...string) {
		t.Helper()
		for _, text := range texts {
			require.Equal(t, want, weigh([]byte(text)), text)
		}
	}
	f(weightless, "", "Error", "ERROR!", "Error Page", "Oops!", "Kong Error", "— –")
	f(status, "404", "404 Not Found", "HTTP Status 404 – Not Found", "Error 404 (Not Found)!!1", "HTTP ERROR 503", "Error: Forbidden", "Service Temporarily Unavailable",
		"HTTP Error 404.0 - Not Found", "Request Time-out", "I’m a teapot", "500 Internal Server Error", "Error 404--Not Found")
	f(sentence, "Access Denied", "404 - File or directory not found.", "Server Error in '/' Application.", "Error 1015", "Fehler", "Erreur 404 : introuvable",
		"An error occurred", "ページが見つかりません", "503 Backend fetch failed", strings.Repeat("long", 100))
}

func TestRead_Bounds(t *testing.T) {
	var r Reader
	for _, html := range []string{
		strings.Repeat("<p>word word</p>", 100_000), "<title>" + strings.Repeat("long ", 1_000_000), strings.Repeat("<", 1_000_000),
		strings.Repeat("<a ", 500_000), strings.Repeat("<script>", 200_000), "<!--" + strings.Repeat("-", 1_000_000), strings.Repeat("</", 500_000),
		"<p x='" + strings.Repeat("<p x='", 200_000), strings.Repeat("&#", 500_000), strings.Repeat("<title>", 200_000),
	} {
		sound(t, r.Read([]byte(html)))
		require.LessOrEqual(t, len(r.blocks), maxBlocks+1)
	}
}

// TestRead_OneLongParagraph hangs for minutes when what a page has too much of is looked at more than once.
func TestRead_OneLongParagraph(t *testing.T) {
	var r Reader
	for _, unit := range []string{"a ", "ab, cd  ", "a &amp;", "word é"} {
		html := []byte(strings.Repeat(unit, maxPage/len(unit)))
		for range 200 {
			sound(t, r.Read(html))
		}
	}
}

// sound checks what holds for every page.
func sound(t *testing.T, p Page) {
	t.Helper()
	for _, text := range [][]byte{p.Title, p.Heading, p.Text, p.Message, p.Code, p.RequestID} {
		require.LessOrEqual(t, len(text), maxBlock+utf8.UTFMax)
		require.True(t, utf8.Valid(text), "%q", text)
		require.NotContains(t, string(text), "\n")
	}
}

func TestRead_DoesNotAllocate(t *testing.T) {
	html := []byte("<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested &quot;URL&quot;</p><hr><center>nginx</center>")
	var r Reader
	r.Read(html)
	require.Zero(t, testing.AllocsPerRun(10, func() { r.Read(html) }))
}

func TestPlain(t *testing.T) {
	f := func(text, product, code, id, message string) {
		t.Helper()
		p := Plain([]byte(text))
		require.Equal(t, []string{product, code, id, message}, []string{p.Product, string(p.Code), string(p.RequestID), string(p.Message)}, text)
	}
	f("upstream request timeout", "envoy", "", "", "upstream request timeout")
	f("error code: 1020\n", "cloudflare", "1020", "", "error code: 1020")
	f("The page could not be found\n\nNOT_FOUND\n\nfra1::abcde-1700000000000-0123456789ab\n", "vercel", "NOT_FOUND", "fra1::abcde-1700000000000-0123456789ab", "The page could not be found")
	f("The page could not be found\n\nNOT_FOUND\n\nnothing else here\n", "", "", "", "")
	f("Not Found - Request ID: 01HF7YQ3V0K6RZ5T2E8M9N4B1C", "netlify", "", "01HF7YQ3V0K6RZ5T2E8M9N4B1C", "Not Found")
	f("anything else", "", "", "", "")
	f("", "", "", "", "")
}

// FuzzRead: no page makes Read panic, exceed its bounds, or answer differently the second time.
func FuzzRead(f *testing.F) {
	cases, err := fs.Glob(os.DirFS("../testdata/bodies"), "page_*.txtar")
	require.NoError(f, err)
	require.NotEmpty(f, cases)
	for _, name := range cases {
		text, err := os.ReadFile("../testdata/bodies/" + name)
		require.NoError(f, err)
		f.Add(text)
	}
	for _, seed := range []string{"<", "<p", "&#", "<title>x", "<pre>a\nb<br>c", "</", "<!-", "<body id=ERR_X>", "error code: 1015", "a\n\nB_CD\n\nx::y", "\xe2\x80"} {
		f.Add([]byte(seed))
	}
	reused := new(Reader)
	f.Fuzz(func(t *testing.T, html []byte) {
		got := reused.Read(html)
		sound(t, got)
		require.Equal(t, new(Reader).Read(html), got)
		Is(html)
		Plain(html)
		weigh(html)
		require.LessOrEqual(t, len(reused.blocks), maxBlocks+1)
	})
}

func BenchmarkRead(b *testing.B) {
	html := []byte("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n")
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		r.Read(html)
	}
}
