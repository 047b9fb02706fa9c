package redact

import "strings"

// meaning is what a word says of the text after it.
type meaning uint8

const (
	meansNothing meaning = iota
	meansSecret
	meansID
)

const maxWordLen = 24

// lowerWord copies the last component of an identifier in lower case: accessToken, access_token and
// access-token are "token", requestId is "id".
func lowerWord(word []byte, buf *[maxWordLen]byte) []byte {
	end := len(word)
	for end > 0 && is(word[end-1], underDash) {
		end--
	}
	start := end
	for start > 0 && is(word[start-1], alnum) && end-start < maxWordLen {
		start--
		if is(word[start], upper) && start > 0 && is(word[start-1], lower) {
			break
		}
	}
	for i, b := range word[start:end] {
		buf[i] = toLower(b)
	}
	return buf[:end-start]
}

// lowerAll copies the word in lower case; a longer one than any in the lists comes out empty.
func lowerAll(word []byte, buf *[maxWordLen]byte) []byte {
	if len(word) > maxWordLen {
		return nil
	}
	for i, b := range word {
		buf[i] = toLower(b)
	}
	return buf[:len(word)]
}

func meaningOf(word []byte) meaning {
	var buf [maxWordLen]byte
	switch string(lowerWord(word, &buf)) {
	case "token", "tokens", "key", "keys", "apikey", "apikeys", "secret", "secrets", "password", "passwd",
		"passphrase", "credential", "credentials", "bearer", "jwt", "signature", "cookie", "session",
		"sessid", "phpsessid", "jsessionid", "authorization", "authorisation", "reset", "invite",
		"invitation", "passcode", "pwd", "auth", "nonce":
		return meansSecret
	case "id", "ids", "uuid", "guid", "sid", "requestid", "traceid", "spanid", "correlationid", "accountid",
		"userid", "trace", "traceparent", "tracestate", "span", "request", "req", "correlation", "ref",
		"reference", "ray", "incident", "hash", "checksum", "md5", "sha", "sha1", "sha256", "sha512",
		"digest", "fingerprint", "etag", "commit", "revision", "version", "build", "event", "order",
		"payment", "transaction", "txn", "account", "user", "customer", "resource", "object", "invoice",
		"subscription", "batch", "job", "message", "webhook", "endpoint", "device", "wallet", "address",
		"block", "transfer", "refund", "charge", "consent", "connection", "bank", "link", "file",
		"workspace", "project", "check", "organisation", "organization", "org", "sim", "subscriber",
		"instance", "host", "node", "model", "image", "merchant", "mandate", "payout", "beneficiary",
		"accounts", "users", "customers", "payments", "orders", "transactions", "transfers", "requests",
		"events", "files", "checks", "connections", "links", "sims", "endpoints":
		return meansID
	default:
		return meansNothing
	}
}

// isOpenKey names the keys that tell things apart and open nothing.
func isOpenKey(word []byte) bool {
	var buf [maxWordLen]byte
	switch string(lowerWord(word, &buf)) {
	case "idempotency", "primary", "foreign", "duplicate", "partition", "sort", "cache", "object", "unique",
		"routing", "public", "row", "deduplication":
		return true
	default:
		return false
	}
}

// isOpenToken names the tokens that are codes or cursors: emnify's error_token is its error code, page
// tokens are positions.
func isOpenToken(word []byte) bool {
	var buf [maxWordLen]byte
	switch string(lowerWord(word, &buf)) {
	case "error", "page", "nextpage", "next", "pagination", "continuation", "sync", "cursor":
		return true
	default:
		return false
	}
}

