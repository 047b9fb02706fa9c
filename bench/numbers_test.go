package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/errata-dev/errata/parsers"
)

// TestRowsOfANumberAreAlike holds parsers to what they promise of Row.Caller and Row.Verdict: a block looks up and
// writes only once what rows of a number have in common.
func TestRowsOfANumberAreAlike(t *testing.T) {
	everything, err := parsers.New(parsers.Options{})
	require.NoError(t, err)
	noTexts, err := parsers.New(parsers.Options{Texts: []string{}})
	require.NoError(t, err)
	saidOf := map[uint64]string{}
	alike := func(number uint64, members ...any) {
		text := fmt.Sprintf("%q", members)
		if said, known := saidOf[number]; number != 0 && known {
			require.Equal(t, said, text)
		}
		saidOf[number] = text
	}
	for _, name := range []string{"problems", "mix", "errors"} {
		streams, err := streamsNamed(name)
		require.NoError(t, err)
		c, err := newCorpus(streams[0], 5000)
		require.NoError(t, err)
		for _, registry := range []*parsers.Registry{everything, noTexts} {
			var row parsers.Row
			for i := range c.len() {
				rec := c.record(i, 0, int64(i))
				registry.Parse(&rec, &row)
				alike(row.Caller, row.Service, row.Environment, row.Credential, row.Method, row.Host, row.Route)
				alike(row.Verdict, row.Code, row.Title, row.MessageTemplate, row.Type, row.Details, row.Format, row.RedactionVersion)
			}
		}
	}
	require.Greater(t, len(saidOf), 100, "hardly any row has a number: this test shows nothing")
}
