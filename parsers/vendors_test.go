package parsers

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers/cases"
)

var update = flag.Bool("update", false, "write the wants of the golden cases")

// readCases reads the cases of a pattern below this folder.
func readCases(t testing.TB, pattern string) []cases.Case {
	t.Helper()
	read, err := cases.Read(os.DirFS("."), pattern)
	require.NoError(t, err)
	return read
}

func newRegistry(t testing.TB) *Registry {
	t.Helper()
	r, err := New(Options{})
	require.NoError(t, err)
	return r
}

// check parses the case and compares the row with its want; only -update writes.
func check(t *testing.T, r *Registry, c *cases.Case) *Row {
	t.Helper()
	row := new(Row)
	r.Parse(&Record{Value: c.Record}, row)
	printed := row.AppendJSON(nil, 1)
	if *update {
		text, err := c.Update(printed)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(c.File, text, 0o644))
		return row
	}
	require.NotEmpty(t, c.Want, "%s has no want.json; run with -update and read what it writes", c.File)
	misses, err := c.Misses(printed)
	require.NoError(t, err)
	for _, miss := range misses {
		t.Errorf("%s: %s", c.File, miss)
	}
	return row
}

// secrets are what must never survive into a row, in whatever text.
var secrets = regexp.MustCompile(`(?i)bearer [a-z0-9._~+/-]{12,}|eyJ[A-Za-z0-9_-]{10,}\.|sk_(live|test)_[a-z0-9]{8,}|` +
	`48427a36d43c4d5aa6324bc06c692456|\+[1-9][0-9]{9,14}\b|[a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]{2,}|4111 ?1111`)

func TestVendorCases(t *testing.T) {
	r := newRegistry(t)
	folders, err := filepath.Glob("vendors/*/vendor.toml")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		name := filepath.Base(filepath.Dir(folder))
		t.Run(name, func(t *testing.T) { testVendor(t, r, name) })
	}
}

// testVendor runs the cases of one folder. A case is accepted when the folder's definition read the
// body, and rejected when it did not.
func testVendor(t *testing.T, r *Registry, name string) {
	def := r.byName[name].def
	formats := map[string]bool{}
	accepted, rejected := 0, 0
	for _, c := range readCases(t, "vendors/"+name+"/testdata/*.txtar") {
		t.Run(c.Name, func(t *testing.T) {
			row := check(t, r, &c)
			printed := string(row.AppendJSON(nil, 1))
			require.Empty(t, secrets.FindString(printed), "a secret survives")
			require.NotEqual(t, KindDeadLetter, row.Kind, printed)
			require.LessOrEqual(t, len(claims(r, row)), 1, "claimed by several vendors")
			if row.Parse == ParseVendor && strings.HasPrefix(string(row.Format), name+".") {
				accepted++
				formats[string(row.Format)] = true
				return
			}
			rejected++
		})
	}
	require.NotZero(t, accepted, "no case that the definition accepts")
	require.GreaterOrEqual(t, rejected, 2, "at least two look-alikes that the definition must reject")
	for _, e := range def.envelopes {
		require.True(t, formats[string(e.format)], "no case exercises the envelope %s", e.format)
	}
}

// claims lists the definitions that would take the row's body for their own, by host or by shape.
func claims(r *Registry, row *Row) []string {
	var names []string
	root := row.scratch.readBody().root
	domain := row.Host[registrable(string(row.Host)):]
	if v := r.hosted(row.Host); v != nil {
		names = append(names, v.def.identities[0].Name)
	}
	for i := range r.generic.shapes {
		sh := &r.generic.shapes[i]
		name := sh.vendor.def.identities[0].Name
		if sh.names(root, domain) && sh.envelope.matches(row.scratch, root) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func TestPublicFormatCases(t *testing.T) {
	r := newRegistry(t)
	formats := map[string]bool{}
	for _, c := range readCases(t, "testdata/generic/*.txtar") {
		t.Run(c.Name, func(t *testing.T) {
			row := check(t, r, &c)
			require.NotEqual(t, ParseVendor, row.Parse)
			require.Empty(t, secrets.FindString(string(row.AppendJSON(nil, 1))), "a secret survives")
			formats[string(row.Format)] = true
		})
	}
	for _, e := range r.generic.envelopes {
		require.True(t, formats[string(e.format)], "no case exercises %s", e.format)
	}
}

// TestCatalogues reads the definitions with another decoder, so that nothing the loader forgets is
// taken for right.
func TestCatalogues(t *testing.T) {
	r := newRegistry(t)
	require.GreaterOrEqual(t, len(r.Vendors()), 6)
	for _, info := range r.Vendors() {
		require.NotEmpty(t, info.Title, info.Name)
		require.NotEmpty(t, info.Hosts, info.Name)
		require.NotZero(t, info.Codes, info.Name)
		require.True(t, strings.HasPrefix(info.Docs, "https://"), info.Name)
		cat := &r.byName[info.Name].def.catalogue
		for key, entries := range cat.byCode {
			for _, e := range entries {
				require.NotEqual(t, CategoryNone, e.Category, "%s %s", info.Name, key)
				require.True(t, strings.HasPrefix(e.Link, "https://"), "%s %s", info.Name, key)
			}
		}
	}
}
