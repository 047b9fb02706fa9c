package mask

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestAppendRoute(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		require.Equal(t, want, string(AppendRoute(nil, []byte(path))), path)
	}
	// ids
	f("/users/42", "/users/{id}")
	f("/users/1/orders/2", "/users/{id}/orders/{id}")
	f("/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/balance", "/data/v1/accounts/{id}/balance")
	f("/v3/payments/5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a", "/v3/payments/{id}")
	f("/v3/payments/5F1C8F0E-8F7E-4A0B-9D7D-0D2F7C6F1B2A/refunds", "/v3/payments/{id}/refunds")
	f("/commits/deadbeef", "/commits/{id}")
	f("/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/orders/{id}")
	f("/numbers/+4512345678/sms", "/numbers/{id}/sms")
	f("/numbers/%2B4512345678", "/numbers/{id}")
	f("/numbers/4512345678", "/numbers/{id}")
	f("/users/jane.doe@example.com/roles", "/users/{id}/roles")
	f("/users/jane%40example.com", "/users/{id}")
	f("/customers/cus_9s6XKzkNRiz8i3", "/customers/{id}")
	f("/accounts/acc-12345/transactions", "/accounts/{id}/transactions")
	f("/sim/8945000000000000001/status", "/sim/{id}/status")
	f("/files/dGhpcyBpcyBhIHRlc3Q", "/files/{id}")
	f("/files/aGVsbG8gd29ybGQgYWdhaW4", "/files/{id}")
	f("/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123", "/t/{id}")
	f("/reports/2024-01-31", "/reports/{id}")
	f("/reports/2024-01", "/reports/{id}")
	f("/hosts/10.0.0.1/ports/443", "/hosts/{id}/ports/{id}")
	f("/geo/55.67,12.56", "/geo/{id}")
	f("/batch/1,2,3", "/batch/{id}")
	f("/odata/Users(123)", "/odata/{id}")
	f("/search/k%C3%B8benhavn", "/search/{id}")
	f("/search/københavn", "/search/{id}")
	f("/search/\xff\xfe", "/search/{id}")
	f("/a/[redacted:phone]/b", "/a/{id}/b")
	f("/iban/DK5000400440116243", "/iban/{id}")
	f("/a/"+strings.Repeat("x", 65), "/a/{id}")

	// words
	f("/", "/")
	f("", "/")
	f("*", "/*")
	f("users", "/users")
	f("/users/", "/users/")
	f("/users/me/email-addresses", "/users/me/email-addresses")
	f("/users/@me", "/users/@me")
	f("/getAccountBalance/InternalServerErrorException", "/getAccountBalance/InternalServerErrorException")
	f("/oauth2/token", "/oauth2/token")
	f("/v1/2fa/sms_otp/step-1", "/v1/2fa/sms_otp/step-1")
	f("/currencies/EUR/DK", "/currencies/EUR/DK")
	f("/.well-known/openid-configuration", "/.well-known/openid-configuration")
	f("/a/../b/./c", "/a/../b/./c")

	// versions, extensions, verbs
	f("/v1/x", "/v1/x")
	f("/api/v2.1/x", "/api/v2.1/x")
	f("/v1beta1/x/v2rc", "/v1beta1/x/v2rc")
	f("/v12345/x", "/{id}/x")
	f("/2024-01/products.json", "/2024-01/products.json")
	f("/admin/api/2024-01/products/632910392.json", "/admin/api/2024-01/products/{id}.json")
	f("/2024-01-31/x", "/2024-01-31/x")
	f("/index.html", "/index.html")
	f("/r/report-12345.pdf", "/r/{id}.pdf")
	f("/operations/123:cancel", "/operations/{id}:cancel")
	f("/operations:batchGet", "/operations:batchGet")

	// templates
	f("/users/{id}/x/{account_id}", "/users/{id}/x/{account_id}")
	f("/users/:id/x/<int:id>/<id>", "/users/:id/x/<int:id>/<id>")
	f("/users/{id}.json", "/users/{id}.json")
	f("/users/{12}", "/users/{id}")
	f("/users/{a}{b}", "/users/{id}")
	f("/users/{", "/users/{id}")

	// shape
	f("//a///b//", "/a/b/")
	f("/a?id=1#x", "/a")
	f("/a#x?y", "/a")
	f("/a;jsessionid=123/b", "/a/b")
	f(strings.Repeat("/a", 12), strings.Repeat("/a", 12))
	f(strings.Repeat("/a", 13), strings.Repeat("/a", 12)+"/…")
	f("/a"+strings.Repeat("/"+strings.Repeat("word", 15), 10), "/a"+strings.Repeat("/"+strings.Repeat("word", 15), 4)+"/…")
}

