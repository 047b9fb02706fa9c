package page

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// A product writes the same page again and again, but for an id of the request. Known remembers such pages as they were
// logged: as the source of a JSON string. A page that equals a known one but for its ids is not unescaped and not read;
// its texts are those of the known one with its own ids in their places. That takes a tenth of reading it.
//
// An id is long hexadecimal digits, a UUID or a long number, alone between blanks, quotes, brackets or the like. What the
// reader makes of a page does not depend on which id that is, only on where it stands: it looks for markup, of which ids
// have none, and for texts, of which none is in an id. Where a text that it knows may begin or end within an id, and where
// it weighs words, settled refuses the page. FuzzKnown holds the two ways to the same result.

// Bounds of what is remembered: with all full some 700 KiB for each Row.
const (
	maxKnown    = 32
	maxSource   = 16 << 10 // bytes of a page as it was logged
	maxIDs      = 16       // of a page
	costOfPage  = 16       // pages, known or not, for each that is learned; twice as many after each, …
	mostCost    = 256      // … up to this, until a learned one comes again
	maxCredit   = 256
	manyMissed  = 32 // pages in a row; from then on only one in costOfPage is compared
	shortNumber = 8  // digits of the shortest number that is an id
	longNumber  = 20
)

// Known are pages that were learned. The zero Known is ready; it is for one goroutine at a time.
type Known struct {
	pages  []known
	credit int // to learn from
	cost   int // of the next one
	missed int // since the last known page

	reader       Reader
	trial        known // being learned
	source, text []byte
}

// known is one of these pages.
type known struct {
	source []byte // with the closing quote
	ids    []id
	page   Page
	texts  []byte // of the page
	marks  []mark // of ids in texts
	again  bool   // it came again
}

// id is where an id stands in a source.
type id struct {
	at, end int
	form    form
}

// mark is where one stands in a text.
type mark struct{ at, id int }

// form is what ids have in common.
type form uint8

const (
	noID form = iota
	hexadecimal
	decimal
	uuid
)

// Find returns what is known of the page whose source begins src, and the length of that with the closing quote; 0 when it
// is not known. The texts are valid until the next Find.
func (k *Known) Find(src []byte) (Page, int) {
	if k.missed++; k.missed > manyMissed && k.missed%costOfPage != 0 {
		return Page{}, 0
	}
	for i := range k.pages {
		if !k.pages[i].equals(src) {
			continue
		}
		if i > 0 {
			k.pages[i-1], k.pages[i] = k.pages[i], k.pages[i-1]
			i--
		}
		p := &k.pages[i]
		if !p.again {
			p.again, k.cost = true, costOfPage
		}
		k.missed, k.credit = 0, min(k.credit+1, maxCredit)
		p.put(src)
		return p.page, len(p.source)
	}
	return Page{}, 0
}

// equals reports whether src begins with the page, whatever its ids are.
func (p *known) equals(src []byte) bool {
	if len(src) < len(p.source) {
		return false
	}
	from := 0
	for i := range p.ids {
		d := &p.ids[i]
		if string(src[from:d.at]) != string(p.source[from:d.at]) || !d.fits(src[d.at:d.end]) {
			return false
		}
		from = d.end
	}
	return string(src[from:len(p.source)]) == string(p.source[from:])
}

// put puts the ids of a source into the texts.
func (p *known) put(src []byte) {
	for _, m := range p.marks {
		d := &p.ids[m.id]
		copy(p.texts[m.at:], src[d.at:d.end])
	}
}

// fits reports whether a text is an id of the same form. It has a digit, which tells ids from words.
func (d *id) fits(text []byte) bool {
	var all uint8
	for i, c := range text {
		kind := idBytes[c]
		if d.form == uuid && isDash(i) {
			if c != '-' {
				return false
			}
			continue
		}
		if kind == 0 {
			return false
		}
		all |= kind
	}
	return all&isNumber != 0 && (d.form != decimal || all == isNumber)
}

func isDash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

// The bytes of ids.
const (
	isNumber = 1 << iota
	isHexLetter
)

var idBytes = func() (kinds [256]uint8) {
	for c := range 10 {
		kinds['0'+c] = isNumber
	}
	for c := range 6 {
		kinds['a'+c], kinds['A'+c] = isHexLetter, isHexLetter
	}
	return kinds
}()

