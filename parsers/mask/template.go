package mask

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const maxTemplate = 256 // bytes

// The placeholders of a template.
const (
	number = "<n>"     // numbers and amounts, durations, numbers of cards and phones
	email  = "<email>" //
	quote  = "<q>"     // what stands in quotes
	url    = "<url>"   // with a scheme
	host   = "<host>"  // under a usual top-level domain, with a port
	ip     = "<ip>"    // version 4 and 6, with a port or prefix length
	moment = "<time>"  // dates, times of day, both
	id     = "<id>"    // UUIDs, hexadecimal, base64, ULIDs, tokens, resource names: one API has several of them for one thing
)

const longestName = len(email)

// AppendTemplate appends the template of a message to dst: "Account 42 not found" becomes
// "Account <n> not found". Messages of one kind of error, which differ in ids, amounts and times
// only, have one template.
//
//   - Quoted parts are masked whole, except when the quotes are around the entire message. An
//     apostrophe within or after a word is no quote.
//   - Marks of redaction are masked as what they hide: [redacted:email] is <email>.
//   - Digits at an end of a word are masked, its letters stay: acc-<n>, sha<n>, <n>GB. Where letters
//     and digits mix further, all is <id>, without a prefix of words: cus_<id>. So are the names of
//     regions, and what its sender has hidden in part: sk-abcd****wxyz.
//   - A list of equal placeholders becomes one of them; blanks and control characters become one space.
//
// At most 256 bytes are appended, valid UTF-8. A template is its own template, unless it was cut.
// Nothing is allocated when dst has room.
func AppendTemplate(dst, message []byte) []byte {
	in := bytes.TrimSpace(message)
	t := templater{in: in, out: dst, start: len(dst), hasAt: bytes.IndexByte(in, '@') >= 0}
	t.unwrap()
	for t.pos < len(t.in) && len(t.out)-t.start < maxTemplate {
		t.next()
	}
	return t.finish()
}

// templater is the state of one AppendTemplate.
type templater struct {
	in       []byte
	pos      int
	out      []byte
	start    int    // where the template begins in out
	last     string // latest placeholder, and its end in out
	lastEnd  int
	hasAt    bool
	unclosed quotes // of these kinds, none is closed after pos
}

// unwrap drops quotes around the entire message: masked, it would say nothing.
func (t *templater) unwrap() {
	_, _, size := opening(t.in)
	if closing, n := t.closing(); n > 0 && closing+n == len(t.in) {
		t.in = bytes.TrimSpace(t.in[size:closing])
	}
}

// next handles one character, word, number or quoted part.
func (t *templater) next() {
	c := t.in[t.pos]
	switch {
	case isAlnum(c), (c == '+' || c == '-' || c == ':') && !t.inWord():
		t.token()
	case c <= ' ' || c == 0x7f:
		t.space(1)
	case c == '<':
		t.placeholder()
	case c == '[':
		t.redacted()
	case c == '"' || c == '`' || c == '\'':
		t.quoted()
	case c == '*' && !t.inWord():
		t.hidden()
	case c >= utf8.RuneSelf:
		t.rune()
	default:
		t.copy(1)
	}
}

// inWord reports whether what stands before pos is part of a word, or the placeholder of one: a
// template must read like its message.
func (t *templater) inWord() bool {
	if t.pos == 0 {
		return false
	}
	switch c := t.in[t.pos-1]; {
	case c >= utf8.RuneSelf: // é is, € is not
		r, _ := utf8.DecodeLastRune(t.in[:t.pos])
		return unicode.IsLetter(r)
	case c == '>':
		tail := t.in[max(0, t.pos-longestName):t.pos]
		return isWordPlaceholder(tail[max(0, bytes.LastIndexByte(tail, '<')):])
	default:
		return isAlnum(c)
	}
}

func isWordPlaceholder(b []byte) bool {
	name := known(b)
	return name != "" && name != quote
}

// copy appends the next n bytes.
func (t *templater) copy(n int) {
	t.out = append(t.out, t.in[t.pos:t.pos+n]...)
	t.pos += n
}

// word appends the next n bytes, which are ASCII, as far as there is room.
func (t *templater) word(n int) {
	room := t.start + maxTemplate - len(t.out)
	t.out = append(t.out, t.in[t.pos:t.pos+min(n, max(room, 0))]...)
	t.pos += n
}

// space appends one space for all blanks and control characters that follow each other.
func (t *templater) space(n int) {
	t.pos += n
	if len(t.out) > t.start && t.out[len(t.out)-1] != ' ' {
		t.out = append(t.out, ' ')
	}
}

// mask appends a placeholder for the next n bytes, unless it would continue a list of the same.
func (t *templater) mask(name string, n int) {
	t.pos += n
	if t.last == name && isListSeparator(t.out[t.lastEnd:]) {
		t.out = t.out[:t.lastEnd]
		return
	}
	t.out = append(t.out, name...)
	t.last, t.lastEnd = name, len(t.out)
}

func isListSeparator(b []byte) bool {
	switch string(b) {
	case "", " ", ",", ", ", " and ", " or ", ", and ", ", or ":
		return true
	}
	return false
}

// placeholder keeps a placeholder, or a word of the message between angle brackets.
func (t *templater) placeholder() {
	b := t.in[t.pos:]
	n := 1
	for n < len(b) && n <= 16 && (b[n]-'a' < 26 || b[n] == '_') {
		n++
	}
	if n == 1 || n == len(b) || b[n] != '>' {
		t.copy(1)
		return
	}
	if name := known(b[:n+1]); name != "" {
		t.mask(name, n+1)
		return
	}
	t.copy(n + 1)
}

// known returns the placeholder that b is, or "".
func known(b []byte) string {
	for _, name := range [...]string{number, email, quote, url, host, ip, moment, id} {
		if string(b) == name {
			return name
		}
	}
	return ""
}

// redacted masks [redacted:kind].
func (t *templater) redacted() {
	const open, longest = "[redacted:", 48
	b := t.in[t.pos:]
	if !bytes.HasPrefix(b, []byte(open)) {
		t.copy(1)
		return
	}
	end := bytes.IndexByte(b[:min(longest, len(b))], ']')
	if end < 0 {
		t.copy(1)
		return
	}
	switch string(b[len(open):end]) {
	case "email":
		t.mask(email, end+1)
	case "phone", "card", "pin":
		t.mask(number, end+1)
	default:
		t.mask(id, end+1)
	}
}

// hidden masks what begins with stars.
func (t *templater) hidden() {
	n := hiddenLength(t.in[t.pos:])
	if n == 0 {
		t.copy(1)
		return
	}
	t.mask(id, n)
}

// rune copies one character beyond ASCII, or masks what it opens when it is a quotation mark.
func (t *templater) rune() {
	r, size := utf8.DecodeRune(t.in[t.pos:])
	switch {
	case r == '“', r == '„', r == '‘', r == '«':
		t.quoted()
	case unicode.IsSpace(r):
		t.space(size)
	default:
		t.out = utf8.AppendRune(t.out, r)
		t.pos += size
	}
}

// finish cuts the template to its length, at the border of a character, and trims it.
func (t *templater) finish() []byte {
	if end := t.start + maxTemplate; len(t.out) > end {
		if t.lastEnd > end { // half a placeholder is none
			end = t.lastEnd - len(t.last)
		}
		for !utf8.RuneStart(t.out[end]) {
			end--
		}
		t.out = t.out[:end]
	}
	for len(t.out) > t.start && t.out[len(t.out)-1] == ' ' {
		t.out = t.out[:len(t.out)-1]
	}
	return t.out
}
