package mask

import "bytes"

// arnLength returns the length of the Amazon resource name that b begins with, or 0.
func arnLength(b []byte) int {
	if !bytes.HasPrefix(b, []byte("arn:aws")) {
		return 0
	}
	n := len("arn:aws")
	for n < len(b) && b[n] > ' ' && b[n] < 0x7f && !isOneOf(b[n], "<>\"'`,;()[]{}|\\") {
		n++
	}
	for n > 0 && isOneOf(b[n-1], ".:!?") {
		n--
	}
	return n
}

// hostLength returns the length of the name of a host that b begins with, with its port, or 0. Its last
// label is a usual top-level domain in lower case, so that users.email and System.IO are none.
func hostLength(b []byte) int {
	const longest = 253
	n, label := 0, 0
	for n < len(b) && n < longest && (isAlnum(b[n]) || n > label && (b[n] == '-' || b[n] == '.')) {
		if b[n] == '.' {
			label = n + 1
		}
		n++
	}
	end := n
	if n > 0 && label == n { // the full stop of the sentence
		n--
		label = bytes.LastIndexByte(b[:n], '.') + 1
	}
	if label == 0 || !isTopLevel(b[label:n]) || n < len(b) && isWord(b[n]) || beginsMasked(b[end:]) {
		return 0
	}
	if n+1 < len(b) && b[n] == ':' && isDigit(b[n+1]) {
		for n++; n < len(b) && isDigit(b[n]); n++ {
		}
	}
	return n
}

// beginsMasked reports whether b begins with the placeholder of a word, which what stands before it continues: b.dk30 and
// b.dk.30 are no hosts, nor are b.dk<n> and b.dk.<n>.
func beginsMasked(b []byte) bool {
	end := bytes.IndexByte(b[:min(len(b), longestName)], '>')
	return end > 0 && isWordPlaceholder(b[:end+1])
}

// isTopLevel knows the top-level domains that hosts in messages have. Words of sentences and of code
// (in, is, no, me, name, info) are not among them.
func isTopLevel(label []byte) bool {
	switch string(label) {
	case "com", "org", "net", "edu", "gov", "io", "dev", "app", "cloud", "ai", "example", "local", "internal", "test", "localhost",
		"uk", "de", "dk", "eu", "fr", "nl", "se", "ch", "pl", "es", "br", "jp", "cn", "au", "ca", "svc":
		return true
	}
	return false
}

// regionLength returns the length of the name of a cloud's region that b begins with, or 0: us-east-1,
// europe-west4, us-gov-west-1.
func regionLength(b []byte) int {
	n, compass := 0, false
	for n < len(b) && b[n]-'a' < 26 {
		from := n
		for n < len(b) && b[n]-'a' < 26 {
			n++
		}
		switch string(b[from:n]) {
		case "east", "west", "north", "south", "central", "northeast", "northwest", "southeast", "southwest":
			compass = from > 0
		}
		if n == len(b) || b[n] != '-' {
			break
		}
		n++
	}
	from := n
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if !compass || n == from || n-from > 2 || n < len(b) && (isWord(b[n]) || isJoint(b, n)) {
		return 0
	}
	return n
}

// hiddenLength returns the length of the secret or number that b begins with whose middle its sender
// has hidden, or 0: sk-abcd****wxyz, ****4242, 4842…2456.
func hiddenLength(b []byte) int {
	const longest = 256
	begin := 0
	for begin < len(b) && begin < longest && (isAlnum(b[begin]) || begin > 0 && (b[begin] == '-' || b[begin] == '_')) {
		begin++
	}
	n, stars, dots := begin, 0, 0
	for n < len(b) && n < longest {
		switch {
		case b[n] == '*':
			stars++
			n++
			continue
		case bytes.HasPrefix(b[n:], []byte("•")):
			stars++
			n += len("•")
			continue
		case bytes.HasPrefix(b[n:], []byte("…")):
			dots++
			n += len("…")
			continue
		}
		break
	}
	hidden := n
	for n < len(b) && n < longest && isAlnum(b[n]) {
		n++
	}
	ends := begin + n - hidden
	switch digits := shapeOf(b[:begin]).digits + shapeOf(b[hidden:n]).digits; {
	case stars >= 3 && ends > 0, stars == 2 && digits > 0:
		return n
	case dots == 1 && stars == 0 && begin > 1 && n > hidden+1 && digits > 0:
		return n
	}
	return 0
}

// durationLength returns the length of the duration that b begins with, or 0: 30s, 120ms, 1m20.5s.
func durationLength(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		for n < len(b) && (isDigit(b[n]) || b[n] == '.' && n+1 < len(b) && isDigit(b[n+1])) {
			n++
		}
		switch {
		case bytes.HasPrefix(b[n:], []byte("ms")), bytes.HasPrefix(b[n:], []byte("us")), bytes.HasPrefix(b[n:], []byte("ns")):
			n += 2
		case n < len(b) && isOneOf(b[n], "smh"):
			n++
		default:
			return 0
		}
	}
	if n < len(b) && (isWord(b[n]) || isJoint(b, n)) {
		return 0
	}
	return n
}
