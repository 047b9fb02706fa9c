package redact

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func newRedactor(t testing.TB, extra ...string) *Redactor {
	t.Helper()
	r, err := New(extra)
	require.NoError(t, err)
	return r
}

// Texts in the manner of payment, telephony and banking vendors in which nothing is secret.
var untouched = []string{
	"",
	" ",
	"Not found",
	"You do not have the necessary permissions to access this entry point. Please contact your administrator.",
	"Updating of own organisation not allowed.",
	"Input validation failed",
	"User - Username has invalid format: expecting String.",
	"Invalid reference to endpoint with id 1829334",
	"Endpoint - imei out of range (1..16)",
	"Unknown Subscriber for Endpoint with id 166354*",
	`{"error_code":1102,"error_token":"InvalidToken","message":"Invalid token"}`,
	`{ "error_code" : 1400, "error_token" : "InputValidationFailed", "message" : "Input validation failed", }`,
	`{"error_code": 1103, "error_token": "TokenExpired2"}`,
	"Session has expired, please login",
	"Authorization required, please login",
	"Authorization header format is Authorization: Bearer <token>",
	"Undecipherable",
	"IP address not authenticated",
	`{"error":{"message":"MVNO account not found","code":"mvnoAccount","status":404}}`,
	`{"error":{"code":"validation_error","message":"Validation error","extra":{"invalid-params":[{"field":"first_name","message":"First name is required"}]}}}`,
	"Token is invalid",
	"expired_token - used when a public token expires after 6 hours.",
	"Bridge token is expired.",
	"The provided phone number did not adhere to the E.164 phone number format.",
	"The Check with the given check_id does not exist.",
	"The response Retry-After HTTP header will contain a value indicating the number of seconds",
	"Check 0b2f9a5e-2c2e-4a8b-9d1e-6d1f6a1c7f10 not found",
	`{"type":"https://developer.tru.id/docs/reference/api-errors#invalid_parameters","title":"Bad Request","status":400,"detail":"phone_number: must not be blank"}`,
	`{"type":"https://docs.truelayer.com/docs/error-types#unauthorized","status":401,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","detail":"The access token may be invalid or expired."}`,
	"trace_id: 4bf92f3577b34da6a3ce929d0e0e4736",
	"traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	"X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
	"Request req_4bf92f3577b34da6a3ce929d0e0e4736 failed",
	"Correlation ID: 4BF92F3577B34DA6A3CE929D0E0E4736",
	"Account 56c7b029e0f8ec5a2334fb0ffc2fface was not found",
	"No such customer: 'cus_9s6XKzkNRldm1a'; a similar object exists in live mode",
	"No such payment_intent: 'pi_3MtwBwLkdIwHu7ix28a3tqPa'",
	"Invalid API Key provided: sk_test_********************4242",
	"You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
	"Your card was declined. Decline code: insufficient_funds",
	"Amount must be at least 0.50 usd, got 0.4111111111111111",
	"Amount 1234567.89 exceeds the limit of 1000000.00 EUR",
	"Insufficient funds: balance 12 345 678,90 kr, needed 99 999 999,00 kr",
	"Keys for idempotent requests can only be used with the same parameters they were first used with.",
	"Idempotency key 7f0c9e9b-6f0e-4ad1-8b4e-3bb8d6a1c111 was already used",
	"Duplicate entry '42' for key 'users.email'",
	`duplicate key value violates unique constraint "pk_users" (SQLSTATE 23505)`,
	"Access denied for user 'app'@'localhost' (using password: YES)",
	"Error E1105: too many requests, retry in 30 seconds",
	"Rate limit exceeded: 300 requests per 60 s, retry at 2024-01-15T10:30:00.123Z",
	"2024-01-15 10:30:00,123 +0000 GMT+01:00 UTC+5",
	"timestamp 1705314600 or 1705314600123 or 1705314600123456789",
	"date 15-01-2024 and 20240115103000 and 01/15/2024",
	"order 1234567890123456 with 16 digits",
	"IMEI 490154203237518 is blocked",
	"ICCID 8945020184563872036 is not active",
	"IMSI 238201234567890 does not belong to the operator",
	"version 1.24.3-beta.2+build.11 is not supported, use v2",
	"package react@18.2.0 and actions/checkout@v4 and @types/node",
	"10 items @ 5.99 each",
	"Error 21211 - https://www.twilio.com/docs/errors/21211",
	"Authenticate: Account ACd41d8cd98f00b204e9800998ecf8427e not found; auth token invalid",
	"AADSTS50011: redirect URI mismatch. Trace ID: 6d2d0f8a-1a2b-4c3d-9e8f-123456789abc Timestamp: 2024-01-15 10:30:00Z",
	"User: arn:aws:sts::123456789012:assumed-role/role/session is not authorized to perform: dynamodb:GetItem",
	"Incorrect API key provided: sk-abcde***********************wxyz.",
	"Rate limit reached for gpt-4 in organization org-AbCdEf123456GhIjKl on tokens per min (TPM): Limit 10000, Used 9876.",
	`{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKeyForGivenResource"}}}`,
	"Unable to parse token: unexpected end of JSON input at position 1024",
	"password: Password must contain 1 uppercase letter",
	"OTP expired after 300 seconds; otp 6 digits; PIN 12 is too short",
	"error code 1234567 is unknown, sort_code=200000 account_number=55779911",
	"Payment 01HQ3W5Z9X8Y7V6T5S4R3Q2P1N failed, mandate MD0000AB123 not found",
	"lat=55.6760968, lon=12.5683371234567, ratio 0.123456789012345678",
	"Call from 12025550123 to 442079460958 failed",
	"authorization: insufficient scope; secret: not found; cookie: missing; auth: failed",
	`upstream request timeout; x-request-id: 5f1e2d3c4b5a69788796a5b4c3d2e1f0, etag "33a64df551425fcc55e4d42a148795d9"`,
	"The value +10 is too large, use +1 or +1234567",
	"Sort code 12-34-56 is unknown",
	"Field pin: must have 4 digits",
	`{"errors":{"password":["is too short (minimum is 8 characters)"],"token":["can't be blank"],"pin":"must be 4 digits"}}`,
	`{"password":"required","token":"invalid_token","authorization":null,"session":"expired"}`,
	"Basic authentication is disabled; Basic plan allows 3 users",
	"Bearer token missing",
	`WWW-Authenticate: Bearer realm="api", error="invalid_token", error_description="The access token expired"`,
	`Basic realm="Access to the staging site"`,
	`{"prompt_tokens":4096,"max_tokens": 8192,"next_page_token":"CAoQAA9x81bd","token_type":"Bearer"}`,
	"Unsupported model gpt-4-turbo-2024-04-09 for this API key",
	"mapping: 12345, shipping=98765, spin: 123456",
	"code=invalid_request status=400 error_code=1105",
	"https://docs.example.com/errors?code=1105&lang=en#rate_limit",
	"https://docs.example.com/errors?code=invalid_request",
	"<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>",
	"upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
	"dial tcp 10.1.2.3:5432: connect: connection refused",
	"http://localhost:8080/v1/users/42/balance",
	"/v1/accounts/1234567890/transactions",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
	"Invalid IBAN: GB82 WEST 1234 5698 7654 33",
	"card ending in 4242 was declined, 4111 1111 1111 1112 fails Luhn",
	"[redacted:email] is taken",
	"Zip 00501 and invoice 0000123456789 and id 00112233445566",
	"Too many requests. Try again in 59s (limit=100, remaining=0, reset=1705314600).",
	"Price must be >= 100 && <= 200; a==b; x => y",
	"请求失败: 参数错误 (code 1105)",
	"ошибка: неверный запрос, повторите через 30 секунд",
	"at https://x.io:8080", "at https://[::1]:8080", "https://x.io: timeout", `Bearer realm="api", error="invalid_token", error_description="expired"`,
}

