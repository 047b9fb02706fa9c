package redact

import "bytes"

// judged is how much of a token is looked at before it is judged; longer ones are then followed to
// their end. The bound keeps texts such as "sk_sk_sk_…" linear.
const judged = 128

// unbounded is no limit to run.
const unbounded = 1 << 30

// scheme finds the credential after "Bearer" (RFC 6750) or "Basic" (RFC 7617) at i.
func (s *scanner) scheme(i int) span {
	next := toLower(s.byteAt(i + 1))
	if next != 'e' && next != 'a' || !s.starts(i) {
		return span{}
	}
	switch rest := s.text[i:]; {
	case hasPrefixFold(rest, "bearer"):
		return s.credentials(i+len("bearer"), kindBearer)
	case hasPrefixFold(rest, "basic"):
		return s.credentials(i+len("basic"), kindBasic)
	default:
		return span{}
	}
}

func (s *scanner) credentials(i int, k kind) span {
	start := s.skipBlanks(i)
	if start == i {
		return span{}
	}
	if b := s.byteAt(start); b == '"' || b == '\'' {
		start++
	}
	end := s.credentialEnd(start, judged)
	found := s.text[start:end]
	if len(found) < 3 || isProse(found) || saysError(found) || k == kindBasic && !looksBase64(found) || s.isParameter(start, end) {
		return span{}
	}
	return span{start, s.credentialEnd(start, unbounded), k}
}

// credentialEnd leaves the full stop of a sentence outside.
func (s *scanner) credentialEnd(start, limit int) int {
	end := s.run(start, limit, credential)
	for end > start && (s.text[end-1] == '.' || s.text[end-1] == '-') {
		end--
	}
	for padding := 0; padding < 3 && end > start && s.byteAt(end) == '='; padding++ {
		end++
	}
	return end
}

// isParameter reports whether what stands there is the name of an auth-param and not a credential that
// ends in padding: WWW-Authenticate: Bearer realm="api", error="invalid_token".
func (s *scanner) isParameter(start, end int) bool {
	if s.byteAt(end-1) != '=' || countIn(s.text[start+1:end-1], lower|underDash) < end-start-2 {
		return false
	}
	b := s.byteAt(end)
	return b == '"' || b == '\\' || b == '[' || is(b, credential)
}

// skipBlanks passes over blanks and their escapes %20 and +, at most four of them.
func (s *scanner) skipBlanks(i int) int {
	for range 4 {
		switch {
		case i < len(s.text) && (is(s.text[i], blank) || s.text[i] == '+'):
			i++
		case percentByte(s.text, i) == ' ':
			i += 3
		default:
			return i
		}
	}
	return i
}

// looksBase64 tells dXNlcjpwYXNz from the words that follow "basic" in prose: plan, auth, Access.
func looksBase64(word []byte) bool {
	if word[len(word)-1] == '=' {
		return true
	}
	if len(word) < 8 {
		return false
	}
	mixed := 0
	for i, b := range word {
		if is(b, digit|base64Rest) || i > 0 && is(b, upper) && is(word[i-1], lower) {
			mixed++
		}
	}
	return mixed >= 2 || mixed == 1 && len(word) >= 12
}

// jwt finds a JSON Web Token by its first bytes: "eyJ" is base64url of `{"`. RFC 7519 section 3.
func (s *scanner) jwt(i int) span {
	start := i - 2
	if start < s.from || !equalFold(s.text[start:i+1], "eyj") || !s.starts(start) {
		return span{}
	}
	if end := s.dottedEnd(start, judged); end-start < 12 {
		return span{}
	}
	return span{start, s.dottedEnd(start, unbounded), kindJWT}
}

// dottedEnd returns the end of tokens joined by single dots.
func (s *scanner) dottedEnd(start, limit int) int {
	stop := start
	for end := start; ; end++ {
		end = s.run(end, limit, token)
		if end > stop {
			stop = end
		}
		if end >= len(s.text)-1 || s.text[end] != '.' || !is(s.text[end+1], token) || end-start > limit {
			break
		}
	}
	return s.run(stop, 2, padding)
}

const (
	pemBegin = "-----BEGIN"
	pemEnd   = "-----END"
)

// dash finds private keys and keys with a prefix that ends in a dash.
func (s *scanner) dash(i int) span {
	if s.byteAt(i+1) != '-' {
		return s.prefixed(i, dashPrefixes[toLower(s.byteAt(i-1))])
	}
	return s.privateKey(i)
}

// privateKey finds a private key in PEM (RFC 7468), with its blanks and ends of lines escaped or not.
func (s *scanner) privateKey(i int) span {
	rest := s.text[i:]
	if !bytes.HasPrefix(rest, []byte(pemBegin)) {
		return span{}
	}
	const maxLabel = 64
	label := rest[len(pemBegin):min(len(rest), len(pemBegin)+maxLabel)]
	private := bytes.Index(label, []byte("PRIVATE"))
	if private < 0 || !bytes.HasPrefix(label[s.skipBlanks(i+len(pemBegin)+private+len("PRIVATE"))-i-len(pemBegin):], []byte("KEY")) {
		return span{}
	}
	end := bytes.Index(rest, []byte(pemEnd))
	s.work += max(end, 0)
	if end < 0 {
		return span{i, len(s.text), kindPrivateKey}
	}
	return span{i, s.pemEndLine(i + end + len(pemEnd)), kindPrivateKey}
}

func (s *scanner) pemEndLine(i int) int {
	const maxLabel = 64
	line := s.text[i:min(len(s.text), i+maxLabel)]
	if end := bytes.Index(line, []byte("-----")); end >= 0 {
		return i + end + len("-----")
	}
	return i
}
