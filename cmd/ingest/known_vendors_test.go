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

var update = flag.Bool("update", false, "rewrite the list of known vendors")

const knownVendorsMarker = "<!-- written by `make generate` -->\n"

// The list of vendors is the registry's, so that none can be forgotten, and the README counts them.
func TestKnownVendors(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "known-vendors.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	head, _, found := strings.Cut(string(text), knownVendorsMarker)
	require.True(t, found, "the list has lost its marker")
	table, count := vendorTable(t)
	want := head + knownVendorsMarker + table
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
	} else {
		require.Equal(t, want, string(text), "the list of vendors is out of date: run `make generate`")
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), fmt.Sprintf("\n%d vendors have a definition", count), "the README counts other vendors")
}

func vendorTable(t *testing.T) (table string, vendors int) {
	t.Helper()
	r, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	require.NotEmpty(t, r.Vendors())
	rows, err := render.NewTable(vendorColumns(), vendorRows(r.Vendors()))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, render.Write(&out, render.Answer{Table: rows}, render.Options{Format: render.FormatMarkdown}))
	return out.String(), len(r.Vendors())
}
