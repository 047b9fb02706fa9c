package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net/url"
	"strings"
	"time"
)

// canary is a secret that exists nowhere else, and where it was put.
type canary struct {
	kind, place string
	needle      string // what must be seen nowhere
}

// forms are what the secret looks like, in lower case: as it is, percent-encoded, in base64.
func (c canary) forms() []string {
	encoded := base64.RawStdEncoding.EncodeToString([]byte(c.needle))
	return []string{strings.ToLower(c.needle), strings.ToLower(url.QueryEscape(c.needle)), strings.ToLower(encoded)}
}

// indexBytes is how much of a secret is looked up; all are longer.
const indexBytes = 12

// canaries finds hundreds of secrets in one pass over a text, by how they begin.
type canaries map[string][]canary

func indexed(all []canary) canaries {
	index := canaries{}
	for _, c := range all {
		for _, form := range c.forms() {
			index[form[:indexBytes]] = append(index[form[:indexBytes]], c)
		}
	}
	return index
}

// find calls report for each secret in a text, with what is around it.
func (index canaries) find(text []byte, report func(c canary, around string)) {
	lower := strings.ToLower(string(text))
	for i := range max(0, len(lower)-indexBytes+1) {
		for _, c := range index[lower[i:i+indexBytes]] {
			for _, form := range c.forms() {
				if strings.HasPrefix(lower[i:], form) {
					report(c, lower[max(0, i-60):min(len(lower), i+len(form)+20)])
					break
				}
			}
		}
	}
}

// secretForm is a kind of secret: how it looks in a sentence, and as the value of a member with a telling name.
type secretForm struct {
	kind   string
	fresh  func() string
	phrase string // %s is the secret
	member string // "" = it has no name, only a form
}

var secretForms = []secretForm{
	{"password", func() string { return "Tr0ub4dor" + word() }, "login failed: password=%s for this account", "password"},
	{"client_secret", func() string { return word() + word() }, `rejected {"client_secret": "%s"}`, "client_secret"},
	{"bearer", func() string { return word() + word() }, "Authorization: Bearer %s is not valid", "Authorization"},
	{"stripe key", func() string { return "sk_live_" + word() }, "Invalid API Key provided: %s", ""},
	{"github key", func() string { return "ghp_" + word() + word() }, "bad credentials %s", ""},
	{"aws key", func() string { return "AKIA" + strings.ToUpper(word())[:16] }, "the security token of %s is invalid", ""},
	{"opaque token", func() string { return word() + word() }, "Public token expired: %s", "access_token"},
	{"cookie", func() string { return word() + word() }, "Cookie: session=%s; theme=dark", "Cookie"},
	{"jwt", jwt, "cannot verify %s", "id_token"},
	{"email", func() string { return word() + "@example.com" }, "no user %s here", "contact"},
	{"card", card, "the card %s was declined", "number"},
	{"iban", iban, "no account %s", "account"},
	{"phone", func() string { return "+4477009" + digits(5) }, "cannot call %s now", "phone"},
	{"userinfo", func() string { return "Hx9" + word() }, "cannot reach https://robot:%s@db.example.com/x", ""},
}

// word is random, lower case, and has digits.
func word() string { return "c4n4" + strings.ToLower(rand.Text()) }

func digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + mathrand.IntN(10)))
	}
	return b.String()
}

func jwt() string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(`{"sub":"`+word()+`"}`) + "." + part(word()+word())
}

