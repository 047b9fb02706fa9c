package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/redact"
)

// credentialSigns are where the part of a record begins that must never be stored, redacted or not:
// request headers carry credentials in forms that no pattern knows.
var credentialSigns = [...]string{"request_headers", "authorization", "cookie", "requestheaders", "request-headers"}

// Bury turns row into a dead letter: its reason, and an excerpt that ends before any credential. Parse
// calls it; so does a caller who judges a parsed record himself, with the row that it was parsed into
// or another one. Row's texts are borrowed as after Parse.
func (r *Registry) Bury(rec *Record, row *Row, reason Reason) {
	r.reset(rec, row)
	row.Kind, row.Reason = KindDeadLetter, reason
	row.RedactionVersion = redact.Version
	if r.texts&textBody == 0 {
		return
	}
	s := row.scratch
	excerpt := window(rec.Value, limitBody)
	s.work = appendLower(s.work[:0], excerpt)
	end := len(excerpt)
	for _, sign := range credentialSigns {
		if i := bytes.Index(s.work[:end], []byte(sign)); i >= 0 {
			end = i
		}
	}
	if end < len(excerpt) {
		row.Body = r.text(s, excerpt[:end], limitBody)
		return
	}
	row.Body = r.text(s, rec.Value, limitBody)
}
