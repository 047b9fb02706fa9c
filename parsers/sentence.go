package parsers

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/errata-dev/errata/parsers/lenient"
)

// A sentence may name the thing that it is about: "Endpoint with id 67426522 not found". Such sentences differ in the
// id alone, and so do their redacted form and their template. A verdict on one of them holds for all with an id of the
// same form: the id is left out of what bodies are compared by, and put into the redacted sentence, or stays out where
// redaction takes it for a secret. That spares a sixth of a problem: without it shapes with many such sentences have so
// few bodies again that they get no verdicts at all.
//
// Only ids are left out of which redaction and templates see nothing but the form (FuzzSentences). Before a verdict on a
// sentence is kept, other ids in the place of its own are tried.

// idForm is a form that ids have: how many digits, or one of these.
type idForm uint8

const (
	formNone idForm = 0
	formHex  idForm = 32
	formUUID idForm = 36

	// Shorter numbers may be counts, longer ones cards.
	shortestNumber, longestNumber = 8, 11
)

// idWithin is where an id stands in a sentence.
type idWithin struct {
	at   int
	form idForm
}

func (id idWithin) end() int { return id.at + int(id.form) }

// idIn finds the id of a sentence, which is the first word with a digit: behind a word or colon, and before the next
// word or at the end.
func idIn(text []byte) (none idWithin) {
	digit := firstDigit(text)
	if digit == len(text) {
		return none
	}
	at := max(0, digit-8) // an id has a digit among the first eight
	at += 1 + bytes.LastIndexByte(text[at:digit], ' ')
	if at < 2 || text[at-1] != ' ' || text[at-2] != ':' && !isASCIILetter(text[at-2]) {
		return none
	}
	id := idWithin{at, formOf(text[at:])}
	if id.form == formNone {
		return none
	}
	switch rest := text[id.end():]; {
	case len(rest) == 0, string(rest) == ".":
		return id
	case len(rest) > 1 && rest[0] == ' ' && isASCIILetter(rest[1]):
		return id
	}
	return none
}

// formOf returns the form of the id that text begins with. Whatever looks at such an id for letters or digits finds
// enough of them: a number has no letters and does not begin with 0, the others have two small letters and three digits.
func formOf(text []byte) idForm {
	n, digits, dashes := 0, 0, 0
	for ; n < len(text) && n <= int(formUUID); n++ {
		switch c := text[n]; {
		case isDigit(c):
			digits++
		case c == '-' && (n == 8 || n == 13 || n == 18 || n == 23):
			dashes++
		case c < 'a' || c > 'f':
			return formOfSize(text, n, digits, dashes)
		}
	}
	return formOfSize(text, n, digits, dashes)
}

func formOfSize(text []byte, n, digits, dashes int) idForm {
	letters := n - digits - dashes
	switch {
	case digits == n && n >= shortestNumber && n <= longestNumber && text[0] != '0':
		return idForm(n)
	case letters < 2 || digits < 3:
	case n == int(formHex) && dashes == 0, n == int(formUUID) && dashes == 4:
		return idForm(n)
	}
	return formNone
}

func isDigit(c byte) bool       { return c-'0' < 10 }
func isASCIILetter(c byte) bool { return c|0x20-'a' < 26 }

// firstDigit returns the position of the first digit, the length of the text when there is none. Eight bytes a step:
// it is asked of every message.
func firstDigit(text []byte) int {
	const each, low, high = 0x0101010101010101, 0x7F7F7F7F7F7F7F7F, 0x8080808080808080
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		if found := (w&low + each*(0x80-'0')) &^ (w&low + each*(0x7F-'9')) &^ w & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && !isDigit(text[i]) {
		i++
	}
	return i
}

// otherIDs are ids of a form: such as redaction might judge in another way, were it not for their form.
func otherIDs(form idForm) []string {
	switch form {
	case formHex:
		return []string{"f1234560abf9f57287637624def39087", "4111111111111111abcdefabcdefabcd", "aaaaaa00000000000000000000000007"}
	case formUUID:
		return []string{"3a7dd87c-8f00-445a-92ac-07990b211862", "41111111-1111-1111-1111-1111111111ab", "abcdefa1-deca-fbad-face-1000000000e5"}
	}
	return []string{"98765432109"[:form], "45123456789"[:form], "20260918101"[:form]}
}

// appendSentence appends what is the same in all sentences that differ in their id.
func appendSentence(dst, text []byte, id idWithin) []byte {
	dst = append(dst, byte(id.form), byte(id.at), byte(id.at>>8))
	return append(append(dst, text[:id.at]...), text[id.end():]...)
}

// sentence is what became of a message with an id.
type sentence struct {
	text []byte // redacted, without the id
	at   int    // where that stands in it; -1 when it is redacted
}

// sentence notes what becomes of the row's message with any id of its form, and reports whether that and all else
// about the error is the same with each of them.
func (r *Registry) sentence(row *Row, k *verdict) bool {
	s := row.scratch
	id, text := s.asked.id, s.found.message
	if s.heard(row) || len(s.found.details) > 0 || len(s.found.field) > 0 || !isSame(text, s.asked.message) || idIn(text) != id {
		return false
	}
	return r.sameForAll(row, &k.sentence, text, id)
}

// sameForAll fills the sentence, and reports whether other ids make the same of it.
func (r *Registry) sameForAll(row *Row, is *sentence, text []byte, id idWithin) bool {
	s, own := row.scratch, text[id.at:id.end()]
	is.text, is.at = append(is.text[:0], row.Message...), bytes.Index(row.Message, own)
	if is.at >= 0 {
		is.text = append(is.text[:is.at], row.Message[is.at+len(own):]...)
	}
	start := len(s.lists)
	for _, other := range otherIDs(id.form) {
		s.lists = append(append(append(s.lists[:start], text[:id.at]...), other...), text[id.end():]...)
		message, template := r.message(s, s.lists[start:])
		if !bytes.Equal(template, row.MessageTemplate) || !bytes.Equal(message, s.say(is, []byte(other))) {
			return false
		}
	}
	return true
}

// isSame reports whether a text is the other one itself: a body may say the same in two places, of which an envelope reads
// one.
func isSame(a, b []byte) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }

// heard reports whether the words of the message may have told the category.
func (s *scratch) heard(row *Row) bool {
	_, said := opinions(row.status())
	return said != 0 && !s.asked.coded
}

// say returns the redacted message with an id.
func (s *scratch) say(is *sentence, id []byte) []byte {
	start := len(s.texts)
	if is.at < 0 {
		s.texts = append(s.texts, is.text...)
	} else {
		s.texts = append(append(append(s.texts, is.text[:is.at]...), id...), is.text[is.at:]...)
	}
	return s.texts[start:len(s.texts):len(s.texts)]
}

// sentenceOf returns the number of the value that is the message of all errors that a fitted definition reads, unless it
// is empty, and nothing else; 0 when there is none.
func (d *definition) sentenceOf(root lenient.Node, others uint64) (number int) {
	for _, e := range d.envelopes {
		if len(e.plan.message) == 0 {
			return 0
		}
		src := &e.plan.message[0] // the text of another one counts only where this has none
		n := src.path.find(root)
		if src.header != "" || src.key || src.inside != nil || src.transform != nil || len(src.except) > 0 || n.Kind() != lenient.String {
			return 0
		}
		if others>>n.Number()&1 == 1 || number > 0 && number != n.Number() {
			return 0
		}
		number = n.Number()
	}
	return number
}
