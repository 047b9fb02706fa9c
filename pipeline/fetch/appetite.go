package fetch

// appetite is how many bytes, as on the wire, a fetch loop asks for: at most full, and less while the
// answers are so well compressed that they unpack to more than full. Without it what does not fit would
// be fetched again and again.
type appetite struct{ full, now int }

// leastShare is the smallest part of full that is asked for: one in so many.
const leastShare = 64

func newAppetite(full int) appetite { return appetite{full, full} }

// of returns the share of whole that is to be asked for.
func (a *appetite) of(whole int) int { return max(1, int(int64(whole)*int64(a.now)/int64(a.full))) }

// learn hears what an answer unpacked to. An answer that is small because there was little to read
// says nothing.
func (a *appetite) learn(unpacked int) {
	switch {
	case unpacked > a.full:
		a.now = max(a.now/2, a.full/leastShare, 1)
	case unpacked < a.full/4 && unpacked > a.now/2:
		a.now = min(a.now*2, a.full)
	}
}
