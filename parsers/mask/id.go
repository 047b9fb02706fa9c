package mask

import "strings"

// isVersion recognises v1, v2.1, V10, v1beta1.
func isVersion(b []byte) bool {
	if len(b) < 2 || b[0]|0x20 != 'v' || !isDigit(b[1]) {
		return false
	}
	pos := 1
	for range 3 {
		from := pos
		for pos < len(b) && isDigit(b[pos]) {
			pos++
		}
		if pos == from || pos-from > maxVersionDigits {
			return false
		}
		if pos+1 >= len(b) || b[pos] != '.' || !isDigit(b[pos+1]) {
			break
		}
		pos++
	}
	return isStage(b[pos:])
}

// isStage recognises what may follow the number of a version: nothing, or alpha, beta, rc and a digit.
func isStage(b []byte) bool {
	if n := len(b); n > 0 && isDigit(b[n-1]) {
		b = b[:n-1]
	}
	switch string(b) {
	case "", "alpha", "beta", "rc":
		return true
	}
	return false
}

// isDateVersion recognises 2024-01 and 2024-01-31, which some APIs use as versions.
func isDateVersion(b []byte) bool {
	return (len(b) == 7 || len(b) == 10) && b[0] == '2' && matches(b, "0000-00-00"[:len(b)])
}

// isID reports whether a segment, without its extension, names one thing among many.
func isID(b []byte) bool {
	if len(b) > maxSegment {
		return true
	}
	from := 0
	for i, c := range b {
		switch {
		case isAlnum(c):
			continue
		case c == '@' && i == 0 && (equalLower(b, "@me") || equalLower(b, "@self")):
			return false
		case strings.IndexByte("-_.~!$&'()*+,=:", c) >= 0:
		default: // percent-encoded, an e-mail address, not ASCII, not for a path at all
			return true
		}
		if isIDPart(b[:i], from) {
			return true
		}
		from = i + 1
	}
	return isIDPart(b, from) || isRandom(b)
}

// isIDPart judges the part of b that begins at from, after a separator unless it is the first.
func isIDPart(b []byte, from int) bool {
	before, b := b[:from], b[from:]
	s := shapeOf(b)
	switch {
	case len(b) == 0:
		return false
	case s.hex == len(b) && len(b) >= minHex:
		return true
	case s.digits == 0:
		return isRandom(b)
	case s.letters == 0: // step-1 and the like are few, page 1 of them, Users(1) and ABC-1
		return s.digits > 1 || !isJoined(before) || isKey(before[:len(before)-1])
	case s.digits > 2:
		return !isStandard(b)
	}
	return s.groups > 1 && len(b) > 4 // not: oauth2, base64, 2fa, 3ds2
}

// isJoined reports whether what stands before a part is the rest of a word.
func isJoined(before []byte) bool {
	return len(before) > 1 && strings.IndexByte("-_.", before[len(before)-1]) >= 0
}

// isKey recognises the name of a project before the number of an issue: ABC-7.
func isKey(b []byte) bool {
	for _, c := range b {
		if c-'A' >= 26 {
			return false
		}
	}
	return len(b) > 1
}

// isStandard recognises the names of standards that have more digits than words do.
func isStandard(b []byte) bool {
	if len(b) < 4 || len(b) > 8 {
		return false
	}
	var lower [8]byte
	for i, c := range b {
		lower[i] = c
		if isLetter(c) {
			lower[i] |= 0x20
		}
	}
	switch string(lower[:len(b)]) {
	case "sha224", "sha256", "sha384", "sha512", "rs256", "hs256", "es256", "aes128", "aes256", "x509", "x500",
		"iso3166", "iso4217", "iso8583", "iso8601", "iso20022", "iso13616", "iso9362",
		"e164", "e911", "h264", "h265", "mt101", "mt103", "mt940", "mt942", "dtmf2833", "rfc3339", "rfc2822":
		return true
	}
	return false
}

// isRandom recognises what looks drawn by lot. Without digits only letters in both cases can tell: a word
// in camel case has humps of two letters or more, and hardly two capitals in a row.
func isRandom(b []byte) bool {
	const few = 3
	s := shapeOf(b)
	if s.digits > 0 || len(b) < minOpaque {
		return s.opaque(len(b))
	}
	odd, run := 0, 0
	for i, c := range b {
		run++
		k := classOf(c)
		if i+1 < len(b) && classOf(b[i+1]) == k {
			continue
		}
		if k == lower && run == 1 || k == upper && run > 1 {
			odd++
		}
		run = 0
	}
	return odd >= few && s.opaque(len(b))
}

func equalLower(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if isLetter(c) {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// matches compares b with a pattern in which 0 stands for a digit.
func matches(b []byte, pattern string) bool {
	if len(b) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] == '0' && !isDigit(b[i]) || pattern[i] != '0' && pattern[i] != b[i] {
			return false
		}
	}
	return true
}
