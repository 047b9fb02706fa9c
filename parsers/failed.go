package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// Errors in successes. A body must say so beyond doubt: an entity that merely has an error, a log of
// errors, or an empty list of errors is a success. Ordinary successes are told by their bytes, before
// anything is parsed.

const (
	maxClaims    = 24 // members of an object that may be an error
	maxEnvelopes = 6  // objects around an error
)

// failed reports whether the body of a success says that there is an error.
func (s *scratch) failed() bool {
	res := &s.response
	raw := res.bodyNode.Raw()
	if len(raw) == 0 {
		if status := res.header("grpc-status"); len(status) > 0 && len(res.bodyBase64) == 0 {
			return digits(status) > 0
		}
		raw = res.bodyBase64
		if len(raw) == 0 || len(raw) > maxFailed {
			return false
		}
		if raw = s.readBody().text; len(raw) == 0 {
			return false
		}
	}
	if !hasTelltale(raw) {
		return false
	}
	b := s.readBody()
	if b.kind == bodyHTML || b.kind == bodyText {
		return false
	}
	if b.root.Kind() == lenient.Array { // a batch of JSON-RPC, or one error in a list
		one := b.root.First()
		return b.root.Len() == 1 && numbered(one) || one.Kind() == lenient.Object && one.Get("jsonrpc").Kind() == lenient.String && one.Get("error").Kind() == lenient.Object
	}
	return declares(b.root, b.kind, 0)
}

// numbered reports the only row of a table when it has an error and its description.
func numbered(row lenient.Node) bool {
	return row.Kind() == lenient.Object && row.Len() <= 5 && digits(row.GetFold("error").Text()) > 0 && len(row.GetFold("description").Text()) > 0
}

// hasFold reports a name that ends like that, whatever its case, with or without Response after it.
func hasFold(name []byte, end string) bool {
	if cut := len(name) - len("Response"); cut > 0 && equalFold(name[cut:], "Response") {
		name = name[:cut]
	}
	return len(name) >= len(end) && equalFold(name[len(name)-len(end):], end)
}

// claim is what the members of an object say about success or failure.
type claim struct {
	refused, accepted     bool // in so many words
	stated                bool // refused by the word of a status, which entities have too
	fault, graph, rpc     bool // there is an error; it looks like GraphQL's; it is JSON-RPC's
	code, errorCode       bool
	message, errorMessage bool
	payload, xml          bool
	pairs                 bool  // elements or pairs of a form, which have no types
	entity                bool  // it has an id of its own
	owned                 bool  // which is that of a task or a payment
	declined, stored      bool  // a payment was refused; it is kept with an amount or a date
	zero                  bool  // a status or result of 0, which is success to some and failure to others
	number                int64 // a status or result that is a number of the vendor's own
	others                int   // members that belong to no error
	wrapper               lenient.Node
	wrappers, data        int
}

// declares reports whether an object is an error.
func declares(object lenient.Node, kind bodyKind, depth int) bool {
	if object.Kind() != lenient.Object || object.Len() > maxClaims || depth > maxEnvelopes {
		return false
	}
	if kind == bodyXML && depth == 0 {
		if name := object.First().Key(); hasFold(name, "error") || hasFold(name, "fault") || hasFold(name, "exception") {
			return true
		}
		return declares(object.First(), kind, 1)
	}
	c := claim{xml: kind == bodyXML, pairs: kind != bodyJSON}
	for n := object.First(); n.Kind() != lenient.Absent; n = n.Next() {
		var buf [longestName]byte
		c.member(foldName(&buf, n.Key()), n)
	}
	c.settle()
	if c.verdict(kind, depth) {
		return true
	}
	return !c.accepted && !c.payload && c.wrappers == 1 && c.others <= 3 && declares(c.wrapper, kind, depth+1)
}

// settle decides what a zero means: beside an error it says no.
func (c *claim) settle() {
	if c.zero && (c.fault || c.errorMessage) && !c.owned {
		c.refused = true
	} else if c.zero && !c.refused {
		c.accepted = true
	}
}

