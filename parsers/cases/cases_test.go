package cases

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

const declined = `From https://example.com/errors.
-- exchange.http --
POST https://api.example.com/v1/charges

HTTP/1.1 402 Payment Required
Content-Type: application/json
Retry-After: 5

{"code":"declined"}

-- want.json --
{"code": "declined", "title": null, "rate_limit": {"limit": 5}, "details": [{"field": "card"}]}
`

func read(t *testing.T, text string) (Case, error) {
	t.Helper()
	all, err := Read(fstest.MapFS{"acme/not_acme.txtar": {Data: []byte(text)}}, "*/*.txtar")
	if err != nil {
		return Case{}, err
	}
	return all[0], nil
}

func TestExchange(t *testing.T) {
	c, err := read(t, declined)
	require.NoError(t, err)
	require.Equal(t, "not_acme", c.Name)
	require.True(t, c.LookAlike())
	require.False(t, c.Whole())
	require.JSONEq(t, `{"time":"2026-09-18T12:00:00.000Z","method":"POST","url":"https://api.example.com/v1/charges","status":402,
		"response_headers":{"Content-Type":["application/json"],"Retry-After":["5"]},"response_body":"{\"code\":\"declined\"}"}`, string(c.Record))
}

func TestFaultsNameTheFile(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := read(t, text)
		require.ErrorContains(t, err, "acme/not_acme.txtar: "+want)
	}
	f("-- want.json --\n{}\n", "the comment that says where the response comes from is missing")
	f("c\n-- want.json --\n{}\n", "neither input.json nor exchange.http")
	f("c\n-- wnat.json --\n{}\n", "wnat.json: unknown file")
	f("c\n-- exchange.http --\nGET\n", "exchange.http: line 1 is not METHOD URL")
	f("c\n-- exchange.http --\nGET https://a.example/\n\nHTTP/1.1 ok\n", `exchange.http: "ok" is no status`)
	f("c\n-- exchange.http --\nGET https://a.example/\n\nHTTP/1.1 200\nx\n", `exchange.http: "x" is no header`)
	_, err := Read(fstest.MapFS{}, "*/*.txtar")
	require.ErrorContains(t, err, "no cases match")
}

func TestMisses(t *testing.T) {
	c, err := read(t, declined)
	require.NoError(t, err)
	f := func(row, want string) {
		t.Helper()
		misses, err := c.Misses([]byte(row))
		require.NoError(t, err)
		got := ""
		for _, m := range misses {
			got += m.String() + ";"
		}
		require.Equal(t, want, got)
	}
	const rest = `"rate_limit":{"limit":5,"remaining":0},"details":[{"field":"card","code":"x"}]`
	f(`{"code":"declined",`+rest+`}`, "")
	f(`{"code":"declined","message":"more",`+rest+`}`, "")
	f(`{"code":"other",`+rest+`}`, `code is "other", want "declined";`)
	f(`{`+rest+`}`, `code is null, want "declined";`)
	f(`{"code":"declined","title":"t",`+rest+`}`, `title is "t", want null;`)
	f(`{"code":"declined","rate_limit":{"limit":6},"details":[]}`, `details is [], want [{"field":"card"}];rate_limit is {"limit":6}, want {"limit":5};`)

	c.Want["checksum"] = json.RawMessage("1")
	f(`{"checksum":1,"code":"declined","more":1,`+rest+`}`, `more is 1, want null;`)
}

func TestAlso(t *testing.T) {
	c, err := read(t, "Labels.\nalso code=none\nalso code=\n"+declined[len("From https://example.com/errors.\n"):])
	require.NoError(t, err)
	f := func(code string, want int) {
		t.Helper()
		misses, err := c.Misses([]byte(`{"code":` + code + `,"rate_limit":{"limit":5},"details":[{"field":"card"}]}`))
		require.NoError(t, err)
		require.Len(t, misses, want)
	}
	f(`"declined"`, 0)
	f(`"none"`, 0)
	f(`null`, 0)
	f(`"other"`, 1)
}

func TestUpdateKeepsToTheMembersNamed(t *testing.T) {
	c, err := read(t, declined)
	require.NoError(t, err)
	text, err := c.Update([]byte(`{"time":"x","rate_limit":{"limit":7},"code":"other","message":"m"}`))
	require.NoError(t, err)
	a := txtar.Parse(text)
	require.Equal(t, "want.json", a.Files[1].Name)
	require.Equal(t, "{\n  \"rate_limit\": {\n    \"limit\": 7\n  },\n  \"code\": \"other\",\n  \"details\": null,\n  \"title\": null\n}\n", string(a.Files[1].Data))
}
