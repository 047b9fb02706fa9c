package storage

import (
	"bytes"
	"slices"
)

// Of a path is stored what its route does not say: the values of its placeholders, as bytes where they are
// hexadecimal digits or a UUID. The column path puts the text together again (migration 0012).

// Marks of a packed value, as its first byte. Whatever has 16 bytes is a UUID.
const (
	oddDigits  = 0xf0 // the other half of the byte is the first digit
	evenDigits = 0xfe // digits follow that would look like something else
	valueText  = 0xff // the text itself follows
)

// appendPathIDs appends what of the path its route does not say. It declines where the path does not fit the route, which
// may have two placeholders. Before the first of two values stands its length.
func appendPathIDs(dst, route, path []byte) (_ []byte, ok bool) {
	before, after, found := cutPlaceholder(route)
	if !found {
		return append(dst, valueText), len(path) > 0 && bytes.Equal(route, path)
	}
	path, ok = bytes.CutPrefix(path, before)
	if !ok {
		return dst, false
	}
	if between, end, two := cutPlaceholder(after); two {
		var first []byte
		if first, path, ok = bytes.Cut(path, between); !ok {
			return dst, false
		}
		length := len(dst)
		if dst, ok = appendValue(append(dst, 0), first); !ok || len(dst)-length-1 > 255 {
			return dst, false
		}
		dst[length] = byte(len(dst) - length - 1)
		after = end
	}
	if path, ok = bytes.CutSuffix(path, after); !ok {
		return dst, false
	}
	return appendValue(dst, path)
}

// cutPlaceholder cuts a route around its first placeholder, which is one only if nothing else closes before it.
func cutPlaceholder(route []byte) (before, after []byte, found bool) {
	opens, closes := bytes.IndexByte(route, '{'), bytes.IndexByte(route, '}')
	if opens < 0 || closes < opens {
		return route, nil, false
	}
	return route[:opens], route[closes+1:], true
}

// appendValue appends a packed value. It declines one that has the length of a UUID and is none.
func appendValue(dst, value []byte) (_ []byte, ok bool) {
	start := len(dst)
	var id packedID
	if len(value) == uuidLength && id.packUUID(value) {
		return id.appendTo(dst), true
	}
	digits := value
	switch odd := len(value)%2 > 0; {
	case len(value) == 0 || odd && nibbles[value[0]] >= 0xe:
		return appendText(dst, value)
	case odd:
		dst, digits = append(dst, oddDigits|nibbles[value[0]]), value[1:]
	case value[0] == 'f' || len(value) == 2*len(id.bytes):
		dst = append(dst, evenDigits)
	}
	packed := len(dst)
	dst = slices.Grow(dst, len(digits)/2)[:packed+len(digits)/2]
	if !unhex(dst[packed:], digits) {
		return appendText(dst[:start], value)
	}
	return dst, len(dst)-start != len(id.bytes)
}

func appendText(dst, value []byte) (_ []byte, ok bool) {
	return append(append(dst, valueText), value...), 1+len(value) != 16
}