// One line: text, and what must become of it. «» marks the secret in the text, the marker's kind
// stands behind the bar.
var redacted = []string{
	// credentials
	"Authorization: Bearer «xyz»|bearer",
	"bearer «abc.def-123»|bearer",
	"BEARER «ABCDEF12345»|bearer",
	"used Bearer «mF_9.B5f-4.1JqM» twice|bearer",
	"Bearer%20«abc123def»|bearer",
	"header \"Authorization: Bearer «abc123»\" refused|bearer",
	"Authorization: Basic «QWxhZGRpbjpvcGVuIHNlc2FtZQ==»|basic",
	"Basic «abc=»|basic",
	`{"x":"Basic «QWxhZGRpbjpvcGVuIHNlc2FtZQ==»"}|basic`, `{\"x\":\"Basic «Y2FuYXJ5OnM0Y3JldFBhc3M=»\"}|basic`,
	"basic «dXNlcjpwYXNz».|basic",
	"Authorization: Token «9944b09199c62bcf»|secret",
	"Authorization: «a1b2c3d4»|secret",
	`{"authorization":"«s3cr3t-value»"}|secret`,
	"proxy-authorization: Digest «username=\"x\", response=\"6629\"»\nnext|secret",
	"Authorization: AWS4-HMAC-SHA256 «Credential=AKIDEXAMPLE/2015/us-east-1/iam, Signature=5d67»|secret", "Cookie: «sid=31d4d96e407aad42; theme=dark»|cookie",
	"Set-Cookie: «session=eyJabc; Path=/; HttpOnly»|cookie",
	// JWT
	"token «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk» is expired|jwt",
	"«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ».|jwt",
	"('«eyJhbGciOiJub25lIn0.e30».')|jwt",
	// keys by prefix
	"Invalid API Key provided: «sk_live_51H8abcDEF»|api_key",
	"Invalid API Key provided: «SK_TEST_51H8ABCDEF»|api_key",
	"«rk_live_a1b2c3d4e5»|api_key", "«pk_test_a1b2c3d4e5»|api_key", "«sk_4eC39HqLyjWDarjtT1zdp7dc»|api_key",
	"«ghp_16C7e42F292c6912E7710c838347Ae178B4a» was revoked|api_key",
	"«gho_16C7e42F292c6912»|api_key", "«ghs_16C7e42F292c6912»|api_key", "«github_pat_11ABCDE0_xyz»|api_key",
	"«glpat-abcDEF123456_xy»|api_key",
	"«xoxb-123456789012-abcdefABCDEF»|api_key", "«xoxp-1234-5678-abcd»|api_key",
	"key «AKIAIOSFODNN7EXAMPLE» does not exist|api_key", "«ASIAIOSFODNN7EXAMPLE»|api_key", "«akiaiosfodnn7example»|api_key",
	"«AIzaSyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI»|api_key",
	"«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»|api_key",
	"«npm_abcdefghijkl0123456789abcdefghijkl12»|api_key",
	"«sk-proj-abc123DEF456ghi789»|api_key", "«hf_abcdefghijklmnop»|api_key", "«whsec_abc/DEF+123==»|api_key",
	"access_token «access-sandbox-de3ce8ef-33f8-452c-a685-8671031fc0f6» not found|api_key",
	// named values
	"password=«hunter»", "password=«hunter2»&x=1", "PASSWORD=«HUNTER2»", "passwd: «hunter2»", "Invalid password: «hunter»",
	"db_password => '«hunter2»'", `{"password":"«correct horse battery staple»"}`, `{"password" : "«a\"b»"}`,
	`{"client_secret":"«my-secret-value»","grant_type":"x"}`, `{\"password\":\"«hunter2»\"}`,
	`"passphrase": '«x y z»'`, "%22password%22%3A%22«hunter2»%22", `\u0022password\u0022:\u0022«hunter2»\u0022`,
	"<ns:password>«hunter2»</ns:password>", "secret=«s3cr3t»;", "token=«abc»", "Token: «abc123def456»", "X-Api-Key: «a1b2c3d4»",
	"api_key=«12345abc»", "API key: «a1b2c3d4e5»", "apiKey='«a b»'", "accessToken=«zzz»", "refresh_token=«zzz»",
	`"access_token":"«550e8400-e29b-41d4-a716-446655440000»"`, "session=«5f2b»", "session_id=«5f2b»",
	"otp=«123456»|pin", "OTP «482910» has expired|pin", "pin: «1234»|pin", `"cvv":"«123»"|pin`, `"cvv":«123»}|pin`,
	"ssn=«123-45-6789»|pin", "SSN 123-45-6789 is taken|SSN [redacted:pin] is taken", "verification code «123456» is wrong|pin",
	// opaque
	"Public token expired: «48427a36d43c4d5aa6324bc06c692456»|token",
	"Public token expired: «48427A36D43C4D5AA6324BC06C692456».|token",
	"Token '«48427a36d43c4d5aa6324bc06c692456»' not found|token",
	"bad value «48427a36d43c4d5aa6324bc06c692456»|token",
	"secret «1NirD82eZvKYlo2CIvbtLWuY» is not valid|token",
	"The key you sent (a8F3k2Lq9Zx7) is unknown|The key you sent ([redacted:token]) is unknown",
	// private keys
	"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----|[redacted:private_key]",
	"key: «-----BEGIN RSA PRIVATE KEY-----\\nMIIEow»|private_key",
	"?key=«-----BEGIN+PRIVATE+KEY-----%0AMIIEvQIBADANBg%0A-----END+PRIVATE+KEY-----»&x=1|private_key", "«-----BEGIN%20PRIVATE%20KEY-----%0AMIIE»|private_key",
	// cards
	"card «4111111111111111» declined|card", "«4111 1111 1111 1111»|card", "«4111-1111-1111-1111»,|card",
	"«378282246310005»|card", "«3782 822463 10005»|card", "«5555555555554444»|card", "«6011111111111117»|card",
	"«30569309025904»|card", "«2223003122003222»|card", "«4222222222222»|card", "\"«4242424242424242»\"|card",
	"order 12 «4111 1111 1111 1111» 99|card", "pan%20«4111111111111111»|card", "PAN:«4000056655665556».|card",
	// IBANs
	"IBAN «GB82WEST12345698765432» is closed|iban", "«GB82 WEST 1234 5698 7654 32» is closed|iban",
	"(«DE89370400440532013000»)|iban", "«de89 3704 0044 0532 0130 00»|iban", "«NO9386011117947»|iban",
	"«FR1420041010050500013M02606»|iban", "«MT84MALT011000012345MTLCAST001S»|iban", "to«», «DK5000400440116243»|iban",
	// e-mails
	"User «john.doe+test@example.com» already exists|email", "<«JOHN@EXAMPLE.CO.UK»>|email", "'«a@b.io»'|email",
	"mailto:«x_y@sub.example.org».|email", "email=«john%40example.com»&x=1|email", "«jürgen@müller.de»|email",
	"联系«support@example.com»失败|email", "«o'brien@example.ie»|email", `"\u0022«a\u0040b.com»\u0022"|email`,
	// phones
	"Phone «+4512345678» is invalid|phone", "«+45 12 34 56 78»|phone", "«+1 (415) 555-2671»|phone", "«+44-20-7946-0958»,|phone",
	"(«+14155552671»)|phone", "tel:«+12025550123»;|phone", "to=«%2B447911123456»&from=x|phone", "«%2b4512345678»|phone",
	"«004512345678»|phone", "«0045 12 34 56 78»|phone", "«0014155552671»|phone", "«+4512345678» 404|phone",
	"MSISDN «4512345678» is unknown|phone", `"phone_number":"«4512345678»"|phone`, "phone number: «447911123456»|phone",
	// URLs
	"dial «root:hunter2»@tcp(10.0.0.1:3306)/db|userinfo", "Server=db;Password=«My$ecret,Pwd!»;x=1",
	"redis://«:hunter2»@redis:6379/0|userinfo", "AccountKey=«abc+def/ghi==»;EndpointSuffix=x",
	"https://«user:pass»@example.com/x|userinfo", "postgres://«app:p@ss»@db.internal:5432/app|userinfo",
	"https://x.io/cb?token=«abc»&state=1", "https://x.io/cb?state=1&code=«SplxlOBeZQQYbYS6WxSbIA»", "?sig=«abc%3D»&se=1", "&key=«abc»",
	"?X-Amz-Signature=«fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024»&x=1",
	"to=https%3A%2F%2F«user%3Apa%2Bss»%40host.io%2Fx|userinfo", "/v1/https:%2F%2F«user:p4ss»@host%2Fx|userinfo", "see https://«user:p4ss»|userinfo",
	"redirect=https%3A%2F%2Fx.io%2Fcb%3Ftoken%3D«abc123»%26a%3D1",
}

