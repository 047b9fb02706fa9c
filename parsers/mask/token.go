package mask

// token masks or copies the word, number or address at pos.
func (t *templater) token() {
	if n := plainWordLength(t.in[t.pos:]); n > 0 {
		t.word(n)
		return
	}
	if !t.inWord() {
		if n := plainNumberLength(t.in[t.pos:]); n > 0 {
			t.mask(number, n)
			return
		}
		if name, n := t.recognise(t.in[t.pos:]); n > 0 {
			t.mask(name, n)
			return
		}
	}
	n := runLength(t.in[t.pos:])
	if n == 0 {
		t.copy(1) // a sign or colon
		return
	}
	t.run(t.in[t.pos : t.pos+n])
}

// plainWordLength returns the length of the short word that b begins with, in lower case or with a capital, if a
// blank, or punctuation and a blank, ends it: most of a message is that, and no recogniser knows it. The names of
// days and months, which one does, are no plain words.
func plainWordLength(b []byte) int {
	n := 0
	if len(b) > 1 && b[0]-'A' < 26 && b[1]-'a' < 26 {
		if size, _ := calendarWord(b); size > 0 {
			return 0
		}
		n++
	}
	for n < len(b) && n < minOpaque && b[n]-'a' < 26 {
		n++
	}
	rest := b[n:]
	if len(rest) > 0 && isOneOf(rest[0], ".,;!?") {
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0] != ' ' {
		return 0
	}
	return n
}

// plainNumberLength returns the length of the short number that b begins with, if it ends b or comes before a
// word in lower case: it is no date then, no phone number and no address.
func plainNumberLength(b []byte) int {
	const longest = 7
	n := 0
	for n < len(b) && n < longest && isDigit(b[n]) {
		n++
	}
	if n == len(b) || n+1 < len(b) && b[n] == ' ' && b[n+1]-'a' < 26 {
		return n
	}
	return 0
}

// recognise returns the placeholder for what b begins with, and the length of that; 0 when b begins
// with a plain word. Longer forms come first.
func (t *templater) recognise(b []byte) (string, int) {
	if n := urlLength(b); n > 0 {
		return url, n
	}
	if n := uuidLength(b); n > 0 {
		return id, n
	}
	if n := timeLength(b); n > 0 {
		return moment, n
	}
	if n := ipLength(b); n > 0 {
		return ip, n
	}
	if t.hasAt {
		if n := emailLength(b); n > 0 {
			return email, n
		}
	}
	if n := phoneLength(b); n > 0 {
		return number, n
	}
	if n := encodedLength(b); n > 0 {
		return id, n
	}
	if n := prefixedHexLength(b); n > 0 {
		return id, n
	}
	return t.recogniseName(b)
}

// longNumber is more digits than a card's number has: what is longer identifies something.
const longNumber = 17

// recogniseName is recognise for what looks like a word or a plain number at first.
func (t *templater) recogniseName(b []byte) (string, int) {
	end := 0
	for end < len(b) && (isAlnum(b[end]) || b[end] == '-' || b[end] == '_') {
		end++
	}
	name, n := id, 0
	switch { // by the first byte, the last one and the one behind it
	case end == 0:
	case end < len(b) && (b[end] == '*' || b[end] == "…"[0]):
		n = hiddenLength(b)
	case end < len(b) && b[end] == '.' && isLetter(b[end-1]):
		name, n = host, hostLength(b)
	case end < len(b) && b[end] == ':' && b[0] == 'a':
		n = arnLength(b)
	case isDigit(b[0]) && (!isDigit(b[end-1]) || end < len(b) && b[end] == '.'):
		name, n = number, durationLength(b)
	case !isDigit(b[0]) && isDigit(b[end-1]):
		n = regionLength(b)
	}
	if n > 0 {
		return name, n
	}
	n = numberLength(b)
	if n >= longNumber && shapeOf(b[:n]).digits == n {
		return id, n
	}
	return number, n
}

