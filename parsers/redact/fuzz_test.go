package redact

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzAppend(f *testing.F) {
	for _, text := range untouched {
		f.Add([]byte(text))
	}
	for _, line := range redacted {
		f.Add([]byte(line))
	}
	for _, unit := range hostile {
		f.Add([]byte(unit + unit + unit))
	}
	r := newRedactor(f)
	custom := newRedactor(f, `\d{3}`, `^x`, `\bsecret\b`)
	f.Fuzz(func(t *testing.T, text []byte) {
		check(t, r.Append, text)
		check(t, r.AppendPath, text)
		check(t, custom.Append, text)
	})
}

func check(t *testing.T, redact func(dst, text []byte) []byte, text []byte) {
	t.Helper()
	once := redact(nil, text)
	require.Equal(t, string(once), string(redact(nil, once)), "not idempotent on %q", text)
	if utf8.Valid(text) {
		require.True(t, utf8.Valid(once), "%q from %q", once, text)
	}
}

// glue is what stands between secrets, and what rules look for around them.
var glue = []string{
	" ", "", ".", ",", ":", ": ", "=", "==", "&", "?", "/", "//", "://", "@", "%40", "+", "%2B", "\"", "\\\"", "%22", "'", "[", "]",
	"<", ">", "-", "_", "token", "password", "key", "Bearer ", "Basic ", "is ", "required", "id", "phone", "pin", "cookie", "code", "sig",
	"Authorization", "a", "A", "1", "00", "0045", "4111", "48427a36", "eyJ", "sk_live_", "xoxb-", "é", "语", "\n", "\\n", "\\u0040", "=>",
	"<password>", "[redacted:x]", "-----BEGIN PRIVATE KEY", "GB82", "example.com", "tcp(", "x y", "request", "number", "***", "verification",
}

// TestAppend_IdempotentOnMixtures glues secrets and triggers together at random: the scanners see
// each other's output in the second pass.
func TestAppend_IdempotentOnMixtures(t *testing.T) {
	r := newRedactor(t)
	random := rand.New(rand.NewPCG(1, 2))
	parts := append(append([]string{}, canaries...), glue...)
	parts = append(parts, glue...)
	for range 30_000 {
		var text []byte
		for range 1 + random.IntN(9) {
			text = append(text, parts[random.IntN(len(parts))]...)
		}
		check(t, r.Append, text)
		check(t, r.AppendPath, text)
	}
}
