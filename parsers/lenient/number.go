package lenient

import (
	"math"
	"strconv"
)

// Int returns the value of a number or of a numeric string when it is a whole number within int64,
// exactly: "1e3" and "1400.0" are whole. A string cut by the end of the input is none.
func (n Node) Int() (int64, bool) {
	text, ok := n.digits()
	if !ok {
		return 0, false
	}
	return ParseInt(text)
}

// ParseInt is Node.Int for the literal of a number.
func ParseInt(text []byte) (int64, bool) {
	if v, ok := shortInt(text); ok {
		return v, true
	}
	x, ok := parseDecimal(text)
	if !ok {
		return 0, false
	}
	return x.int()
}

// Float returns the value of a number or of a numeric string, if it is finite.
func (n Node) Float() (float64, bool) {
	text, ok := n.digits()
	if !ok {
		return 0, false
	}
	return ParseFloat(text)
}

// ParseFloat is Node.Float for the literal of a number.
func ParseFloat(text []byte) (float64, bool) {
	if f, ok := shortFloat(text); ok {
		return f, true
	}
	if _, ok := parseDecimal(text); !ok { // ParseFloat knows more notations than we do
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}

// digits returns the text that may be a number.
func (n Node) digits() ([]byte, bool) {
	v := n.get()
	if v == nil || v.kind != Number && v.kind != String || v.flags&cut != 0 {
		return nil, false
	}
	return trimBlanks(n.Text()), true
}

// shortInt reads plain digits that cannot overflow.
func shortInt(text []byte) (int64, bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range text {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// shortFloat reads up to 15 digits with an optional point among them. Such a number is the quotient of
// two whole numbers that a float64 holds exactly, which makes the division exactly rounded, as strconv's
// result is; durations are all of that kind, and strconv takes five times as long.
func shortFloat(text []byte) (float64, bool) {
	if len(text) > 16 || len(text) == 0 {
		return 0, false
	}
	var whole int64
	point := len(text) - 1
	for i, c := range text {
		switch {
		case isDigit(c):
			whole = whole*10 + int64(c-'0')
		case c == '.' && point == len(text)-1 && i > 0 && i < point:
			point = i
		default:
			return 0, false
		}
	}
	if point == len(text)-1 && len(text) == 16 {
		return 0, false
	}
	return float64(whole) / powersOfTen[len(text)-1-point], true
}

var powersOfTen = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimal is a number literal in parts.
type decimal struct {
	negative        bool
	whole, fraction []byte
	exponent        int // power of ten, limited to ±maxExponent
}

const maxExponent = 1 << 40

// parseDecimal splits a literal: like JSON's numbers, but also with a plus sign, leading zeros, or
// without digits on one side of the point.
func parseDecimal(text []byte) (decimal, bool) {
	var x decimal
	pos := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		x.negative = text[0] == '-'
		pos++
	}
	end := scanDigits(text, pos)
	x.whole, pos = text[pos:end], end
	if pos < len(text) && text[pos] == '.' {
		end = scanDigits(text, pos+1)
		x.fraction, pos = text[pos+1:end], end
	}
	if len(x.whole)+len(x.fraction) == 0 {
		return x, false
	}
	if end = scanExponent(text, pos); end != len(text) {
		return x, false
	}
	x.exponent = exponent(text[pos:])
	return x, true
}

// exponent reads the well-formed exponent "e-7"; none is 0.
func exponent(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	digits, negative := text[1:], text[1] == '-'
	if negative || text[1] == '+' {
		digits = digits[1:]
	}
	e := 0
	for _, c := range digits {
		e = min(e*10+int(c-'0'), maxExponent)
	}
	if negative {
		return -e
	}
	return e
}

// int returns the exact value if it is a whole number within int64.
func (x decimal) int() (int64, bool) {
	var v uint64
	zeros := 0 // zeros read since the last other digit
	for _, part := range [2][]byte{x.whole, x.fraction} {
		for _, c := range part {
			if c == '0' {
				zeros++
				continue
			}
			var ok bool
			if v, ok = shift(v, zeros+1); !ok || v > math.MaxUint64-9 {
				return 0, false
			}
			v, zeros = v+uint64(c-'0'), 0
		}
	}
	power := x.exponent - len(x.fraction) + zeros
	if v == 0 {
		return 0, true
	}
	v, ok := shift(v, power)
	switch {
	case !ok || power < 0:
		return 0, false
	case x.negative && v <= 1<<63:
		return -int64(v), true
	case !x.negative && v <= math.MaxInt64:
		return int64(v), true
	}
	return 0, false
}

// shift multiplies v by a power of ten; false when it overflows.
func shift(v uint64, power int) (uint64, bool) {
	for ; power > 0 && v != 0; power-- {
		if v > math.MaxUint64/10 {
			return 0, false
		}
		v *= 10
	}
	return v, true
}
