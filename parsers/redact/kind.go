package redact

import "bytes"

// kind names what was found, in the marker.
type kind uint8

const (
	kindNone kind = iota
	kindBearer
	kindBasic
	kindJWT
	kindAPIKey
	kindToken
	kindSecret
	kindCookie
	kindPIN
	kindPrivateKey
	kindCard
	kindIBAN
	kindEmail
	kindPhone
	kindUserinfo
	kindCustom
)

var markers = [...]string{
	kindNone:       "",
	kindBearer:     "[redacted:bearer]",
	kindBasic:      "[redacted:basic]",
	kindJWT:        "[redacted:jwt]",
	kindAPIKey:     "[redacted:api_key]",
	kindToken:      "[redacted:token]",
	kindSecret:     "[redacted:secret]",
	kindCookie:     "[redacted:cookie]",
	kindPIN:        "[redacted:pin]",
	kindPrivateKey: "[redacted:private_key]",
	kindCard:       "[redacted:card]",
	kindIBAN:       "[redacted:iban]",
	kindEmail:      "[redacted:email]",
	kindPhone:      "[redacted:phone]",
	kindUserinfo:   "[redacted:userinfo]",
	kindCustom:     "[redacted:custom]",
}

const (
	markerOpen    = "[redacted:"
	maxMarkerKind = 32
)

func marker(k kind) string { return markers[k] }

// markerEnd returns the end of the marker at i, of any kind so that older rule sets and other tools
// are respected; 0 when there is none.
func markerEnd(text []byte, i int) int {
	if !bytes.HasPrefix(text[i:], []byte(markerOpen)) {
		return 0
	}
	start := i + len(markerOpen)
	for j := start; j < len(text) && j <= start+maxMarkerKind; j++ {
		switch b := text[j]; {
		case b == ']' && j > start:
			return j + 1
		case b != '_' && !is(b, lower):
			return 0
		}
	}
	return 0
}
