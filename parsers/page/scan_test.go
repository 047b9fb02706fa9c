package page

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStretch: what is taken over at once is words with a space between them, and whole ones.
func TestStretch(t *testing.T) {
	const alphabet = "aaaaaaZ!~%'<\x7f      \t\n\x00&\x80é"
	random := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		text := make([]byte, random.IntN(40))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		want := 0
		for n := 0; n < len(text) && isPlain(text[n]); n++ {
			for n < len(text) && isPlain(text[n]) {
				n++
			}
			if want = n; n == len(text) || text[n] != ' ' {
				break
			}
		}
		require.Equal(t, want, stretch(text), "%q", text)
	}
}

func isPlain(c byte) bool { return c > ' ' && c < 0x80 && c != '&' }
