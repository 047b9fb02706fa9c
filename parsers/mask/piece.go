package mask

import "encoding/binary"

// PieceEnd is what follows a piece of a path.
type PieceEnd uint8

// The ends of pieces.
const (
	EndUnclear PieceEnd = iota // there is no piece: what stands there needs a closer look
	EndOfPath
	EndAtID
	EndAtQuery
)

// Piece returns the length of what stands before the first id of a path, or behind one of its ids up to the next:
// words and versions with the slashes around them, or with the question mark behind them. Paths with the same pieces,
// and ids between them as ID knows them, have the same route.
func Piece(path []byte) (n int, end PieceEnd) {
	var previous []byte
	for n < len(path) {
		switch path[n] {
		case '?':
			return n + 1, EndAtQuery
		case '/':
		default:
			return 0, EndUnclear
		}
		segment, made := firstSegment(path[n+1:])
		switch plain(segment, made) {
		case plainWord:
			if len(segment) == 0 {
				return 0, EndUnclear
			}
		case plainID:
			if equalLower(previous, "api") { // where one digit is a version
				return 0, EndUnclear
			}
			return n + 1, EndAtID
		default:
			if !isVersion(segment) {
				return 0, EndUnclear
			}
		}
		n += 1 + len(segment)
		previous = segment
	}
	return n, EndOfPath
}

// ID returns the length of the id that text begins with and that a slash, a question mark or a quote ends; 0 for none.
// Of several that make a path plain, as AppendPlainRoute has it, each is usual.
func ID(text []byte) (n int, usual bool) {
	const hex, uuid = 32, 36 // most, and a third of the work of what follows
	switch {
	case len(text) > hex && endsID(text[hex]) && hexWords(text[:hex]):
		return hex, true
	case len(text) > uuid && endsID(text[uuid]) && isUUID(text[:uuid]):
		return uuid, true
	}
	var made uint8
	for n < len(text) && !endsID(text[n]) {
		made |= bytesOf[text[n]]
		n++
	}
	if n == len(text) || made&(ofEnd|ofOther) != 0 || plain(text[:n], made) != plainID {
		return 0, false
	}
	return n, isUsualID(text[:n], made)
}

func endsID(c byte) bool { return c == '/' || c == '"' || c == '?' }

// isUUID recognises a UUID by five words, with a digit in the place of each dash.
func isUUID(b []byte) bool {
	const zero, dash = uint64('0'), uint64(0xFF)
	return b[8] == '-' && b[13] == '-' && b[18] == '-' && b[23] == '-' && hexWords(b[:8]) && hexWords(b[24:32]) && hexWords(b[28:36]) &&
		hexWord(binary.LittleEndian.Uint64(b[9:])&^(dash<<32)|zero<<32) &&
		hexWord(binary.LittleEndian.Uint64(b[16:])&^(dash<<16|dash<<56)|zero<<16|zero<<56)
}

// hexWords reports whether b, words of eight bytes, has hexadecimal digits only.
func hexWords(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if !hexWord(binary.LittleEndian.Uint64(b)) {
			return false
		}
	}
	return true
}

func hexWord(w uint64) bool {
	const each, low, high, space = 0x0101010101010101, 0x7F7F7F7F7F7F7F7F, 0x8080808080808080, 0x2020202020202020
	digits, letters := w&low, (w|space)&low
	digits = (digits + each*(0x80-'0')) &^ (digits + each*(0x7F-'9'))
	letters = (letters + each*(0x80-'a')) &^ (letters + each*(0x7F-'f'))
	return (digits|letters)&^w&high == high
}