// Learn notes a page that was logged as a quoted string. Unescape appends the text of a source.
func (k *Known) Learn(quoted []byte, unescape func(dst, source []byte) []byte) {
	if k.cost == 0 {
		k.cost, k.credit = costOfPage, maxCredit
	}
	if k.credit++; k.credit < k.cost || len(quoted)-1 > maxSource {
		return
	}
	k.credit -= k.cost
	k.cost = min(2*k.cost, mostCost)
	p := &k.trial
	p.source, p.again = append(p.source[:0], quoted[1:]...), false
	p.findIDs()
	if !k.try(unescape) {
		return
	}
	if len(k.pages) < maxKnown {
		k.pages = append(k.pages, known{})
	}
	last := &k.pages[len(k.pages)-1]
	*last, *p = *p, *last
}

// try reads the page with two sets of other ids. It reports whether it finds the same in both, but for the ids.
func (k *Known) try(unescape func(dst, source []byte) []byte) bool {
	p := &k.trial
	ids, others := twoSets(p.ids)
	first, ok := k.readWith(ids, unescape)
	if !ok || !k.reader.settled(ids, first.Product) {
		return false
	}
	p.keep(first)
	p.mark(ids)
	if len(ids) == 0 {
		return true
	}
	texts, all, blocks := swapped(p.texts, ids, others), swapped(k.reader.text, ids, others), slices.Clone(k.reader.blocks)
	second, ok := k.readWith(others, unescape)
	if !ok || second.Product != first.Product || second.Category != first.Category {
		return false
	}
	p.keep(second)
	return bytes.Equal(texts, p.texts) && bytes.Equal(all, k.reader.text) && slices.Equal(blocks, k.reader.blocks)
}

// swapped returns a copy of a text with other ids in the places of these.
func swapped(text []byte, ids, others [][]byte) []byte {
	text = bytes.Clone(text)
	for i := range ids {
		text = bytes.ReplaceAll(text, ids[i], others[i])
	}
	return text
}

// readWith reads the page with these ids in the places of its own.
func (k *Known) readWith(ids [][]byte, unescape func(dst, source []byte) []byte) (Page, bool) {
	p := &k.trial
	k.source = append(k.source[:0], p.source[:len(p.source)-1]...)
	for i := range p.ids {
		copy(k.source[p.ids[i].at:], ids[i])
	}
	k.text = unescape(k.text[:0], k.source)
	if !Is(k.text) || bytes.Contains(k.text, []byte("\ufffd")) { // what that stands for, others ask
		return Page{}, false
	}
	return k.reader.Read(k.text), true
}

// twoSets returns ids such as nobody can foresee, and others that differ from them in each byte.
func twoSets(like []id) (ids, others [][]byte) {
	for i := range like {
		d := &like[i]
		digits := "0123456789abcdef"
		if d.form == decimal {
			digits = digits[:10]
		}
		one, other := make([]byte, d.end-d.at), make([]byte, d.end-d.at)
		for j := range one {
			n := rand.IntN(len(digits)) //nolint:gosec // no secret: only performance depends on it
			one[j], other[j] = digits[n], digits[(n+5)%len(digits)]
			if d.form == uuid && isDash(j) {
				one[j], other[j] = '-', '-'
			}
		}
		one[0], other[0] = '7', '4' // an id has a digit
		ids, others = append(ids, one), append(others, other)
	}
	return ids, others
}

// keep makes the page the known one, with texts of its own.
func (p *known) keep(page Page) {
	p.page, p.texts = page, p.texts[:0]
	texts := [...]*[]byte{&p.page.Title, &p.page.Heading, &p.page.Text, &p.page.Message, &p.page.Code, &p.page.RequestID}
	for _, text := range texts {
		p.texts = append(p.texts, *text...)
	}
	from := 0
	for _, text := range texts {
		end := from + len(*text)
		*text, from = p.texts[from:end:end], end
	}
}

// mark notes where ids stand in the texts.
func (p *known) mark(ids [][]byte) {
	p.marks = p.marks[:0]
	for i, own := range ids {
		for _, at := range places(p.texts, own) {
			p.marks = append(p.marks, mark{at, i})
		}
	}
}

