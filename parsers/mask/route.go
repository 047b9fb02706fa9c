package mask

import "bytes"

const (
	maxSegments      = 12
	maxRoute         = 256 // bytes of a route, the mark of the cut included
	maxSegment       = 64  // bytes of a word
	routeID          = "{id}"
	routeCut         = "/…"
	maxVersionDigits = 3
)

// AppendRoute appends the route of a URL path to dst: /users/42/orders?x=1 becomes
// /users/{id}/orders. The rules:
//
//   - Query and fragment go, repeated slashes become one, a trailing slash stays.
//   - A segment with an id becomes {id}: numbers, UUIDs, hexadecimal from 8 digits, phone numbers,
//     e-mail addresses, dates, mixed letters and digits, and words with such a part (acc-12345).
//     What is percent-encoded or not ASCII was typed by somebody and is an id too.
//   - Words stay, also with one or two digits (oauth2, step-1), as do versions (v2.1, v1beta1). A
//     date that is the first segment or follows "api" is a version (2024-01), as is one digit after
//     "api"; elsewhere they are ids.
//   - A file extension and a verb after a colon stay: /r/123.pdf becomes /r/{id}.pdf.
//   - Templates ({id}, :id, <id>, <int:id>) stay as they are.
//
// At most 12 segments and 256 bytes are kept; the rest becomes "/…". The result begins with a slash,
// is valid UTF-8, and is its own route. Nothing is allocated when dst has room.
func AppendRoute(dst, path []byte) []byte {
	dst, _ = AppendPlainRoute(dst, path)
	return dst
}

// AppendPlainRoute is AppendRoute, and reports whether the path is plain: its route, but for UUIDs, numbers of
// 32 hexadecimal digits, most of 24, and numbers of at most eleven digits, in the places of {id}.
func AppendPlainRoute(dst, path []byte) (route []byte, isPlain bool) {
	if route, ok := appendUsualRoute(dst, path); ok {
		return route, true
	}
	return appendAnyRoute(dst, path) // over what the first one began
}

// appendUsualRoute is appendAnyRoute for most paths: plain ones of words, versions and ids. It looks at each
// segment once and copies what is between ids as a whole, which takes half as long. It declines all others.
func appendUsualRoute(dst, path []byte) (route []byte, ok bool) {
	const longest = maxRoute / 2
	if len(path) == 0 || len(path) > longest {
		return dst, false
	}
	copied, previous := 0, []byte(nil)
	for pos, n := 0, 0; pos < len(path); n++ {
		if path[pos] != '/' || n == maxSegments {
			return dst, false
		}
		segment, made := firstSegment(path[pos+1:])
		switch plain(segment, made) {
		case plainWord:
			if len(segment) == 0 {
				return dst, false
			}
		case plainID:
			if !isUsualID(segment, made) || len(segment) == 1 && equalLower(previous, "api") {
				return dst, false
			}
			dst = append(append(dst, path[copied:pos+1]...), routeID...)
			copied = pos + 1 + len(segment)
		default:
			if made&^(ofLow|ofDigits) != 0 || !isVersion(segment) {
				return dst, false
			}
		}
		pos += 1 + len(segment)
		previous = segment
	}
	return append(dst, path[copied:]...), true
}

// appendAnyRoute is AppendPlainRoute for every path.
func appendAnyRoute(dst, path []byte) (route []byte, isPlain bool) {
	start := len(dst)
	isPlain = len(path) > 0 && path[0] == '/'
	var previous []byte
	for n := 0; ; n++ {
		slashes := len(path)
		for len(path) > 0 && path[0] == '/' {
			path = path[1:]
		}
		isPlain = isPlain && slashes-len(path) == 1
		segment, made := firstSegment(path)
		if len(segment) == 0 {
			return append(dst, '/'), isPlain && len(path) == 0
		}
		keep := len(dst)
		if n < maxSegments && string(segment) != routeCut[1:] {
			dst = append(dst, '/')
			switch plain(segment, made) {
			case plainWord:
				dst = append(dst, segment...)
			case plainID:
				dst = appendPlainID(dst, segment, previous)
				isPlain = isPlain && isUsualID(segment, made)
			default:
				dst = appendSegment(dst, segment, previous)
				isPlain = isPlain && string(dst[keep+1:]) == string(segment)
			}
		}
		if len(dst) == keep || len(dst)-start > maxRoute-len(routeCut)-1 {
			return append(dst[:keep], routeCut...), false
		}
		if path = path[len(segment):]; len(path) == 0 || path[0] != '/' {
			return dst, isPlain && len(path) == 0
		}
		previous = segment
	}
}

// isUsualID recognises the ids of a plain path. Longer numbers may be those of cards.
func isUsualID(segment []byte, made uint8) bool {
	const longest, hex, objectID = 11, 32, 24
	switch n := len(segment); {
	case made == ofDigits && n <= longest:
		return n < 2 || segment[0] != '0' || segment[1] != '0'
	case made&^ofHex == 0:
		return n == hex || n == objectID && isQuietHex(segment)
	default:
		return made&^(ofHex|ofDash) == 0 && uuidLength(segment) == n
	}
}

// isQuietHex reports whether a hexadecimal number holds no number of a card or account: no thirteen digits in a row,
// and it does not begin with the letters of a country, or with 00. To scan paths with such ids for those is 3 % of a problem.
func isQuietHex(b []byte) bool {
	const card = 13
	if isLetter(b[0]) && isLetter(b[1]) || b[0] == '0' && b[1] == '0' {
		return false
	}
	digits := 0
	for _, c := range b {
		if digits++; !isDigit(c) {
			digits = 0
		}
		if digits == card {
			return false
		}
	}
	return true
}

