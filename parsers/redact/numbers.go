package redact

// visitDigits judges the digits at i: the token they are in, then an IBAN, a card, a phone number
// written with 00, and a number that the word before it names. It returns where to scan on.
func (s *scanner) visitDigits(i int) int {
	if i >= s.tokenEnd {
		if found, next := s.opaque(i); found.kind != kindNone || next > i {
			return s.replace(found, next)
		}
	}
	end := s.run(i, unbounded, digit)
	found := s.iban(i, end)
	if found.kind == kindNone && end-i < minCard && is(s.byteAt(i-1), letter) && !s.starts(i) {
		return end
	}
	if found.kind == kindNone {
		found = s.card(i, end)
	}
	if found.kind == kindNone {
		found = s.doubleZero(i, end)
	}
	if found.kind == kindNone {
		found = s.namedNumber(i, end)
	}
	return s.replace(found, end)
}

// namedNumber finds a number that the words before it call a PIN, a one-time code, a social security
// number or a phone number: "OTP 482910 has expired", "MSISDN 4512345678".
func (s *scanner) namedNumber(i, end int) span {
	if end-i < 3 || end-i > maxPhone || !s.starts(i) {
		return span{}
	}
	word := s.numberWord(i)
	switch {
	case word == numberPhone && end-i >= minPhone:
		return span{i, end, kindPhone}
	case word == numberPIN && !is(s.byteAt(end), letter):
		return span{i, s.pinEnd(end), kindPIN}
	default:
		return span{}
	}
}

// pinEnd takes the groups of 123-45-6789 along.
func (s *scanner) pinEnd(end int) int {
	for s.byteAt(end) == '-' && is(s.byteAt(end+1), digit) {
		end = s.run(end+1, maxPhone, digit)
	}
	return end
}

func (s *scanner) numberWord(i int) numberWord {
	code := false
	for range 3 {
		start, end := s.wordBefore(i)
		switch word := numberWordOf(s.text[start:end]); word {
		case numberGoOn:
		case numberCode:
			code = true
		case numberVerifies:
			if code {
				return numberPIN
			}
			return numberPlain
		default:
			return word
		}
		i = start
	}
	return numberPlain
}
