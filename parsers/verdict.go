package parsers

import (
	"bytes"
	"hash/maphash"
	"slices"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/redact"
)

// Errors of a kind differ in little but the trace id, and an id in the message (sentence.go): a vendor's bodies of one
// shape with the same values elsewhere say the same. What became of such a body, its code, texts, category and
// fingerprint, is a verdict. It is taken over where nothing else had a say: no header, no decoder in Go, no time, no
// error that the caller saw besides. What the headers say is read every time. That spares a fifth of an error row of
// traffic.

const (
	verdictCount = 512 // with all full some 500 KiB for each Row
	verdictWays  = 4
	verdictKey   = 384 // bytes of the values
	verdictList  = 8   // sub-errors
	triesOfFit   = 64  // after which a fit that has had few of its bodies again is not asked
)

// verdicts are those passed of late.
type verdicts struct {
	recent [verdictCount]uint64 // bodies that came once; the second of a kind is remembered
	known  [verdictCount]verdict
	texts  [verdictCount]saidBefore
}

// saidBefore is the verdict on a body without an id in its message, by the number of its text.
type saidBefore struct {
	text, number uint64
	verdict      *verdict
}

// again returns the verdict passed when the same text came before, nil when there is none.
func (v *verdicts) again(text uint64) *verdict {
	if k := &v.texts[text%verdictCount]; k.text == text && text > 0 && k.number == k.verdict.number {
		return k.verdict
	}
	return nil
}

// verdict is what the body of an error says.
type verdict struct {
	number   uint64 // of this verdict alone
	values   []byte // of the body
	fitted   *definition
	vendor   *vendor
	envelope *envelope
	status   uint16
	refused  bool // there is none: it depends on the id in the message

	raw      []byte   // the message as it came
	sentence sentence // what became of it, when there is an id in it

	code, title, message, template, kind, instance []byte
	details                                        []Detail
	texts                                          []byte // of all of these
	category                                       Category
	advice                                         Advice
	fingerprint                                    uint64
}

// asked notes what the next verdict would be about.
type asked struct {
	sum        uint64
	fit        *fit
	start, end int      // of the values in lists
	message    []byte   // that may differ in an id
	id         idWithin // in it
	coded      bool     // the code tells the category
	advice     Advice
}

// verdict fills a row from the verdict on a body with the same values, if there is one.
func (r *Registry) verdict(row *Row, v *vendor, f *fit) bool {
	s := row.scratch
	if s.asked = (asked{}); f == nil || !f.alone || len(s.response.failure) > 0 || f.tries > triesOfFit && f.tries > 4*f.hits {
		return false
	}
	f.tries++
	text := s.shapes.Text()
	if k := s.memo.verdicts.again(text); k != nil && k.of(row, f, v) {
		f.hits++
		return r.recallVerdict(row, k, nil, idWithin{})
	}
	start := len(s.lists)
	message, id := r.appendBody(s, f)
	values := s.lists[start:]
	if len(values) > verdictKey {
		return false
	}
	sum := maphash.Bytes(memoSeed, values) ^ uint64(row.Status)<<48
	ways := s.memo.verdicts.known[sum%(verdictCount/verdictWays)*verdictWays:][:verdictWays]
	for i := range ways {
		k := &ways[i]
		if k.of(row, f, v) && bytes.Equal(k.values, values) {
			f.hits++
			if id.form == formNone && text > 0 {
				s.memo.verdicts.texts[text%verdictCount] = saidBefore{text, k.number, k}
			}
			return !k.refused && r.recallVerdict(row, k, message, id)
		}
	}
	s.asked = asked{sum: sum, fit: f, start: start, end: len(s.lists), message: message, id: id}
	return false
}

// of reports whether the verdict is on an error like that of the row, its body aside.
func (k *verdict) of(row *Row, f *fit, v *vendor) bool {
	return k.status == row.Status && k.fitted == f.fitted && k.vendor == v
}

// appendBody appends what verdicts on bodies of a shape are told apart by to the lists. It returns the message, if that
// may differ in an id, and where the id stands in it.
func (r *Registry) appendBody(s *scratch, f *fit) (message []byte, id idWithin) {
	if s.lists = s.shapes.AppendValues(s.lists, &s.outer, f.ids); f.sentence > 0 {
		message = trim(s.outer.Root().At(f.sentence).Text())
		if !r.custom {
			id = idIn(message)
		}
		s.lists = appendSentence(s.lists, message, id)
	}
	return message, id
}

// recallVerdict is recognise and finish for a body that is known. It declines when headers say what is wrong.
func (r *Registry) recallVerdict(row *Row, k *verdict, message []byte, id idWithin) bool {
	s := row.scratch
	f := &s.found
	f.reset()
	f.format, f.advice, f.message = k.envelope.format, k.envelope.advice, k.raw
	if id.form != formNone {
		f.message, f.retryAfterMS = message, s.retryHint(s.body.root, k.envelope.plan.retryAfter)
	}
	f.trace, f.requestID = s.name(s.body.root, k.envelope.plan.trace), s.name(s.body.root, k.envelope.plan.requestID)
	row.Parse, row.Format = ParseVendor, f.format
	if r.limits(row, k.vendor); row.throttled() {
		return false
	}
	r.ids(row, k.vendor)
	row.Category = k.category
	row.documented(&k.advice)
	r.decideRetry(row, k.vendor, k.advice.Retry)
	row.Code, row.Title, row.Type, row.Instance = k.code, k.title, k.kind, k.instance
	row.Message, row.MessageTemplate, row.Fingerprint = k.message, k.template, k.fingerprint
	if id.form != formNone {
		row.Message = s.say(&k.sentence, message[id.at:id.end()])
	}
	row.Details = append(row.Details, k.details...)
	row.RedactionVersion = redact.Version
	row.Verdict = k.number
	return true
}

