package lenient

import "unicode/utf8"

// SetText makes the document one string, the whole of text, which is borrowed.
func (d *Doc) SetText(text []byte) {
	d.reset(text)
	var f flags
	if !utf8.Valid(d.src) {
		f = nonASCII
	}
	d.add(String, 0, len(d.src), f|bare)
}

// SetObject makes the document an object without members.
func (d *Doc) SetObject() {
	d.reset(nil)
	d.frames[0] = frame{node: d.add(Object, 0, 0, 0)}
}

// AddText adds a member to the object that SetObject made.
func (d *Doc) AddText(name string, text []byte) {
	from := len(d.arena)
	d.arena = append(d.arena, name...)
	d.name = newSpan(from, len(d.arena)) | inArena
	from = len(d.arena)
	d.arena = appendValid(d.arena, text)
	d.depth = 1
	i := d.add(String, 0, 0, 0)
	d.depth = 0
	d.texts = append(d.texts, newSpan(from, len(d.arena)))
	d.nodes[i].count = int32(len(d.texts))
}

// Rest returns what follows the value at the root: the next of several documents, perhaps.
func (d *Doc) Rest() []byte {
	if len(d.nodes) == 0 {
		return nil
	}
	return d.src[d.nodes[0].end:]
}

// mendFrom replaces what is no UTF-8 in dst from start on.
func mendFrom(dst []byte, start int) []byte {
	if utf8.Valid(dst[start:]) {
		return dst
	}
	end := len(dst)
	for i := start; i < end; {
		r, size := utf8.DecodeRune(dst[i:end])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return append(dst[:start], dst[end:]...)
}