// expectation splits one line of redacted.
func expectation(t *testing.T, line string) (text, want, secret string) {
	t.Helper()
	text, kind, _ := strings.Cut(line, "|")
	if strings.Contains(kind, "[") {
		return text, kind, ""
	}
	if kind == "" {
		kind = "secret"
	}
	text = strings.ReplaceAll(text, "«»", "")
	before, rest, ok := strings.Cut(text, "«")
	require.True(t, ok, "no secret marked in %q", line)
	secret, after, ok := strings.Cut(rest, "»")
	require.True(t, ok, "no end marked in %q", line)
	return before + secret + after, before + "[redacted:" + kind + "]" + after, secret
}

func TestAppend_Untouched(t *testing.T) {
	require.GreaterOrEqual(t, len(untouched), 60)
	r := newRedactor(t)
	for _, text := range untouched {
		require.Equal(t, text, string(r.Append(nil, []byte(text))))
	}
}

func TestAppend_Redacted(t *testing.T) {
	require.GreaterOrEqual(t, len(redacted), 60)
	r := newRedactor(t)
	for _, line := range redacted {
		text, want, _ := expectation(t, line)
		got := string(r.Append(nil, []byte(text)))
		require.Equal(t, want, got, "of %q", text)
		require.Equal(t, want, string(r.Append(nil, []byte(got))), "not idempotent: %q", text)
	}
}