// isErrorWord reports whether word is of the language of error messages, or a literal: what stands in
// the place of a secret in "password: required" or "token=null".
func isErrorWord(word []byte) bool {
	var buf [maxWordLen]byte
	switch string(lowerAll(word, &buf)) {
	case "are", "be", "been", "can", "cannot", "could", "did", "do", "does", "doesn", "had", "has", "have", "is", "isn",
		"may", "must", "need", "needs", "no", "none", "not", "only", "should", "too", "was", "were", "yes", "your",
		"null", "nil", "true", "false", "undefined", "nan", "empty", "blank", "string", "number", "integer",
		"boolean", "object", "array", "redacted", "hidden", "masked", "filtered", "removed",
		"allowed", "already", "bad", "changed", "characters", "compromised", "contains", "corrupt", "corrupted",
		"created", "deleted", "denied", "deprecated", "disabled", "duplicate", "error", "exceeded", "exists",
		"expected", "expired", "expires", "failed", "failure", "forbidden", "found", "generated", "got", "inactive",
		"incorrect", "insufficient", "internal", "invalid", "least", "length", "limit", "locked", "long", "malformed",
		"mismatch", "mismatched", "missing", "more", "ok", "please", "present", "problem", "provide", "provided",
		"received", "rejected", "renew", "required", "retry", "revoked", "short", "supported", "suspended",
		"unauthenticated", "unauthorized", "undecipherable", "unexpected", "unknown", "unrecognized", "unsupported",
		"unverified", "used", "valid", "verify", "weak", "wrong":
		return true
	default:
		return false
	}
}

// isProse reports whether word follows "Bearer" or "Basic" in a sentence: it is an error word or one
// of the nouns of authentication.
func isProse(word []byte) bool {
	var buf [maxWordLen]byte
	if isErrorWord(word) {
		return true
	}
	switch string(lowerAll(word, &buf)) {
	case "a", "an", "and", "any", "as", "at", "but", "by", "for", "from", "here", "if", "in", "into", "it", "its", "of",
		"on", "or", "so", "than", "that", "the", "this", "to", "when", "with", "without", "you",
		"access", "auth", "authenticate", "authenticated", "authentication", "authorization", "authorized", "bearer",
		"basic", "certificate", "check", "claim", "claims", "credential", "credentials", "data", "field", "format",
		"header", "headers", "http", "jwt", "key", "keys", "login", "method", "oauth", "oauth2", "parameter",
		"password", "prefix", "realm", "refresh", "request", "reset", "scheme", "schemes", "scope", "scopes",
		"secret", "security", "server", "session", "signature", "status", "token", "tokens", "type", "usage", "user",
		"validation", "value", "verification":
		return true
	default:
		return false
	}
}

// schemeKind returns what stands behind an authentication scheme; kindNone when word is none.
func schemeKind(word []byte) kind {
	var buf [maxWordLen]byte
	switch string(lowerAll(word, &buf)) {
	case "bearer":
		return kindBearer
	case "basic":
		return kindBasic
	case "token", "apikey", "api-key", "key", "digest", "negotiate", "oauth", "hawk", "ssws", "dpop", "jwt", "hmac",
		"aws4-hmac-sha256", "signature", "sharedkey":
		return kindSecret
	default:
		return kindNone
	}
}

// numberWord is what the word before a number says of it.
type numberWord uint8

const (
	numberPlain numberWord = iota
	numberGoOn             // "is", "number": the word before tells
	numberCode             // "code": a secret if it verifies something
	numberVerifies
	numberPIN
	numberPhone
)

// numberWordEnds holds the last bytes of the words below: most words are passed over by it.
const numberWordEnds = "srocenyptvl2"

func numberWordOf(word []byte) numberWord {
	if len(word) == 0 || strings.IndexByte(numberWordEnds, toLower(word[len(word)-1])) < 0 {
		return numberPlain
	}
	var buf [maxWordLen]byte
	switch string(lowerWord(word, &buf)) {
	case "is", "was", "number", "no", "nr", "value":
		return numberGoOn
	case "code":
		return numberCode
	case "verification", "security", "confirmation", "authentication", "sms", "time", "login":
		return numberVerifies
	case "pin", "otp", "totp", "cvv", "cvc", "cvv2", "passcode", "ssn":
		return numberPIN
	case "msisdn", "phone", "mobile", "telephone", "tel", "cell", "cellphone", "phonenumber", "mobilenumber":
		return numberPhone
	default:
		return numberPlain
	}
}
