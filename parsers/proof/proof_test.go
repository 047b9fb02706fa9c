package proof

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// TestVendors proves every built-in definition.
func TestVendors(t *testing.T) {
	r, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	folders, err := fs.Glob(os.DirFS("../vendors"), "*/vendor.toml")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		name := strings.TrimSuffix(folder, "/vendor.toml")
		t.Run(name, func(t *testing.T) {
			for _, f := range Definition(r, os.DirFS("../vendors"), name).Faults {
				t.Errorf("%s: %s", f.File, f.Text)
			}
		})
	}
}

const definition = `name = "acme"
title = "Acme"
docs = "https://acme.example/errors"
hosts = ["api.acme.example"]
codes = [
  { status = 402, code = "declined", category = "payment", retry = "no" },
  { status = 404, category = "not_found" },
]
ranges = [{ from = 100, to = 199, title = "Accounts", category = "validation" }]

[[envelopes]]
name = "error"
match = [{ path = "error.code", is = ["string"] }]
code = [{ path = "error.code" }]
message = [{ path = "error.text" }]
`

func exchange(status, body, want string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("A test.\n-- exchange.http --\nGET https://api.acme.example/a\n\nHTTP/1.1 " + status + "\n\n" + body + "\n-- want.json --\n" + want + "\n")}
}

// acme is a definition to which nothing can be objected.
func acme() fstest.MapFS {
	return fstest.MapFS{
		"acme/vendor.toml":               {Data: []byte(definition)},
		"acme/testdata/declined.txtar":   exchange("402", `{"error":{"code":"declined","text":"No."}}`, `{"code":"declined","message":"No.","category":"payment","details":null}`),
		"acme/testdata/not_acme_a.txtar": exchange("502", `<html><title>Bad gateway</title></html>`, `{"code":null}`),
		"acme/testdata/not_acme_b.txtar": exchange("200", `{"charge":{"code":"x"}}`, `{"kind":"success"}`),
		"acme/testdata/codes.txt":        {Data: []byte("# the rest\n404 - not_found -\n\n- 101 validation -\n")},
	}
}

func prove(t *testing.T, files fstest.MapFS) Report {
	t.Helper()
	r, err := parsers.New(parsers.Options{FS: []fs.FS{files}})
	require.NoError(t, err)
	return Definition(r, files, "acme")
}

func TestReport(t *testing.T) {
	report := prove(t, acme())
	require.Empty(t, report.Faults)
	require.Equal(t, Report{Name: "acme", Cases: 3, LookAlikes: 2, Vendor: 1, Generic: 1, Scores: [5]Score{{2, 2}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}}, report)
}

func TestFaults(t *testing.T) {
	f := func(change func(files fstest.MapFS), wants ...string) {
		t.Helper()
		files := acme()
		change(files)
		var got []string
		for _, fault := range prove(t, files).Faults {
			got = append(got, fault.File+": "+fault.Text)
		}
		require.Equal(t, wants, got)
	}
	f(func(files fstest.MapFS) { delete(files, "acme/testdata/not_acme_b.txtar") },
		"acme: 1 look-alikes; it needs 2: cases named not_*.txtar that the definition must leave alone")
	f(func(files fstest.MapFS) { delete(files, "acme/testdata/codes.txt") },
		"acme: no case and no line of codes.txt for the status 404", "acme: no case and no line of codes.txt for the codes 100 to 199")
	f(func(files fstest.MapFS) {
		files["acme/testdata/codes.txt"].Data = []byte("404 - gone no\n- 101 validation -\n400 other validation -\n")
	}, `acme/testdata/codes.txt:1: the catalogue says "not_found " of the status 404, the line says "gone no"`,
		"acme/testdata/codes.txt:3: the catalogue does not know 400 other")
	f(func(files fstest.MapFS) {
		files["acme/testdata/declined.txtar"] = exchange("402", `{"error":{"text":"No."}}`, `{"code":"declined"}`)
	}, "acme/testdata/declined.txtar: code is null, want \"declined\"\nbecause the host api.acme.example is listed\n"+
		"  envelope acme.error did not match: member `error.code` is absent",
		"acme: no case is read by the envelope acme.error", "acme: no case and no line of codes.txt for 402 declined")
	f(func(files fstest.MapFS) {
		files["acme/testdata/not_acme_b.txtar"] = exchange("402", `{"error":{"code":"x"}}`, `{"code":"x"}`)
	}, "acme/testdata/not_acme_b.txtar: the definition reads a look-alike, by acme.error")
	f(func(files fstest.MapFS) {
		files["acme/testdata/declined.txtar"] = &fstest.MapFile{Data: []byte("x")}
	}, "acme/testdata/declined.txtar: neither input.json nor exchange.http",
		"acme: no case is read by the envelope acme.error", "acme: no case and no line of codes.txt for 402 declined")
}
