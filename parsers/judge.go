package parsers

import (
	"bytes"

	"github.com/cespare/xxhash/v2"

	"github.com/errata-dev/errata/parsers/lenient"
	"github.com/errata-dev/errata/parsers/mask"
	"github.com/errata-dev/errata/parsers/redact"
)

// read recognises the body of an error and fills what it says.
func (r *Registry) read(row *Row, v *vendor) {
	s := row.scratch
	b := s.readBody()
	if s.asked = (asked{}); v != nil && b.known != nil && r.verdict(row, v, s.fitOf(v.def)) {
		return
	}
	switch {
	case v != nil && s.recognise(s.fitted(v.def).envelopes, b.root):
		row.Parse = ParseVendor
	case s.recognise(s.fitted(r.generic).envelopes, b.root), s.guess(b.root):
		row.Parse = ParseGeneric
	default:
		row.Parse = s.readText()
	}
	if row.Parse != ParseVendor && s.headerFacts() {
		row.Parse = ParseGeneric
	}
	if row.Parse == ParseUnparsed {
		row.Body = r.text(s, s.excerpt(), limitBody)
	}
	r.finish(row, v)
}

// readSuccess looks for an error in a success; only an envelope of the vendor can say so.
func (r *Registry) readSuccess(row *Row, v *vendor) bool {
	s := row.scratch
	root := s.readBody().root
	if !s.recognise(s.fitted(v.def).envelopes, root) {
		return false
	}
	row.Parse = ParseVendor
	r.finish(row, v)
	return true
}

// readFailed reads a success whose body says that there is an error.
func (r *Registry) readFailed(row *Row, v *vendor) bool {
	s := row.scratch
	root := s.readBody().root
	if !s.recognise(s.fitted(r.generic).envelopes, root) && !s.guess(s.body.root) && !s.headerFacts() {
		return false
	}
	row.Parse = ParseGeneric
	r.finish(row, v)
	return true
}

// recognise extracts the facts by the first envelope that matches.
func (s *scratch) recognise(envelopes []*envelope, root lenient.Node) bool {
	for _, e := range envelopes {
		if e.matches(s, root) && e.extract(s, root) {
			s.matched = e
			return true
		}
	}
	return false
}

// excerpt returns the body as it came.
func (s *scratch) excerpt() []byte {
	switch {
	case s.body.known != nil:
		s.spare.ParseScalar(s.body.known, 0) // nothing was found, so nothing borrows from it
		return s.spare.Root().Text()
	case s.body.text != nil:
		return s.body.text
	case s.record.Truncated(): // within the inline body, perhaps
		return s.begun(s.body.root.Raw())
	}
	return s.body.root.Raw()
}

// finish judges the findings and writes them into the row.
func (r *Registry) finish(row *Row, v *vendor) {
	s := row.scratch
	f := &s.found
	row.RateLimit = absentLimit
	r.limits(row, v)
	r.ids(row, v)
	row.Format = f.format
	r.judge(row, v)

	row.Code = r.text(s, f.code, limitCode)
	row.Title = r.titleText(s, f.title)
	row.Message, row.MessageTemplate = r.mainMessage(s, first(f.message, f.title, s.response.failure))
	row.Type = r.text(s, f.kind, limitType)
	row.Instance = r.text(s, f.instance, limitType)
	for i := range f.details {
		d := &f.details[i]
		row.Details = append(row.Details, Detail{
			Field:   r.text(s, d.Field, limitField),
			Code:    r.text(s, d.Code, limitCode),
			Message: r.member(s, d.Field, d.Message, limitDetail),
		})
	}
	row.RedactionVersion = redact.Version
}

// mainMessage is the message of the error with its template. It may repeat what is wrong with a field,
// and the field's name may say that a secret is in that.
func (r *Registry) mainMessage(s *scratch, text []byte) (message, template []byte) {
	if field := s.secretField(text); field != nil {
		message = r.member(s, field, text, limitMessage)
		return message, s.template(message)
	}
	return r.message(s, text)
}

