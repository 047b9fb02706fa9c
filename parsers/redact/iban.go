package redact

const maxIBAN = 34

// ibanLengths holds the length of an IBAN by country, from the SWIFT IBAN registry. The length tells
// where a number written in groups ends: "GB82 WEST 1234 5698 7654 32 is closed".
var ibanLengths = map[[2]byte]int{
	{'a', 'd'}: 24, {'a', 'e'}: 23, {'a', 'l'}: 28, {'a', 't'}: 20, {'a', 'z'}: 28,
	{'b', 'a'}: 20, {'b', 'e'}: 16, {'b', 'g'}: 22, {'b', 'h'}: 22, {'b', 'i'}: 27, {'b', 'r'}: 29, {'b', 'y'}: 28,
	{'c', 'h'}: 21, {'c', 'r'}: 22, {'c', 'y'}: 28, {'c', 'z'}: 24, {'d', 'e'}: 22, {'d', 'j'}: 27, {'d', 'k'}: 18, {'d', 'o'}: 28,
	{'e', 'e'}: 20, {'e', 'g'}: 29, {'e', 's'}: 24, {'f', 'i'}: 18, {'f', 'k'}: 18, {'f', 'o'}: 18, {'f', 'r'}: 27,
	{'g', 'b'}: 22, {'g', 'e'}: 22, {'g', 'i'}: 23, {'g', 'l'}: 18, {'g', 'r'}: 27, {'g', 't'}: 28,
	{'h', 'n'}: 28, {'h', 'r'}: 21, {'h', 'u'}: 28, {'i', 'e'}: 22, {'i', 'l'}: 23, {'i', 'q'}: 23, {'i', 's'}: 26, {'i', 't'}: 27,
	{'j', 'o'}: 30, {'k', 'w'}: 30, {'k', 'z'}: 20, {'l', 'b'}: 28, {'l', 'c'}: 32, {'l', 'i'}: 21, {'l', 't'}: 20, {'l', 'u'}: 20, {'l', 'v'}: 21, {'l', 'y'}: 25,
	{'m', 'c'}: 27, {'m', 'd'}: 24, {'m', 'e'}: 22, {'m', 'k'}: 19, {'m', 'n'}: 20, {'m', 'r'}: 27, {'m', 't'}: 31, {'m', 'u'}: 30,
	{'n', 'i'}: 28, {'n', 'l'}: 18, {'n', 'o'}: 15, {'o', 'm'}: 23, {'p', 'k'}: 24, {'p', 'l'}: 28, {'p', 's'}: 29, {'p', 't'}: 25,
	{'q', 'a'}: 29, {'r', 'o'}: 24, {'r', 's'}: 22, {'r', 'u'}: 33, {'s', 'a'}: 24, {'s', 'c'}: 31, {'s', 'd'}: 18, {'s', 'e'}: 24,
	{'s', 'i'}: 19, {'s', 'k'}: 24, {'s', 'm'}: 27, {'s', 'o'}: 23, {'s', 't'}: 25, {'s', 'v'}: 28, {'t', 'l'}: 23, {'t', 'n'}: 24, {'t', 'r'}: 26,
	{'u', 'a'}: 29, {'v', 'a'}: 22, {'v', 'g'}: 24, {'x', 'k'}: 20, {'y', 'e'}: 30,
}

// iban finds an International Bank Account Number (ISO 13616) whose check digits are the digits at i.
func (s *scanner) iban(i, end int) span {
	start := i - 2
	if end-i < 2 || start < s.from || !is(s.text[start], letter) || !is(s.text[start+1], letter) || !s.starts(start) {
		return span{}
	}
	length := ibanLengths[[2]byte{toLower(s.text[start]), toLower(s.text[start+1])}]
	if length == 0 {
		return span{}
	}
	compact, stop := s.readIBAN(start, length)
	if stop == 0 || is(s.byteAt(stop), alnum) || !mod97(compact[:length]) {
		return span{}
	}
	return span{start, stop, kindIBAN}
}

// readIBAN reads length letters and digits from start, single blanks or dashes between them left
// out; stop is 0 when there are fewer.
func (s *scanner) readIBAN(start, length int) (compact [maxIBAN]byte, stop int) {
	n := 0
	for i := start; i < len(s.text); {
		if !is(s.text[i], alnum) {
			width := s.groupSeparator(i)
			if width == 0 || !is(s.byteAt(i+width), alnum) {
				return compact, 0
			}
			i += width
		}
		compact[n] = s.text[i]
		n, i = n+1, i+1
		if n == length {
			return compact, i
		}
	}
	return compact, 0
}

// mod97 is the check of ISO 7064 MOD 97-10: the first four characters move to the end, letters count
// as 10 to 35, and the number leaves 1.
func mod97(compact []byte) bool {
	rest := 0
	for i := range compact {
		b := toLower(compact[(i+4)%len(compact)])
		if is(b, digit) {
			rest = (rest*10 + int(b-'0')) % 97
			continue
		}
		rest = (rest*100 + int(b-'a') + 10) % 97
	}
	return rest == 1
}
