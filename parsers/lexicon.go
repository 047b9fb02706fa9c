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

// listener is one look at the words of a text.
type listener struct {
	code bool   // the text is a code
	best phrase // the most telling so far
}

// means returns the most telling category of a text's words. Code says that the text is a code.
func (s *scratch) means(text []byte, code bool) (Category, bool) {
	s.work = appendWords(s.work[:0], text)
	r := listener{code: code, best: phrase{order: len(meanings)}}
	rest := s.work
	for n := 0; len(rest) > 0 && n < maxWords; n++ {
		for skip := r.word(before(rest, ' '), rest); skip >= 0 && len(rest) > 0; skip-- {
			rest = bytes.TrimPrefix(rest[len(before(rest, ' ')):], []byte(" "))
		}
	}
	return r.best.category, r.best.order < len(meanings)
}

// word weighs the phrases that begin with a word. A guard, which the table names first, hides the
// others; word returns how many words it covers beyond the first.
func (r *listener) word(word, text []byte) int {
	for _, p := range words[string(word)] {
		if covered := r.weigh(&p, text[len(word):]); covered > 0 {
			return covered
		}
	}
	for i := range openWords {
		if p := &openWords[i]; bytes.HasPrefix(word, []byte(p.stem)) {
			r.weigh(&p.phrase, text[len(word):])
		}
	}
	return 0
}

// weigh takes the phrase for the best when it is there and says more. It returns how many words a
// guard covers beyond the first.
func (r *listener) weigh(p *phrase, rest []byte) int {
	if p.codes && !r.code || !follows(rest, p.rest) {
		return 0
	}
	if p.category == CategoryNone {
		return len(p.rest)
	}
	if p.order < r.best.order {
		r.best = *p
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
	coded, said := opinions(status)
	if coded == 0 {
		return CategoryNone
	}
	for _, text := range [...][]byte{f.code, f.family, typeWord(f.kind), f.title} {
		if c, ok := s.means(text, true); ok && len(text) > 0 && coded>>c&1 != 0 {
			return c
		}
	}
	if c, ok := s.means(first(f.message, f.title), status < 400 && bytes.IndexByte(f.message, ' ') < 0); ok && said>>c&1 != 0 {
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

// opinions are the categories that the words of a code, and those of a sentence, may set against a
// status; bit i allows Category i. A status that says itself what went wrong is believed.
func opinions(status int) (coded, said uint32) {
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
		return quota | payment | auth | granted | timeout | conflict | missing | unknown | condition | theirs, quota | payment | auth | granted | conflict
	case status == 403:
		return quota | payment | auth, quota | payment | auth
	case status == 401:
		return quota, 0
	case status == 409:
		return quota | payment | missing, 0
	case status == 500:
		return quota | payment | auth | granted | timeout | conflict | missing | unknown | ours, quota | payment | timeout
	case status == 503:
		return quota, quota
	case status < 400 || statusCategory(status) == CategoryOther:
		return 1<<32 - 1, 1<<32 - 1
	}
	return 0, 0
}
