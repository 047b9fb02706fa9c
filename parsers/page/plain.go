package page

import "bytes"

// beginnings are the texts, without any markup, with which products answer.
var beginnings = [...]struct{ text, product string }{
	{"upstream connect error or disconnect", "envoy"},
	{"no healthy upstream", "envoy"},
	{"upstream request timeout", "envoy"},
	{"stream timeout", "envoy"},
	{"RBAC: access denied", "envoy"},
	{"local_rate_limited", "envoy"},
	{"fault filter abort", "envoy"},
	{"Jwt ", "envoy"},
	{"Audiences in Jwt", "envoy"},
	{"error code: ", "cloudflare"},
	{"Fastly error: ", "fastly"},
	{"no available server", "traefik"},
	{"default backend - 404", "ingress-nginx"},
	{"404 page not found", "go"},
	{"Not Found - Request ID: ", "netlify"},
	{"Rate exceeded.", "google"},
}

// Plain reads the plain text with which a product answers; its page has no product when no known one
// does. Nothing is kept of text; the texts are parts of it.
func Plain(text []byte) Page {
	text = bytes.TrimSpace(text)
	if p, ok := vercel(text); ok {
		return p
	}
	for i := range beginnings {
		if !hasPrefix(text, beginnings[i].text) {
			continue
		}
		p := Page{Message: text, Product: beginnings[i].product}
		switch p.Product {
		case "cloudflare":
			p.Code = numberAfter(text, "rror ", 4)
			p.Category = meaning(p.Code)
		case "netlify":
			p.Message = text[:len("Not Found"):len("Not Found")]
			p.RequestID = idAt(text[len(beginnings[i].text):])
		}
		return p
	}
	return Page{}
}

// vercel reads a sentence, the code and the id of the request, each in a paragraph of its own.
func vercel(text []byte) (Page, bool) {
	message, rest, _ := bytes.Cut(text, []byte("\n"))
	code, rest, found := bytes.Cut(bytes.TrimSpace(rest), []byte("\n"))
	id := bytes.TrimSpace(rest)
	code = bytes.TrimSpace(code)
	if !found || !bytes.Contains(id, []byte("::")) || bytes.IndexByte(id, ' ') >= 0 || !isUpper(code) {
		return Page{}, false
	}
	return Page{Message: bytes.TrimSpace(message), Product: "vercel", Code: code, RequestID: id, Category: meaning(code)}, true
}

// isUpper accepts NAMES_LIKE_THIS.
func isUpper(text []byte) bool {
	for _, c := range text {
		if (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return len(text) > 3
}