// Secrets that are told by themselves, wherever they stand.
var canaries = []string{
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.dBjftJeZ4CVPmB92K27uhbUJU1p1r", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
	"rk_test_4eC39HqLyjWDarjtT1zdp7dc", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "glpat-a1b2c3d4e5f6g7h8i9j0",
	"xoxb-123456789012-1234567890123-AbCdEfGhIjKl", "AKIAIOSFODNN7EXAMPLE", "whsec_a1b2c3d4e5f6",
	"AIzaSyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI", "npm_a1b2c3d4e5f6g7h8i9j0", "hf_a1b2c3d4e5f6g7h8i9j0",
	"sk-ant-api03-a1b2c3d4e5f6g7h8", "48427a36d43c4d5aa6324bc06c692456", "4111111111111111", "4111 1111 1111 1111",
	"5500-0000-0000-0004", "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "john.doe@example.com",
	"+4512345678", "+45 12 34 56 78", "%2B4512345678", "john%40example.com",
}

func TestAppend_CanariesAnywhere(t *testing.T) {
	r := newRedactor(t)
	frames := []string{
		"%", "% failed", "failed %", "it was % that failed", "(%)", "[%]", "{%}", "<%>", "'%'", `"%"`, "`%`", "“%”", "%,", "%;", "%!",
		"%?", "%: no", "x: %", "x:%", "x=%", "a=1&x=%&b=2", "/%/", "/a/%", "|%|", "*%*", "#%", "\n%\n", "\t%\t", `{"m":"%"}`,
		`{"m":"no % here"}`, `{\"m\":\"%\"}`, `"a\n%\nb"`, "a,%,b", "é%é", "…%…", "\x00%\x00", "%.", "is %...", "%\r\n%",
	}
	for _, canary := range canaries {
		for _, variant := range []string{canary, strings.ToUpper(canary), strings.ToLower(canary)} {
			for _, frame := range frames {
				text := strings.ReplaceAll(frame, "%", variant)
				got := string(r.Append(nil, []byte(text)))
				require.NotContains(t, got, variant, "in %q", text)
				require.Contains(t, got, "[redacted:", "in %q", text)
				require.True(t, utf8.ValidString(got), "%q", got)
				require.Equal(t, got, string(r.Append(nil, []byte(got))), "of %q", text)
			}
		}
	}
}