// titleText is text for a title, which may repeat it too.
func (r *Registry) titleText(s *scratch, text []byte) []byte {
	if field := s.secretField(text); field != nil {
		return r.member(s, field, text, limitTitle)
	}
	return r.text(s, text, limitTitle)
}

// secretField returns the name of a faulty field whose value is a secret and may stand in a text: in any
// sentence, and in a word that is all that is said of the field.
func (s *scratch) secretField(text []byte) []byte {
	if len(text) == 0 || len(s.found.field)+len(s.found.details) == 0 {
		return nil
	}
	sentence := bytes.IndexByte(trim(text), ' ') >= 0
	if field := s.found.field; sentence && len(field) > 0 && redact.IsSecretName(window(field, limitField)) {
		return field
	}
	for i := range s.found.details {
		d := &s.found.details[i]
		if len(d.Field) > 0 && redact.IsSecretName(window(d.Field, limitField)) && (sentence || bytes.Equal(trim(d.Message), trim(text))) {
			return d.Field
		}
	}
	return nil
}

// ids fills the vendor's own id of the request. A trace id in the body is the vendor's; it stands in
// for the caller's trace only where the caller stated none.
func (r *Registry) ids(row *Row, v *vendor) {
	s := row.scratch
	res := &s.response
	var own []byte
	if v != nil {
		for _, name := range v.def.requestIDHeaders {
			own = first(own, res.header(name))
		}
	}
	row.VendorRequestID = r.id(s, first(own, s.found.requestID, s.found.trace, res.answer.requestID, res.answer.otherID))
	if len(row.TraceID) == 0 {
		row.TraceID = r.id(s, traceID(s.found.trace))
	}
}

// template masks the variable parts of a message that is already redacted.
func (s *scratch) template(message []byte) []byte {
	if len(message) == 0 {
		return nil
	}
	start := len(s.texts)
	s.texts = mask.AppendTemplate(s.texts, message)
	return s.cut(start, limitTemplate, 0)
}

// judge fills category, retry, and how long to wait.
func (r *Registry) judge(row *Row, v *vendor) {
	s := row.scratch
	f := &s.found
	if row.Status == 0 {
		row.Category = failureCategory(f.code)
		row.Retry = categoryRetry(row.Category, 0)
		return
	}
	var advice Advice
	m := matchNone
	if v != nil {
		advice, m = v.def.catalogue.of(row.status(), f)
	}
	advice, m = f.advised(advice, m)
	row.Category = r.category(row, advice, m)
	s.asked.advice, s.asked.coded = advice, m == matchCode && advice.Category != CategoryNone
	row.documented(&advice)
	r.decideRetry(row, v, advice.Retry)
}

// decideRetry fills the retry advice and how long to wait, from what the response and its catalogue say.
func (r *Registry) decideRetry(row *Row, v *vendor, advised Retry) {
	waits, stated := r.wait(row), r.statedRetry(row.scratch, v)
	if row.Retry = stated; stated == RetryNone {
		row.Retry = advised
	}
	switch {
	case stated == RetryYes && waits:
		row.Retry = RetryAfter
	case row.Retry != RetryNone:
	case waits:
		row.Retry = RetryAfter
	default:
		row.Retry = categoryRetry(row.Category, row.Status)
	}
}

// advised completes what the catalogue says by what the envelope says of all its errors.
func (f *findings) advised(advice Advice, m match) (Advice, match) {
	if m == matchCode {
		return advice, m
	}
	if f.advice.Retry != RetryNone {
		advice.Retry = f.advice.Retry
	}
	if f.advice.Category != CategoryNone {
		advice.Category, m = f.advice.Category, matchCode
	}
	return advice, m
}

// statedRetry is what the response itself says about a retry.
func (r *Registry) statedRetry(s *scratch, v *vendor) Retry {
	if v != nil {
		if stated := s.yesOrNo(s.fitted(v.def).shouldRetry); stated != RetryNone {
			return stated
		}
	}
	return s.yesOrNo(s.fitted(r.generic).shouldRetry)
}

