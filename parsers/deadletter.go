package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/redact"
)

// credentialSigns are where the part of a record begins that must never be stored, redacted or not:
// request headers carry credentials in forms that no pattern knows. They stand in lower case, for the
// record formats of others too.
var credentialSigns = [...]string{
	"request_header", "requestheader", "request-header", "request.header", "authorization", "cookie",
	`"headers"`, `"header"`, "postdata", "api-key", "api_key", "apikey", `"http_x_`,
}

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
	if r.format(rec) == FormatOTLPProto || isBinary(excerpt) {
		return // patterns find no secrets in there, and people no sense
	}
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

// isBinary recognises what is no text in any encoding that loggers use: protobuf, compressed data.
func isBinary(b []byte) bool {
	for _, c := range b {
		if c < ' ' && (c < '\t' || c > '\r') && c != 0x1b {
			return true
		}
	}
	return false
}
