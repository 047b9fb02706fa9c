package lenient

import (
	"encoding/binary"
	"hash/maphash"
)

// Most errors have no id in their body: the whole of it is the same bytes as that of an earlier one. Such a text is
// compared at once, and its values are where they were then. That spares 7 % of parsing a problem.

const (
	textCount   = 512 // with all full some 600 KiB for each Row
	textWays    = 4
	shortText   = 24 // texts of fewer bytes, with what is behind them, are not worth it
	longestText = 384
	textMisses  = 4 // of so many that are not known one is looked at, which costs more than to find one
)

// textSeed makes the places of texts unforeseeable.
var textSeed = maphash.MakeSeed()

// texts are documents with a known shape that came more than once.
type texts struct {
	recent  [textCount]uint64 // hashes of those that came once
	all     [textCount]knownText
	misses  int
	learned uint64
}

// knownText is a document as it was logged.
type knownText struct {
	sum    uint64
	number uint64 // of this text alone; 0 = none
	text   []byte // with the quote behind it
	shape  int
	values []foundValue // in the text
}

// sumOf tells apart what documents, and what is behind them, have in a few places, and by their length: a body is mostly
// the last thing in a record. It is 0 for what is too short.
func sumOf(rest []byte) uint64 {
	n := min(len(rest), longestText)
	if n < shortText {
		return 0
	}
	sum := uint64(len(rest))
	for _, at := range [...]int{n / 4, n / 2, n * 5 / 8, n - 16} {
		sum = (sum ^ binary.LittleEndian.Uint64(rest[at:])) * 0x9e3779b97f4a7c15
		sum ^= sum >> 32
	}
	return sum
}

// ways are the places that texts of a sum share.
func (t *texts) ways(sum uint64) []knownText {
	return t.all[sum%(textCount/textWays)*textWays:][:textWays]
}

// find returns the text that rest begins with, nil when it is not known.
func (t *texts) find(rest []byte, sum uint64) *knownText {
	ways := t.ways(sum)
	for i := range ways {
		if k := &ways[i]; k.sum == sum && k.number > 0 && len(k.text) <= len(rest) && string(rest[:len(k.text)]) == string(k.text) {
			return k
		}
	}
	return nil
}

// learn notes a text with that sum when it has come before. Values are places in the record, where it begins at pos.
func (t *texts) learn(text []byte, sum uint64, shape int, values []foundValue, pos int) {
	if t.misses++; sum == 0 || len(text) > longestText || t.misses%textMisses != 0 {
		return
	}
	hash := maphash.Bytes(textSeed, text)
	if recent := &t.recent[hash%textCount]; *recent != hash {
		*recent = hash
		return
	}
	t.learned++
	ways := t.ways(sum)
	k := &ways[t.learned%textWays]
	for i := range ways {
		if ways[i].number == 0 {
			k = &ways[i]
		}
	}
	k.sum, k.number, k.shape = sum, t.learned, shape
	k.text = append(k.text[:0], text...)
	k.values = moved(k.values[:0], values, -pos)
}

// moved appends values that lie so many bytes further on.
func moved(dst, values []foundValue, by int) []foundValue {
	for _, v := range values {
		dst = append(dst, foundValue{v.node, uint32(int(v.start) + by), uint32(int(v.end) + by)})
	}
	return dst
}

// forget forgets all texts. Their numbers are not given again.
func (t *texts) forget() {
	for i := range t.all {
		t.all[i].number = 0
	}
}
