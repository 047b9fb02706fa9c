package parsers

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const acme = `name = "acme"
title = "Acme"
docs = "https://acme.example/errors"
hosts = ["api.acme.example"]
[[envelopes]]
name = "oops"
statuses = ["200", "400-599"]
match = [{ path = "oops", is = ["object"] }, { path = "oops.ok", equals = "no" }]
code = [{ path = "oops.code", as = "slug" }]
message = [{ path = "oops.texts.1" }, { path = "oops.text\\.en" }]
retry_after = [{ path = "oops.wait", unit = "ms" }]
[[codes]]
status = 200
code = "sold_out"
category = "conflict"
retry = "no"
advice = "Order something else."
link = "https://acme.example/errors"
`

func files(name, text string) fstest.MapFS {
	return fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}}
}

func TestFurtherDefinitions(t *testing.T) {
	r, err := New(Options{FS: []fs.FS{files("acme/vendor.toml", acme)}})
	require.NoError(t, err)
	require.Len(t, r.Vendors(), len(newRegistry(t).Vendors())+1)
	row := parse(t, r, `{"time":1789732800,"status":200,"host":"api.acme.example","path":"/buy","response_body":{"oops":{"ok":"no","code":"Sold Out!","texts":["a","b"],"wait":1500}}}`)
	require.Equal(t, KindError, row.Kind, "an envelope of the vendor says that a 200 is an error")
	require.Equal(t, []string{"acme", "sold_out", "b", "/buy", "acme.oops"},
		[]string{string(row.Vendor), string(row.Code), string(row.Message), string(row.Path), string(row.Format)})
	require.Equal(t, CategoryConflict, row.Category)
	require.Equal(t, RetryNo, row.Retry)
	require.Equal(t, int64(1500), row.RetryAfterMS)
	row = parse(t, r, `{"time":1789732800,"status":200,"host":"api.acme.example","response_body":{"oops":{"ok":"yes"}}}`)
	require.Equal(t, KindSuccess, row.Kind)
	row = parse(t, r, `{"time":1789732800,"status":400,"host":"api.acme.example","response_body":{"oops":{"ok":"no","text.en":"dotted"}}}`)
	require.Equal(t, "dotted", string(row.Message))
}

func TestDefinitionReplacesBuiltIn(t *testing.T) {
	text := strings.Replace(acme, `"acme"`, `"truv"`, 1)
	r, err := New(Options{FS: []fs.FS{files("truv/vendor.toml", text)}})
	require.NoError(t, err)
	require.Equal(t, "Acme", r.byName["truv"].info.Title)
	require.Nil(t, r.hosted([]byte("prod.truv.com")))
}

