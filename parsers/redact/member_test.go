package redact

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMember(t *testing.T) {
	r := newRedactor(t)
	f := func(name, text, want string) {
		t.Helper()
		require.Equal(t, want, string(r.AppendMember(nil, []byte(name), []byte(text))))
	}
	f("password", "Tr0ub4dor", "[redacted:secret]")
	f("user.new_password", "correcthorse", "[redacted:secret]")
	f("Authorization", "Bearer c4n4rysong", "Bearer [redacted:bearer]")
	f("client_secret", "abc-def", "[redacted:secret]")
	f("Cookie", "sid=abc; theme=dark", "[redacted:cookie]")
	f("pin", "4711", "[redacted:pin]")
	f("password", "[redacted:secret]", "[redacted:secret]")

	// What is said about the member stays, and so does the value of another one.
	f("password", "is too short (minimum is 8 characters)", "is too short (minimum is 8 characters)")
	f("password", "choose a better one", "choose a better one")
	f("password", "required", "required")
	f("pin", "must have 4 digits", "must have 4 digits")
	f("iban_holder", "Tr0ub4dor", "Tr0ub4dor")
	f("", "Tr0ub4dor", "Tr0ub4dor")
	f("contact", "jo@example.com is taken", "[redacted:email] is taken")
	f("password", "", "")
	f("password", "was Corr3ct-Horse, sorry", "was [redacted:secret], sorry")
	f("password", "'Tr0ub4dor' is too short (minimum is 8 characters)", "'[redacted:secret]' is too short (minimum is 8 characters)")
	f("token", "a [redacted:secret] b", "a [redacted:secret] b")
}

func TestEscapedInQuery(t *testing.T) {
	r := newRedactor(t)
	f := func(path, want string) {
		t.Helper()
		require.Equal(t, want, string(r.AppendPath(nil, []byte(path))))
	}
	f("/x?q=rejected+%7B%22client_secret%22%3A+%22c4n4rysong%22%7D", "/x?q=rejected+%7B%22client_secret%22%3A+%22[redacted:secret]%22%7D")
	f("/x?q=Public+token+expired%3A+1NirD82eZvKYlo2C", "/x?q=Public+token+expired%3A+[redacted:token]")
	f("/x?q=Public%20token%20expired%3A%201NirD82eZvKYlo2C", "/x?q=Public%20token%20expired%3A%20[redacted:token]")
	f("/x?q=two+words+1NirD82eZvKYlo2C", "/x?q=two+words+1NirD82eZvKYlo2C")
}
