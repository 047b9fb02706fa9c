package page

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFinder: one pass finds what a search for each finds.
func FuzzFinder(f *testing.F) {
	for _, s := range signs {
		f.Add([]byte("x " + s.text))
		f.Add([]byte(s.text[:len(s.text)-1]))
		f.Add([]byte(s.text[1:] + s.text))
	}
	f.Add([]byte("!!1"))
	f.Add([]byte("Ray ID: 7 Request ID: x upport ID is:"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var want found
		for of, texts := range signFinder.texts {
			require.LessOrEqual(t, len(texts), 64)
			for i, one := range texts {
				if bytes.Contains(text, one) {
					want[of] |= 1 << i
				}
			}
		}
		require.Equal(t, want, signFinder.in(text), "%q", text)
	})
}
