package parsers

import (
	"bytes"

	"github.com/errata-dev/errata/parsers/lenient"
)

// phrases are the reason phrases of HTTP, folded. Beside their status they say nothing new.
var phrases = map[string]int{
	"badrequest": 400, "unauthorized": 401, "unauthorised": 401, "paymentrequired": 402, "forbidden": 403, "notfound": 404, "methodnotallowed": 405, "notacceptable": 406,
	"proxyauthenticationrequired": 407, "requesttimeout": 408, "conflict": 409, "gone": 410, "lengthrequired": 411, "preconditionfailed": 412,
	"payloadtoolarge": 413, "requestentitytoolarge": 413, "contenttoolarge": 413, "uritoolong": 414, "unsupportedmediatype": 415, "rangenotsatisfiable": 416, "expectationfailed": 417, "imateapot": 418,
	"misdirectedrequest": 421, "unprocessableentity": 422, "unprocessablecontent": 422, "locked": 423, "faileddependency": 424, "tooearly": 425, "upgraderequired": 426, "preconditionrequired": 428,
	"toomanyrequests": 429, "requestheaderfieldstoolarge": 431, "unavailableforlegalreasons": 451, "internalservererror": 500, "notimplemented": 501,
	"badgateway": 502, "serviceunavailable": 503, "gatewaytimeout": 504, "httpversionnotsupported": 505, "insufficientstorage": 507, "internalerror": 500, "servererror": 500,
}

// emptyWords stand where a code could stand, and say only that there is an error, or none.
var emptyWords = map[string]bool{
	"error": true, "errors": true, "err": true, "fail": true, "failed": true, "failure": true, "fatal": true, "warning": true, "critical": true, "info": true, "exception": true, "fault": true, "nok": true, "ko": true, "bad": true,
	"true": true, "false": true, "null": true, "none": true, "ok": true, "success": true, "successful": true, "unknown": true, "undefined": true, "nil": true, "na": true, "yes": true, "no": true, "httperror": true, "httpexception": true, "apierror": true,
}

// kindWords name whose fault it is, or the kind of a value; they are no codes unless a member says so.
var kindWords = map[string]bool{
	"sender": true, "receiver": true, "client": true, "server": true, "user": true, "object": true, "string": true, "field": true, "status": true, "errorlist": true, "hydraerror": true, "problem": true, "number": true, "array": true, "json": true, "body": true, "parameter": true, "high": true, "medium": true, "low": true,
}

// foldText is a text without case and separators, as far as it fits.
func foldText(dst *[longestName]byte, text []byte) []byte {
	folded := dst[:0]
	for _, c := range text {
		if c = lowerByte(c); c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if len(folded) == longestName {
				return nil
			}
			folded = append(folded, c)
		}
	}
	return folded
}

// phraseStatus returns the status of a reason phrase, 0 for another text. "404 Not Found" and
// "NotFoundError" are the phrase too.
func phraseStatus(text []byte) int {
	var buf [longestName]byte
	folded := foldText(&buf, text)
	if len(folded) > 3 && digits(folded[:3]) >= 400 {
		folded = folded[3:]
	}
	for _, suffix := range [...]string{"httpexception", "exception", "httperror", "error"} {
		if status, ok := phrases[string(folded)]; ok {
			return status
		}
		if len(folded) > len(suffix) && string(folded[len(folded)-len(suffix):]) == suffix {
			if status, ok := phrases[string(folded[:len(folded)-len(suffix)])]; ok {
				return status
			}
		}
	}
	return phrases[string(folded)]
}

// surety of a member's name, from which on what stands in it is a code whatever it looks like.
const sureCode = 75

// plainCode returns the code that a member holds, nil when it holds something else. The less its name
// tells, the more the text itself must look machine-made.
func (g *guesser) plainCode(name []byte, n lenient.Node, surety int8) []byte {
	text := bytes.TrimSpace(exact(g.s, n))
	switch n.Kind() {
	case lenient.Number:
		return g.numberCode(name, text, surety)
	case lenient.String:
	default:
		return nil
	}
	if len(text) == 0 || len(text) > 100 || bytes.IndexByte(text, '\\') >= 0 {
		return nil
	}
	if digits(text) >= 0 || text[0] == '-' && digits(text[1:]) > 0 {
		return g.numberCode(name, text, surety)
	}
	if bytes.Contains(text, []byte("://")) || bytes.HasPrefix(text, []byte("urn:")) || text[0] == '/' || string(text) == "about:blank" {
		if string(name) != "type" && surety < sureCode {
			return nil
		}
		text = problemType(g.s, text)
	}
	if i := bytes.IndexByte(text, '#'); i > 0 {
		text = before(text[i+1:], ':') // com.amazonaws.dynamodb#LimitExceededException:http://…
	}
	var buf [longestName]byte
	if emptyWords[string(foldText(&buf, text))] || len(text) == 0 {
		return nil
	}
	if surety >= 88 {
		return strongCode(text)
	}
	if kindWords[string(foldText(&buf, text))] {
		return nil
	}
	if string(name) == "error" && snakeWord(text) {
		return text
	}
	return weakCode(name, token(g.s, text))
}