// places returns where a text is in another one.
func places(text, part []byte) (all []int) {
	for from := 0; ; {
		i := bytes.Index(text[from:], part)
		if i < 0 {
			return all
		}
		all = append(all, from+i)
		from += i + len(part)
	}
}

// settled reports whether what was read does not depend on the ids.
func (r *Reader) settled(ids [][]byte, product string) bool {
	for _, own := range ids {
		for _, at := range places(r.text, own) {
			if product == "jetty" || product == "tomcat" { // of their texts words are weighed
				return false
			}
			if r.kindAt(at).weighed() || reaches(r.text[:at], r.text[at+len(own):]) {
				return false
			}
		}
	}
	return true
}

// kindAt returns the kind of the block at a place of the text.
func (r *Reader) kindAt(at int) kind {
	for _, b := range r.blocks {
		if at >= b.start && at < b.end {
			return b.kind
		}
	}
	return prose // behind the blocks the first of them are repeated
}

// weighed reports whether the words of such a text decide what the message is.
func (k kind) weighed() bool { return k != prose && k != pre }

// reaches reports whether one of the texts that are looked for may begin before an id and end in it, or the other way
// round; or whether a number may.
func reaches(before, after []byte) bool {
	for _, list := range signFinder.texts {
		for _, text := range list {
			for n := len(text) - 1; n >= 0 && idBytes[text[n]] != 0; n-- {
				if bytes.HasSuffix(before, text[:n]) {
					return true
				}
			}
			for n := 1; n <= len(text) && idBytes[text[n-1]] != 0; n++ {
				if bytes.HasPrefix(after, text[n:]) {
					return true
				}
			}
		}
	}
	before = bytes.TrimRight(before, "0123456789")
	return bytes.HasSuffix(before, []byte("rror ")) || bytes.HasSuffix(before, []byte("code: "))
}

// findIDs notes where the ids of the source are. Those that stand beside other letters or digits, or where they might
// be taken for the name of an element or a reference, are left as they are.
func (p *known) findIDs() {
	p.ids = p.ids[:0]
	var before, last byte
	for i := 0; i < len(p.source)-1 && len(p.ids) < maxIDs; {
		if beginsID[last] && (last != '/' || before != '<') {
			if form, n := idOf(p.source[i:]); form != noID {
				p.ids = append(p.ids, id{i, i + n, form})
				before, last = last, '0'
				i += n
				continue
			}
		}
		c, n := character(p.source[i:])
		before, last = last, c
		i += n
	}
}

// beginsID is what an id may follow.
var beginsID = func() (set [256]bool) {
	for _, c := range []byte(" >:=\"'([,/") {
		set[c] = true
	}
	return set
}()

// character returns the first character of a source and its length there. What is no ASCII, or an escape that is seldom
// used, is returned as 0xff.
func character(source []byte) (c byte, size int) {
	if source[0] != '\\' || len(source) < 2 {
		return source[0], 1
	}
	switch c := source[1]; c {
	case 'n', 'r', 't':
		return ' ', 2
	case '"', '/', '\'':
		return c, 2
	case 'u':
		if len(source) < 6 {
			break
		}
		switch string(source[2:6]) { // which Go escapes
		case "003c", "003C":
			return '<', 6
		case "003e", "003E":
			return '>', 6
		case "0026":
			return '&', 6
		}
	}
	return 0xff, 2
}

// idOf returns the form and length of the id that a source begins with.
func idOf(source []byte) (form, int) {
	n, all := 0, uint8(0)
	for n < len(source) && n <= 32 && idBytes[source[n]] != 0 {
		all |= idBytes[source[n]]
		n++
	}
	is := noID
	switch {
	case n == 16 || n == 32:
		is = hexadecimal
	case all == isNumber && n >= shortNumber && n <= longNumber:
		is = decimal
	}
	if n == 8 && len(source) > 36 && source[n] == '-' {
		is, n = uuid, 36
	}
	if is == noID || n >= len(source) || goesOnAs(source[n:]) || !(&id{form: is}).fits(source[:n]) {
		return noID, 0
	}
	return is, n
}

// goesOnAs reports that a word goes on.
func goesOnAs(rest []byte) bool {
	c, _ := character(rest)
	return isWordByte(c) || c == '_' || c == '-' || c >= 0x80
}