func TestAppendPath(t *testing.T) {
	r := newRedactor(t)
	f := func(path, want string) {
		t.Helper()
		got := string(r.AppendPath(nil, []byte(path)))
		require.Equal(t, want, got)
		require.Equal(t, want, string(r.AppendPath(nil, []byte(got))))
	}
	f("/", "/")
	f("/v1/users/42", "/v1/users/42")
	f("/v1/accounts/550e8400-e29b-41d4-a716-446655440000/balance", "/v1/accounts/550e8400-e29b-41d4-a716-446655440000/balance")
	f("/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/balance", "/data/v1/accounts/56c7b029e0f8ec5a2334fb0ffc2fface/balance")
	f("/v1/things/56c7b029e0f8ec5a2334fb0ffc2fface", "/v1/things/56c7b029e0f8ec5a2334fb0ffc2fface")
	f("/v1/payments/pi_3MtwBwLkdIwHu7ix28a3tqPa?expand=charges", "/v1/payments/pi_3MtwBwLkdIwHu7ix28a3tqPa?expand=charges")
	f("/v1/orders/1234567890123?page=2&per_page=100&from=2024-01-15T10:00:00Z", "/v1/orders/1234567890123?page=2&per_page=100&from=2024-01-15T10:00:00Z")
	f("/v1/endpoints/1829334/connectivity", "/v1/endpoints/1829334/connectivity")
	f("/v1/oauth/token:revoke", "/v1/oauth/token:revoke")
	f("/phone/+4512345678", "/phone/[redacted:phone]")
	f("/phone/%2B4512345678/check", "/phone/[redacted:phone]/check")
	f("/phone/004512345678/check", "/phone/[redacted:phone]/check")
	f("/msisdn/4512345678/sims", "/msisdn/[redacted:phone]/sims")
	f("/users/john@example.com/orders", "/users/[redacted:email]/orders")
	f("/users/john%40example.com/orders", "/users/[redacted:email]/orders")
	f("/tokens/48427a36d43c4d5aa6324bc06c692456/exchange", "/tokens/[redacted:token]/exchange")
	f("/reset-password/a8F3k2Lq9Zx7", "/reset-password/[redacted:token]")
	f("/s/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc/x", "/s/[redacted:jwt]/x")
	f("/k/sk_live_4eC39HqLyjWDarjtT1zdp7dc/x", "/k/[redacted:api_key]/x")
	f("/cards/4111111111111111", "/cards/[redacted:card]")
	f("/cards/4111%201111%201111%201111/x", "/cards/[redacted:card]/x")
	f("/iban/GB82WEST12345698765432/validate", "/iban/[redacted:iban]/validate")
	f("/cb?token=abc&x=1", "/cb?token=[redacted:secret]&x=1")
	f("/cb?x=1&sig=abc%3D&key=zzz#f", "/cb?x=1&sig=[redacted:secret]&key=[redacted:secret]")
	f("/cb?code=abc123&state=xyz", "/cb?code=[redacted:secret]&state=xyz")
	f("/cb?code=1105", "/cb?code=1105")
	f("/o?X-Amz-Signature=abc&X-Amz-Date=20240115T103000Z", "/o?X-Amz-Signature=[redacted:secret]&X-Amz-Date=20240115T103000Z")
	f("/l?phone=4512345678&email=a%40b.co", "/l?phone=[redacted:phone]&email=[redacted:email]")
	f("/l?to=%2B45%2012%2034%2056%2078", "/l?to=[redacted:phone]")
}

