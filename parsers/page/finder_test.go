package page

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFinder: one pass finds what a search for each finds.
func FuzzFinder(f *testing.F) {
	for _, s := range signs {
		f.Add(append([]byte("x "), s.text...))
		f.Add(s.text[:len(s.text)-1])
		f.Add(append(bytes.Clone(s.text[1:]), s.text...))
	}
	f.Add([]byte("!!1"))
	f.Add([]byte("Ray ID: 7 Request ID: x upport ID is:"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, of := range []*finder{signFinder, labelFinder} {
			require.LessOrEqual(t, len(of.texts), 64)
			var want uint64
			for i, one := range of.texts {
				if bytes.Contains(text, one) {
					want |= 1 << i
				}
			}
			require.Equal(t, want, of.in(text), "%q", text)
		}
	})
}
