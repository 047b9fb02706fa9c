package mask

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestAppendTemplate(t *testing.T) {
	f := func(message, want string) {
		t.Helper()
		require.Equal(t, want, string(AppendTemplate(nil, []byte(message))), message)
		require.Equal(t, want, string(AppendTemplate(nil, []byte(want))), "of the template") // what people write, not all that can be written
	}
	// numbers
	f("Account 42 not found", "Account <n> not found")
	f("Limit is 1,234.50 EUR, got -5", "Limit is <n> EUR, got <n>")
	f("€12.50 or $5 (12%)", "€<n> or $<n> (<n>%)")
	f("retry after 30s; 2.5GB used, 1.5e3 left", "retry after <n>; <n>GB used, <n> left")
	f("items[12].name, line 3:14", "items[<n>].name, line <n>:<n>")
	f("10/60 of #7 in 5-10", "<n>/<n> of #<n> in <n>-<n>")
	f("ids 1, 2, 3 and 4 unknown", "ids <n> unknown")
	f("ids [1 2 3] unknown", "ids [<n>] unknown")
	f("version 1.2.3-beta", "version <n>-beta")

	// ids
	f("Payment 5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a failed", "Payment <id> failed")
	f("trace {5F1C8F0E-8F7E-4A0B-9D7D-0D2F7C6F1B2A}", "trace {<id>}")
	f("commit 56c7b029 and 0x1F", "commit <id>")
	f("at 0x1f: fault", "at <id>: fault")
	f("No such customer: cus_9s6XKzkNRiz8i3", "No such customer: cus_<id>")
	f("key sk_live_51H8xYzAbCdEf9GhIjKl invalid", "key sk_live_<id> invalid")
	f("account acc-12345 closed", "account acc-<n> closed")
	f("order 01ARZ3NDEKTSV4RRFFQ69G5FAV", "order <id>")
	f("token dGhpcyBpcyBhIHRlc3QgMTIzNDU2Nzg5MA==", "token <id>")
	f("token dGhpcyBpcy/hIHRlc3+gMTIzNDU2Nzg5MA", "token <id>")
	f("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123 expired", "jwt <id> expired")
	f("user a1b2c3 unknown, request 3f2a", "user <id> unknown, request <id>")
	f("job f47ac10b58cc4372a5670e02b2c3d479 failed", "job <id> failed")
	f("x-id=93bac548-d2de-4546-b106-880a5018460d", "x-id=<id>")
	f("no accounts/cus_9s6XKzkNRiz8i3/cards2", "no accounts/cus_<id>/cards<n>")
	f("SHA-256, sha256, OAuth2, k8s", "SHA-<n>, sha<n>, OAuth<n>, k<n>s")
	f("InternalServerErrorException in getAccountBalanceByCustomer", "InternalServerErrorException in getAccountBalanceByCustomer")
	f("decade facade default_value", "decade facade default_value")

	// addresses
	f("mail jane.doe+x@example.co.uk bounced", "mail <email> bounced")
	f("<jane@example.com>", "<<email>>")
	f("@channel is no address, nor is a@b", "@channel is no address, nor is a@b")
	f("call +45 12 34 56 78 or +4512345678.", "call <n>.")
	f("+1 (555) 123-4567 busy", "<n> busy")
	f("dial tcp 10.0.0.1:5432: connection refused", "dial tcp <ip>: connection refused")
	f("lookup [2001:db8::1]:53, ::1, fe80::1: timeout", "lookup [<ip>]:<n>, <ip>: timeout")
	f("std::vector, Face::Add", "std::vector, Face::Add")
	f(`Get "https://api.x.com/v1?a=b": EOF`, "Get <q>: EOF")
	f("see https://docs.x.com/errors#e12, please.", "see <url>, please.")
	f("(https://docs.x.com/a)", "(<url>)")

	f("no host api.example.com:443, use eu.example.co.uk.", "no host <host>, use <host>.")
	f("users.email, System.IO, com.acme.Main, node.js, a.b.in x", "users.email, System.IO, com.acme.Main, node.js, a.b.in x")

	// names of clouds
	f("User: arn:aws:iam::123456789012:user/alice, on arn:aws:s3:::bucket/a key.", "User: <id>, on <id> key.")
	f("in eu-west-1, us-gov-west-1 or europe-west4-b", "in <id> or europe-west<n>-b")
	f("north-west-ish north-1 us-east", "north-west-ish north-<n> us-east")

	// hidden in part
	f("key sk-abcd****wxyz, card ****4242 or **** 4242", "key <id>, card <id> or **** <n>")
	f("token 4842…2456, 9f31…00aa and •••", "token <id> and •••")
	f("loading…done **now** a*b 2*3 ***", "loading…done **now** a*b <n>*<n> ***")

	// times
	f("wait 1m20s, 120ms or 1.5h", "wait <n>")
	f("30sec 5min 2d 1m2x", "<n>sec <n>min <n>d <id>")
	f("ICCID 8945020184545127861 of 4520304050", "ICCID <id> of <n>")
	f("at 2026-11-20T10:15:30.123Z", "at <time>")
	f("at 2026-11-20 10:15:30 +0000 UTC, later", "at <time>, later")
	f("on 2026-11-20.", "on <time>.")
	f("on 20.11.2026 or 11/20/2026", "on <time>")
	f("until 10:15 PM", "until <time>")
	f("until 9:05:30,123 today", "until <time> today")
	f("Tue, 20 Nov 2026 10:15:30 GMT: expired", "<time>: expired")
	f("on Nov 20, 2026", "on <time>")
	f("[20/Nov/2026:10:15:30 +0000] x", "[<time>] x")
	f("March on, May I? Sun set", "March on, May I? Sun set")

	// quotes
	f(`Field "email" is required`, "Field <q> is required")
	f("Field 'email' is required, `x`, “y”, „z”, ‘a’ and «b»", "Field <q> is required, <q>")
	f("don't touch the users' account, it's 'mine'", "don't touch the users' account, it's <q>")
	f("don’t ‘user’s’ x", "don’t <q> x")
	f(`"Invalid token"`, "Invalid token")
	f("'a' is not 'b'", "<q> is not <q>")
	f(`['a', 'b', "c"] expected`, "[<q>] expected")
	f(`5" pipe`, `<n>" pipe`)
	f("rock ' roll '", "rock ' roll '")
	f(`{"code":1,"x":[true]}`, "{<q>:<n>,<q>:[true]}")

	// redaction
	f("mail [redacted:email] bounced", "mail <email> bounced")
	f("card [redacted:card], key [redacted:api_key]", "card <n>, key <id>")
	f("[redacted:", "[redacted:")
	f("[REDACTED] [x]", "[REDACTED] [x]")
	f("Public token expired: 4842…2456", "Public token expired: <id>")

	// text
	f("", "")
	f(" \t\n", "")
	f("  a \r\n\t b\x00c  ", "a b c")
	f("købt 3\u00a0stk. é12 \xff", "købt <n> stk. é<n> \ufffd")
	f("Authorization: Bearer <token>", "Authorization: Bearer <token>")
	f("a < 5 and b > 6", "a < <n> and b > <n>")
	f("--5 -x - +", "-<n> -x - +")
}

