package page

import (
	"bytes"
	"math/bits"
)

// finder looks for up to 64 texts, of at least three bytes each, in one pass. What may begin at a byte is what all of
// the next three bytes allow: mostly nothing. To look for the same texts one by one took half of reading a page.
type finder struct {
	texts                [][]byte
	first, second, third [256]uint64 // bit i is set when text i has that byte there
}

func newFinder[T any](all []T, text func(T) []byte) *finder {
	f := &finder{}
	for i, one := range all {
		t := text(one)
		f.texts = append(f.texts, t)
		f.first[t[0]] |= 1 << i
		f.second[t[1]] |= 1 << i
		f.third[t[2]] |= 1 << i
	}
	return f
}

// in returns the texts that are somewhere in b, as bits.
func (f *finder) in(b []byte) (found uint64) {
	for i := 0; i+2 < len(b); i++ {
		for may := f.first[b[i]] & f.second[b[i+1]] & f.third[b[i+2]] &^ found; may != 0; may &= may - 1 {
			n := bits.TrailingZeros64(may)
			if bytes.HasPrefix(b[i:], f.texts[n]) {
				found |= 1 << n
			}
		}
	}
	return found
}
