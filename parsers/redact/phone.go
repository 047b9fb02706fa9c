package redact

const minPhone, maxPhone = 8, 15 // digits, E.164 section 6

// phone finds an E.164 number after the '+' of the given width at i.
func (s *scanner) phone(i, width int) span {
	if !s.starts(i) {
		return span{}
	}
	end, n := s.phoneEnd(i + width)
	if n < minPhone {
		return span{}
	}
	return span{i, end, kindPhone}
}

// phoneEnd reads a number of up to 15 digits in groups from i; n is how many digits it has. A number
// that is complete ends it: what follows after a blank is something else ("+4512345678 404").
func (s *scanner) phoneEnd(i int) (end, n int) {
	i += b2i(s.byteAt(i) == '(')
	country := s.byteAt(i)
	if country < '1' || country > '9' {
		return 0, 0
	}
	for {
		stop := s.run(i, maxPhone+1, digit)
		group := stop - i
		if group == 0 || n+group > maxPhone {
			return end, n
		}
		end, n = stop, n+group
		separator := s.phoneSeparator(stop)
		if separator == 0 || n >= minPhone && group >= 6 || n == nationalLength(country) {
			return end, n
		}
		i = stop + separator
	}
}

// nationalLength returns the number of digits, country code included, of the two countries with a
// code of one digit, 1 and 7; 0 for the others.
func nationalLength(country byte) int {
	if country == '1' || country == '7' {
		return 11
	}
	return 0
}

// phoneSeparator returns the length of the separator at i that a digit follows: a blank, '-', '.' or
// '/', or a parenthesis with one of them.
func (s *scanner) phoneSeparator(i int) int {
	start, parentheses := i, 0
	for pieces := 0; pieces < 2+parentheses && pieces < 3; pieces++ {
		b, width := s.byteAt(i), 1
		if b == '%' {
			b, width = percentByte(s.text, i), 3
		}
		if b == '(' || b == ')' {
			parentheses = 1
		} else if b != ' ' && b != '-' && b != '.' && b != '/' {
			break
		}
		i += width
	}
	if !is(s.byteAt(i), digit) || parentheses == 0 && i-start != 1 && i-start != 3 {
		return 0
	}
	return i - start
}

// doubleZero finds an international number at i that is dialled with 00 instead of +. Ids are padded
// with zeros too, so a bare one needs a country code and ten digits, and 1 and 7 their exact length.
func (s *scanner) doubleZero(i, end int) span {
	if end-i < 3 || s.text[i] != '0' || s.text[i+1] != '0' || !s.starts(i) || s.inNumber(i) {
		return span{}
	}
	stop, n := s.phoneEnd(i + 2)
	country := s.text[i+2]
	switch {
	case nationalLength(country) != 0:
		if n != nationalLength(country) {
			return span{}
		}
	case stop == end && n < 10, stop > end && (n < minPhone || end-i > 5), n == 0:
		return span{}
	}
	if is(s.byteAt(stop), digit) {
		return span{}
	}
	return span{i, stop, kindPhone}
}

// inNumber reports whether the digits at i go on from 12: or 0. or 1,000,
func (s *scanner) inNumber(i int) bool {
	b := s.byteAt(i - 1)
	return (b == '.' || b == ',' || b == ':' || b == '-') && is(s.byteAt(i-2), digit)
}
