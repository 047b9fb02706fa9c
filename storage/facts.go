package storage

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/errata-dev/errata/parsers"
)

// The members of facts as they are written: behind a comma, which becomes the brace where a member is
// the first of its object.
const (
	traceIDMember         = `,"trace_id":`
	titleMember           = `,"title":`
	templateMember        = `,"message_template":`
	typeMember            = `,"type":`
	logTimeMember         = `,"log_time":`
	instanceMember        = `,"instance":`
	requestIDMember       = `,"request_id":`
	vendorRequestIDMember = `,"vendor_request_id":`
	detailsMember         = `,"details":`
	fieldMember           = `,"field":`
	codeMember            = `,"code":`
	messageMember         = `,"message":`
	rateLimitMember       = `,"rate_limit":`
	limitMember           = `,"limit":`
	remainingMember       = `,"remaining":`
	resetAtMember         = `,"reset_at":`
	windowMember          = `,"window_s":`
	policyMember          = `,"policy":`
	limitSourceMember     = `,"source":`
	formatMember          = `,"format":`
	bodyMember            = `,"body":`
	reasonMember          = `,"reason":`
	redactionMember       = `,"redaction_version":`
)

// appendFacts appends the JSON object of the column facts: what nobody filters or groups by, and no other
// error is likely to have. Members that are not stated are left out; nothing at all is appended when there is
// nothing to say.
func appendFacts(dst []byte, row *parsers.Row, ids *rowIDs) []byte {
	f := facts{dst: dst, start: len(dst)}
	f.own(row, ids)
	return f.end()
}

// appendAllFacts appends appendFacts and appendCommonFacts as one object.
func appendAllFacts(dst []byte, row *parsers.Row, ids *rowIDs) []byte {
	f := facts{dst: dst, start: len(dst)}
	f.own(row, &rowIDs{trace: ids.trace, logTime: ids.logTime})
	f.common(row)
	return f.end()
}

// appendCommonFacts appends the JSON object of the column common_facts: what errors of one kind have in common,
// and of their request ids the form.
func appendCommonFacts(dst []byte, row *parsers.Row, ids *rowIDs) []byte {
	f := facts{dst: dst, start: len(dst)}
	f.common(row)
	f.form(requestIDMember, &ids.request.form)
	f.form(vendorRequestIDMember, &ids.vendorRequest.form)
	return f.end()
}

// appendQuota appends the facts of a success: a quota that is low.
func appendQuota(dst []byte, r parsers.RateLimit) []byte {
	f := facts{dst: dst, start: len(dst)}
	if quotaIsLow(r) {
		f.rateLimit(r)
	}
	return f.end()
}

// own writes what is of this row alone.
func (f *facts) own(row *parsers.Row, ids *rowIDs) {
	f.text(traceIDMember, ids.trace)
	f.number(logTimeMember, ids.logTime, 0)
	f.text(instanceMember, row.Instance)
	if !ids.request.packed() {
		f.text(requestIDMember, row.RequestID)
	}
	if !ids.vendorRequest.packed() {
		f.text(vendorRequestIDMember, row.VendorRequestID)
	}
	f.rateLimit(row.RateLimit)
	f.text(bodyMember, row.Body)
	if row.Reason != parsers.ReasonNone {
		f.dst = append(f.dst, reasonMember...)
		f.dst = appendJSONString(f.dst, row.Reason.String())
	}
}

// common writes what other errors of the kind say in the same words.
func (f *facts) common(row *parsers.Row) {
	f.text(titleMember, row.Title)
	f.template(row)
	f.text(typeMember, row.Type)
	f.details(row.Details)
	f.text(formatMember, row.Format)
	f.number(redactionMember, int64(row.RedactionVersion), 0)
}

// form writes how a packed id becomes text again: ["req_",8] is 8 bytes in hex behind a prefix, ["",16,1] a UUID.
func (f *facts) form(member string, id *idForm) {
	if id.size == 0 {
		return
	}
	f.dst = append(append(f.dst, member...), '[')
	f.dst = appendJSONString(f.dst, id.prefix[:id.prefixSize])
	f.dst = append(f.dst, ',')
	f.dst = strconv.AppendInt(f.dst, int64(id.size), 10)
	if id.uuid {
		f.dst = append(f.dst, ",1"...)
	}
	f.dst = append(f.dst, ']')
}

