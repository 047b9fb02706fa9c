package redact

// prefix is the published beginning of a kind of API key.
type prefix struct {
	text   string // lower case
	anchor int    // where in text its first separator is
	body   int    // least length of what follows
	rule   bodyRule
}

type bodyRule uint8

const (
	anyBody   bodyRule = iota
	withDigit          // the prefix alone is too common a word
	oneWord            // letters and digits only, up to body: npm_config_registry is no key
	withSlash          // base64, whose '/' belongs to the key
)

// underscorePrefixes holds the prefixes by the byte before their first '_'. From the pages of Stripe,
// GitHub, npm, Hugging Face, Shopify, DigitalOcean, Figma, Linear, Notion, Grafana and PostHog.
var underscorePrefixes = byTail([]prefix{
	{"sk_live_", 2, 6, anyBody},
	{"sk_test_", 2, 6, anyBody},
	{"rk_live_", 2, 6, anyBody},
	{"rk_test_", 2, 6, anyBody},
	{"pk_live_", 2, 6, anyBody},
	{"pk_test_", 2, 6, anyBody},
	{"sk_", 2, 16, withDigit},
	{"rk_", 2, 16, withDigit},
	{"pk_", 2, 16, withDigit},
	{"ghp_", 3, 6, anyBody},
	{"gho_", 3, 6, anyBody},
	{"ghs_", 3, 6, anyBody},
	{"ghu_", 3, 6, anyBody},
	{"ghr_", 3, 6, anyBody},
	{"github_pat_", 6, 6, anyBody},
	{"npm_", 3, 12, oneWord},
	{"hf_", 2, 12, oneWord},
	{"whsec_", 5, 6, withSlash},
	{"glc_", 3, 16, withDigit},
	{"phc_", 3, 16, withDigit},
	{"shpat_", 5, 16, anyBody},
	{"secret_", 6, 32, oneWord},
	{"dop_v1_", 3, 16, anyBody},
	{"figd_", 4, 16, anyBody},
	{"lin_api_", 3, 16, anyBody},
	{"ntn_", 3, 16, withDigit},
})

// dashPrefixes holds the prefixes by the byte before their first '-'. From the pages of GitLab,
// Slack, OpenAI, Anthropic, Plaid, Square, PyPI and Postman.
var dashPrefixes = byTail([]prefix{
	{"glpat-", 5, 6, anyBody},
	{"xoxa-", 4, 6, anyBody},
	{"xoxb-", 4, 6, anyBody},
	{"xoxe-", 4, 6, anyBody},
	{"xoxo-", 4, 6, anyBody},
	{"xoxp-", 4, 6, anyBody},
	{"xoxr-", 4, 6, anyBody},
	{"xoxs-", 4, 6, anyBody},
	{"xapp-", 4, 10, withDigit},
	{"sk-", 2, 16, withDigit},
	{"pmak-", 4, 16, withDigit},
	{"pypi-", 4, 16, withDigit},
	{"sq0atp-", 6, 10, anyBody},
	{"sq0csp-", 6, 10, anyBody},
	{"access-sandbox-", 6, 16, withDigit},
	{"access-development-", 6, 16, withDigit},
	{"access-production-", 6, 16, withDigit},
	{"link-sandbox-", 4, 16, withDigit},
	{"link-production-", 4, 16, withDigit},
	{"public-sandbox-", 6, 16, withDigit},
	{"public-production-", 6, 16, withDigit},
})

func byTail(all []prefix) (t [256][]prefix) {
	for _, p := range all {
		tail := p.text[p.anchor-1]
		t[tail] = append(t[tail], p)
	}
	return t
}

// prefixed finds a key with one of the prefixes around the separator at i.
func (s *scanner) prefixed(i int, candidates []prefix) span {
	for _, p := range candidates {
		start := i - p.anchor
		if start < s.from || !hasPrefixFold(s.text[start:], p.text) || !s.starts(start) {
			continue
		}
		body := start + len(p.text)
		if end := s.run(body, judged, p.bytes()); p.accepts(s.text[body:end]) {
			return span{start, s.run(s.run(body, unbounded, p.bytes()), 2, padding), kindAPIKey}
		}
	}
	return span{}
}

func (p prefix) accepts(body []byte) bool {
	if len(body) < p.body {
		return false
	}
	if p.rule == oneWord {
		return countIn(body[:p.body], alnum) == p.body
	}
	return p.rule != withDigit || countIn(body, digit) > 0
}

func (p prefix) bytes() class {
	if p.rule == withSlash {
		return token | base64Rest
	}
	return token
}

func countIn(text []byte, c class) (n int) {
	for _, b := range text {
		n += b2i(is(b, c))
	}
	return n
}

// dotted finds keys whose prefix ends in a dot: SendGrid's SG. and Google's OAuth ya29.
func (s *scanner) dotted(i int) span {
	var start int
	switch {
	case s.byteAt(i-1) == 'G' && s.byteAt(i-2) == 'S':
		start = i - 2
	case s.byteAt(i-1) == '9' && i-4 >= s.from && string(s.text[i-4:i]) == "ya29":
		start = i - 4
	default:
		return span{}
	}
	if !s.starts(start) || s.dottedEnd(i+1, judged)-i < 17 {
		return span{}
	}
	return span{start, s.dottedEnd(i+1, unbounded), kindAPIKey}
}

// awsKey finds an AWS access key id, AKIA… or ASIA… and 16 more, by its second letter at i.
func (s *scanner) awsKey(i int) span {
	start := i - 1
	if start < s.from || s.text[start]|0x20 != 'a' || !s.starts(start) {
		return span{}
	}
	if rest := s.text[start:]; !hasPrefixFold(rest, "akia") && !hasPrefixFold(rest, "asia") {
		return span{}
	}
	end := s.run(start, judged, alnum)
	if end-start < 20 || s.text[start+1] == 'k' && countIn(s.text[start:end], digit) == 0 {
		return span{}
	}
	return span{start, s.run(start, unbounded, alnum), kindAPIKey}
}

// googleKey finds a Google API key, AIza and 35 more, by the 'z' at i.
func (s *scanner) googleKey(i int) span {
	start := i - 2
	if start < s.from || !hasPrefixFold(s.text[start:], "aiza") || !s.starts(start) {
		return span{}
	}
	if s.run(start, judged, token)-start < 24 {
		return span{}
	}
	return span{start, s.run(start, unbounded, token), kindAPIKey}
}
