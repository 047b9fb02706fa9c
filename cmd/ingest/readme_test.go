package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/internal/render"
	"github.com/errata-dev/errata/parsers"
)

var update = flag.Bool("update", false, "rewrite the vendor table of the README")

// The README's vendor table is the registry's, so that it cannot be forgotten.
func TestREADMEVendors(t *testing.T) {
	path := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(text), "<!-- vendors: written by `make generate` -->\n")
	require.True(t, found, "the README has lost the marker of its vendor table")
	_, tail, found := strings.Cut(rest, "<!-- /vendors -->")
	require.True(t, found, "the README has lost the end of its vendor table")
	want := head + "<!-- vendors: written by `make generate` -->\n" + vendorTable(t) + "<!-- /vendors -->" + tail
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "the vendor table is out of date: run `make generate`")
}

func vendorTable(t *testing.T) string {
	t.Helper()
	r, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, r.Vendors())
	table, err := render.NewTable(vendorColumns(), vendorRows(r.Vendors()))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, render.Write(&out, render.Answer{Table: table}, render.Options{Format: render.FormatMarkdown}))
	return fmt.Sprintf("<details><summary>%d vendors have a definition</summary>\n\n%s\n</details>\n", len(r.Vendors()), out.String())
}