func TestAppend_ExtendsDst(t *testing.T) {
	r := newRedactor(t)
	require.Equal(t, "kept token=[redacted:secret]", string(r.Append([]byte("kept "), []byte("token=abc"))))
	require.Empty(t, r.Append(nil, nil))
}

func TestAppend_Extra(t *testing.T) {
	f := func(want, text string, patterns ...string) {
		t.Helper()
		r := newRedactor(t, patterns...)
		got := string(r.Append([]byte("> "), []byte(text)))
		require.Equal(t, "> "+want, got)
		require.Equal(t, want, string(r.Append(nil, []byte(want))))
	}
	f("customer [redacted:custom] unknown", "customer CUST-0042 unknown", `CUST-\d+`)
	f("[redacted:custom]", "aaaaaaaa", `a`)
	f("x", "x", `a*`)
	f("[redacted:custom][redacted:email]", "by a@b.co", `by `)
	f("[redacted:email] [redacted:custom]", "a@b.co redacted", `redacted`)
	f("[redacted:custom][redacted:custom]", "AAsecret", `\bsecret\b`, `AA`)
	f("[redacted:custom][redacted:email]", "! a@b.co", `.`)
	f("[redacted:custom] b", "a b", `^\w`, `^\W\w`)
}

func TestNew_Failure(t *testing.T) {
	_, err := New([]string{"ok", "(", "", "["})
	require.ErrorContains(t, err, `redaction pattern "("`)
	require.ErrorContains(t, err, `redaction pattern ""`)
	require.ErrorContains(t, err, `redaction pattern "["`)
}

func TestAppend_NoAllocation(t *testing.T) {
	r := newRedactor(t)
	dst := make([]byte, 0, 4096)
	texts := [][]byte{[]byte(clean), []byte(dirty)}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, text := range texts {
			dst = r.Append(dst[:0], text)
			dst = r.AppendPath(dst[:0], text)
		}
	}))
}
