package parsers

import (
	"bytes"
	"hash/maphash"

	"github.com/errata-dev/errata/parsers/mask"
)

// Real traffic repeats itself: services, routes, codes and most messages are few. To find such a text
// here costs a hash, a comparison and a copy, some 20 ns; to redact a message of 50 bytes costs 150, and
// its template 250 more.
const (
	memoTexts = 512 // with all buffers full 512 KiB for each Row
	memoText  = 128 // longest text that is remembered
	memoHosts = 64  // at most 64 * 4 * 253 bytes
	memoWays  = 4   // texts or hosts that share a place
)

// memoSeed makes the places of texts unforeseeable: nobody can send texts that meet in one place. Results
// do not depend on it.
var memoSeed = maphash.MakeSeed()

// memo remembers what the texts and hosts seen last became. Four share a place. A new one takes over from the
// last of them, and each that is seen again moves up by one: texts that come but once, with ids in them, never
// drive out those that come again and again. Hostile traffic, all unique, makes a memo useless and no worse.
// The results depend on the text and on the registry only: a Row that changes to another registry forgets all.
type memo struct {
	owner *Registry
	texts [memoTexts]knownText
	hosts [memoHosts]knownHost
	other knownHost // for hosts too long to be remembered
	fits  fits

	callers  callers
	verdicts verdicts
}

// knownText is a text with its redacted form and, when it was asked for, the template of that.
type knownText struct {
	text, redacted, template []byte
	templated                bool
	calm                     calmness // of a route
	seen                     uint8    // how often, up to seenOften
}

// calmness says whether plain paths of a route have nothing in them that is redacted.
type calmness uint8

const (
	calmUnknown calmness = iota
	calm
	notCalm
)

// seenOften is when to find out.
const seenOften = 8

// knownHost is a host with what follows from it alone.
type knownHost struct {
	authority []byte // as it came
	name      []byte // in lower case
	redacted  []byte
	domain    []byte  // the registrable part of the name, empty when there is none
	vendor    *vendor // whose definition lists the host, or nil
}

// of returns the memory of a Row for a registry.
func (m *memo) of(r *Registry) {
	if m.owner != r {
		*m = memo{owner: r}
	}
}

// known returns the entry of a trimmed text of 1 to memoText bytes. It is valid until the next call.
func (r *Registry) known(s *scratch, text []byte) *knownText {
	ways := s.memo.texts[maphash.Bytes(memoSeed, text)%(memoTexts/memoWays)*memoWays:][:memoWays]
	for i := range ways {
		if bytes.Equal(ways[i].text, text) {
			return movedUp(ways, i)
		}
	}
	k := &ways[memoWays-1]
	k.text = append(k.text[:0], text...)
	k.redacted = r.redactor.Append(k.redacted[:0], s.valid(text))
	k.templated, k.calm, k.seen = false, calmUnknown, 0
	return k
}

// quiet reports whether nothing is redacted in plain paths of a route. What is depends on the words beside an id
// and on what kind of id it is, so that to try one of each kind tells; that spares 6 % of an error row.
func (r *Registry) quiet(route *knownText) bool {
	if route.calm != calmUnknown {
		return route.calm == calm
	}
	if route.seen++; route.seen < seenOften {
		return false
	}
	route.calm = calm
	for _, id := range [...]string{"7", "1234567", "12345678901", "6f1c8a0e8f7e4a0b9d7d0d2f", "f1234560abf9f57287637624def39087", "3a7dd87c-8f00-445a-92ac-07990b211862"} {
		path := bytes.ReplaceAll(route.text, []byte("{id}"), []byte(id))
		if r.custom || !bytes.Equal(r.redactor.AppendPath(nil, path), path) {
			route.calm = notCalm
		}
	}
	return route.calm == calm
}

// movedUp returns the i-th of those that share a place, which is before one more of them from now on.
func movedUp[T any](ways []T, i int) *T {
	if i == 0 {
		return &ways[0]
	}
	ways[i-1], ways[i] = ways[i], ways[i-1]
	return &ways[i-1]
}

// host returns what is known of a host. It is valid until the next call.
func (r *Registry) host(s *scratch, authority []byte) *knownHost {
	ways := s.memo.hosts[maphash.Bytes(memoSeed, authority)%(memoHosts/memoWays)*memoWays:][:memoWays]
	for i := range ways {
		if bytes.Equal(ways[i].authority, authority) {
			return movedUp(ways, i)
		}
	}
	h := &ways[memoWays-1]
	if len(authority) > limitHost {
		h, authority = &s.memo.other, window(authority, limitHost)
	}
	h.authority = append(h.authority[:0], authority...)
	h.name = appendLower(h.name[:0], authority)
	h.redacted = append(h.redacted[:0], r.text(s, h.name, limitHost)...)
	h.vendor = r.hosted(h.name)
	h.domain = h.name[registrable(string(h.name)):]
	return h
}

// message returns a redacted message and its template.
func (r *Registry) message(s *scratch, text []byte) (message, template []byte) {
	if text = trim(text); len(text) == 0 || len(text) > memoText {
		message = r.text(s, text, limitMessage)
		return message, s.template(message)
	}
	k := r.known(s, text)
	message = s.keep(k.redacted, limitMessage)
	if !k.templated {
		k.template, k.templated = mask.AppendTemplate(k.template[:0], message), true
	}
	return message, s.keep(k.template, limitTemplate)
}
