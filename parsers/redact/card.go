package redact

const minCard, maxCard = 13, 19

// digitGroups is a number of up to 19 digits in groups.
type digitGroups struct {
	digits [maxCard]byte
	sizes  [maxCard]uint8
	ends   [maxCard]int // end of each group in the text
	groups int
	n      int
}

// readGroups reads digits from i, in groups separated by single blanks or dashes (or %20), as many
// whole groups as fit.
func (s *scanner) readGroups(i int) (g digitGroups) {
	for g.groups < maxCard {
		end := s.run(i, maxCard+1, digit)
		if end == i || g.n+end-i > maxCard {
			break
		}
		copy(g.digits[g.n:], s.text[i:end])
		g.sizes[g.groups] = uint8(end - i)
		g.ends[g.groups] = end
		g.n += end - i
		g.groups++
		i = end + s.groupSeparator(end)
		if i == end {
			break
		}
	}
	return g
}

func (s *scanner) groupSeparator(i int) int {
	switch b := s.byteAt(i); {
	case b == ' ' || b == '-':
		return 1
	case b == '%' && percentByte(s.text, i) == ' ':
		return 3
	default:
		return 0
	}
}

// card finds a payment card number (ISO/IEC 7812) at i: issuer prefix, length and Luhn digit fit,
// and its groups are those printed on cards. Part of a decimal fraction is none.
func (s *scanner) card(i, end int) span {
	grouped := (end-i == 4 || end-i == 6) && s.groupSeparator(end) > 0
	if !grouped && (end-i < minCard || end-i > maxCard) {
		return span{}
	}
	if !plausibleIssuer(s.text[i:end]) || s.byteAt(i-1) == '.' && is(s.byteAt(i-2), digit) {
		return span{}
	}
	g := s.readGroups(i)
	for g.groups > 0 {
		stop := g.ends[g.groups-1]
		fraction := s.byteAt(stop) == '.' && is(s.byteAt(stop+1), digit)
		if !fraction && g.n >= minCard && g.printed() && issuerLength(g.digits[:g.n]) && luhn(g.digits[:g.n]) {
			return span{i, stop, kindCard}
		}
		g.groups--
		g.n -= int(g.sizes[g.groups])
	}
	return span{}
}

// printed reports whether the groups are 4-4-4-4(-3), 4-6-5, 4-6-4, 6-… or one.
func (g *digitGroups) printed() bool {
	if g.groups == 1 {
		return true
	}
	if g.groups == 3 && g.sizes[0] == 4 && g.sizes[1] == 6 {
		return g.sizes[2] == 4 || g.sizes[2] == 5
	}
	if g.groups == 2 && g.sizes[0] == 6 {
		return true
	}
	for _, size := range g.sizes[:g.groups-1] {
		if size != 4 {
			return false
		}
	}
	return g.sizes[g.groups-1] <= 5
}

// plausibleIssuer looks at the first digits only: cards begin with 3 (American Express, Diners, JCB),
// 4 (Visa), 5 (Mastercard, Maestro), 6 (Discover, Maestro, UnionPay) or 22–27 (Mastercard).
func plausibleIssuer(digits []byte) bool {
	switch digits[0] {
	case '3', '4', '5', '6':
		return true
	case '2':
		return digits[1] >= '2' && digits[1] <= '7'
	default:
		return false
	}
}

// issuerLength reports whether a number of this length is issued under its prefix.
func issuerLength(digits []byte) bool {
	four := int(digits[0]-'0')*1000 + int(digits[1]-'0')*100 + int(digits[2]-'0')*10 + int(digits[3]-'0')
	two, n := four/100, len(digits)
	switch {
	case four/1000 == 4: // Visa
		return n == 13 || n == 16 || n == 19
	case two == 34 || two == 37: // American Express
		return n == 15
	case two == 36 || two == 38 || two == 39 || four >= 3000 && four <= 3059 || four/10 == 309: // Diners Club
		return n >= 14
	case four >= 3528 && four <= 3589: // JCB
		return n >= 16
	case two >= 51 && two <= 55 || four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 50 || two >= 56 && two <= 69: // Maestro, Discover, UnionPay, RuPay
		return n >= minCard
	default:
		return false
	}
}

// luhn is the check of ISO/IEC 7812-1 annex B. All zeros pass it and are no card.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