// explains reports an object with a code and a sentence of its own.
func explains(object lenient.Node) bool {
	code, message := false, false
	n := object.First()
	for i := 0; i < maxClaims && n.Kind() != lenient.Absent; i++ {
		var buf [longestName]byte
		r := roleOf(foldName(&buf, n.Key()))
		text := n.Kind() == lenient.String && len(n.Text()) > 0
		code = code || r.code >= 84 && (text || n.Kind() == lenient.Number) && digits(n.Text()) != 0 && !successWord(n.Text())
		message = message || r.message >= 80 && text && !successText(n.Text())
		n = n.Next()
	}
	return code && message
}

// verdict weighs the claims.
func (c *claim) verdict(kind bodyKind, depth int) bool {
	switch {
	case c.rpc && c.fault:
		return true
	case c.accepted:
		return false
	case c.refused:
		return (c.fault || c.message || c.code || explains(c.wrapper)) && c.others <= 8
	case c.number > 0 && c.message && !c.entity && !c.payload && c.others == 0 && (c.pairs || c.number >= 100):
		return true
	case c.stated && c.errorCode && c.message && depth == 0 && !c.entity:
		return c.others <= 4
	case c.stated && c.fault && kind == bodyXML:
		return c.others <= 8
	case c.stated && c.errorCode && c.errorMessage && !c.entity:
		return c.others <= 1
	case c.declined && !c.stored && (c.message || c.code) && !c.payload:
		return c.others <= 4 && !c.entity || c.pairs && c.errorCode && c.others <= 14
	case c.stated && c.owned:
		return false
	case c.stated:
		return (c.fault || c.message || c.code || c.data == 1) && c.others <= 1-depth
	case c.graph:
		return c.others == 0
	case c.payload:
		return false
	case c.fault:
		return c.others == 0 || kind == bodyXML && c.others <= 3
	case c.errorCode && c.message:
		return c.others <= 1
	case c.errorMessage:
		return c.others == 0
	}
	return c.code && c.message && c.others == 0
}

// member takes one member into account.
func (c *claim) member(name []byte, n lenient.Node) {
	switch string(name) {
	case "ok", "success", "issuccess", "successful", "succeeded", "issuccessful", "issucceeded":
		c.flag(n, false)
	case "iserror", "haserror", "haserrors", "errored", "failed":
		c.flag(n, true)
	case "error", "err", "errors", "errorarray", "errorlist", "fault", "exception", "errorcodes", "errordetails", "errormessages", "errorresponse", "odataerror":
		c.errorMember(n)
	case "errcode", "errorcode", "errno", "errornumber", "retcode", "returncode", "code", "cod", "subcode", "respcode", "responsecode", "actioncode", "declinecode", "declinedcode":
		c.codeMember(name, n)
	case "status", "stat", "ack", "result", "resultcode", "statuscode", "httpstatus", "state", "outcome", "decision":
		c.statusMember(name, n)
	case "data", "results", "items", "content", "payload", "rows", "records", "list", "output":
		c.payloadMember(n)
	case "response", "responsestatus", "resultstatus":
		c.statusMember(name, n)
	case "uid", "uuid", "sid", "runid", "buildid", "taskid", "taskuid", "jobid", "orderid", "paymentid", "transactionid":
		c.others++
		c.entity, c.owned = true, true
	case "amount", "total", "created", "createdat", "createdate", "datecreated", "updatedat", "lastmodified":
		c.others++
		c.stored = true
	case "infocode":
		c.refused = c.refused || digits(n.Text()) > 0 && digits(n.Text()) != 10000
		c.code = true
	case "header":
		if !c.xml { // that of SOAP is about something else
			c.further(name, n)
		}
	case "envelope", "body", "reply", "messages":
		if one := n.First(); n.Kind() == lenient.Array && n.Len() == 1 && one.Kind() == lenient.Object {
			n = one
		}
		if n.Kind() == lenient.Object {
			c.wrap(n)
		}
	case "jsonrpc":
		c.rpc = true
	case "extensions", "type", "path", "timestamp", "time", "sign", "version", "build", "documentationurl", "help", "link", "links", "moreinfo", "url", "requestid", "traceid", "correlationid", "debugid", "logid", "trace", "instance", "hint", "object", "servertime", "duration", "apiversion", "xmlns", "responsedate", "servedby", "charset":
		// beside errors and entities alike
	case "id":
		if !c.rpc {
			c.others++
			c.entity = true
		}
	case "name", "key", "slug", "identifier", "kind", "symbol", "tag", "text", "value", "description", "title", "category":
		c.others++
		c.message = c.message || n.Kind() == lenient.String && string(name) == "description"
	default:
		c.further(name, n)
	}
}