// card passes Luhn's check.
func card() string {
	text := "4" + digits(14)
	for last := range 10 {
		if candidate := fmt.Sprint(text, last); luhn(candidate) {
			return candidate
		}
	}
	panic("no check digit")
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// iban is German, with the check digits of ISO 13616.
func iban() string {
	account := digits(18)
	n, _ := new(big.Int).SetString(account+"131400", 10) // DE00
	check := 98 - new(big.Int).Mod(n, big.NewInt(97)).Int64()
	return fmt.Sprintf("DE%02d%s", check, account)
}

// place puts a phrase, or the value of a member, into one line of response logs.
type place struct {
	name string
	line func(phrase, member, secret string) string
}

var places = []place{
	{"message", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body": encode(map[string]any{"error": map[string]any{"code": "x_failed", "message": phrase}})})
	}},
	{"problem title, type, instance", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body": encode(map[string]any{
			"type": "https://api.example.com/" + phrase, "title": phrase, "detail": phrase, "instance": phrase,
		}), "response_headers": map[string]any{"Content-Type": "application/problem+json"}})
	}},
	{"details", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body": encode(map[string]any{
			"error": map[string]any{"code": "invalid", "errors": []any{map[string]any{"field": phrase, "code": phrase, "message": phrase}}},
		})})
	}},
	{"code", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body": encode(map[string]any{"error": phrase, "error_description": phrase})})
	}},
	{"vendor's body", func(phrase, member, secret string) string {
		return failure(map[string]any{
			"url":           "https://api.truelayer.com/data/v1/me",
			"response_body": encode(map[string]any{"error": "invalid_request", "error_description": phrase, "error_details": map[string]any{named(member): secret}}),
		})
	}},
	{"nested member", func(_, member, secret string) string {
		return failure(map[string]any{"response_body": encode(map[string]any{
			"unknown": []any{map[string]any{"a": []any{map[string]any{"b": map[string]any{named(member): secret}}}}},
		})})
	}},
	{"inline body", func(phrase, member, secret string) string {
		return failure(map[string]any{"response_body": map[string]any{"message": phrase, named(member): secret}})
	}},
	{"text body", func(phrase, _, _ string) string { return failure(map[string]any{"response_body": phrase}) }},
	{"html body", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body": "<html><title>" + phrase + "</title><p>" + phrase})
	}},
	{"invalid JSON in the body", func(phrase, member, secret string) string {
		return failure(map[string]any{"response_body": `{"message": ` + encode(phrase) + `, "` + named(member) + `": "` + secret + `", "x`})
	}},
	{"JSON in JSON", func(phrase, member, secret string) string {
		inner := encode(map[string]any{"message": phrase, named(member): secret})
		return failure(map[string]any{"response_body": encode(map[string]any{"message": inner})})
	}},
	{"base64 body", func(phrase, _, _ string) string {
		return failure(map[string]any{"response_body_base64": base64.StdEncoding.EncodeToString([]byte(`{"message":` + encode(phrase) + `}`))})
	}},
	{"request headers", func(phrase, member, secret string) string {
		return failure(map[string]any{"request_headers": map[string]any{"X-Note": phrase, "X-Raw": secret, named(member): secret}, "response_body": "{}"})
	}},
	{"response headers", func(phrase, member, secret string) string {
		return failure(map[string]any{"response_headers": map[string]any{"Set-Cookie": "sid=" + secret, "X-Note": phrase, named(member): secret}, "response_body": "{}"})
	}},
	{"unknown members", func(phrase, member, secret string) string {
		return failure(map[string]any{"request_body": phrase, named(member): secret, "response_body": "{}"})
	}},
	{"query", func(phrase, member, secret string) string {
		return failure(map[string]any{"url": "https://api.example.com/v1/x?q=" + url.QueryEscape(phrase) + "&" + named(member) + "=" + url.QueryEscape(secret)})
	}},
	{"URL user", func(_, _, secret string) string {
		return failure(map[string]any{"url": "https://robot:" + url.QueryEscape(secret) + "@api.example.com/v1/x", "response_body": "down"})
	}},
	{"transport error", func(phrase, _, _ string) string {
		return encode(map[string]any{"time": now(), "url": "https://api.example.com/v1/x", "error": "connection refused: " + phrase})
	}},
	{"no time", func(phrase, member, secret string) string {
		return encode(map[string]any{"status": 500, "response_body": phrase, named(member): secret, "request_headers": map[string]any{"Authorization": secret}})
	}},
	{"bad status", func(phrase, _, _ string) string {
		return encode(map[string]any{"time": now(), "status": 99999, "url": "https://api.example.com/", "response_body": phrase})
	}},
	{"cut record", func(phrase, member, secret string) string {
		return `{"time":1,"status":500,"message":` + encode(phrase) + `,"` + named(member) + `":"` + secret + `","response_bo`
	}},
	{"no JSON", func(phrase, _, _ string) string { return "GET /x 500 " + phrase }},
	{"too long", func(phrase, _, _ string) string {
		return `{"time":` + encode(now()) + `,"status":500,"note":` + encode(phrase) + `,"response_body":"` + strings.Repeat("padding ", 150_000) + `","end":` + encode(phrase) + `}`
	}},
}

// named is a member's name that tells of a secret, for those that have none of their own.
func named(member string) string {
	if member == "" {
		return "api_key"
	}
	return member
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// failure is a response log of status 500 with these members.
func failure(members map[string]any) string {
	all := map[string]any{"time": now(), "status": 500, "url": "https://api.example.com/v1/x", "service": "canary", "method": "POST"}
	for name, value := range members {
		all[name] = value
	}
	return encode(all)
}

func encode(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// plant puts a fresh secret of each kind into each place.
func plant() (lines []string, all []canary) {
	for _, p := range places {
		for _, form := range secretForms {
			secret := form.fresh()
			lines = append(lines, p.line(fmt.Sprintf(form.phrase, secret), form.member, secret))
			all = append(all, canary{form.kind, p.name, secret})
		}
	}
	return lines, all
}
