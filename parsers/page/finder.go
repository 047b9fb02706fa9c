package page

import (
	"bytes"
	"math/bits"
	"strings"
)

// finder looks for the texts of two lists, of at most 64 each, in one pass. It stops at the byte of each text that pages
// have least of, and compares there. To stop at each byte that may begin a text took 7 of the 20 µs of a page of 3 kB,
// to look for the texts one by one more.
type finder struct {
	texts [2][][]byte
	at    [2][]int // where in the text it stops

	stops  [256]uint8
	anchor [256]found // bit i is set when text i is looked for at that byte, …
	behind [256]found // … and that one follows
}

// found are texts of each list, as bits.
type found [2]uint64

func newFinder(lists ...[]string) *finder {
	f := &finder{}
	for of, list := range lists {
		for i, text := range list {
			at := rarest(text[:len(text)-1])
			f.texts[of], f.at[of] = append(f.texts[of], []byte(text)), append(f.at[of], at)
			f.stops[text[at]] = 1
			f.anchor[text[at]][of] |= 1 << i
			f.behind[text[at+1]][of] |= 1 << i
		}
	}
	return f
}

// rarest returns where the byte is that pages have least of.
func rarest(text string) (at int) {
	const order = "etaonirshlducmfpgywbvk 0123456789-.,TASICWPY\"EFMNBRDLGHOUVKJQXZzxqj" // the most frequent first
	best := -1
	for i := range len(text) {
		rank := strings.IndexByte(order, text[i])
		if rank < 0 {
			rank = len(order)
		}
		if rank > best {
			best, at = rank, i
		}
	}
	return at
}

// in returns the texts that are somewhere in b.
func (f *finder) in(b []byte) (all found) {
	for i := f.next(b, 0); i+1 < len(b); i = f.next(b, i+1) {
		anchor, behind := &f.anchor[b[i]], &f.behind[b[i+1]]
		for of := range all {
			for may := anchor[of] & behind[of] &^ all[of]; may != 0; may &= may - 1 {
				n := bits.TrailingZeros64(may)
				if start := i - f.at[of][n]; start >= 0 && bytes.HasPrefix(b[start:], f.texts[of][n]) {
					all[of] |= 1 << n
				}
			}
		}
	}
	return all
}

// next returns where to stop from i on, or the length of b.
func (f *finder) next(b []byte, i int) int {
	for ; len(b)-i >= 8; i += 8 {
		w := b[i : i+8 : i+8]
		if f.stops[w[0]]|f.stops[w[1]]|f.stops[w[2]]|f.stops[w[3]]|f.stops[w[4]]|f.stops[w[5]]|f.stops[w[6]]|f.stops[w[7]] != 0 {
			break
		}
	}
	for i < len(b) && f.stops[b[i]] == 0 {
		i++
	}
	return i
}