// flag reads a member that says yes or no.
func (c *claim) flag(n lenient.Node, failing bool) {
	switch text := n.Text(); {
	case equalFold(text, "false") || equalFold(text, "no") || string(text) == "0":
		c.refused = c.refused || !failing
	case equalFold(text, "error") || equalFold(text, "fail"):
		c.refused = c.refused || !failing
	case failing && n.Kind() == lenient.Number: // how many failed
	case equalFold(text, "true") || equalFold(text, "yes") || string(text) == "1":
		c.refused = c.refused || failing
		c.accepted = c.accepted || !failing
	}
}

// errorMember reads a member that holds an error, or the news that there is none.
func (c *claim) errorMember(n lenient.Node) {
	switch n.Kind() {
	case lenient.Bool:
		c.refused = c.refused || string(n.Text()) == "true"
	case lenient.Number:
		c.fault = c.fault || digits(n.Text()) > 0
	case lenient.String:
		text := bytes.TrimSpace(n.Text())
		c.fault = c.fault || len(text) > 0 && digits(text) != 0 && !successWord(text)
	case lenient.Array:
		one := n.First()
		c.fault = c.fault || one.Kind() == lenient.String && len(one.Text()) > 0 || one.Kind() == lenient.Object && one.Len() > 0
		c.graph = c.graph || one.Get("message").Kind() == lenient.String
	case lenient.Object:
		if code := n.Get("code"); n.Len() > 0 && (code.Kind() != lenient.Number || digits(code.Text()) != 0) {
			c.fault = true
		}
	}
}

// codeMember reads a code. Only numbers tell by themselves whether they stand for a failure.
func (c *claim) codeMember(name []byte, n lenient.Node) {
	text := bytes.TrimSpace(n.Text())
	switch n.Kind() {
	case lenient.String, lenient.Number:
	default:
		return
	}
	value := digits(bytes.TrimPrefix(text, []byte("-")))
	switch sure := string(name) != "code" && string(name) != "cod"; {
	case len(text) == 0:
	case value == 0 || value >= 200 && value < 300 || value == 200000 || successWord(text):
		c.accepted = true
	case value > 0:
		c.code, c.errorCode = true, c.errorCode || sure
	case sure:
		c.code, c.errorCode = true, true
	default:
		c.others++ // a code of something else, perhaps
	}
}

// statusMember reads a word, a flag or a number for how it went.
func (c *claim) statusMember(name []byte, n lenient.Node) {
	switch n.Kind() {
	case lenient.Bool:
		c.flag(n, false)
		return
	case lenient.Object:
		c.wrap(n)
		return
	case lenient.Array:
		c.payloadMember(n)
		return
	case lenient.Null:
		return
	}
	text := bytes.TrimSpace(n.Text())
	var buf [longestName]byte
	switch folded := foldText(&buf, text); string(folded) {
	case "fail", "failed", "failure", "failurewithwarning", "error", "nok", "ko", "rejected":
		if string(name) == "ack" || string(name) == "stat" || string(name) == "resultcode" {
			c.refused = true
		}
		c.stated = true
	case "declined", "refused", "denied":
		c.declined = true
	default:
		value := digits(folded)
		switch {
		case value == 0 && (string(name) == "status" || string(name) == "result"):
			c.zero = true
		case successWord(text) || value == 0 || value >= 200 && value < 300:
			c.accepted = true
		case value >= 400 && value < 600 || value > 0 && string(name) == "resultcode":
			c.code, c.errorCode = true, true
		case value > 1 && (string(name) == "status" || string(name) == "result"):
			c.number = value
		}
	}
}