// quotaIsLow reports whether a tenth of the quota, or less, is left.
func quotaIsLow(r parsers.RateLimit) bool {
	switch {
	case r.Remaining < 0:
		return false
	case r.Limit < 0:
		return r.Remaining == 0
	}
	return r.Remaining <= r.Limit/10
}

// facts writes the members of one object.
type facts struct {
	dst   []byte
	start int
}

func (f *facts) text(member string, value []byte) {
	if len(value) > 0 {
		f.dst = append(f.dst, member...)
		f.dst = appendJSONString(f.dst, value)
	}
}

func (f *facts) number(member string, value, absent int64) {
	if value != absent {
		f.dst = append(f.dst, member...)
		f.dst = strconv.AppendInt(f.dst, value, 10)
	}
}

// template is left out where it equals the message, as it does whenever nothing was masked: the table
// then reads the message.
func (f *facts) template(row *parsers.Row) {
	if !bytes.Equal(row.MessageTemplate, row.Message) {
		f.dst = append(f.dst, templateMember...)
		f.dst = appendJSONString(f.dst, row.MessageTemplate)
	}
}

func (f *facts) details(list []parsers.Detail) {
	for i, d := range list {
		if i == 0 {
			f.dst = append(append(f.dst, detailsMember...), '[')
		} else {
			f.dst = append(f.dst, ',')
		}
		detail := facts{dst: f.dst, start: len(f.dst)}
		detail.text(fieldMember, d.Field)
		detail.text(codeMember, d.Code)
		detail.text(messageMember, d.Message)
		f.dst = detail.endObject()
	}
	if len(list) > 0 {
		f.dst = append(f.dst, ']')
	}
}

func (f *facts) rateLimit(r parsers.RateLimit) {
	if r.Limit < 0 && r.Remaining < 0 && r.ResetAt < 0 && r.WindowS < 0 && len(r.Policy) == 0 {
		return
	}
	f.dst = append(f.dst, rateLimitMember...)
	limit := facts{dst: f.dst, start: len(f.dst)}
	limit.number(limitMember, r.Limit, parsers.Absent)
	limit.number(remainingMember, r.Remaining, parsers.Absent)
	limit.number(resetAtMember, r.ResetAt, parsers.Absent)
	limit.number(windowMember, r.WindowS, parsers.Absent)
	limit.text(policyMember, r.Policy)
	if r.Source != parsers.LimitFromHeader {
		limit.text(limitSourceMember, []byte(r.Source.String()))
	}
	f.dst = limit.endObject()
}

// end closes the object, or leaves nothing where it has no member.
func (f *facts) end() []byte {
	if len(f.dst) == f.start {
		return f.dst
	}
	f.dst[f.start] = '{'
	return append(f.dst, '}')
}

// endObject closes the object, {} where it has no member.
func (f *facts) endObject() []byte {
	if len(f.dst) == f.start {
		return append(f.dst, '{', '}')
	}
	return f.end()
}

// plainASCII marks the bytes that stand for themselves in a JSON string.
var plainASCII = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

const hexDigits = "0123456789abcdef"

// appendJSONString appends value as a JSON string, valid for any bytes: broken UTF-8 becomes U+FFFD.
func appendJSONString[T string | []byte](dst []byte, value T) []byte {
	dst = append(dst, '"')
	plain := 0 // start of what has not been copied yet
	for i := 0; i < len(value); {
		c := value[i]
		if plainASCII[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if size, ok := runeSize(value, i); ok {
				i += size
				continue
			}
		}
		dst = append(dst, value[plain:i]...)
		dst = appendEscape(dst, c)
		i++
		plain = i
	}
	dst = append(dst, value[plain:]...)
	return append(dst, '"')
}

// runeSize returns the length of the valid UTF-8 sequence at i.
func runeSize[T string | []byte](value T, i int) (int, bool) {
	var buffer [utf8.UTFMax]byte
	n := copy(buffer[:], value[i:])
	r, size := utf8.DecodeRune(buffer[:n])
	return size, r != utf8.RuneError || size > 1
}

func appendEscape(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c >= utf8.RuneSelf:
		return utf8.AppendRune(dst, utf8.RuneError)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
