package redact

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	clean = "The requested account cannot be found: check the accountId parameter used within your request (1105)."
	codes = `{"error_code":1400,"error_token":"InputValidationFailed","message":"User - organisation is required."}`
	dirty = "User john.doe@example.com with token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc and phone +45 12 34 56 78 paid with 4111 1111 1111 1111"
	path  = "/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/transactions?from=2024-01-15&to=2024-02-15"
)

func BenchmarkAppend(b *testing.B) {
	r := newRedactor(b)
	for _, c := range []struct{ name, text string }{{"clean", clean}, {"codes", codes}, {"dirty", dirty}, {"path", path}} {
		b.Run(fmt.Sprintf("%s-%dB", c.name, len(c.text)), func(b *testing.B) {
			text, dst := []byte(c.text), make([]byte, 0, 4096)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				dst = r.Append(dst[:0], text)
			}
		})
	}
}

// hostile are units that, repeated, make a careless scanner quadratic.
var hostile = []string{
	"a", "1", "@", "a@", "a@a.", "%40", "a%40", "://", "://a", "a://a:", "+1", "+", "1 ", "1-", "4111 ", "4111-", "0045 ",
	"=", ":", "token", "token:", "token=", "token=\"", "token=\"is ", "token:'", "token=\\\"", "password: a", "cookie:a=", "key ",
	"sk_", "sk-", "ghp_", "eyJ", "eyJa.", "AKIA", "AIza", "SG.", "-----BEGIN ", "-----BEGIN PRIVATE KEY", "Bearer ", "Basic ",
	"Bearer a ", "[redacted:", "[redacted:x]", "\\", "\\\"", "\\u0040", "\"", "'", "<password>", "GB82", "GB82 ", "a1", "a1_", "_", "-",
	"00", "Authorization: Bearer", "otp 1", "пароль@", "\xff", "\x80", "deadbeef", "48427a36d43c4d5aa6324bc06c692456",
	"token 48427a36d43c ", "550e8400-e29b-41d4-a716-446655440000", "token:token", "?key=", "&code=a", "a b c d e f1a2b3c4d5e6f7 ",
}

// TestAppend_LinearOnHostileInput compares the work on an input with that on one of eight times its size:
// eight times as much is linear, 64 times is quadratic.
func TestAppend_LinearOnHostileInput(t *testing.T) {
	const size = 1 << 16
	work := func(text []byte, place place) int {
		s := scanner{text: text, place: place}
		s.scan()
		require.LessOrEqual(t, len(s.dst), 8*len(text))
		return s.work
	}
	for _, unit := range hostile {
		for _, tail := range []string{"x", "@a.co", "\""} {
			repeated := func(n int) []byte { return append(bytes.Repeat([]byte(unit), n/len(unit)), tail...) }
			for _, place := range []place{message, urlPath} {
				small, large := work(repeated(size/8), place), work(repeated(size), place)
				require.LessOrEqual(t, large, 12*small+1000, "%q repeated", unit)
				require.LessOrEqual(t, large, 200*size, "%q repeated", unit)
			}
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	r := newRedactor(b)
	const size = 1 << 20
	dst := make([]byte, 0, 8*size)
	for _, unit := range hostile {
		text := bytes.Repeat([]byte(unit), size/len(unit))
		b.Run(fmt.Sprintf("%q", unit), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				dst = r.Append(dst[:0], text)
			}
		})
	}
}
