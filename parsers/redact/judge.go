package redact

import "bytes"

// holds reports whether v, under a name of this class, is a secret and not a word about one:
// "password=hunter2", but "password: required" and "token":"expired" stay.
func (s *scanner) holds(v value, class nameClass) bool {
	text := s.text[v.start:v.end]
	switch class {
	case namePIN:
		return looksLikePIN(text, v.form)
	case namePhone:
		n := countIn(text, digit)
		return n >= minPhone && n <= maxPhone && len(text) == countIn(text, digit|phoneGap)
	case nameCode:
		return looksGranted(text)
	case nameQuery:
		return countIn(text, alnum) > 0
	}
	if countIn(text, alnum) == 0 || isMasked(text) || saysError(text) || v.scheme != kindNone && isProse(text) {
		return false
	}
	switch {
	case v.form != formColon:
		return class == namePassword || len(text) >= 6 || countIn(text, digit) < len(text)
	case class == nameCookie:
		return bytes.IndexByte(text, '=') > 0
	case class == namePassword && s.endsClause(v.end):
		return len(text) >= 4
	default:
		return looksMade(text)
	}
}

// endsClause reports whether what ends at i is alone behind its colon, and not the first word of a
// sentence.
func (s *scanner) endsClause(i int) bool {
	return !is(s.byteAt(i), blank) || s.run(i, 2, blank) == len(s.text)
}

// looksLikePIN accepts a short code with at least three digits; unquoted behind a colon nothing else.
func looksLikePIN(text []byte, f form) bool {
	digits := countIn(text, digit)
	if digits < 3 || len(text) > 2*maxCard {
		return false
	}
	numeric := digits+countIn(text, blank|underDash) == len(text)
	return numeric || f != formColon && countIn(text, blank) == 0
}

// looksGranted tells the authorization code of OAuth (RFC 6749 section 4.1.2) or a one-time code from
// an error code such as 1105, E1105 or invalid_request.
func looksGranted(text []byte) bool {
	letters, digits := countIn(text, letter), countIn(text, digit)
	switch {
	case len(text) < 6:
		return false
	case digits > 0:
		return letters == 0 || !isCodeLike(text)
	default:
		return len(text) >= 20 && countIn(text, underDash) == 0
	}
}

// looksMade reports whether text, unquoted behind a colon, looks made by a machine: letters and
// digits mixed, and no code, time, UUID or address.
func looksMade(text []byte) bool {
	letters, digits := countIn(text, letter), countIn(text, digit)
	if len(text) < 6 || letters < 2 || digits == 0 || isCodeLike(text) {
		return false
	}
	if bytes.IndexByte(text, '@') >= 0 || bytes.Contains(text, []byte("://")) || endsInUUID(text) {
		return false
	}
	return !startsWithDate(text)
}

func startsWithDate(text []byte) bool {
	return len(text) >= 10 && countIn(text[:4], digit) == 4 && text[4] == '-' && text[7] == '-'
}

// isCodeLike reports whether text is words or capitals with a number at the end, as in E1105,
// AUTH-001 or HMAC-SHA256.
func isCodeLike(text []byte) bool {
	end := len(text)
	for end > 0 && is(text[end-1], digit) {
		end--
	}
	return end > 0 && countIn(text[:end], upper|underDash) == end
}

// isMasked reports whether the sender has hidden the value already.
func isMasked(text []byte) bool {
	return bytes.Contains(text, []byte("***")) || bytes.Contains(text, []byte("•••")) ||
		bytes.Count(text, []byte("x"))+bytes.Count(text, []byte("X")) == len(text)
}

// saysError reports whether text is words only and one of them is of the language of errors: "is
// required", "must be at least 8 characters", invalid_token, TokenExpired.
func saysError(text []byte) bool {
	found := false
	for i := 0; i < len(text); {
		if end := markerEnd(text, i); end > 0 {
			i = end
			continue
		}
		start := i
		for i++; i < len(text) && is(text[i], alnum) == is(text[start], alnum) && !isHump(text, i); {
			i++
		}
		switch piece := text[start:i]; {
		case !is(piece[0], alnum):
			if !isPunctuation(piece) {
				return false
			}
		case countIn(piece, letter) == len(piece):
			found = found || isErrorWord(piece)
		case countIn(piece, digit) < len(piece) || len(piece) > 3:
			return false
		}
	}
	return found
}

func isHump(text []byte, i int) bool { return is(text[i], upper) && is(text[i-1], lower) }

func isPunctuation(piece []byte) bool { return countIn(piece, punctuation) == len(piece) }