func (c *claim) payloadMember(n lenient.Node) {
	switch n.Kind() {
	case lenient.Object, lenient.Array:
		if n.Len() > 0 {
			c.payload = true
			c.data++
		}
	case lenient.String:
		c.payload = c.payload || len(n.Text()) > 0
	case lenient.Number:
		c.payload = true
	}
}

func (c *claim) wrap(n lenient.Node) {
	if n.Len() > 0 {
		c.wrapper = n
		c.wrappers++
	}
}

// further reads a member of another name.
func (c *claim) further(name []byte, n lenient.Node) {
	r := roleOf(name)
	switch n.Kind() {
	case lenient.Null:
	case lenient.Object:
		switch {
		case r.box == boxError:
			c.errorMember(n)
		case n.Len() > 0 && (r.box == boxOuter || c.xml):
			c.wrap(n)
		case n.Len() > 0:
			c.others++
		}
	case lenient.Array:
		if n.Len() > 0 {
			c.message = c.message || r.message > 0
			c.others += 1 - int(min(r.message, 1))
		}
	case lenient.String:
		text := bytes.TrimSpace(n.Text())
		switch {
		case len(text) == 0:
		case r.message >= 60 && successText(text):
			c.accepted = true
		case r.message > 0:
			c.message = true
			c.declined = c.declined || saysDeclined(text)
			c.errorMessage = c.errorMessage || r.message >= 92 && string(name) != "message" && string(name) != "msg"
		case r.code >= 84:
			c.codeMember(name, n)
		case c.pairs && bytes.HasSuffix(name, []byte("status")):
			c.statusMember([]byte("status"), n)
		case c.pairs && bytes.HasSuffix(name, []byte("result")):
			c.statusMember([]byte("result"), n)
		default:
			c.others++
		}
	default:
		c.others++
	}
}

// successWord recognises the words of those to whom nothing happened.
func successWord(text []byte) bool {
	var buf [longestName]byte
	switch string(foldText(&buf, text)) {
	case "ok", "okay", "success", "succes", "successful", "successfully", "succeeded", "operationcompleted", "operationsuccessful", "done", "completed", "none", "noerror", "noerrors", "approved", "accepted", "created", "true", "processed", "passed", "pass", "requestsuccessful", "good":
		return true
	}
	return false
}

// successText recognises a sentence of them: one that begins or ends with such a word.
func successText(text []byte) bool {
	if successWord(text) || bytes.Contains(text, []byte("成功")) {
		return true
	}
	text = bytes.TrimRight(text, " .!")
	if i := bytes.IndexByte(text, ' '); i > 0 && startsFold(text, "success") && startsFold(text[:i], "success") {
		return true
	}
	last := text[bytes.LastIndexByte(text, ' ')+1:]
	if len(last) == len(text) || !startsFold(last, "success") && !startsFold(last, "succeeded") {
		return false
	}
	return !bytes.Contains(text, []byte("not ")) && !bytes.Contains(text, []byte("n't ")) && !bytes.Contains(text, []byte("without "))
}

// saysDeclined recognises a sentence that begins or ends with the word for a refused payment.
func saysDeclined(text []byte) bool {
	text = bytes.TrimRight(text, " .!")
	for _, word := range [...]string{"declined", "card declined", "transaction declined"} {
		if startsFold(text, word) && (len(text) == len(word) || text[len(word)] == ' ' || text[len(word)] == ':') {
			return true
		}
	}
	return endsFold(text, "has been declined") || endsFold(text, "was declined") || endsFold(text, "insufficient funds")
}
