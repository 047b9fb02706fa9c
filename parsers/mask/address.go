package mask

import "bytes"

// urlLength returns the length of the absolute URL that b begins with, or 0. Punctuation at its end
// belongs to the sentence.
func urlLength(b []byte) int {
	const longestScheme = 16
	n := 0
	for n < len(b) && n < longestScheme && (isLetter(b[n]) || n > 0 && (isDigit(b[n]) || b[n] == '+' || b[n] == '-' || b[n] == '.')) {
		n++
	}
	if n < 2 || !bytes.HasPrefix(b[n:], []byte("://")) {
		return 0
	}
	n += len("://")
	for n < len(b) && b[n] > ' ' && b[n] < 0x7f && bytes.IndexByte([]byte("<>\"'`"), b[n]) < 0 {
		n++
	}
	return n - len(b[:n]) + len(bytes.TrimRight(b[:n], ".,;:!?)]}"))
}

// emailLength returns the length of the e-mail address that b begins with, or 0.
func emailLength(b []byte) int {
	const longestLocal, longestDomain = 64, 255
	at := 0
	for at < len(b) && at < longestLocal && (isAlnum(b[at]) || isOneOf(b[at], "._%+-")) {
		at++
	}
	if at == 0 || at == len(b) || b[at] != '@' {
		return 0
	}
	n := at + 1
	for n < len(b) && n < at+longestDomain && (isAlnum(b[n]) || b[n] == '.' || b[n] == '-') {
		n++
	}
	for n > at+1 && !isAlnum(b[n-1]) {
		n--
	}
	if bytes.IndexByte(b[at+1:n], '.') <= 0 {
		return 0
	}
	return n
}

// ipLength returns the length of the IP address that b begins with, with its port or prefix length,
// or 0.
func ipLength(b []byte) int {
	n := ipv4Length(b)
	if n == 0 {
		return ipv6Length(b)
	}
	if n+1 < len(b) && (b[n] == ':' || b[n] == '/') && isDigit(b[n+1]) {
		n++
		for n < len(b) && isDigit(b[n]) {
			n++
		}
	}
	return n
}

func ipv4Length(b []byte) int {
	n := 0
	for octet := range 4 {
		if octet > 0 {
			if n == len(b) || b[n] != '.' {
				return 0
			}
			n++
		}
		from := n
		for n < len(b) && n-from < 3 && isDigit(b[n]) {
			n++
		}
		if n == from {
			return 0
		}
	}
	if n < len(b) && (isAlnum(b[n]) || b[n] == '.' && n+1 < len(b) && isDigit(b[n+1])) {
		return 0
	}
	return n
}

// ipv6Length wants a digit and a double colon or seven colons, so that C++ names are none.
func ipv6Length(b []byte) int {
	const longest = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
	n, colons, digits := 0, 0, 0
	for n < len(b) && n <= longest && (isHex(b[n]) || b[n] == ':' || b[n] == '.') {
		switch {
		case b[n] == ':':
			colons++
		case isDigit(b[n]):
			digits++
		}
		n++
	}
	if n < len(b) && isAlnum(b[n]) || n > longest {
		return 0
	}
	for n > 1 && (b[n-1] == '.' || b[n-1] == ':' && b[n-2] != ':') { // of the sentence
		if b[n-1] == ':' {
			colons--
		}
		n--
	}
	double := bytes.Contains(b[:n], []byte("::"))
	if digits == 0 || !double && colons != 7 || colons > 7 {
		return 0
	}
	return n
}

// phoneLength returns the length of the international phone number that b begins with, or 0: a plus
// sign and 7 to 15 digits, which may stand in groups.
func phoneLength(b []byte) int {
	if len(b) == 0 || b[0] != '+' {
		return 0
	}
	n, digits, group, joints := 1, 0, 0, 0
	for i := 1; i < len(b) && digits <= 15; i++ {
		switch {
		case isDigit(b[i]):
			digits++
			group++
			joints, n = 0, i+1
			continue
		case isOneOf(b[i], " -.()") && joints < 2 && group < 7: // after a long group the number is over
			joints++
			group = 0
			continue
		}
		break
	}
	if digits < 7 || digits > 15 || n < len(b) && isAlnum(b[n]) {
		return 0
	}
	return n
}

// encodedLength returns the length of the base64 text or JSON Web Token that b begins with, or 0.
// What has no sign of base64 (+ / =) is left to run.
func encodedLength(b []byte) int {
	const shortest, longest = 20, 4096 // bounded: it may be looked at again from a later word
	token := bytes.HasPrefix(b, []byte("eyJ"))
	n, signs := 0, 0
	for n < len(b) && n < longest && (isAlnum(b[n]) || isOneOf(b[n], "+/") || token && isOneOf(b[n], "-_.")) {
		if isOneOf(b[n], "+/") {
			signs++
		}
		n++
	}
	for n < len(b) && b[n] == '=' && (n+1 == len(b) || !isAlnum(b[n+1])) {
		signs++
		n++
	}
	if n < shortest || !token && signs == 0 || !isMixed(b[:n]) || isLowerWord(before(b[:n], '/')) {
		return 0
	}
	return n
}

// isMixed reports whether b looks random and has digits and letters of both cases.
func isMixed(b []byte) bool {
	var seen [letter + 1]int
	for _, c := range b {
		seen[classOf(c)]++
	}
	return seen[digit] > 0 && seen[lower] > 0 && seen[upper] > 0 && shapeOf(b).opaque(len(b))
}

// isLowerWord recognises the beginning of a path, which is no base64.
func isLowerWord(b []byte) bool {
	for _, c := range b {
		if classOf(c) != lower {
			return false
		}
	}
	return true
}

// prefixedHexLength returns the length of the number like 0x7f that b begins with, or 0.
func prefixedHexLength(b []byte) int {
	if len(b) < 3 || b[0] != '0' || b[1]|0x20 != 'x' {
		return 0
	}
	n := 2
	for n < len(b) && isHex(b[n]) {
		n++
	}
	if n == 2 || n < len(b) && isAlnum(b[n]) {
		return 0
	}
	return n
}

func isOneOf(c byte, set string) bool {
	for i := range len(set) {
		if set[i] == c {
			return true
		}
	}
	return false
}
