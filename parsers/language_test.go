package parsers

import (
	"io/fs"
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// richAcme is a definition that says what only few vendors need.
const richAcme = `
name  = "acme"
title = "Acme"
docs  = "https://acme.example/errors"
hosts = ["api.acme.example"]
should_retry = [{ header = "x-acme-retry" }, { path = "again" }]
codes = [
  { code = "card_error", category = "payment", retry = "no" },
  { status = 404, code = "gone_fishing", category = "gone" },
  { code = "too_fast", category = "rate_limit", limit = 5, window_s = 1 },
]

[[rate_limits]]
limit     = { header = "x-acme-limit" }
used      = { header = "x-acme-used" }
reset     = { header = "x-acme-reset" }
reset_unit = "ms"
policy    = { header = "x-acme-tier" }
window_s  = 60

[[rate_limits]]
limit     = { path = "quota.max" }
remaining = { path = "quota.left" }

[[envelopes]]
name     = "fault"
statuses = ["200-599"]
match    = [{ path = "fault", is = ["object"] }, { header = "x-acme", one_of = ["a", "b"] }, { path = "result", absent = true }, { path = "fault.text", contains = "oo" }]
code     = [{ header = "x-acme-code" }, { path = "fault.text", inside = "inner.code" }, { path = "fault", as = "key" }]
family   = [{ path = "fault.kind" }]
message  = [{ path = "fault.text", inside = "inner.0" }, { path = "fault.text", as = "after_colon" }]
http_status = [{ path = "fault.status" }]
retry_after = [{ header = "x-acme-wait", unit = "min" }, { path = "fault.until" }, { path = "fault.text", unit = "text" }]

[[envelopes.details]]
list    = "fault.item"
message = [{ path = "m" }]

[[envelopes]]
name     = "quiet"
match    = [{ path = "slow", is = ["array"] }]
category = "timeout"
retry    = "no"

[[envelopes.details]]
list = "slow"

[[envelopes]]
name = "star"
code = [{ path = "by.*.code.*" }]

[[envelopes]]
name   = "header"
bodies = ["empty"]
match  = [{ header = "x-acme-code" }]
code   = [{ header = "x-acme-code", as = "before_colon" }]
`

func acmeRegistry(t *testing.T) *Registry {
	t.Helper()
	r, err := New(Options{FS: []fs.FS{fstest.MapFS{"acme/vendor.toml": {Data: []byte(richAcme)}}}})
	require.NoError(t, err)
	return r
}

func TestDefinitionLanguage(t *testing.T) {
	r := acmeRegistry(t)
	f := func(status, headers, body string) *Row {
		t.Helper()
		return parse(t, r, `{"time":1789732800,"host":"api.acme.example","status":`+status+`,"response_headers":{`+headers+`},"response_body":`+body+`}`)
	}
	const a = `"X-Acme":"a"`

	row := f("200", a+`,"X-Acme-Code":"h1","x-acme-wait":"2"`, `{"fault":{"kind":"card_error","text":"E_FOO: oops"}}`)
	require.Equal(t, "error h1 oops payment no 120000", summary(row))
	row = f("200", a, `{"fault":{"odd":1,"text":"{\"inner\":{\"code\":\"n\\u00b71\"}} oo","until":1789732805}}`)
	require.Equal(t, "error n·1 {\"inner\":{\"code\":\"n\\u00b71\"}} oo other after 5000", summary(row))
	row = f("200", a, `{"fault":{"gone_fishing":1,"status":404,"text":"oo, try again in 1 minute and 5 seconds."}}`)
	require.Equal(t, "error gone_fishing oo, try again in 1 minute and 5 seconds. gone after 65000", summary(row))
	row = f("400", a, `{"fault":{"text":"[\"first oo\",\"é\"]"}}`)
	require.Equal(t, "acme.fault", string(row.Format))

	row = f("200", `"X-Acme":"c"`, `{"fault":{"text":"oo"}}`)
	require.Equal(t, KindSuccess, row.Kind, "one_of")
	row = f("200", a, `{"fault":{"text":"oo"},"result":1}`)
	require.Equal(t, KindSuccess, row.Kind, "absent")
	row = f("200", a, `{"fault":{"text":"aa"}}`)
	require.Equal(t, KindSuccess, row.Kind, "contains")

	row = f("500", `"x-acme-code":"E1: text"`, `""`)
	require.Equal(t, "acme.header E1", string(row.Format)+" "+string(row.Code))
	row = f("500", `"x-acme-code":"E1: text"`, `{"a":1}`)
	require.Equal(t, ParseUnparsed, row.Parse, "bodies")

	row = f("500", ``, `{"slow":["first","second"]}`)
	require.Equal(t, "error  first timeout no -1", summary(row), "the envelope's own advice; the first detail speaks for all")
	row = f("500", `"x-acme-retry":"TRUE"`, `{"slow":["first"]}`)
	require.Equal(t, "error  first timeout yes -1", summary(row))
	row = f("500", `"x-acme-retry":"true","retry-after":"3"`, `{"slow":["first"]}`)
	require.Equal(t, "error  first timeout after 3000", summary(row))
	row = f("429", `"retry-after":"3"`, `{"slow":["first"],"again":false}`)
	require.Equal(t, "error  first timeout no 3000", summary(row))
	row = f("429", ``, `{"slow":["first"],"again":"maybe"}`)
	require.Equal(t, "error  first timeout no -1", summary(row))

	row = f("500", ``, `{"by":{"whom":{"code":["c1","c2"]},"z":{"code":["c3"]}}}`)
	require.Equal(t, "acme.star c1", string(row.Format)+" "+string(row.Code))

	row = f("429", a+`,"x-acme-limit":"100","x-acme-used":"90.5","x-acme-reset":"1500","x-acme-tier":"gold"`, `{"fault":{"text":"oo","item":{"m":"one"}}}`)
	require.Equal(t, RateLimit{Limit: 100, Remaining: 10, ResetAt: 1789732801500, WindowS: 60, Policy: []byte("gold")}, row.RateLimit)
	require.Equal(t, "one", string(row.Details[0].Message))
	row = f("429", a+`,"x-acme-limit":"100","x-acme-used":"90"`, `{"fault":{"text":"oo"},"quota":{"max":5,"left":"0"}}`)
	require.Equal(t, RateLimit{Limit: 5, Remaining: 0, ResetAt: Absent, WindowS: Absent, Source: LimitFromBody}, row.RateLimit)
}

func TestDocumentedQuota(t *testing.T) {
	r, row := acmeRegistry(t), new(Row)
	f := func(status, headers string, want RateLimit) {
		t.Helper()
		record := `{"time":1767273433.414,"method":"GET","url":"https://api.acme.example/","status":` + status + `,"response_headers":{` + headers + `"x-acme-code":"too_fast: x"},"response_body":""}`
		for range 3 {
			r.Parse(&Record{Value: []byte(record)}, row)
			require.Equal(t, "too_fast", string(row.Code))
			require.Equal(t, want, row.RateLimit)
		}
	}
	f("429", ``, RateLimit{Limit: 5, Remaining: Absent, ResetAt: Absent, WindowS: 1, Source: LimitFromCatalogue})
	f("429", `"X-RateLimit-Remaining":"0",`, RateLimit{Limit: Absent, Remaining: 0, ResetAt: Absent, WindowS: Absent})
	f("429", `"X-RateLimit-Limit":"7",`, RateLimit{Limit: 7, Remaining: Absent, ResetAt: Absent, WindowS: Absent})
	require.Equal(t, "header body catalogue", LimitFromHeader.String()+" "+LimitFromBody.String()+" "+LimitFromCatalogue.String())
}

func summary(row *Row) string {
	out := row.Kind.String() + " " + string(row.Code) + " " + string(row.Message) + " " + row.Category.String() + " " + row.Retry.String() + " "
	return out + strconv.FormatInt(row.RetryAfterMS, 10)
}

func TestProseWait(t *testing.T) {
	f := func(text string, want int64) {
		t.Helper()
		require.Equal(t, want, proseWait([]byte(text)), text)
	}
	f("Rate limit reached for gpt-4 (limit: 10000 tokens per min). Please try again in 1m20.5s.", 80_500)
	f("Request was throttled. Expected available in 15 seconds.", 15_000)
	f("Too many requests, please wait 2 minutes and 5 seconds before trying again.", 125_000)
	f("Retry after 30 sec", 30_000)
	f("Please try again in 6ms", 6)
	f("Try again in 2 hours", 7_200_000)
	f("Retry after 900 days", maxRetryAfterMS)
	f("Limit of 100 per 60 seconds reached.", Absent)
	f("Try again later.", Absent)
	f("Try again with fewer than 500 rows.", Absent)
	f("", Absent)
}

func TestTransforms(t *testing.T) {
	f := func(as, text, want string) {
		t.Helper()
		apply, ok := transformNamed(as)
		require.True(t, ok, as)
		require.Equal(t, want, string(apply(new(scratch), []byte(text))), "%s of %s", as, text)
	}
	f("without_dots", "path/not_found/...", "path/not_found")
	f("without_dots", "a sentence.", "")
	f("before_colon", "E1042: no such user", "E1042")
	f("before_colon", "No such user: 7", "")
	f("before_colon", "E1042", "")
	f("after_colon", "E1042: no such user", " no such user")
	f("after_colon", "No such user: 7", "No such user: 7")
	f("number", "(#100) No such field", "100")
	f("number", "none", "")
	f("bracketed", "No such field [nr 7", "")
	f("bracketed", "(#100) No such field", "#100")
	f("aws_type", "com.acme#NotFoundException:http://acme.example/", "NotFoundException")
	f("aws_type", "NotFoundException", "NotFoundException")
	f("slug", "It's Phone-Format Invalid!", "its_phone_format_invalid")
	f("last_url_segment", "https://acme.example/errors/not-found?x=1", "not-found")
	f("problem_type", "https://httpstatuses.com/404", "")
	f("token", "a b", "")
}
