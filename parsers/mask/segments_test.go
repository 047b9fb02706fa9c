package mask

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSegments holds the judgement of segments against paths of real APIs. Each line is a path, and the
// route that somebody who knows the API would write.
func TestSegments(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		if got := string(AppendRoute(nil, []byte(path))); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	// versions
	f("/v1/charges", "/v1/charges")
	f("/v2.1/accounts", "/v2.1/accounts")
	f("/v1beta1/projects", "/v1beta1/projects")
	f("/v1alpha/models", "/v1alpha/models")
	f("/V3/invoices", "/V3/invoices")
	f("/v20.0/me", "/v20.0/me")
	f("/api/v4/projects", "/api/v4/projects")
	f("/apis/apps/v1/deployments", "/apis/apps/v1/deployments")
	f("/2010-04-01/Accounts.json", "/2010-04-01/Accounts.json")
	f("/admin/api/2024-07/shop.json", "/admin/api/2024-07/shop.json")
	f("/rest/api/3/myself", "/rest/api/3/myself")
	f("/rest/api/latest/field", "/rest/api/latest/field")
	f("/api/2/search", "/api/2/search")
	f("/services/data/v59.0/query", "/services/data/v59.0/query")

	// words with digits
	f("/oauth2/token", "/oauth2/token")
	f("/oauth2/v2.0/authorize", "/oauth2/v2.0/authorize")
	f("/s3/list", "/s3/list")
	f("/mp3/download", "/mp3/download")
	f("/k8s/clusters", "/k8s/clusters")
	f("/ec2/regions", "/ec2/regions")
	f("/route53/zones", "/route53/zones")
	f("/3ds2/authenticate", "/3ds2/authenticate")
	f("/2fa/verify", "/2fa/verify")
	f("/mfa/u2f", "/mfa/u2f")
	f("/x509/certs", "/x509/certs")
	f("/i18n/messages", "/i18n/messages")
	f("/e911/addresses", "/e911/addresses")
	f("/10dlc/campaigns", "/10dlc/campaigns")
	f("/web3/accounts", "/web3/accounts")
	f("/p2p/transfers", "/p2p/transfers")
	f("/b2b/orders", "/b2b/orders")
	f("/utf8/check", "/utf8/check")
	f("/base64/encode", "/base64/encode")
	f("/md5/check", "/md5/check")
	f("/sha256/sums", "/sha256/sums")
	f("/iso3166/countries", "/iso3166/countries")
	f("/iso20022/pain", "/iso20022/pain")
	f("/psd2/consents", "/psd2/consents")
	f("/h264/streams", "/h264/streams")
	f("/mt940/statements", "/mt940/statements")
	f("/gpt-4/completions", "/gpt-4/completions")
	f("/level2/quotes", "/level2/quotes")
	f("/fhir/r4/Patient", "/fhir/r4/Patient")
	f("/oauth1/request_token", "/oauth1/request_token")

	// words
	f("/users/me", "/users/me")
	f("/users/@me/guilds", "/users/@me/guilds")
	f("/users/self/feed", "/users/self/feed")
	f("/orders/latest", "/orders/latest")
	f("/en-US/pages", "/en-US/pages")
	f("/pt_BR/pages", "/pt_BR/pages")
	f("/zh-Hans/pages", "/zh-Hans/pages")
	f("/currencies/EUR-USD", "/currencies/EUR-USD")
	f("/tickers/BTC-USD", "/tickers/BTC-USD")
	f("/payment_intents", "/payment_intents")
	f("/paymentIntents", "/paymentIntents")
	f("/IncomingPhoneNumbers/AvailableLocal", "/IncomingPhoneNumbers/AvailableLocal")
	f("/.well-known/jwks.json", "/.well-known/jwks.json")
	f("/cgi-bin/status.cgi", "/cgi-bin/status.cgi")
	f("/feeds/all.rss", "/feeds/all.rss")
	f("/v1/projects:search", "/v1/projects:search")
	f("/v1/models/gemini:generateContent", "/v1/models/gemini:generateContent")
	f("/v1/documents:runQuery", "/v1/documents:runQuery")
	f("/compute/zones/us-central1-a", "/compute/zones/us-central1-a")
	f("/regions/eu-west-1/quotas", "/regions/eu-west-1/quotas")
	f("/accept/added/decade", "/accept/added/decade")
	f("/facade/beaded/cafe", "/facade/beaded/cafe")
	f("/defaced", "/defaced")
	f("/getUserInfoByIdNow", "/getUserInfoByIdNow")
	f("/sendBulkSmsToMany", "/sendBulkSmsToMany")
	f("/get_by_id_or_key", "/get_by_id_or_key")
	f("/set-up-an-iban-now", "/set-up-an-iban-now")
	f("/api/rest/GetOAuthTokenForAPI", "/api/rest/GetOAuthTokenForAPI")
	f("/_search", "/_search")
	f("/_cat/indices", "/_cat/indices")
	f("/~user", "/~user")
	f("/$metadata", "/$metadata")
	f("/Accounts/$count", "/Accounts/$count")
	f("/odata/GetSalesTaxRate()", "/odata/GetSalesTaxRate()")

	// numbers
	f("/users/1", "/users/{id}")
	f("/users/0", "/users/{id}")
	f("/repositories/1296269/issues/1347", "/repositories/{id}/issues/{id}")
	f("/pages/42/edit", "/pages/{id}/edit")
	f("/tweets/1460323737035677698", "/tweets/{id}")
	f("/prices/19.99", "/prices/{id}")
	f("/users/42.json", "/users/{id}.json")
	f("/orders/1001-1", "/orders/{id}")

	// ids with a prefix
	f("/v1/orders/ord_1Nv0FGQ9RKHgCVdK", "/v1/orders/{id}")
	f("/v1/customers/cus_OtVFTbS4iTAJw1/sources", "/v1/customers/{id}/sources")
	f("/v1/payment_intents/pi_3MtwBwLkdIwHu7ix28a3tqPa/confirm", "/v1/payment_intents/{id}/confirm")
	f("/2010-04-01/Accounts/ACdc5f132a3c49700934481addd5ce1659/Messages.json", "/2010-04-01/Accounts/{id}/Messages.json")
	f("/issues/PROJ-1234", "/issues/{id}")
	f("/issue/ABC-7/comment", "/issue/{id}/comment")
	f("/bookings/BK-2024-0001", "/bookings/{id}")
	f("/invoices/INV-000123", "/invoices/{id}")
	f("/channels/C024BE91L/messages", "/channels/{id}/messages")
	f("/users/U012AB3CD", "/users/{id}")
	f("/threads/thread_abc123", "/threads/{id}")
	f("/files/file-BK7bzQj3FfZFXr7DbL6xJwfo", "/files/{id}")
	f("/instances/i-0abcd1234ef567890", "/instances/{id}")
	f("/vpcs/vpc-0a1b2c3d", "/vpcs/{id}")
	f("/users/auth0|507f1f77bcf86cd799439011", "/users/{id}")
	f("/accounts/0015000000Gv7qJ", "/accounts/{id}")
	f("/sobjects/Account/001D000000INjVe", "/sobjects/Account/{id}")

	// random ids
	f("/payments/5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a", "/payments/{id}")
	f("/payments/{5f1c8f0e-8f7e-4a0b-9d7d-0d2f7c6f1b2a}", "/payments/{id}")
	f("/payments/5f1c8f0e8f7e4a0b9d7d0d2f7c6f1b2a", "/payments/{id}")
	f("/docs/507f1f77bcf86cd799439011", "/docs/{id}")
	f("/git/commits/7638417db6d59f3c431d3e1f261cc637155684cd", "/git/commits/{id}")
	f("/git/commits/7638417d", "/git/commits/{id}")
	f("/blobs/sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b", "/blobs/{id}")
	f("/events/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/events/{id}")  // ULID
	f("/events/01arz3ndektsv4rrffq69g5fav", "/events/{id}")  // ULID
	f("/events/0ujtsYcgvSTl8PAuAdqWYSMnLOv", "/events/{id}") // KSUID
	f("/links/V1StGXR8_Z5jdHi6B-myT", "/links/{id}")         // nanoid
	f("/links/dQw4w9WgXcQ", "/links/{id}")                   // 11 characters of base64
	f("/spreadsheets/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", "/spreadsheets/{id}")
	f("/sessions/9m4e2mr0ui3e8a215n4g", "/sessions/{id}") // xid
	f("/cuid/cjld2cjxh0000qzrmn831i7rn", "/cuid/{id}")
	f("/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF_123-x", "/t/{id}") // JWT
	f("/tokens/ya29.a0AfH6SMBx-EXAMPLE_1", "/tokens/{id}")
	f("/did:plc:z72i7hdynmk6r22z27h6tvur", "/{id}")
	f("/bitcoin/bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "/bitcoin/{id}")
	f("/eth/0x742d35Cc6634C0532925a3b844Bc454e4438f44e", "/eth/{id}")

	// people
	f("/users/jane.doe@example.com", "/users/{id}")
	f("/users/jane.doe%40example.com/roles", "/users/{id}/roles")
	f("/numbers/+447700900123", "/numbers/{id}")
	f("/numbers/%2B447700900123", "/numbers/{id}")
	f("/numbers/0044-7700-900123", "/numbers/{id}")
	f("/numbers/tel:+447700900123", "/numbers/{id}")
	f("/ibans/DE89370400440532013000", "/ibans/{id}")
	f("/ibans/GB82%20WEST%201234", "/ibans/{id}")
	f("/imsi/234150999999999", "/imsi/{id}")
	f("/iccid/8944500102198304826", "/iccid/{id}")
	f("/vat/DK12345678", "/vat/{id}")

	// time and place
	f("/rates/2026-09-18", "/rates/{id}")
	f("/rates/2026-09-18..2026-09-20", "/rates/{id}")
	f("/rates/2026-09-18T12:00:00Z", "/rates/{id}")
	f("/reports/2026/09/18", "/reports/{id}/{id}/{id}")
	f("/reports/2026-W38", "/reports/{id}")
	f("/reports/20260918", "/reports/{id}")
	f("/reports/2026Q3", "/reports/{id}")
	f("/forecast/55.6761,12.5683", "/forecast/{id}")
	f("/forecast/-33.86,151.21", "/forecast/{id}")
	f("/ip/203.0.113.9", "/ip/{id}")
	f("/ip/2001:db8::1", "/ip/{id}")
	f("/tiles/12/2200/1343.png", "/tiles/{id}/{id}/{id}.png")

	// files, verbs, parameters
	f("/r/report-12345.pdf", "/r/{id}.pdf")
	f("/r/report.pdf", "/r/report.pdf")
	f("/img/9f86d081884c7d65.jpeg", "/img/{id}.jpeg")
	f("/v1/operations/123:cancel", "/v1/operations/{id}:cancel")
	f("/v1/projects/my-project-1234:setIamPolicy", "/v1/projects/{id}:setIamPolicy")
	f("/cars;color=red;year=2012/wheels", "/cars/wheels")
	f("/users/42;v=1/x", "/users/{id}/x")
	f("/Products(7)/Name", "/{id}/Name")
	f("/search/caf%C3%A9", "/search/{id}")
	f("/search/two%20words", "/search/{id}")
	f("/ids/1,2,3", "/ids/{id}")
	f("/users/{user_id}/posts/:post", "/users/{user_id}/posts/:post")
	f("/users/[id]/x", "/users/{id}/x")
	f("/repos/octocat/hello-world", "/repos/octocat/hello-world") // names are words; only their vendor knows better
}

// TestRoutesAreBounded: whatever a caller sends, routes stay short, and made-up words do not make new ones
// without end.
func TestRoutesAreBounded(t *testing.T) {
	seen := map[string]bool{}
	var x uint64 = 1
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	for range 20_000 {
		segment := make([]byte, 22)
		for i := range segment {
			x = x*6364136223846793005 + 1442695040888963407
			segment[i] = alphabet[x>>58]
		}
		seen[string(AppendRoute(nil, append([]byte("/files/"), segment...)))] = true
	}
	require.Less(t, len(seen), 200, "random tokens that pass for words")
}
