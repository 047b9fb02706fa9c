// Package redact replaces secrets and personal data in a text by [redacted:kind].
//
// It is called on every text of every error row before anything is stored or logged, so it is one
// pass of hand-written scanners that wake up on rare bytes: '@', '=', ':', a digit, a prefix such as
// "sk_". A text without any of them is copied at the speed of the look for them.
//
// It knows: bearer and basic credentials, JWTs, API keys by their published prefixes, values named
// like a secret (password=…, "client_secret":"…"), opaque tokens next to words such as token or key,
// private keys in PEM, card numbers (Luhn), IBANs (ISO 13616, mod 97), e-mail addresses, E.164 phone
// numbers, URL user information, and the patterns of the operator.
//
// It refuses to guess at what an API error needs to stay readable: UUIDs, named trace and request
// ids, ordinary numbers, prices, dates, versions and error codes stay. It decodes one level of
// percent-encoding (%40, %2B, %3D) and of JSON's \u escapes, no deeper, and it does not look for
// names, postal addresses or IP addresses.
package redact

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// Version numbers the rule set. It is stored with each row and grows with every change of a rule.
const Version uint16 = 2

// Redactor applies the built-in rules and the operator's patterns. It is immutable and safe for
// concurrent use.
type Redactor struct {
	extra []*regexp.Regexp
}

// New returns a Redactor with the built-in rules and extra, regular expressions in RE2 syntax whose
// matches become [redacted:custom]. The error names every pattern that is not usable.
func New(extra []string) (*Redactor, error) {
	r := &Redactor{}
	var faults []error
	for _, pattern := range extra {
		re, err := compile(pattern)
		if err != nil {
			faults = append(faults, fmt.Errorf("redaction pattern %q: %w", pattern, err))
			continue
		}
		r.extra = append(r.extra, re)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return r, nil
}

var errMatchesNothing = errors.New("matches only the empty text")

// compile refuses an empty pattern: it is a configuration mistake that would redact nothing.
func compile(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, errMatchesNothing
	}
	return regexp.Compile(pattern)
}

// Append appends text to dst with secrets and personal data replaced, and returns the extended
// slice. It never fails; text is not written to and may not overlap dst's free capacity. The output
// is valid UTF-8 if text is. Redacting a redacted text changes nothing. Without operator patterns
// nothing is allocated beyond the growth of dst.
func (r *Redactor) Append(dst, text []byte) []byte {
	return r.apply(dst, text, message)
}

// AppendPath is Append for the path of a URL with its optional query. A path is made of ids, so a
// long hexadecimal segment stays there unless the segment before it names a secret (/tokens/48427a…).
func (r *Redactor) AppendPath(dst, path []byte) []byte {
	return r.apply(dst, path, urlPath)
}

func (r *Redactor) apply(dst, text []byte, place place) []byte {
	base := len(dst)
	dst, replaced := appendBuiltin(dst, text, place)
	if !replaced && len(r.extra) == 0 {
		return dst
	}
	return r.settle(dst, base, place)
}

// maxRounds bounds the search for a stable text. One more round settles all but contrived texts.
const maxRounds = 8

// settle redacts dst[base:] again until nothing changes. A replacement moves the borders of what is
// beside it, so that a rule, or an anchor of an operator's pattern, may match only then; going on is
// what makes redacting twice the same as once. A text that will not settle is withheld whole.
//
// The next text is written behind the one before it and moved down, so that dst is the only buffer.
func (r *Redactor) settle(dst []byte, base int, place place) []byte {
	for range maxRounds {
		end := len(dst)
		next := dst[base:end]
		for _, re := range r.extra {
			next = replacePattern(re, next)
		}
		dst, _ = appendBuiltin(dst, next, place)
		if bytes.Equal(dst[base:end], dst[end:]) {
			return dst[:end]
		}
		dst = dst[:base+copy(dst[base:], dst[end:])]
	}
	return append(dst[:base], marker(kindSecret)...)
}