func TestAppendTemplate_SameKind(t *testing.T) {
	f := func(a, b string) {
		t.Helper()
		require.Equal(t, string(AppendTemplate(nil, []byte(a))), string(AppendTemplate(nil, []byte(b))))
	}
	f("No such charge: ch_1AbcDeF2g3", "No such charge: ch_9zyX8wvUt7")
	f("Account 'x' of user 12 is locked until 2026-01-01", "Account 'long name' of user 123456 is locked until 2027-12-31")
	f("Rate limit of 300 exceeded, retry in 20ms", "Rate limit of 1,000 exceeded, retry in 5ms")
	f("must be one of 'a', 'b'", "must be one of 'a', 'b', 'c'")
	f("unknown +4512345678", "unknown [redacted:phone]")
	f("read tcp 10.0.0.1:51234->10.0.0.2:443: reset", "read tcp 10.9.8.7:1->192.168.0.254:8443: reset")
}

func TestAppendTemplate_DifferentKinds(t *testing.T) {
	f := func(a, b string) {
		t.Helper()
		require.NotEqual(t, string(AppendTemplate(nil, []byte(a))), string(AppendTemplate(nil, []byte(b))))
	}
	f("User not found", "Account not found")
	f("No such customer: cus_9s6XKzkNRiz8i3", "No such charge: ch_9s6XKzkNRiz8i3")
	f("acc-123 closed", "usr-123 closed")
	f(`"Invalid token"`, `"Expired token"`)
	f("timeout after 30s", "timeout after 30 attempts")
}

func TestAppendTemplate_Length(t *testing.T) {
	f := func(message, want string) {
		t.Helper()
		require.Equal(t, want, string(AppendTemplate([]byte("> "), []byte(message))))
	}
	f(strings.Repeat("a", 1000), "> "+strings.Repeat("a", maxTemplate))
	f(strings.Repeat("é", 1000), "> "+strings.Repeat("é", maxTemplate/2))
	f("a"+strings.Repeat("é", 1000), "> a"+strings.Repeat("é", maxTemplate/2-1))
	f(strings.Repeat("a", maxTemplate-2)+" 12", "> "+strings.Repeat("a", maxTemplate-2))
	f(strings.Repeat("x ", 1000), "> "+strings.TrimSpace(strings.Repeat("x ", maxTemplate/2)))
	f(strings.Repeat("1 ", 100_000)+"x", "> <n> x")
}