// snakeWord accepts lower-case words, as OAuth writes its errors.
func snakeWord(text []byte) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return false
		}
	}
	return len(text) > 2
}

// numberCode accepts a whole number that is neither the HTTP status nor nothing.
func (g *guesser) numberCode(name, text []byte, surety int8) []byte {
	value := digits(bytes.TrimPrefix(text, []byte("-")))
	switch {
	case value <= 0 || len(text) > 12 || text[0] != '-' && int(value) == g.s.response.status:
		return nil
	case (string(name) == "status" || string(name) == "result") && (value < 100 || value >= 300 && value < 400 || value > 999):
		if g.s.response.status < 300 { // it says how it went, in numbers of its own
			return text
		}
		return nil
	case surety < 60 || string(name) == "type":
		return nil
	case string(name) == "statuscode" && value >= 100 && value < 600:
		return nil
	case string(name) == "errorid" && len(text) > 8:
		return nil
	}
	return text
}

// strongCode is the text of a member that is named a code: nearly anything short but a reason phrase.
func strongCode(text []byte) []byte {
	if words := bytes.Count(text, []byte(" ")); words > 0 {
		if words > 3 || len(text) > 48 || text[0] >= 'A' && text[0] <= 'Z' && phraseStatus(text) > 0 || digits(before(text, ' ')) >= 100 {
			return nil
		}
	}
	return text
}

// weakCode is the text of a member that may be a code: a word that a machine made.
func weakCode(name, text []byte) []byte {
	if len(text) < 3 || isID(text) || len(text) > 24 && isHex(text) {
		return nil
	}
	if phraseStatus(text) > 0 && text[0] >= 'A' && text[0] <= 'Z' && (!isUpper(text) || string(name) == "status") {
		if string(name) != "error" && string(name) != "id" || !inner(text) || bytes.HasSuffix(text, []byte("Error")) || bytes.HasSuffix(text, []byte("Exception")) {
			return nil
		}
	}
	switch string(name) {
	case "name", "title", "message", "msg", "key", "class", "kind", "classname", "exceptionname", "errors", "identifier", "tag", "codes", "cause":
		if !machineMade(text) {
			return nil
		}
	case "exception", "exceptiontype":
		if bytes.IndexByte(text, '.') >= 0 {
			return nil
		}
	case "id":
		if hasDigit(text) || len(text) < 5 {
			return nil
		}
	case "errorid":
		if hasDigit(text) && !isUpper(text) || bytes.Count(text, []byte("-")) > 2 {
			return nil
		}
	}
	return text
}

// machineMade tells codes from words: NOT_FOUND, not_found, a.b, NotFound; not "email".
func machineMade(text []byte) bool {
	return bytes.IndexByte(text, '_') > 0 || bytes.IndexByte(text, '.') > 0 && bytes.IndexByte(text, '/') < 0 || inner(text) || isUpper(text) && len(text) > 3
}

// inner reports a capital after a small letter.
func inner(text []byte) bool {
	for i := 1; i < len(text); i++ {
		if text[i] >= 'A' && text[i] <= 'Z' && text[i-1] >= 'a' && text[i-1] <= 'z' {
			return true
		}
	}
	return false
}

// isUpper reports a text with capitals and without small letters.
func isUpper(text []byte) bool {
	some := false
	for _, c := range text {
		if c >= 'a' && c <= 'z' {
			return false
		}
		some = some || c >= 'A' && c <= 'Z'
	}
	return some
}

func hasDigit(text []byte) bool { return bytes.ContainsAny(text, "0123456789") }

// leadingCode returns the code that a sentence begins with: "ERR_LIMIT: …", "[ORA-00942] …".
func leadingCode(sentence []byte) []byte {
	end := bytes.IndexAny(sentence, ": ]")
	if end < 4 || end > 60 {
		return nil
	}
	word := sentence[:end]
	switch {
	case word[0] == '[' && sentence[end] == ']':
		word = word[1:]
	case sentence[end] != ':' || end+1 < len(sentence) && sentence[end+1] != ' ':
		return nil
	}
	counted := len(bytes.TrimRight(word, "0123456789"))
	if !isUpper(word) || len(token(nil, word)) == 0 || bytes.IndexByte(word, '_') < 0 && (len(word)-counted < 3 || counted == 0) {
		return nil
	}
	return word
}