// runLength returns the length of the letters and digits that b begins with, joined by single
// hyphens and underscores.
func runLength(b []byte) int {
	n := 0
	for n < len(b) && (isAlnum(b[n]) || n > 0 && (b[n] == '-' || b[n] == '_') && n+1 < len(b) && isAlnum(b[n+1])) {
		n++
	}
	return n
}

// run masks the part of a run from its first part with a digit: cus_9s6XKzkNRiz8i3, acc-12345.
func (t *templater) run(b []byte) {
	s := shapeOf(b)
	random := s.opaque(len(b))
	if s.digits == 0 && !random {
		t.word(len(b))
		return
	}
	if s.isHexID(len(b)) {
		t.mask(id, len(b))
		return
	}
	if words := leadingWords(b); words < len(b) && (!random || isPlain(b[:words])) {
		t.word(words)
		t.parts(b[words:])
		return
	}
	t.mask(id, len(b))
}

// leadingWords returns the length of the parts without digits, with the joint after them.
func leadingWords(b []byte) int {
	from := 0
	for i, c := range b {
		switch {
		case isDigit(c):
			return from
		case c == '-' || c == '_':
			from = i + 1
		}
	}
	return len(b)
}

// isPlain reports whether a prefix is written in lower or in upper case only: sk_live_, ACC-.
func isPlain(prefix []byte) bool {
	var seen [letter + 1]int
	for _, c := range prefix {
		seen[classOf(c)]++
	}
	return len(prefix) > 0 && len(prefix) <= maxPrefix && (seen[lower] == 0 || seen[upper] == 0)
}

const maxPrefix = 24

// parts masks a run that begins with a part that has a digit.
func (t *templater) parts(b []byte) {
	if shapeOf(b).isHexID(len(b)) {
		t.mask(id, len(b))
		return
	}
	from := 0
	for i := 0; i <= len(b); i++ {
		if i == len(b) || b[i] == '-' || b[i] == '_' {
			if isRandomPart(b[from:i]) {
				t.mask(id, len(b))
				return
			}
			from = i + 1
		}
	}
	for len(b) > 0 && len(t.out)-t.start < maxTemplate {
		n := 1
		for n < len(b) && isDigit(b[n]) == isDigit(b[0]) {
			n++
		}
		if isDigit(b[0]) {
			t.mask(number, n)
		} else {
			t.word(n)
		}
		b = b[n:]
	}
	t.pos += len(b)
}

// isRandomPart reports whether letters and digits mix in a way that words do not: sha256, 10ms and
// k8s are words.
func isRandomPart(b []byte) bool {
	const short, longWord = 5, 16
	s := shapeOf(b)
	switch {
	case s.digits == 0 || s.letters == 0:
		return s.opaque(len(b))
	case s.isHexID(len(b)), s.letters > longWord, s.groups > 1:
		return true
	}
	return len(b) > short && !isDigit(b[0]) && !isDigit(b[len(b)-1])
}

// numberLength returns the length of the number that b begins with: -1, 1,234.50, 1.5e3. One
// with letters after it is left to run, except when it has a fraction (2.5GB).
func numberLength(b []byte) int {
	n := 0
	if len(b) > 1 && (b[0] == '-' || b[0] == '+') {
		n = 1
	}
	from := n
	for n < len(b) && (isDigit(b[n]) || n > from && (b[n] == '.' || b[n] == ',') && n+1 < len(b) && isDigit(b[n+1])) {
		n++
	}
	if n == from {
		return 0
	}
	if n == len(b) || !isAlnum(b[n]) && (from > 0 || !isJoint(b, n)) {
		return n
	}
	for _, c := range b[from:n] {
		if !isDigit(c) {
			return n + exponentLength(b[n:])
		}
	}
	return 0
}

// isJoint reports whether a run goes on over the hyphen or underscore at n.
func isJoint(b []byte, n int) bool {
	return (b[n] == '-' || b[n] == '_') && n+1 < len(b) && isAlnum(b[n+1])
}

func exponentLength(b []byte) int {
	if len(b) < 2 || b[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if b[n] == '+' || b[n] == '-' {
		n++
	}
	from := n
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == from {
		return 0
	}
	return n
}