func TestFaultyDefinitions(t *testing.T) {
	f := func(old, faulty string, wants ...string) {
		t.Helper()
		require.Contains(t, acme, old)
		_, err := New(Options{FS: []fs.FS{files("acme/vendor.toml", strings.Replace(acme, old, faulty, 1))}})
		require.Error(t, err, faulty)
		for _, want := range append(wants, "acme/vendor.toml") {
			require.ErrorContains(t, err, want)
		}
	}
	f(`title = "Acme"`, `titel = "Acme"`, `:2: unknown key "titel"`)
	f(`title = "Acme"`, `title = "is = "`+"\n"+`[iss]`+"\n"+`is = 1`, `:3: unknown key "iss"`)
	f(`name = "acme"`, `name = "acme2"`, `name: "acme2" differs from its folder "acme"`)
	f(`name = "acme"`, `name = "Ac me"`, `"Ac me" is not lower-case`)
	f(`"api.acme.example"`, `"https://api.acme.example"`, `:4: hosts: "https://api.acme.example" is neither`)
	f(`"400-599"`, `"4xx"`, `envelopes.oops.statuses: "4xx" is neither`)
	f(`"400-599"`, `"700"`, `envelopes.oops.statuses`)
	f(`is = ["object"]`, `is = ["thing"]`, `"thing" is not one of bool, number, string, array, object`)
	f(`as = "slug"`, `as = "snake"`, `"snake" is not one of key, last_url_segment, problem_type, slug, token`)
	f(`name = "oops"`, "name = \"oops\"\nbodies = [\"soap\"]", `"soap" is not one of empty, json, xml, form, text, html`)
	f(`path = "oops.wait"`, `path = "oops.wait", header = "x"`, `needs exactly one of path and header`)
	f(`unit = "ms"`, `unit = "weeks"`, `"weeks" is not one of s, ms, min`)
	f(`path = "oops.wait"`, `path = "oops..wait"`, `path "oops..wait" has an empty step`)
	f(`"conflict"`, `"conflicts"`, `category "conflicts" is not one of auth, permission`)
	f(`retry = "no"`, `retry = "never"`, `retry "never" is not one of yes, no, after, unknown`)
	f(`status = 200`, `status = 20`, `status 20 is not within 100 to 599`)
	f(`code = "sold_out"`, `code = 17`, `vendor.toml:14: codes.code: found a whole number, want a text, such as "x"`)
	f(`status = 200`, `status = "200"`, `codes.status: found a text, want a whole number`)
	f(`is = ["object"]`, `is = "object"`, `found a text, want a list`)
	f(`[[codes]]`, "identifies = 3\n[[codes]]", `identifies: found a whole number, want a table`)
	f(`name = "acme"`, `name = true`, `:1: name: found true or false, want a text`)
	f(`[[codes]]`, "decoder = \"magic\"\n[[codes]]", `"magic" is not one of google_rpc`)
	f(`[[codes]]`, "identifies = { vendor = \"other\", path = \"a\", prefixes = [\"b\"] }\n[[codes]]", `"other" is not a name of this definition`)
	f(`[[codes]]`, "identifies = { path = \"a\" }\n[[codes]]", `without prefixes it needs only_if`)
	f(`[[codes]]`, "[[envelopes.details]]\n[[codes]]", `needs exactly one of list, fields, item, text`)
	f(`[[codes]]`, "[[codes]]\ncode = \"fast\"\ncategory = \"rate_limit\"\nlimit = 5\n[[codes]]", `limit and window_s are a quota of a rate_limit`)
	f(`[[codes]]`, "[[codes]]\ncode = \"fast\"\ncategory = \"server\"\nlimit = 5\nwindow_s = 1\n[[codes]]", `limit and window_s are a quota of a rate_limit`)
	f(`[[codes]]`, "[[codes]]\nstatus = 200\ncode = \"Sold-Out\"\ncategory = \"gone\"\n[[codes]]", `200 sold_out is listed twice`)
	f(`[[codes]]`, "[[ranges]]\nfrom = 5\nto = 4\n[[codes]]", `5 to 4 is no range`)
	f(`name = "acme"`, `name = "generic"`, `:1: name: "generic" is reserved`)
	f(`name = "acme"`, `name = `, `:1: toml`)

	_, err := New(Options{FS: []fs.FS{files("acme/vendor.yaml", "")}})
	require.ErrorContains(t, err, "expected <name>/vendor.toml")
	_, err = New(Options{FS: []fs.FS{files("acme/vendor.toml", strings.Replace(acme, "api.acme.example", "api.telecomx.dk", 1))}})
	require.ErrorContains(t, err, `host "api.telecomx.dk" belongs to both acme and telecomx`)
}

func TestAllFaultsAreReported(t *testing.T) {
	text := strings.NewReplacer(`title`, `titel`, `"slug"`, `"x"`, `"conflict"`, `"y"`).Replace(acme)
	_, err := New(Options{FS: []fs.FS{files("acme/vendor.toml", text), files("b/vendor.toml", "name = 1")}})
	for _, want := range []string{"titel", `"x"`, `"y"`, "b/vendor.toml"} {
		require.ErrorContains(t, err, want)
	}
}
