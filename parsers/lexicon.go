package parsers

import (
	"bytes"
	"strings"
)

// lexicon knows what the words of codes and sentences mean where neither a catalogue nor the status
// tells. It compares words, not grammar: its table must not hold what people also say of parameters.
type lexicon map[string][]phrase // by first word

// phrase is a sequence of words that means a category.
type phrase struct {
	rest     []string // the words after the first; "…" skips up to maxGap words
	order    int      // of its category in the table
	category Category
	codes    bool // counts in codes only
	open     bool // the first word may go on
}

const (
	maxGap    = 4
	gap       = "…"
	maxWords  = 48  // of a sentence
	maxLetter = 400 // bytes of a sentence
	anyWord   = "*"
)

// words is the lexicon of the binary. It is never written after this.
var words, openWords = newLexicon()

// newLexicon indexes the table. Phrases whose first word is open have a list of their own.
func newLexicon() (lexicon, []openPhrase) {
	l := lexicon{}
	var open []openPhrase
	for order := range meanings {
		m := &meanings[order]
		for i, text := range append(m.anywhere[:len(m.anywhere):len(m.anywhere)], m.codes...) {
			parts := strings.Fields(text)
			p := phrase{rest: parts[1:], order: order, category: m.category, codes: i >= len(m.anywhere)}
			if stem, isOpen := strings.CutSuffix(parts[0], anyWord); isOpen {
				open = append(open, openPhrase{stem, p})
				continue
			}
			l[parts[0]] = append(l[parts[0]], p)
		}
	}
	return l, open
}

type openPhrase struct {
	stem string
	phrase
}

// means returns the most telling category of a text's words. Code says that the text is a code.
func (s *scratch) means(text []byte, code bool) (Category, bool) {
	s.work = appendWords(s.work[:0], text)
	best := phrase{order: len(meanings)}
	rest := s.work
	for n := 0; len(rest) > 0 && n < maxWords; n++ {
		word := before(rest, ' ')
		skip := 0
		for _, p := range words[string(word)] {
			skip = max(skip, p.weigh(rest[len(word):], code, &best))
		}
		for i := range openWords {
			if p := &openWords[i]; bytes.HasPrefix(word, []byte(p.stem)) {
				skip = max(skip, p.weigh(rest[len(word):], code, &best))
			}
		}
		for ; skip >= 0 && len(rest) > 0; skip-- {
			rest = bytes.TrimPrefix(rest[len(before(rest, ' ')):], []byte(" "))
		}
	}
	return best.category, best.order < len(meanings)
}

// weigh takes the phrase for the best when it is there and says more. It returns how many words a
// guard covers beyond the first.
func (p *phrase) weigh(rest []byte, code bool, best *phrase) int {
	if p.codes && !code || !follows(rest, p.rest) {
		return 0
	}
	if p.category == CategoryNone {
		return len(p.rest)
	}
	if p.order < best.order {
		*best = *p
	}
	return 0
}

// follows reports whether the words come next, each after a blank.
func follows(text []byte, want []string) bool {
	for i, word := range want {
		if word == gap {
			return followsLater(text, want[i+1:])
		}
		if len(text) == 0 {
			return false
		}
		text = text[1:]
		next := before(text, ' ')
		if stem, open := strings.CutSuffix(word, anyWord); open && !bytes.HasPrefix(next, []byte(stem)) || !open && string(next) != word {
			return false
		}
		text = text[len(next):]
	}
	return true
}

// followsLater is follows after a gap.
func followsLater(text []byte, want []string) bool {
	for range maxGap + 1 {
		if follows(text, want) {
			return true
		}
		if len(text) == 0 {
			return false
		}
		text = text[1:]
		text = text[len(before(text, ' ')):]
	}
	return false
}

// appendWords writes the words of a code or sentence in lower case with one blank between them:
// "userRateLimitExceeded" and "user_rate_limit-exceeded" are the same.
func appendWords(dst, text []byte) []byte {
	text = text[:min(len(text), maxLetter)]
	start := len(dst)
	for i, c := range text {
		upper := c >= 'A' && c <= 'Z'
		if !upper && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c < 0x80 {
			if len(dst) > start && dst[len(dst)-1] != ' ' {
				dst = append(dst, ' ')
			}
			continue
		}
		if upper && i > 0 && len(dst) > start && dst[len(dst)-1] != ' ' && startsWord(text, i) {
			dst = append(dst, ' ')
		}
		dst = append(dst, lowerByte(c))
	}
	return bytes.TrimRight(dst, " ")
}

// startsWord reports a capital that begins a word: after a small letter, or before one.
func startsWord(text []byte, i int) bool {
	small := func(c byte) bool { return c >= 'a' && c <= 'z' }
	return small(text[i-1]) || i+1 < len(text) && small(text[i+1]) && text[i-1] >= 'A' && text[i-1] <= 'Z'
}

// spoken returns the category that the words of an error mean, when its status leaves it open.
func (s *scratch) spoken(status int) Category {
	f := &s.found
	if opinions(status, true) == 0 {
		return CategoryNone
	}
	for _, text := range [...][]byte{f.code, f.family, typeWord(f.kind), f.title} {
		if c, ok := s.means(text, true); ok && len(text) > 0 && opinions(status, true)>>c&1 != 0 {
			return c
		}
	}
	message := first(f.message, f.title)
	if c, ok := s.means(message, false); ok && opinions(status, false)>>c&1 != 0 {
		return c
	}
	return CategoryNone
}

// typeWord is a type that is a word and no address.
func typeWord(kind []byte) []byte {
	if bytes.IndexByte(kind, '/') >= 0 || len(kind) > limitCode {
		return nil
	}
	return kind
}

// opinions are the categories that words may set against a status; bit i allows Category i. A status
// that says itself what went wrong is believed.
func opinions(status int, code bool) uint32 {
	const (
		quota     = 1 << CategoryRateLimit
		payment   = 1 << CategoryPayment
		auth      = 1 << CategoryAuth
		granted   = 1 << CategoryPermission
		timeout   = 1 << CategoryTimeout
		conflict  = 1 << CategoryConflict
		missing   = 1<<CategoryNotFound | 1<<CategoryGone
		unknown   = 1 << CategoryUnsupported
		condition = 1 << CategoryPrecondition
		theirs    = 1<<CategoryServer | 1<<CategoryUpstream
		ours      = 1 << CategoryValidation
	)
	switch {
	case status == 400 || status == 422:
		if code {
			return quota | payment | auth | granted | timeout | conflict | missing | unknown | condition | theirs
		}
		return quota | payment | auth | granted | conflict
	case status == 403:
		return quota | payment | auth
	case status == 401:
		if code {
			return quota
		}
	case status == 409:
		if code {
			return quota | payment | missing
		}
	case status == 500:
		if code {
			return quota | payment | auth | granted | timeout | conflict | missing | unknown | ours
		}
		return quota | payment | timeout
	case status == 503:
		return quota
	case status < 400 || statusCategory(status) == CategoryOther:
		return 1<<32 - 1
	}
	return 0
}