// TestAppend_Hostile hangs for hours when anything is quadratic.
func TestAppend_Hostile(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes under the race detector, and nothing runs at once")
	}
	units := []string{
		`"`, `'`, `'a `, `"a`, "`", "“", "‘", "’", `"a" `, `1 `, `1,`, `1, `, `1.`, `+1-`, `+`, `-`, `:`, `::1 `, `a@`, `a@b.`, `a.`, `a-`, `a`, `1`, `a1`,
		`http://`, `http://a `, `[redacted:`, `[redacted:x] `, `<n>`, `<`, `<a`, `a+`, `eyJ.`, `aB1+`, `aB1=/`, `1:1:`, `10:15:30.`, `Nov `, `1 Nov `, `Nov 1 `,
		`0x`, `deadbee1-`, "\xff", " ", "\x00", "{", "/", "/{", "%", ".", "/1", "/…", "+1 2-3 ", "1s", "1s1", "arn:aws", "*", "a*", "a…", "•", "a.com:", "eu-", "a-west-",
	}
	require.NotEmpty(t, units)
	buf := make([]byte, 0, 4*maxTemplate)
	for _, unit := range units {
		for _, prefix := range []string{"", "a ", "'", "a+"} {
			text := []byte(prefix + strings.Repeat(unit, 1_000_000/len(unit)))
			buf = AppendTemplate(buf[:0], text)
			require.LessOrEqual(t, len(buf), maxTemplate)
			require.True(t, utf8.Valid(buf))
			buf = AppendRoute(buf[:0], text)
			require.LessOrEqual(t, len(buf), maxRoute)
			require.True(t, utf8.Valid(buf))
		}
	}
}

func TestAppend_DoesNotAllocate(t *testing.T) {
	message := []byte(`User "x" +45 12 34 56 78 a@b.dk 10.0.0.1 cus_9s6XKzkNRiz8i3 at 2026-11-20T10:15:30Z, https://x.y [redacted:card] é`)
	path := []byte("/v1/users/42/a@b.dk/cus_9s6XKzkNRiz8i3.pdf")
	buf := make([]byte, 0, 1024)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		buf = AppendTemplate(buf[:0], message)
		buf = AppendRoute(buf, path)
	}))
}

func FuzzAppendTemplate(f *testing.F) {
	f.Add([]byte(`User "x" +45 12 34 56 78 a@b.dk ::1 cus_9s6XKzkNRiz8i3 at 20 Nov 2026 10:15:30 GMT, https://x.y [redacted:card] é`))
	f.Add([]byte("'a' “b’ it's -5--5 1,2 and 3 <n>, <n> <q>ab12cd34 0x1f \xff"))
	f.Add([]byte("at b.dk30 or b.dk:30 or b.dk<n> or b.dk.3> or b.dk.<n>"))
	f.Add([]byte("1.5e3-2_000 a1b2c3-d4 2026-11-20 eyJhbGciOiJIUzI1NiJ9.x+y/z=="))
	f.Fuzz(func(t *testing.T, message []byte) {
		got := AppendTemplate(nil, message)
		require.True(t, utf8.Valid(got))
		require.LessOrEqual(t, len(got), maxTemplate)
		require.Equal(t, "x"+string(got), string(AppendTemplate([]byte("x"), message)))
	})
}

// FuzzPlainTokens: of what is told to be a plain word or number, the recognisers say the same.
func FuzzPlainTokens(f *testing.F) {
	for _, message := range []string{"timed out", "The end", "Tue, 20 Nov", "May 20", "Sat. ", "10 ms", "20 Nov", "2 of 3", "7", "0", "Face:b", "1234567 a", "No. 7"} {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, hasAt := range []bool{false, true} {
			slow := templater{in: message, hasAt: hasAt}
			name, n := slow.recognise(message)
			if size := plainNumberLength(message); size > 0 {
				require.Equal(t, number, name)
				require.Equal(t, size, n)
			}
			if size := plainWordLength(message); size > 0 {
				require.Zero(t, n)
				require.Equal(t, size, runLength(message))
				slow.run(message[:size])
				require.Equal(t, string(message[:size]), string(slow.out))
			}
		}
	})
}

func BenchmarkAppendTemplate(b *testing.B) {
	message := []byte("Payment 5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a of account 'main' was rejected: limit 1,000.00 EUR reached at 2026-11-20T10:15:30Z")
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendTemplate(buf[:0], message)
	}
}
