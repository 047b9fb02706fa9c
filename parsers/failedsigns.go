package parsers

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	maxFailed = 8 << 10 // bytes of a body that may be an error
	telltales = 1 << 10 // bytes of it that are searched for a sign
	lookBack  = 24      // bytes before a sign that say what it means
)

// hasTelltale looks for what every error in a success holds. It is all that most successes cost, so it
// reads eight bytes at once: every sign has one of three pairs of letters in it that are rare in
// ordinary bodies, in any case.
func hasTelltale(raw []byte) bool {
	if len(raw) < 9 || len(raw) > maxFailed {
		return false
	}
	raw = raw[:min(len(raw), telltales)]
	switch opening(raw) {
	case '[':
		return bytes.Contains(raw[:min(len(raw), 128)], []byte("jsonrpc")) || bytes.Contains(raw, []byte("rror")) && bytes.Contains(raw, []byte("escription"))
	case '<':
		return elementTelltale(raw)
	case '{', 0:
	default: // a form, rarely; a text
		if elementTelltale(raw) {
			return true
		}
	}
	if shortStatus(raw) {
		return true
	}
	for at := 0; ; at += 8 {
		at = min(at, len(raw)-9) // the last window overlaps the one before
		for m := rarePairs(raw[at:]); m != 0; m &= m - 1 {
			if isSign(raw, at+bits.TrailingZeros64(m)/8) {
				return true
			}
		}
		if at == len(raw)-9 {
			return false
		}
	}
}

// shortStatus reports a body so short that what its status is may be all that says no.
func shortStatus(raw []byte) bool {
	const longest = 256
	if len(raw) > longest {
		return false
	}
	i := bytes.Index(raw, []byte("status"))
	if i < 0 {
		return false
	}
	value := raw[i+len("status"):]
	for len(value) > 0 && beforeValue(value[0]) {
		value = value[1:]
	}
	if startsFold(value, "declined") || startsFold(value, "refused") || startsFold(value, "nok") {
		return true
	}
	end := 0
	for end < len(value) && end < 9 && value[end] >= '0' && value[end] <= '9' {
		end++
	}
	number := digits(value[:end])
	return number == 0 && bytes.Contains(raw, []byte("info")) || number > 1 && (number < 200 || number > 299)
}

// opening is the first byte of a body, which may be the text of a JSON string.
func opening(raw []byte) byte {
	for i, c := range raw {
		switch c {
		case ' ', '"', '\\', '\n', '\r', '\t':
		case 'n', 'r', 't':
			if i == 0 || raw[i-1] != '\\' {
				return c
			}
		default:
			return c
		}
	}
	return 0
}

// elementTelltale looks for signs in XML, which is rare enough to be searched word by word.
func elementTelltale(raw []byte) bool {
	for _, sign := range [...]string{"rror", "RROR", "ault", "xception", "ail", "code", "Code", "false", "False", "tatus", "TATUS", "esult", "RESULT", "eclined", "ECLINED"} {
		if bytes.Contains(raw, []byte(sign)) {
			return true
		}
	}
	return false
}

// rarePairs marks by the high bit of a byte where "rr", "fa" or "od" begins in the first eight bytes of
// text, which holds nine. It may mark a byte too many behind a true one.
func rarePairs(text []byte) uint64 {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
		fold = 0x20 * ones
	)
	one, two := binary.LittleEndian.Uint64(text)|fold, binary.LittleEndian.Uint64(text[1:])|fold
	rr := (one ^ 'r'*ones) | (two ^ 'r'*ones)
	fa := (one ^ 'f'*ones) | (two ^ 'a'*ones)
	od := (one ^ 'o'*ones) | (two ^ 'd'*ones)
	return ((rr-ones)&^rr | (fa-ones)&^fa | (od-ones)&^od) & high
}

// isSign judges the pair of letters at i by what stands around it.
func isSign(raw []byte, i int) bool {
	rest, last := raw[i:], byte(0)
	if i > 0 {
		last = raw[i-1] | 0x20
	}
	switch rest[0] | 0x20 {
	case 'r':
		return last == 'e' && startsFold(rest, "rror")
	case 'o':
		return last == 'c' && rest[min(2, len(rest)-1)]|0x20 == 'e' && codeTells(raw[max(0, i-1-lookBack):i-1], rest[min(3, len(rest)):])
	}
	switch rest[min(2, len(rest)-1)] | 0x20 {
	case 'l':
		return startsFold(rest, "false") && namesSuccess(raw[max(0, i-lookBack):i])
	case 'i':
		return startsFold(rest, "fail")
	case 'u':
		return last != 'e' && startsFold(rest, "fault") // not "default"
	}
	return false
}

// namesSuccess reports a member, up to its value, that says whether the call went well.
func namesSuccess(text []byte) bool {
	end := len(text)
	for end > 0 && beforeValue(text[end-1]) {
		end--
	}
	if end == 0 {
		return false
	}
	switch text = text[:end]; text[end-1] | 0x20 {
	case 'k':
		return endsFold(text, "ok")
	case 's':
		return endsFold(text, "success") || endsFold(text, "status")
	case 'l':
		return endsFold(text, "successful")
	case 'd':
		return endsFold(text, "succeeded") || endsFold(text, "valid")
	case 't':
		return endsFold(text, "stat") || endsFold(text, "result")
	case 'e':
		return endsFold(text, "response")
	}
	return false
}

// beforeValue reports what stands between a name and its value.
func beforeValue(c byte) bool { return c == '"' || c == ':' || c == ' ' || c == '\\' || c == '=' }

// codeTells reports a member whose name ends in "code" that holds no zero, no 2xx and nothing else
// that many entities have. A member called code alone must hold a number.
func codeTells(name, value []byte) bool {
	sure := false
	for len(name) > 0 && (name[len(name)-1] == '_' || name[len(name)-1] == '-') {
		name = name[:len(name)-1]
	}
	if len(name) > 0 && name[len(name)-1]|0x20 >= 'a' && name[len(name)-1]|0x20 <= 'z' {
		if sure = saysOutcome(name); !sure {
			return false
		}
	}
	for len(value) > 0 && (beforeValue(value[0]) || value[0] == '-') {
		value = value[1:]
	}
	end := 0
	for end < len(value) && end < 9 && value[end] >= '0' && value[end] <= '9' {
		end++
	}
	if end == 0 {
		return sure && len(value) > 0 && value[0] != ',' && value[0] != '}'
	}
	number := digits(value[:end])
	return number != 0 && (number < 200 || number > 299) && number != 200000
}

// saysOutcome reports a name whose code is that of an answer.
func saysOutcome(name []byte) bool {
	for _, end := range [...]string{"err", "ret", "return", "resp", "response", "sub", "result", "status", "info"} {
		if endsFold(name, end) {
			return true
		}
	}
	return false
}

func startsFold(text []byte, word string) bool {
	return len(text) >= len(word) && equalFold(text[:len(word)], word)
}

func endsFold(text []byte, word string) bool {
	return len(text) >= len(word) && equalFold(text[len(text)-len(word):], word)
}
