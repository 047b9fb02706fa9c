package redact

import "bytes"

const (
	minOpaque = 12 // letters and digits in one piece
	minHex    = 32
	uuidLen   = 36
)

// opaque judges the token around the digit at i: a long hexadecimal or random piece is a secret when
// the words before say so ("Public token expired: 48427a36…"), and a bare long hexadecimal one unless
// they name it an id. next is past the token when nothing in it is to be looked at again.
func (s *scanner) opaque(i int) (found span, next int) {
	start, end := s.tokenAround(i)
	s.tokenEnd = end
	if end-start < minOpaque {
		return span{}, i
	}
	if endsInUUID(s.text[start:end]) {
		return span{}, end
	}
	piece, bareHex := start, end-start >= minHex && isHex(s.text[start:end])
	next = end
	if !bareHex {
		next = i
		var size int
		if piece, size = s.opaquePiece(start, end); size == 0 {
			return span{}, i
		}
	}
	switch s.context(piece) {
	case meansID:
		return span{}, next
	case meansNothing:
		if s.place == urlPath || !bareHex {
			return span{}, next
		}
	case meansSecret:
		if s.context(start) != meansSecret {
			start = piece
		}
	}
	return span{start, s.opaqueEnd(end), kindToken}, end
}

// tokenAround returns the token that the byte at i is in, without dashes at its ends. Two dashes are
// no part of one: they begin -----BEGIN.
func (s *scanner) tokenAround(i int) (start, end int) {
	start = i
	for low := max(s.from, s.tokenEnd); start > low && is(s.text[start-1], token); start-- {
		if start-2 >= low && s.text[start-1] == '-' && s.text[start-2] == '-' {
			break
		}
	}
	for is(s.text[start], underDash) {
		start++
	}
	end = s.run(i, unbounded, token)
	if end-start < minOpaque {
		return start, end
	}
	if dash := bytes.IndexByte(s.text[i:end], '-'); dash >= 0 {
		if double := bytes.Index(s.text[i+dash:end], []byte("--")); dash+double > 0 && double >= 0 {
			end = i + dash + double
		}
	}
	for is(s.text[end-1], underDash) {
		end--
	}
	return start, end
}

// opaqueEnd takes the rest of a base64 or dotted token along; in a path a slash ends it.
func (s *scanner) opaqueEnd(end int) int {
	if s.place == urlPath {
		return s.dottedEnd(end, unbounded)
	}
	return s.dottedEnd(s.run(end, unbounded, token|base64Rest), unbounded)
}

// opaquePiece returns the first piece of the token, between '_' and '-', that looks random.
func (s *scanner) opaquePiece(start, end int) (piece, size int) {
	for start < end {
		stop := s.run(start, end-start, alnum)
		if looksRandom(s.text[start:stop]) {
			return start, stop - start
		}
		start = stop + 1
	}
	return 0, 0
}

// looksRandom tells 1NirD82eZvKYlo2C from words, versions and timestamps by how often letters, capitals
// and digits take turns.
func looksRandom(piece []byte) bool {
	if len(piece) < minOpaque {
		return false
	}
	turns, digits := 0, 0
	for i, b := range piece {
		digits += b2i(is(b, digit))
		turns += b2i(i > 0 && classes[b]&alnum != classes[piece[i-1]]&alnum)
	}
	return digits >= 2 && turns >= 4 || len(piece) >= minHex && countIn(piece, hex) == len(piece)
}

// endsInUUID reports whether token is a UUID (RFC 9562), alone or behind a prefix such as acc_.
func endsInUUID(text []byte) bool {
	n := len(text)
	if n < uuidLen || n > uuidLen && is(text[n-uuidLen-1], alnum) {
		return false
	}
	for i, b := range text[n-uuidLen:] {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if b != '-' {
				return false
			}
		} else if !is(b, hex) {
			return false
		}
	}
	return true
}

// context returns what the words before at say, the nearest first, within their clause.
func (s *scanner) context(at int) meaning {
	const maxWords = 6
	for range maxWords {
		start, end := s.wordBefore(at)
		if start == end {
			return meansNothing
		}
		if m := meaningOf(s.text[start:end]); m != meansNothing {
			if m == meansSecret && s.isOpen(start, end) {
				return meansID
			}
			return m
		}
		at = start
	}
	return meansNothing
}

// isOpen reports whether a secret's word is one of "idempotency key", "primary key", "page token".
func (s *scanner) isOpen(start, end int) bool {
	var buf [maxWordLen]byte
	last := len(lowerWord(s.text[start:end], &buf))
	isKey, isToken := equalFold(buf[:last], "key"), equalFold(buf[:last], "token")
	if !isKey && !isToken {
		return false
	}
	start, end = s.wordBefore(end - last)
	if isKey {
		return isOpenKey(s.text[start:end])
	}
	return isOpenToken(s.text[start:end])
}

// wordBefore returns the word that ends before at, across blanks and light punctuation; an empty one
// where a clause, a replaced text or the text begins.
func (s *scanner) wordBefore(at int) (start, end int) {
	const maxGap, maxWord = 8, 40
	end = at
	for low := max(s.from, at-maxGap); end > low; {
		width := s.gapBefore(end)
		if width == 0 {
			break
		}
		end = max(low, end-width)
	}
	start = end
	for low := max(s.from, end-maxWord); start > low && is(s.text[start-1], token); start-- {
		if s.place == urlPath && s.afterEscape(start) {
			break
		}
	}
	return start, end
}

// gapBefore is the width of what ends at i and separates words: a byte, or in a path its escape; there a
// plus is a blank.
func (s *scanner) gapBefore(i int) int {
	if s.place == urlPath {
		if s.text[i-1] == '+' {
			return 1
		}
		if i-3 >= s.from && is(percentByte(s.text, i-3), wordGap) {
			return 3
		}
	}
	return b2i(is(s.text[i-1], wordGap))
}