// before returns b up to the first c.
func before(b []byte, c byte) []byte {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return b[:i]
	}
	return b
}

// firstSegment returns the path up to a slash, a query or a fragment, and what that is made of.
func firstSegment(path []byte) (segment []byte, made uint8) {
	for i, c := range path {
		of := bytesOf[c]
		if of == ofEnd {
			return path[:i], made
		}
		made |= of
	}
	return path, made
}

// appendPlainID masks a number, unless it is the version of an API: /rest/api/3.
func appendPlainID(dst, segment, previous []byte) []byte {
	if len(segment) == 1 && equalLower(previous, "api") {
		return append(dst, segment...)
	}
	return append(dst, routeID...)
}

// appendSegment appends one segment that is not plain; previous is the one before it, empty for the first.
func appendSegment(dst, segment, previous []byte) []byte {
	if i := bytes.IndexByte(segment, ';'); i > 0 { // matrix parameters
		segment = segment[:i]
	}
	if n := templateLength(segment); n > 0 {
		if suffixStart(segment[n:]) == 0 {
			return append(dst, segment...)
		}
		return append(dst, routeID...)
	}
	if isVersion(segment) || isDateVersion(segment) && (len(previous) == 0 || equalLower(previous, "api")) {
		return append(dst, segment...)
	}
	stem := segment[:suffixStart(segment)]
	if isID(stem) {
		return append(append(dst, routeID...), segment[len(stem):]...)
	}
	return append(dst, segment...)
}

// plainness is what most segments are, by their bytes alone.
type plainness uint8

const (
	unclear   plainness = iota
	plainWord           // short, in lower case, not hexadecimal
	plainID             // a number, a hexadecimal number or a UUID
)

// bytesOf says what a byte of a segment is, as a set of one, so that the union tells what a segment is made of.
var bytesOf = buildBytesOf()

const (
	ofDigits = 1 << iota
	ofLowHex // a to f
	ofLow    // g to z
	ofCapHex // A to F
	ofDash
	ofUnder
	ofOther
	ofEnd

	ofWords = ofLowHex | ofLow | ofDash | ofUnder
	ofHex   = ofDigits | ofLowHex | ofCapHex
)

func buildBytesOf() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case isDigit(b):
			t[c] = ofDigits
		case b-'a' < 6:
			t[c] = ofLowHex
		case b-'a' < 26:
			t[c] = ofLow
		case b-'A' < 6:
			t[c] = ofCapHex
		case b == '-':
			t[c] = ofDash
		case b == '_':
			t[c] = ofUnder
		case b == '/' || b == '?' || b == '#':
			t[c] = ofEnd
		default:
			t[c] = ofOther
		}
	}
	return t
}

// plain recognises most segments by what they are made of.
func plain(segment []byte, made uint8) plainness {
	switch n := len(segment); {
	case made&^ofWords == 0 && (n < minHex || n < minOpaque && !hasHexRun(segment)):
		return plainWord
	case made == ofDigits, made&^ofHex == 0 && n >= minHex, made&^(ofHex|ofDash) == 0 && uuidLength(segment) == n:
		return plainID
	}
	return unclear
}

// hasHexRun reports whether letters from a to f follow each other as often as a hexadecimal number has digits.
func hasHexRun(segment []byte) bool {
	run := 0
	for _, c := range segment {
		if run++; bytesOf[c] != ofLowHex {
			run = 0
		}
		if run == minHex {
			return true
		}
	}
	return false
}

// templateLength returns the length of the template that the segment begins with, or 0.
func templateLength(segment []byte) int {
	if len(segment) < 2 {
		return 0
	}
	var closing byte
	switch segment[0] {
	case '{':
		closing = '}'
	case '<':
		closing = '>'
	case ':':
	default:
		return 0
	}
	for i := 1; i < len(segment) && i < maxSegment; i++ {
		switch c := segment[i]; {
		case closing != 0 && c == closing:
			return i + 1
		case i == 1 && !isLetter(c) && c != '_':
			return 0
		case !isAlnum(c) && c != '_' && c != '-' && (closing == 0 || c != ':' && c != '.' && c != '*'):
			return 0
		}
	}
	if closing == 0 && len(segment) < maxSegment {
		return len(segment)
	}
	return 0
}

// suffixStart returns where a file extension (.pdf) or a verb (:cancel) begins, or the segment's length.
func suffixStart(segment []byte) int {
	i := max(bytes.LastIndexByte(segment, '.'), bytes.LastIndexByte(segment, ':'))
	if i < 0 || bytes.IndexByte(segment, '@') > 0 || bytes.IndexByte(segment, '%') >= 0 { // a mail domain is no extension
		return len(segment)
	}
	suffix, longest := segment[i+1:], 5
	if segment[i] == ':' {
		longest = 20
	}
	if s := shapeOf(suffix); s.letters == 0 || s.others > 0 || s.digits > 1 || len(suffix) > longest || s.letters != lettersASCII(suffix) {
		return len(segment)
	}
	return i
}

func lettersASCII(b []byte) int {
	n := 0
	for _, c := range b {
		if isLetter(c) {
			n++
		}
	}
	return n
}