func (s *scratch) yesOrNo(sources []source) Retry {
	for i := range sources {
		text := sources[i].read(s, s.body.root, exact)
		switch {
		case len(text) == 0:
		case equalFold(text, "true"), equalFold(text, "yes"), equalFold(text, "1"):
			return RetryYes
		case equalFold(text, "false"), equalFold(text, "no"), equalFold(text, "0"):
			return RetryNo
		}
	}
	return RetryNone
}

// category is what the vendor's catalogue says about the code, else what public formats mean by it,
// else what its words and those of the message say, else what the catalogue says about the status,
// else what HTTP does.
func (r *Registry) category(row *Row, advice Advice, m match) Category {
	if m != matchCode || advice.Category == CategoryNone {
		if public, m := r.generic.catalogue.find(row.status(), row.scratch.found.code, nil); m == matchCode {
			return public.Category
		}
		if row.throttled() {
			return CategoryRateLimit
		}
		if spoken := row.scratch.spoken(row.status()); spoken != CategoryNone {
			return spoken
		}
	}
	if advice.Category != CategoryNone {
		return advice.Category
	}
	return statusCategory(row.status())
}

// throttled reports a refusal whose headers say that the quota is gone and when to come back.
func (row *Row) throttled() bool {
	switch row.Status {
	case 403, 500, 503:
		return row.RateLimit.Remaining == 0 && len(row.scratch.response.answer.retryAfter) > 0
	}
	return false
}

// status is the status that tells what went wrong: of a success, the one that its body states.
func (row *Row) status() int {
	if stated := row.scratch.found.status; row.Status < 400 && stated >= 400 && stated <= 599 {
		return stated
	}
	return int(row.Status)
}

// statusCategory is what HTTP, and the proxies most in use, say by the status alone.
func statusCategory(status int) Category {
	switch status {
	case 401, 407, 440, 495, 496, 498, 511:
		return CategoryAuth
	case 402:
		return CategoryPayment
	case 403, 451:
		return CategoryPermission
	case 404:
		return CategoryNotFound
	case 405, 406, 415, 426, 501, 505:
		return CategoryUnsupported
	case 408, 504, 522, 524, 598, 599:
		return CategoryTimeout
	case 409, 423:
		return CategoryConflict
	case 410:
		return CategoryGone
	case 412, 417, 424, 425, 428:
		return CategoryPrecondition
	case 420, 429, 509:
		return CategoryRateLimit
	case 444, 499, 521, 523, 525, 526:
		return CategoryNetwork
	case 502, 520, 527, 530:
		return CategoryUpstream
	case 400, 411, 413, 414, 416, 422, 431, 494:
		return CategoryValidation
	}
	if status >= 500 {
		return CategoryServer
	}
	return CategoryOther
}

// categoryRetry is what may be assumed when nobody says anything.
func categoryRetry(c Category, status uint16) Retry {
	switch c {
	case CategoryRateLimit, CategoryTimeout, CategoryUpstream, CategoryNetwork:
		return RetryYes
	case CategoryAuth, CategoryPermission, CategoryValidation, CategoryNotFound, CategoryGone,
		CategoryPrecondition, CategoryPayment, CategoryUnsupported:
		return RetryNo
	case CategoryServer:
		if status == 503 {
			return RetryYes
		}
	}
	return RetryUnknown
}

// fingerprint identifies one kind of error on every machine: it is unkeyed, and its parts are apart.
func (row *Row) fingerprint() uint64 {
	s := row.scratch
	s.work = append(s.work[:0], row.Vendor...)
	s.work = append(s.work, 0, byte(row.Status>>8), byte(row.Status))
	s.work = append(s.work, row.Code...)
	s.work = append(s.work, 0)
	s.work = append(s.work, row.MessageTemplate...)
	return xxhash.Sum64(s.work)
}
