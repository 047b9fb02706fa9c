package page

import "bytes"

// weight says how much a title or heading tells.
type weight uint8

const (
	weightless weight = iota // "Error"
	status                   // "404 Not Found", "Error 404", "Forbidden"
	sentence
)

// weigh tells a sentence from the status and its reason phrase, however they are decorated.
func weigh(text []byte) weight {
	var words [48]byte // what is left without decoration
	left := words[:0]
	numbered := false
	for len(text) > 0 {
		var word []byte
		if word, text = nextWord(text); len(word) == 0 {
			continue
		}
		if word[0] <= '9' {
			numbered = numbered || len(word) == 3
			if len(word) != 3 && len(word) != 1 {
				return sentence
			}
			continue
		}
		if isDecoration(word) {
			continue
		}
		if len(left)+len(word)+1 > len(words) {
			return sentence
		}
		for _, c := range word {
			left = append(left, lower(c))
		}
	}
	switch {
	case len(left) == 0 && !numbered:
		return weightless
	case len(left) == 0 || isReason(left):
		return status
	}
	return sentence
}

// nextWord returns the letters or digits that text begins with, and what follows them and the
// characters that are neither.
func nextWord(text []byte) (word, rest []byte) {
	i := 0
	for i < len(text) && isWordByte(text[i]) && (text[i] <= '9') == (text[0] <= '9') {
		i++
	}
	word, rest = text[:i], text[i:]
	for len(rest) > 0 && !isWordByte(rest[0]) {
		rest = rest[min(len(rest), punctuation(rest[0])):]
	}
	return word, rest
}

// punctuation returns the length of a character that is part of no word: dashes and curled quotes
// have three bytes.
func punctuation(c byte) int {
	if c == 0xe2 {
		return 3
	}
	return 1
}

func isWordByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c >= 0x80 && c != 0xe2 // 0xe2 begins dashes
}

// isDecoration knows the words that say no more than that there was an error.
func isDecoration(word []byte) bool {
	var folded [maxName]byte
	switch string(appendName(folded[:0], word)) {
	case "error", "errors", "http", "status", "code", "page", "oops", "whoops", "whitelabel", "kong", "report", "title", "untitled":
		return true
	}
	return false
}

// isReason knows the reason phrases, without blanks and without the words that decorate.
func isReason(words []byte) bool {
	switch string(words) {
	case "badrequest", "unauthorized", "authorizationrequired", "authenticationrequired", "paymentrequired", "forbidden", "notfound",
		"methodnotallowed", "notallowed", "notacceptable", "proxyauthenticationrequired", "requesttimeout", "conflict",
		"gone", "lengthrequired", "preconditionfailed", "payloadtoolarge", "requestentitytoolarge", "contenttoolarge", "uritoolong",
		"requesturitoolong", "requesturitoolarge", "unsupportedmediatype", "rangenotsatisfiable", "requestedrangenotsatisfiable",
		"expectationfailed", "imateapot", "misdirectedrequest", "unprocessableentity", "unprocessablecontent",
		"unprocessable", "locked", "faileddependency", "tooearly", "upgraderequired", "preconditionrequired", "toomanyrequests",
		"requestheaderfieldstoolarge", "unavailableforlegalreasons", "internalserver", "internal", "server", "notimplemented",
		"badgateway", "gateway", "serviceunavailable", "servicetemporarilyunavailable", "temporarilyunavailable", "unavailable",
		"gatewaytimeout", "versionnotsupported", "proxy", "unknown":
		return true
	}
	return false
}

// troubles are parts of the words by which a title speaks of an error.
var troubles = [...]string{
	"not ", "n't", "n’t", "rror", "enied", "navailab", "ail", "nvalid", "orbid", "nauthor", "xpire", "imeout", "imed out", "time-out", "oo ",
	"ad ", "lock", "eject", "rong", "equire", "aintenance", "issing", "nable", "annot", "imit", "xceed", "one", "efuse", "xception", "ttention",
	"oment", "ot found", "roblem",
}

// isName reports a title that may be the name of the site and not what happened: a few words that
// speak of no error and do not begin with the status.
func isName(title []byte) bool {
	return bytes.Count(title, []byte(" ")) < 4 && title[0] > '9' && !speaks(title)
}

// speaks reports whether a text speaks of an error.
func speaks(text []byte) bool {
	for _, part := range troubles {
		if bytes.Contains(text, []byte(part)) {
			return true
		}
	}
	return false
}
