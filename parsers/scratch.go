package parsers

import (
	"github.com/errata-dev/errata/parsers/inflate"
	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/page"
)

// scratch is the reused working memory of one Row. Everything borrowed by the row lives in here, in
// the record's value, or in the registry.
type scratch struct {
	record     lenient.Doc    // the record
	outer      lenient.Doc    // a body that came as text
	shapes     lenient.Shapes // of such bodies
	spare      lenient.Doc    // JSON inside a member's text, which findings borrow from
	inside     lenient.Doc    // the same for one source of a definition, which copies what it finds
	layouts    layouts        // of plain records
	trail      trail          // of such a record, when its caller is to be remembered
	caller     *caller        // of such a record, when it is known
	response   response
	body       body
	found      findings
	matched    *envelope // that they come from
	asked      asked
	inflater   inflate.Inflater
	pages      page.Reader
	knownPages page.Known
	memo       memo
	other      translation // of a record of another format

	quiet bool   // nothing in the path of the call is to be redacted
	texts []byte // the row's texts, redacted and cut
	work  []byte // short-lived: hash input, folded text, lower-case host
	raw   []byte // decoded base64
	lists []byte // header values joined from lists
}

// keptCapacity bounds what a buffer may hold on to after an unusually large record.
const keptCapacity = 2 << 20

func (s *scratch) reset() {
	s.response.reset()
	s.body, s.quiet = body{}, false
	s.asked.fit = nil
	s.caller, s.trail.n = nil, 0
	s.found.reset()
	if s.other.used {
		s.other.reset()
	}
	s.texts = emptied(s.texts)
	s.work = emptied(s.work)
	s.raw = emptied(s.raw)
	s.lists = emptied(s.lists)
}

// emptied returns b without content, and without its memory when that grew out of proportion.
func emptied(b []byte) []byte {
	if cap(b) > keptCapacity {
		return nil
	}
	return b[:0]
}
