// Package mask turns what varies from call to call into placeholders, so that URL paths become
// routes and messages become templates that can be counted.
//
// It judges by form alone: it knows no API, keeps no memory of what it saw, and makes no promise of
// privacy. Hiding secrets is the task of package redact.
package mask

// class is what a byte is to the recognisers.
type class uint8

const (
	other class = iota
	digit
	lower
	upper
	letter // of another script: any byte of 0x80 or above
)

func classOf(c byte) class {
	switch {
	case c-'0' < 10:
		return digit
	case c-'a' < 26:
		return lower
	case c-'A' < 26:
		return upper
	case c >= 0x80:
		return letter
	}
	return other
}

func isDigit(c byte) bool  { return c-'0' < 10 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }
func isHex(c byte) bool    { return isDigit(c) || c|0x20-'a' < 6 }

// isWord reports whether c continues a word; letters of other scripts do.
func isWord(c byte) bool { return classOf(c) != other }

// shape counts what a run of bytes is made of.
type shape struct {
	digits, letters, others int
	hex                     int // hexadecimal digits
	groups                  int // runs of digits
	changes                 int // neighbours of different class
}

func shapeOf(b []byte) shape {
	var s shape
	last := other
	for i, c := range b {
		k := classOf(c)
		switch k {
		case digit:
			s.digits++
			if last != digit {
				s.groups++
			}
		case other:
			s.others++
		default:
			s.letters++
		}
		if isHex(c) {
			s.hex++
		}
		if i > 0 && k != last {
			s.changes++
		}
		last = k
	}
	return s
}

const (
	minOpaque = 16 // bytes; shorter runs may be camel case
	minHex    = 8
)

// opaque reports whether a run of n bytes looks random: in base64 two neighbours in three differ in
// class, in camel case about one in four.
func (s shape) opaque(n int) bool { return n >= minOpaque && s.changes*5 >= n*2 }

// isHexID reports whether a run of n bytes is a hexadecimal number. All digits is a plain number.
func (s shape) isHexID(n int) bool { return n >= minHex && s.hex == n && s.digits > 0 && s.digits < n }

// uuidLength returns the length of the UUID that b begins with, or 0.
func uuidLength(b []byte) int {
	const length = len("00000000-0000-0000-0000-000000000000")
	if len(b) < length || b[8] != '-' {
		return 0
	}
	for i, c := range b[:length] {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isHex(c) {
			return 0
		}
	}
	if len(b) > length && isWord(b[length]) {
		return 0
	}
	return length
}
