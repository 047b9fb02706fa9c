package redact

// place says what kind of text is scanned.
type place uint8

const (
	message place = iota
	urlPath
)

// trigger is what a byte may be the anchor of; zero bytes are passed over.
type trigger uint8

const (
	onDigit trigger = iota + 1
	onAt
	onPlus
	onColon
	onEquals
	onGreater
	onUnderscore
	onDash
	onDot
	onB
	onJ
	onK
	onS
	onZ
	onPercent
	onBackslash
	onBracket
)

var triggers = [256]trigger{
	'0': onDigit, '1': onDigit, '2': onDigit, '3': onDigit, '4': onDigit,
	'5': onDigit, '6': onDigit, '7': onDigit, '8': onDigit, '9': onDigit,
	'@': onAt, '+': onPlus, ':': onColon, '=': onEquals, '>': onGreater,
	'_': onUnderscore, '-': onDash, '.': onDot,
	'b': onB, 'B': onB, 'j': onJ, 'J': onJ, 'k': onK, 'K': onK, 'S': onS, 'z': onZ, 'Z': onZ,
	'%': onPercent, '\\': onBackslash, '[': onBracket,
}

// scanner is one pass over one text. The rules look at bytes around the anchor, never before from:
// what is before it has been replaced, and a second pass over the output must see the same.
type scanner struct {
	dst      []byte
	text     []byte
	from     int // text before it is in dst
	tokenEnd int // tokens that begin before it were judged
	atEnd    int // local parts begin at or after it
	work     int // rules tried, and bytes looked at without a bound; the tests hold it linear in the text
	place    place
}

// span is what a rule found; the zero span is nothing.
type span struct {
	start, end int
	kind       kind
}

// appendBuiltin makes one pass; replaced reports whether it found anything.
func appendBuiltin(dst, text []byte, place place) (out []byte, replaced bool) {
	s := scanner{dst: dst, text: text, place: place}
	s.scan()
	return append(s.dst, text[s.from:]...), s.from > 0
}

// scan replaces what the rules find, but for the text behind the last of it.
func (s *scanner) scan() {
	for i := nextTrigger(s.text, 0); i < len(s.text); i = nextTrigger(s.text, i) {
		s.work++
		i = s.visit(triggers[s.text[i]], i)
	}
}

// nextTrigger returns the next byte that a rule is anchored at, or the text's length. Four bytes a
// step: this loop is most of the cost of a clean text.
func nextTrigger(text []byte, i int) int {
	for ; len(text)-i >= 4; i += 4 {
		if w := text[i : i+4 : i+4]; triggers[w[0]]|triggers[w[1]]|triggers[w[2]]|triggers[w[3]] != 0 {
			break
		}
	}
	for i < len(text) && triggers[text[i]] == 0 {
		i++
	}
	return i
}

// visit applies the rules anchored at text[i] and returns where to scan on.
//
// Every rule either stops at its own anchor byte, looks at a bounded stretch, or consumes what it
// looked at: that is what keeps a hostile text linear.
func (s *scanner) visit(t trigger, i int) int {
	switch t {
	case onDigit:
		return s.visitDigits(i)
	case onPercent:
		return s.visitEscape(i, 3, percentByte(s.text, i))
	case onBackslash:
		return s.visitEscape(i, 6, unicodeEscapeByte(s.text, i))
	case onBracket:
		return max(i+1, markerEnd(s.text, i))
	default:
		return s.replace(s.find(t, i), i+1)
	}
}

func (s *scanner) find(t trigger, i int) span {
	switch t {
	case onAt:
		return s.email(i, 1)
	case onPlus:
		return s.phone(i, 1)
	case onColon:
		return s.colon(i, 1)
	case onEquals:
		return s.named(i, 1, formEquals)
	case onGreater:
		return s.named(i, 1, formTag)
	case onUnderscore:
		return s.prefixed(i, underscorePrefixes[toLower(s.byteAt(i-1))])
	case onDash:
		return s.dash(i)
	case onDot:
		return s.dotted(i)
	case onB:
		return s.scheme(i)
	case onJ:
		return s.jwt(i)
	case onK, onS:
		return s.awsKey(i)
	case onZ:
		return s.googleKey(i)
	default:
		return span{}
	}
}

// visitEscape treats an escaped '@', '+', '=' or ':' like the plain byte; c is 0 for no escape. A
// token does not begin in the escape.
func (s *scanner) visitEscape(i, width int, c byte) int {
	next := i + width
	if c == 0 {
		next = i + 1
		if s.text[i] == '\\' && is(s.byteAt(i+1), escapeLetter) {
			next = i + 2
		}
	}
	s.tokenEnd = max(s.tokenEnd, next)
	switch c {
	case '@':
		return s.replace(s.email(i, width), next)
	case '+':
		return s.replace(s.phone(i, width), next)
	case ':':
		return s.replace(s.colon(i, width), next)
	case '=':
		return s.replace(s.named(i, width, formEquals), next)
	default:
		return next
	}
}

// replace puts found's marker in the place of its bytes and returns where to scan on: next when
// nothing was found.
func (s *scanner) replace(found span, next int) int {
	if found.kind == kindNone {
		return next
	}
	s.dst = append(s.dst, s.text[s.from:found.start]...)
	s.dst = append(s.dst, marker(found.kind)...)
	s.from = found.end
	return found.end
}

// byteAt returns 0 outside of the text that is still to be written.
func (s *scanner) byteAt(i int) byte {
	if i < s.from || i >= len(s.text) {
		return 0
	}
	return s.text[i]
}

// starts reports whether a word can start at i: after something that is no letter or digit, or
// after an escape (%20, \n, \u0022) that ends in one.
func (s *scanner) starts(i int) bool {
	return i <= s.from || !is(s.text[i-1], alnum) || s.afterEscape(i)
}

func (s *scanner) afterEscape(i int) bool {
	width, _ := escapeBefore(s.text[s.from:i])
	return width > 0
}

// run returns the end of the longest run of bytes of the class from i, at most limit bytes long.
func (s *scanner) run(i, limit int, c class) int {
	from, end := i, min(len(s.text), i+limit)
	for i < end && is(s.text[i], c) {
		i++
	}
	s.work += i - from
	return i
}
