package parsers

import (
	"bytes"
	"encoding/base64"
)

// maxBase64 bounds the text of a raw body: more than maxBody bytes can need.
const maxBase64 = maxBody * 2

// decodeBase64 decodes a raw body and undoes its content encodings. What cannot be decoded is
// returned as far as it could be, and is then not whole.
func (s *scratch) decodeBase64(text, encodings []byte) (body []byte, whole bool) {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil, true
	}
	whole = len(text) <= maxBase64
	if !whole {
		text = text[:maxBase64]
	}
	var decoded bool
	s.raw, decoded = appendBase64(s.raw[:0], text)
	body, inflated := s.inflater.Undo(s.raw, encodings, maxBody)
	return body, whole && decoded && inflated
}

// appendBase64 accepts both alphabets, with padding or without. It reports whether text is sound.
func appendBase64(dst, text []byte) (out []byte, sound bool) {
	text = bytes.TrimRight(text, "=")
	coding := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		coding = base64.RawURLEncoding
	}
	size := coding.DecodedLen(len(text))
	if cap(dst) < size {
		dst = make([]byte, 0, size)
	}
	n, err := coding.Decode(dst[:size], text)
	if err != nil {
		// A damaged text still yields the bytes before the damage.
		n -= n % 3
	}
	return dst[:n], err == nil
}
