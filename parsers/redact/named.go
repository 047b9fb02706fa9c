package redact

// form is how a name and its value are written.
type form uint8

const (
	formEquals form = iota // password=x, password => x
	formColon              // password: x
	formTag                // <password>x</password>
	formLine               // to the end of the line: Authorization: Digest username="x", …
	formQuoted             // "password":"x", password='x'
)

// How much of a value is looked at before it is judged: a sentence in quotes, a word without.
const (
	maxQuoted = 256
	maxBare   = 64
)

// colon finds the user information of a URL at "://", else a named value.
func (s *scanner) colon(i, width int) span {
	if start, escaped := s.authority(i + width); start > 0 {
		return s.userinfo(start, escaped)
	}
	return s.named(i, width, formColon)
}

// named finds the secret value behind the separator of the given width at i, by the name before it.
func (s *scanner) named(i, width int, f form) span {
	class, start := s.nameBefore(s.nameEnd(i))
	if class == nameOther || !s.inPlace(class, f, start) {
		return span{}
	}
	v := s.valueAt(i+width, f)
	if class == nameToken {
		v = s.afterScheme(v)
	}
	if key := s.privateKey(v.start); key.kind != kindNone {
		return key
	}
	if v.start >= v.end || markerEnd(s.text, v.start) == v.end || !s.holds(v, class) {
		return span{}
	}
	found := span{v.start, s.valueStop(v, class), class.kind()}
	if v.scheme != kindNone {
		found.kind = v.scheme
	}
	return found
}

// nameEnd steps back from the separator at i over blanks and a quote, escaped or not.
func (s *scanner) nameEnd(i int) int {
	for range 2 {
		if is(s.byteAt(i-1), blank) {
			i--
		}
	}
	switch s.byteAt(i - 1) {
	case '"', '\'':
		for i--; s.byteAt(i-1) == '\\'; {
			i--
		}
	default:
		if width, c := escapeBefore(s.text[s.from:i]); c == '"' {
			i -= width
		}
	}
	return i
}

// inPlace settles the names that are secret in a query only, and that an element's name stands in a
// tag.
func (s *scanner) inPlace(class nameClass, f form, start int) bool {
	inQuery := class == nameQuery || class == nameCode
	if f != formTag && !inQuery {
		return true
	}
	start = s.identStart(start)
	before := s.byteAt(start - 1)
	if f == formTag {
		return !inQuery && (before == '<' || before == ':')
	}
	if width, c := escapeBefore(s.text[s.from:start]); width > 0 {
		before = c
	}
	return f == formEquals && (before == '?' || before == '&')
}

// value is what stands behind a name, as much of it as is judged.
type value struct {
	start, end int
	form       form
	quote      byte // 0 = not in plain quotes
	escapes    int  // backslashes before the quote
	scheme     kind // what a scheme before it makes it
}

func (s *scanner) valueAt(i int, f form) value {
	if f == formEquals && s.byteAt(i) == '>' {
		i++
	}
	for blanks := 0; blanks < 8 && s.isBlank(i); blanks++ {
		i++
	}
	if percentByte(s.text, i) == ' ' {
		i += 3
	}
	if s.byteAt(i) == '[' && markerEnd(s.text, i) == 0 {
		i++
	}
	v := s.openQuote(value{start: i, form: f})
	v.end = s.valueEnd(v, v.judged())
	return v
}

// isBlank reports whether the byte at i is a blank; in a path a plus is one.
func (s *scanner) isBlank(i int) bool {
	b := s.byteAt(i)
	return is(b, blank) || b == '+' && s.place == urlPath
}

func (v value) judged() int {
	if v.form == formQuoted || v.form == formTag {
		return maxQuoted
	}
	return maxBare
}

