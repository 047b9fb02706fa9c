package storage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// bodyRows makes rows of errors whose bodies were read in a certain way.
func bodyRows(t testing.TB, text, host string, parse parsers.ParseResult, format, template, body string) []*parsers.Row {
	t.Helper()
	rows := parseRows(t, text)
	for _, r := range rows {
		r.Host, r.Parse, r.Format, r.Body = []byte(host), parse, []byte(format), []byte(body)
		r.Message, r.MessageTemplate = []byte(template), []byte(template)
		r.Fingerprint = hashOf(string(r.Vendor) + template)
	}
	return rows
}

func vendorsRange(t testing.TB) Filter {
	return Filter{From: parseCaseTime(t, "10:00"), To: parseCaseTime(t, "11:00")}
}

// offsets numbers the rows anew: every record has one row.
func offsets(rows ...[]*parsers.Row) []*parsers.Row {
	var all []*parsers.Row
	for _, list := range rows {
		all = append(all, list...)
	}
	for i, r := range all {
		r.Offset = int64(i)
	}
	return all
}

func TestVendorsSharesAndShapes(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, offsets(
		parseRows(t, "10:00:00 success GET /a vendor=acme.com x=60"),
		bodyRows(t, "10:01:00 error GET /a vendor=acme.com x=4", "api.acme.com", parsers.ParseUnparsed, "json", "", `{"oops":1}`),
		bodyRows(t, "10:02:00 error GET /a vendor=acme.com status=502 x=2", "api.acme.com", parsers.ParseGeneric, "html.nginx", "Bad Gateway", ""),
		bodyRows(t, "10:03:00 error GET /a vendor=acme.com status=500 x=1", "b.acme.com", parsers.ParseGeneric, "json", "it's down; $(reboot)", ""),
		bodyRows(t, "10:04:00 error GET /a vendor=acme.com status=500 x=3", "api.acme.com", parsers.ParseUnparsed, "empty", "", ""),
		bodyRows(t, "10:05:00 error GET /a vendor=acme.com status=0 cat=network x=5", "api.acme.com", parsers.ParseGeneric, "transport", "refused", ""),
		bodyRows(t, "10:06:00 error GET /a vendor=known x=8", "api.known.com", parsers.ParseVendor, "known.error", "down", ""),
		bodyRows(t, "10:07:00 error GET /a vendor=known x=2", "api.known.com", parsers.ParseUnparsed, "text", "huh", "huh"),
		bodyRows(t, "12:00:00 error GET /a vendor=later", "api.later.com", parsers.ParseUnparsed, "text", "huh", "huh")))
	a, err := db.Vendors(t.Context(), vendorsRange(t), VendorsOptions{Shapes: 2, Defined: func(name string) bool { return name == "known" }})
	require.NoError(t, err)
	require.Len(t, a.Rows, 2)

	acme := a.Rows[0]
	require.Equal(t, "acme.com", acme.Vendor)
	require.Equal(t, []uint64{75, 15, 7, 0, 3, 4}, []uint64{acme.Responses, acme.Errors, acme.Bodies, acme.Recognised, acme.Generic, acme.Unparsed})
	require.InDelta(t, 15.0/75, *acme.ErrorRate, 1e-9)
	require.InDelta(t, 4.0/7, *acme.UnparsedShare, 1e-9)
	require.Len(t, acme.Shapes, 2, "as many as were asked for; empty bodies are none")
	require.Equal(t, "api.acme.com", acme.Shapes[0].Host)
	require.EqualValues(t, 4, acme.Shapes[0].Count)
	require.Equal(t, `{"oops":1}`, acme.Shapes[0].Example)
	require.Equal(t, "ingest vendors new acme --host=api.acme.com --dir=our-vendors", *acme.Shapes[0].Command)
	require.EqualValues(t, 502, acme.Shapes[1].Status)
	require.Equal(t, "Bad Gateway", acme.Shapes[1].MessageTemplate)

	known := a.Rows[1]
	require.True(t, known.Definition)
	require.InDelta(t, 0.8, *known.RecognisedShare, 1e-9)
	require.Nil(t, known.Shapes[0].Command, "a new definition would replace this one")
}

func TestVendorsFilters(t *testing.T) {
	db, o := openMigrated(t)
	insertCase(t, o, offsets(
		parseRows(t, "10:00:00 success GET /a vendor=a service=x x=10\n10:00:00 success GET /a vendor=b service=y x=10"),
		bodyRows(t, "10:01:00 error GET /a vendor=a service=x status=429 x=5", "a.com", parsers.ParseUnparsed, "text", "slow", "slow"),
		bodyRows(t, "10:01:00 error GET /a vendor=a service=x status=500 x=5", "a.com", parsers.ParseVendor, "a.error", "down", "")))
	f := vendorsRange(t)
	f.Services, f.Statuses = []string{"x"}, []string{"4xx"}
	a, err := db.Vendors(t.Context(), f, VendorsOptions{})
	require.NoError(t, err)
	require.Len(t, a.Rows, 1)
	require.Equal(t, []uint64{20, 5, 5}, []uint64{a.Rows[0].Responses, a.Rows[0].Errors, a.Rows[0].Unparsed}, "the traffic is whole; the errors are those asked for")

	a, err = db.Vendors(t.Context(), vendorsRange(t), VendorsOptions{Limit: 1})
	require.NoError(t, err)
	require.Len(t, a.Rows, 1)
	require.Equal(t, 1, a.Cut)

	a, err = db.Vendors(t.Context(), Filter{From: f.From.Add(-time.Hour), To: f.From}, VendorsOptions{})
	require.NoError(t, err)
	require.Empty(t, a.Rows)
	require.Contains(t, a.Notes[0], "no responses between")

	var usage *UsageError
	_, err = db.Vendors(t.Context(), f, VendorsOptions{Shapes: -1})
	require.ErrorAs(t, err, &usage)
}

func TestStartDefinition(t *testing.T) {
	f := func(vendor, host, want string) {
		t.Helper()
		command := startDefinition(vendor, host, func(name string) bool { return name == "taken" })
		if want == "" {
			require.Nil(t, command, "%q %q", vendor, host)
			return
		}
		require.Equal(t, "ingest vendors new "+want+" --dir=our-vendors", *command)
	}
	f("acme.com", "API.Acme.com", "acme --host=api.acme.com")
	f("Acme Pay", "api.acme.com", "acme_pay --host=api.acme.com")
	f("taken.io", "api.taken.io", "taken_io --host=api.taken.io")
	f("unknown", "api.acme.com", "api_acme_com --host=api.acme.com")
	f("acme.com", "localhost", "")
	f("acme.com", "10.0.0.1", "")
	f("acme.com", "a.com;reboot", "")
	f("acme.com", "$(reboot).com", "")
	f("'; reboot #", "api.acme.com", "reboot --host=api.acme.com")
	f(strings.Repeat("x", 200), "api.acme.com", strings.Repeat("x", 63)+" --host=api.acme.com")
}