func TestAppendRoute_KeepsDst(t *testing.T) {
	require.Equal(t, "GET /a/{id}", string(AppendRoute([]byte("GET "), []byte("/a/1"))))
}

func FuzzAppendRoute(f *testing.F) {
	f.Add([]byte("/users/42/{id}.pdf;x?y"))
	f.Add([]byte(strings.Repeat("/v1/2024-01", 9)))
	f.Add([]byte("//…//:id:12/<a>/\xff@é%2B"))
	f.Fuzz(func(t *testing.T, path []byte) {
		route := AppendRoute(nil, path)
		require.True(t, utf8.Valid(route))
		require.LessOrEqual(t, len(route), maxRoute)
		require.Equal(t, byte('/'), route[0])
		require.NotContains(t, string(route), "//")
		require.Equal(t, string(route), string(AppendRoute(nil, route)), "%q", path)
		require.Equal(t, "x"+string(route), string(AppendRoute([]byte("x"), path)))
	})
}

func BenchmarkAppendRoute(b *testing.B) {
	path := []byte("/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/transactions/12345?from=2026-01-01")
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRoute(buf[:0], path)
	}
}

func TestAppendPlainRoute(t *testing.T) {
	f := func(plain bool, path, route string) {
		t.Helper()
		got, isPlain := AppendPlainRoute(nil, []byte(path))
		require.Equal(t, route, string(got), path)
		require.Equal(t, plain, isPlain, path)
	}
	f(true, "/users/42/orders", "/users/{id}/orders")
	f(true, "/v2.1/users/f1234560abf9f57287637624def39087/", "/v2.1/users/{id}/")
	f(true, "/api/3/Users/3a7dd87c-8f00-445a-92ac-07990b211862", "/api/3/Users/{id}")
	f(false, "users/42", "/users/{id}")
	f(false, "/users//42", "/users/{id}")
	f(false, "/users/42?x=1", "/users/{id}")
	f(false, "/users/42#x", "/users/{id}")
	f(true, "/users/12345678901", "/users/{id}")
	f(false, "/users/123456789012", "/users/{id}")
	f(false, "/users/0012345", "/users/{id}")
	f(false, "/users/f1234560", "/users/{id}")
	f(false, "/users/anna@example.com", "/users/{id}")
	f(false, "/users;a=1", "/users")
	f(false, "/a/b/c/d/e/f/g/h/i/j/k/l/m", "/a/b/c/d/e/f/g/h/i/j/k/l/…")
}

// FuzzRoutes: the short way to a route ends where the long one does.
func FuzzRoutes(f *testing.F) {
	for _, path := range []string{
		"/users/42/orders", "/v2.1/users/f1234560abf9f57287637624def39087/", "/api/3/x", "/data/v1/cards/0a/b-c", "/a/3a7dd87c-8f00-445a-92ac-07990b211862",
		"/a//b", "/a?x=1", "/a/1/2/3/4/5/6/7/8/9/10/11/12/13", "/deadbeef/abcdef", "/v1beta1/…", "/{id}/x", "",
	} {
		f.Add([]byte(path))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		want, plain := appendAnyRoute([]byte("x"), path)
		got, ok := appendUsualRoute([]byte("x"), path)
		if ok {
			require.True(t, plain)
			require.Equal(t, string(want), string(got))
		}
	})
}