// openQuote steps into a value in quotes: plain, escaped as in JSON inside of JSON, %22 or \u0022.
func (s *scanner) openQuote(v value) value {
	i := v.start
	for s.byteAt(i) == '\\' && i-v.start < 8 {
		i++
	}
	switch b := s.byteAt(i); {
	case b == '"' || b == '\'' || b == '`':
		return value{start: i + 1, form: formQuoted, quote: b, escapes: i - v.start}
	case b == '%' && percentByte(s.text, i) == '"':
		return value{start: i + 3, form: formQuoted}
	case b == 'u' && i == v.start+1 && unicodeEscapeByte(s.text, i-1) == '"':
		return value{start: i + 5, form: formQuoted}
	default:
		return v
	}
}

// valueEnd returns where v ends, looking at no more than limit bytes.
func (s *scanner) valueEnd(v value, limit int) int {
	stop := min(len(s.text), v.start+limit)
	for i := v.start; i < stop; i++ {
		s.work++
		if end := s.endAt(v, i); end >= 0 {
			return end
		}
	}
	return stop
}

// endAt returns the end of v when the byte at i ends it, else -1.
func (s *scanner) endAt(v value, i int) int {
	b := s.text[i]
	if v.quote != 0 {
		return s.closingQuote(v, i)
	}
	ends := false
	switch {
	case v.form == formTag:
		ends = b == '<'
	case v.form == formLine:
		ends = b == '\n' || b == '\r'
	case b == '[':
		ends = markerEnd(s.text, i) > 0
	case b == ',' && v.form == formEquals: // part of the value unless a list goes on behind it
		ends = i+1 == len(s.text) || is(s.text[i+1], valueEnd)
	case b == '%':
		c := percentByte(s.text, i)
		ends = is(c, valueEnd) && c != 0
	default:
		ends = is(b, valueEnd)
	}
	if ends {
		return i
	}
	return -1
}

// closingQuote returns the end of v when the byte at i closes it: the quote that opened it, escaped
// no deeper. Behind an even number of backslashes a plain quote closes too.
func (s *scanner) closingQuote(v value, i int) int {
	if s.text[i] != v.quote {
		return -1
	}
	escapes := 0
	for i-1-escapes >= v.start && s.text[i-1-escapes] == '\\' {
		escapes++
	}
	switch {
	case escapes <= v.escapes:
		return i - escapes
	case v.escapes == 0 && escapes%2 == 0:
		return i
	default:
		return -1
	}
}

// valueStop follows a judged value to its very end.
func (s *scanner) valueStop(v value, class nameClass) int {
	if class == nameCookie && v.form == formColon {
		end := v.start
		for end < len(s.text) && !is(s.text[end], lineEnd) {
			end++
		}
		s.work += end - v.start
		return end
	}
	end := v.end
	if end-v.start >= v.judged() {
		end = s.valueEnd(v, unbounded)
	}
	if v.judged() == maxBare && s.text[end-1] == '.' { // of a sentence
		end--
	}
	return end
}

// afterScheme steps over the scheme of an Authorization value (RFC 9110 section 11.4), so that it
// stays readable.
func (s *scanner) afterScheme(v value) value {
	end := s.run(v.start, maxWordLen+1, token)
	scheme := schemeKind(s.text[v.start:end])
	start := s.skipBlanks(end)
	if scheme == kindNone || start == end {
		return v
	}
	v.start, v.scheme = start, scheme
	if v.form == formColon {
		v.form = formEquals
		if hasParameters(s.text[start:], scheme) {
			v.form = formLine
		}
	}
	v.end = s.valueEnd(v, v.judged())
	return v
}

// hasParameters reports whether a list of parameters and not one token follows a scheme: Digest,
// OAuth, Hawk and AWS signatures spread the secret over them.
func hasParameters(text []byte, scheme kind) bool {
	if scheme != kindSecret {
		return false
	}
	end := 0
	for end < min(len(text), maxName) && is(text[end], token) {
		end++
	}
	return end > 0 && end < len(text) && text[end] == '='
}
