package parsers

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMissIsMatchesInWords: for every case and every envelope, miss is empty exactly when matches holds.
func TestMissIsMatchesInWords(t *testing.T) {
	r := newRegistry(t)
	var all []*envelope
	for _, v := range r.vendors {
		all = append(all, v.def.envelopes...)
	}
	matched := 0
	for i, c := range append(readCases(t, "vendors/*/testdata/*.txtar"), readCases(t, "testdata/generic/*.txtar")...) {
		row := new(Row)
		r.Parse(&Record{Value: c.Record}, row)
		root := row.scratch.readBody().root
		envelopes := slices.Clone(r.generic.envelopes)
		if v := r.named(row.Vendor); v != nil {
			envelopes = append(envelopes, v.def.envelopes...)
		}
		for k := i % 41; k < len(all); k += 41 { // some of all the others, in turn
			envelopes = append(envelopes, all[k])
		}
		for _, e := range envelopes {
			matches, miss := e.matches(row.scratch, root), e.miss(row.scratch, root)
			require.Equal(t, matches, miss == "", "%s: %s: %s", c.File, e.format, miss)
			if matches {
				matched++
			}
		}
	}
	require.NotZero(t, matched)
}

func TestExplain(t *testing.T) {
	r := acmeRegistry(t)
	f := func(members, body, vendor, reason string, misses ...string) {
		t.Helper()
		x := r.Explain(&Record{Value: []byte(`{"time":1789732800,"status":500,` + members + `"response_body":` + body + `}`)}, new(Row))
		require.Equal(t, vendor, x.Vendor)
		require.Equal(t, reason, x.Reason)
		var got []string
		for _, trial := range x.Trials {
			if trial.Format == "acme.quiet" || trial.Format == "acme.star" {
				continue
			}
			got = append(got, strings.TrimPrefix(trial.Format, "acme.")+": "+trial.Miss)
		}
		require.Equal(t, misses, got)
	}
	const host = `"host":"api.acme.example",`
	const listed = "the host api.acme.example is listed"
	f(`"host":"other.example",`, `"x"`, "", `no definition lists the host "other.example", and no body names its vendor`)
	f(host, `"x"`, "acme", listed, "fault: the body is text, not json or xml or form", "header: the body is text, not empty")
	f(`"vendor":"acme",`, `{}`, "acme", "the record names the vendor", "fault: member `fault` is absent", "header: the body is json, not empty")
	f(host, `{"fault":1}`, "acme", listed, "fault: member `fault` is number, not object", "header: the body is json, not empty")
	f(host, `{"fault":{}}`, "acme", listed, "fault: header x-acme is absent", "header: the body is json, not empty")
	const header = host + `"response_headers":{"X-Acme":"a"},`
	f(host+`"response_headers":{"X-Acme":"z"},`, `{"fault":{}}`, "acme", listed, `fault: header x-acme is "z", not "a" or "b"`, "header: the body is json, not empty")
	f(header, `{"fault":{},"result":1}`, "acme", listed, "fault: member `result` is there", "header: the body is json, not empty")
	f(header, `{"fault":{"text":"aa"}}`, "acme", listed, "fault: member `fault.text` is \"aa\", not …\"oo\"…", "header: the body is json, not empty")
	f(header, `{"fault":{"text":"oo"}}`, "acme", listed, "fault: ")
}