// pass remembers the verdict on a body that was read in full.
func (r *Registry) pass(row *Row, v *vendor) {
	s := row.scratch
	a := &s.asked
	if a.fit == nil || row.Parse != ParseVendor || s.found.retryAfterMS != Absent || row.throttled() || len(row.Details) > verdictList {
		return
	}
	all := &s.memo.verdicts
	if recent := &all.recent[a.sum%verdictCount]; *recent != a.sum {
		*recent = a.sum
		return
	}
	k := all.next(a.sum)
	k.number = rowNumbers.Add(1)
	k.values = append(k.values[:0], s.lists[a.start:a.end]...)
	k.fitted, k.vendor, k.envelope, k.status = a.fit.fitted, v, s.matched, row.Status
	k.category, k.advice, k.fingerprint = row.Category, a.advice, row.Fingerprint
	k.texts, k.refused = k.texts[:0], false
	if a.id.form != formNone {
		k.refused = !r.sentence(row, k)
	}
	k.raw = k.keep(s.found.message)
	k.code, k.title, k.message, k.template = k.keep(row.Code), k.keep(row.Title), k.keep(row.Message), k.keep(row.MessageTemplate)
	k.kind, k.instance = k.keep(row.Type), k.keep(row.Instance)
	k.details = k.details[:0]
	for _, d := range row.Details {
		k.details = append(k.details, Detail{k.keep(d.Field), k.keep(d.Code), k.keep(d.Message)})
	}
}

// next returns where to remember a verdict. While places are empty none is lost: that spares 9 % of a problem.
func (v *verdicts) next(sum uint64) *verdict {
	ways := v.known[sum%(verdictCount/verdictWays)*verdictWays:][:verdictWays]
	for i := range ways {
		if ways[i].number == 0 {
			return &ways[i]
		}
	}
	return &ways[sum>>40%verdictWays]
}

// keep returns a copy of a text among the verdict's own.
func (k *verdict) keep(text []byte) []byte {
	start := len(k.texts)
	k.texts = append(k.texts, text...)
	return k.texts[start:len(k.texts):len(k.texts)]
}

// alone reports whether the body alone decides what the envelopes of a fitted definition read, which values of
// its shape are nothing but ids, and which one is nothing but the message, 0 for none.
func (d *definition) alone(root lenient.Node) (ids uint64, sentence int, ok bool) {
	var others, messages uint64
	for _, e := range d.envelopes {
		p := &e.plan
		if e.decoder != nil || len(e.types) > 0 || slices.ContainsFunc(p.retryAfter, needsTime) {
			return 0, 0, false
		}
		for i := range e.match {
			if e.match[i].header != "" {
				return 0, 0, false
			}
			others |= e.match[i].path.values(root)
		}
		for i := range p.details {
			d := &p.details[i]
			others |= d.path().values(root)
			if readsHeader(d.field, d.code, d.message) {
				return 0, 0, false
			}
		}
		if readsHeader(p.code, p.message, p.title, p.kind, p.instance, p.family, p.status, p.retryAfter) {
			return 0, 0, false
		}
		messages |= valuesOf(p.message, root) | valuesOf(p.retryAfter, root)
		for _, sources := range [...][]source{p.code, p.title, p.kind, p.instance, p.family, p.status} {
			others |= valuesOf(sources, root)
		}
		for _, sources := range [...][]source{p.trace, p.requestID} {
			ids |= valuesOf(sources, root) // they are read every time
		}
	}
	ids &^= others | messages
	if sentence = d.sentenceOf(root, others); sentence > 0 {
		ids |= 1 << sentence // compared without its own
	}
	return ids, sentence, true
}

// needsTime reports a hint that is not read from its words alone: it may say when, and not how long.
func needsTime(hint source) bool { return hint.unit != unitProse }

func readsHeader(lists ...[]source) bool {
	for _, sources := range lists {
		if slices.ContainsFunc(sources, func(s source) bool { return s.header != "" }) {
			return true
		}
	}
	return false
}

// valuesOf returns the values that sources read.
func valuesOf(sources []source, root lenient.Node) (used uint64) {
	for i := range sources {
		used |= sources[i].path.values(root)
	}
	return used
}

// values returns the numbers of the value that a path leads to and of those in it, as bits.
func (p *path) values(root lenient.Node) uint64 { return numbers(p.find(root)) }

func numbers(n lenient.Node) uint64 {
	if n.Kind() == lenient.Absent {
		return 0
	}
	bits := uint64(1) << n.Number()
	for m := n.First(); m.Kind() != lenient.Absent; m = m.Next() {
		bits |= numbers(m)
	}
	return bits
}
